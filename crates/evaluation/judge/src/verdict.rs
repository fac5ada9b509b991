//! Verdicts on fidelity, utility and privacy, with the findings behind them.

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

/// A goal of synthetic data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// It looks like the real table.
    Fidelity,
    /// It gives an analyst the same answers.
    Utility,
    /// It reveals nothing about a person.
    Privacy,
}

/// The verdict on one goal. Its band is that of the worst finding: a table is as good as its
/// weakest part.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The goal.
    pub goal: Goal,
    /// The band; `None` if nothing could be judged.
    pub band: Option<Band>,
    /// The band in a word or two.
    pub word: &'static str,
    /// The meaning of the band, in a sentence.
    pub sentence: String,
    /// The measurements behind it.
    pub findings: Vec<VerdictFinding>,
}

/// One measurement behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VerdictFinding {
    /// The quantity measured, in a few words that reveal nothing about the table.
    pub measure: String,
    /// The band; `None` if there are no limits for it.
    pub band: Option<Band>,
    /// The result, with its numbers.
    pub text: String,
}

impl VerdictFinding {
    /// A measurement with the band that the limits of a metric give it.
    fn judged(bands: &Bands, metric: &str, measure: &str, value: f64, text: String) -> Self {
        Self {
            measure: measure.to_owned(),
            band: bands.of_number(metric, value),
            text,
        }
    }
}

impl Goal {
    /// All goals in the order of the page.
    pub const ALL: [Self; 3] = [Self::Fidelity, Self::Utility, Self::Privacy];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fidelity => "Fidelity",
            Self::Utility => "Utility",
            Self::Privacy => "Privacy",
        }
    }

    /// Returns the groups of scores that belong to the goal.
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

    /// Returns the question that the goal answers.
    #[must_use]
    pub const fn question(self) -> &'static str {
        match self {
            Self::Fidelity => "Does it look like the real table?",
            Self::Utility => "Does it give the same answers?",
            Self::Privacy => "Does it protect the people in the data?",
        }
    }
}

impl Verdict {
    /// Returns the verdicts on all goals, in the order of [`Goal::ALL`].
    #[must_use]
    pub fn all(evaluation: &Evaluation, guarantee: &Guarantee, bands: &Bands) -> Vec<Self> {
        vec![
            fidelity::fidelity(evaluation, bands),
            utility::utility(evaluation, bands),
            privacy::privacy(evaluation, guarantee, bands),
        ]
    }
}

/// The measure of similarity within clusters; the spectrum asks for it.
pub(crate) const GROUP_SIMILARITY: &str = "Similarity within groups";
/// The measure of whole clusters in one arm; the spectrum asks for it.
pub(crate) const TRIAL_DESIGN: &str = "Trial design";

fn worst(findings: &[VerdictFinding]) -> Option<Band> {
    findings.iter().filter_map(|finding| finding.band).max()
}
