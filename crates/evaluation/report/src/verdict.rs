//! What the numbers mean, goal by goal: good, fair, poor or dangerous, and why.

mod fidelity;
mod headline;
mod overall;
mod privacy;
mod utility;

use parable_metrics::Group;
use serde::Serialize;

use crate::MethodResult;
use crate::band::Band;
use crate::bands::Bands;

pub(crate) use overall::Overall;
pub(crate) use privacy::Guarantee;
pub(crate) use utility::main_estimate;

/// What synthetic data is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// It looks like the real table.
    Fidelity,
    /// It gives an analyst the same answers.
    Utility,
    /// It tells nothing about a person.
    Privacy,
}

/// How one method does on one goal. The band is that of the worst finding: a table is as good as its weakest part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) goal: Goal,
    /// `None` if nothing could be judged.
    pub(crate) band: Option<Band>,
    /// The band in a word or two.
    pub(crate) word: &'static str,
    /// What that means, in a sentence.
    pub(crate) sentence: String,
    /// Why, best readable first.
    pub(crate) findings: Vec<Finding>,
}

/// One measurement behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// What was measured, in a few words that tell nothing about the table.
    pub(crate) measure: String,
    pub(crate) band: Option<Band>,
    /// What was found, with its numbers.
    pub(crate) text: String,
}

impl Goal {
    /// All goals in the order of the page.
    pub(crate) const ALL: [Self; 3] = [Self::Fidelity, Self::Utility, Self::Privacy];

    /// The name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fidelity => "Fidelity",
            Self::Utility => "Utility",
            Self::Privacy => "Privacy",
        }
    }

    /// The groups of scores that serve the goal.
    pub(crate) const fn groups(self) -> &'static [Group] {
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
    pub(crate) const fn question(self) -> &'static str {
        match self {
            Self::Fidelity => "Does it look like the real table?",
            Self::Utility => "Does it give the same answers?",
            Self::Privacy => "Does it stay clear of real people?",
        }
    }
}

impl Verdict {
    /// The verdicts on all goals, in the order of [`Goal::ALL`].
    pub(crate) fn all(method: &MethodResult, bands: &Bands) -> Vec<Self> {
        vec![
            fidelity::fidelity(method, bands),
            utility::utility(method, bands),
            privacy::privacy(method, bands),
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
