//! Checks of a disclosure-control statement: limits, results, and the risk that remains.

use std::fmt;

use parable_metrics::{Evaluation, Group, Score};

use crate::band::{Band, BandLimits};
use crate::bands::{Banding, Bands};
use crate::verdict::Guarantee;

/// A privacy score with limits: a check that decides about disclosure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// The title of the score.
    pub title: String,
    /// The limits.
    pub limits: BandLimits,
    /// The band, or why there is none.
    pub banding: Banding,
    /// The value. For the owner only.
    pub value: Option<f64>,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Band A or B.
    Passed,
    /// Band C or D.
    Failed,
    /// No band, for this reason.
    Undecided(String),
}

impl fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("yes"),
            Self::Failed => f.write_str("no"),
            Self::Undecided(why) => write!(f, "not assessed: {why}"),
        }
    }
}

impl Check {
    /// Returns the privacy scores with limits, worst first.
    #[must_use]
    pub fn all(evaluation: &Evaluation, bands: &Bands) -> Vec<Self> {
        let scores = evaluation.scores.iter();
        let mut checks: Vec<Self> = scores
            .filter(|score| score.group == Group::Privacy)
            .filter_map(|score| Self::of(score, bands))
            .collect();
        // Stable: equals stay in the order of the evaluation.
        checks.sort_by_key(|check| std::cmp::Reverse(check.banding.band()));
        checks
    }

    fn of(score: &Score, bands: &Bands) -> Option<Self> {
        Some(Self {
            title: score.title.clone(),
            limits: bands.rule(&score.id)?.limits?,
            banding: bands.of(score),
            value: score.value,
        })
    }

    /// Returns whether the check was passed.
    #[must_use]
    pub fn outcome(&self) -> CheckOutcome {
        match &self.banding {
            Banding::Band(band) if *band <= Band::B => CheckOutcome::Passed,
            Banding::Band(_) => CheckOutcome::Failed,
            Banding::None(why) => CheckOutcome::Undecided(why.clone()),
        }
    }
}

/// The risk that remains after the checks, in sentences without numbers.
pub(crate) fn residual_risk(
    guarantee: &Guarantee,
    evaluation: &Evaluation,
    checks: &[Check],
) -> Vec<String> {
    let mut risks = vec![guarantee.sentence()];
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| check.outcome() == CheckOutcome::Failed)
        .map(|check| check.title.as_str())
        .collect();
    risks.push(match failed.as_slice() {
        [] => "No check in the table failed.".to_owned(),
        failed => format!("Checks that failed: {}.", failed.join("; ")),
    });
    if evaluation.inputs.holdout_rows.is_none() {
        risks.push("No holdout table was given, so it is unknown how many matches occur by chance, and attacks that need a holdout were not run.".to_owned());
    }
    let attacked = evaluation.scores.iter().any(|score| {
        ["attack_", "membership"]
            .iter()
            .any(|attack| score.id.starts_with(attack) && score.value.is_some())
    });
    risks.push(if attacked {
        "Only the attacks described here were run; an attacker with more knowledge or another method may do better.".to_owned()
    } else {
        "No attack was run. Comparing rows cannot show that nothing about a person can be learned.".to_owned()
    });
    risks.push("People in small groups or with rare combinations of attributes are at the highest risk; whether they are protected enough for a release is the reviewer's judgement.".to_owned());
    risks
}
