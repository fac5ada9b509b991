//! What the numbers mean, goal by goal: good, fair, poor or dangerous, and why.

mod fidelity;
mod headline;
mod overall;
mod privacy;
mod utility;

use parable_metrics::{Evaluation, Group};
use serde::Serialize;

use crate::band::Band;
use crate::bands::Bands;

pub use fidelity::beyond_chance;
pub use overall::Overall;
pub use privacy::Guarantee;
pub use utility::main_estimate;

/// What synthetic data is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// It looks like the real table.
    Fidelity,
    /// It gives an analyst the same answers.
    Utility,
    /// It tells nothing about a person.
    Privacy,
}

/// How one method does on one goal. The band is that of the worst finding: a table is as good as its weakest part.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The goal.
    pub goal: Goal,
    /// `None` if nothing could be judged.
    pub band: Option<Band>,
    /// The band in a word or two.
    pub word: &'static str,
    /// What that means, in a sentence.
    pub sentence: String,
    /// Why, best readable first.
    pub findings: Vec<Finding>,
}

/// One measurement behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was measured, in a few words that tell nothing about the table.
    pub measure: String,
    pub band: Option<Band>,
    /// What was found, with its numbers.
    pub text: String,
}

impl Goal {
    /// All goals in the order of the page.
    pub const ALL: [Self; 3] = [Self::Fidelity, Self::Utility, Self::Privacy];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fidelity => "Fidelity",
            Self::Utility => "Utility",
            Self::Privacy => "Privacy",
        }
    }

    /// The groups of scores that serve the goal.
    #[must_use]
    pub const fn groups(self) -> &'static [Group] {
        match self {
            Self::Fidelity => &[
                Group::Structure,
                Group::Univariate,
                Group::Bivariate,
                Group::Multivariate,
            ],
            Self::Utility => &[Group::Utility],
            Self::Privacy => &[Group::Privacy],
        }
    }

    /// The question the goal answers.
    #[must_use]
    pub const fn question(self) -> &'static str {
        match self {
            Self::Fidelity => "Does it look like the real table?",
            Self::Utility => "Does it give the same answers?",
            Self::Privacy => "Does it stay clear of real people?",
        }
    }
}

impl Verdict {
    /// The verdicts on all goals, in the order of [`Goal::ALL`].
    #[must_use]
    pub fn all(evaluation: &Evaluation, guarantee: &Guarantee, bands: &Bands) -> Vec<Self> {
        vec![
            fidelity::fidelity(evaluation, bands),
            utility::utility(evaluation, bands),
            privacy::privacy(evaluation, guarantee, bands),
        ]
    }
}

/// Adds a finding if its metric has limits.
fn add(
    findings: &mut Vec<Finding>,
    bands: &Bands,
    metric: &str,
    measure: &str,
    value: f64,
    text: String,
) {
    findings.push(Finding {
        measure: measure.to_owned(),
        band: bands.of_number(metric, value),
        text,
    });
}

fn worst(findings: &[Finding]) -> Option<Band> {
    findings.iter().filter_map(|finding| finding.band).max()
}
