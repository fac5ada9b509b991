//! Two columns at a time: matrices to draw as heat maps.

use serde::{Deserialize, Serialize};

use super::ColumnScale;

/// The mixed matrix of associations of the real table, the synthetic one, and their difference.
///
/// Two numeric columns: correlation, -1 to 1. A numeric column and one of levels: correlation
/// ratio, 0 to 1. Two columns of levels: Cramér's V, 0 to 1. `None` where a measure is undefined (a
/// constant column, fewer than 3 complete rows); the diagonal is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Associations {
    /// Names of the columns, in table order: the order of rows and columns of the matrices.
    pub columns: Vec<String>,
    /// How each column was looked at.
    pub scales: Vec<ColumnScale>,
    /// Which correlation the matrices hold.
    pub correlation: Correlation,
    /// Whether Cramér's V is corrected for the bias of small tables.
    pub bias_corrected: bool,
    /// The real table; row by row, symmetric.
    pub real: Vec<Vec<Option<f64>>>,
    /// The synthetic table.
    pub synthetic: Vec<Vec<Option<f64>>>,
    /// Synthetic minus real, `None` where either is undefined.
    pub difference: Vec<Vec<Option<f64>>>,
    /// The pairs that differ most, worst first (at most 20).
    pub worst: Vec<PairDifference>,
    /// Root mean square of the differences over defined pairs.
    pub root_mean_square: Option<f64>,
    /// The same with average ranks in the place of numbers: one outlying row, which can make a
    /// correlation of any size, weighs no more there than any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_mean_square_of_ranks: Option<f64>,
}

/// Which coefficient of correlation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Correlation {
    /// Product moments: how close to a straight line.
    #[default]
    Pearson,
    /// The same on average ranks: how close to any rising or falling line.
    Spearman,
}

impl Correlation {
    /// The name as options spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
        }
    }
}

/// How one pair of columns is associated in both tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairDifference {
    /// One column.
    pub left: String,
    /// The other.
    pub right: String,
    /// `correlation`, `correlation_ratio` or `cramers_v`.
    pub measure: String,
    /// In the real table.
    pub real: f64,
    /// In the synthetic table.
    pub synthetic: f64,
    /// Synthetic minus real.
    pub difference: f64,
}
