//! Who can be told to have been in the data.

use serde::{Deserialize, Serialize};

/// How an attacker scores a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MembershipKind {
    /// By the distance to the nearest synthetic row.
    Distance,
    /// By the density of synthetic rows around the person over that of other people (van Breugel et
    /// al. 2023, arXiv 2302.12580).
    DensityRatio,
}

impl MembershipKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Distance, Self::DensityRatio];

    pub(crate) fn attacker(self) -> &'static str {
        match self {
            Self::Distance => {
                "knows every column of a person and holds the synthetic table; it says \"was in the data\" if a synthetic row is near (Gower's distance)"
            }
            Self::DensityRatio => {
                "knows every column of a person, holds the synthetic table and a sample of the population (half of the holdout); it says \"was in the data\" if synthetic rows are denser around the person than other people are"
            }
        }
    }
}

/// One membership inference attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MembershipAttack {
    /// How people are scored.
    pub kind: MembershipKind,
    /// What the attacker knows and does, in words.
    pub attacker: String,
    /// Rows of the real table that were scored.
    pub members: u64,
    /// Rows of the holdout that were scored.
    pub others: u64,
    /// Rows of the holdout that the attacker knows and that are not scored.
    pub reference: u64,
    /// Area under the curve: the probability that a member gets a higher score than another person,
    /// ties counting one half. 0.5 is guessing.
    pub auc: Bootstrapped,
    /// The largest difference between the true and the false positive rate over all thresholds.
    pub advantage: Bootstrapped,
    /// What this largest difference is in the mean if members and others do not differ.
    pub advantage_by_chance: f64,
    /// True positive rates at low false positive rates: what an attacker who must be sure can do.
    pub true_positives: Vec<TruePositives>,
    /// False positive rates of the curve, ascending.
    pub false_positive_rate: Vec<f64>,
    /// The true positive rates that belong to them.
    pub true_positive_rate: Vec<f64>,
    /// Bootstrap samples behind the intervals.
    pub repeats: u32,
}

/// A number with its 95 % bootstrap interval (percentiles; rows drawn with replacement on both
/// sides).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrapped {
    /// The number.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The share of members who are recognised while at most so many others are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruePositives {
    /// The share of others who may be taken for members.
    pub false_positive_rate: f64,
    /// How many of the others that is.
    pub others_allowed: u64,
    /// The share of members who are recognised.
    pub true_positive_rate: Bootstrapped,
}
