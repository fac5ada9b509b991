//! Missing values: how many, why, and together with which others.

use serde::{Deserialize, Serialize};

use super::Sides;

/// Where values are missing in both tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MissingSection {
    /// Share of all cells that are missing.
    pub share_of_cells: Sides<Option<f64>>,
    /// Share of rows without any missing value.
    pub complete_rows: Sides<Option<f64>>,
    /// Every column that has missing values in either table.
    pub columns: Vec<MissingRow>,
    /// The pairs of columns whose joint pattern of missing values differs most, worst first (at
    /// most 20).
    pub joint: Vec<JointMissing>,
    /// How many pairs were compared.
    pub pairs: u64,
}

/// The missing values of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MissingRow {
    /// The column.
    pub column: String,
    /// Share of rows without a value.
    pub share: Sides<f64>,
    /// Synthetic minus real share.
    pub difference: f64,
    /// The shares by reason, where reasons are coded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonShare>,
}

/// How often one reason is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonShare {
    /// The code as the source writes it; empty for "no reason given".
    pub code: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Share of all rows.
    pub share: Sides<f64>,
}

/// How two columns miss values together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointMissing {
    /// One column.
    pub left: String,
    /// The other.
    pub right: String,
    /// Total variation distance of the four shares (neither, left, right, both missing).
    pub tvd: f64,
    /// Share of rows in which both are missing.
    pub both: Sides<f64>,
}
