//! Outcomes by subgroup.

use serde::{Deserialize, Serialize};

use super::Sides;

/// One outcome in the subgroups of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubgroupTable {
    /// The column whose levels are the subgroups.
    pub by: String,
    /// The outcome.
    pub outcome: String,
    /// The level of the outcome whose share is compared; `None` if its mean is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// One entry per subgroup.
    pub rows: Vec<SubgroupRow>,
}

/// One subgroup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubgroupRow {
    /// The subgroup: a level, or a range of numbers.
    pub subgroup: String,
    /// Rows with a value of the outcome.
    pub rows: Sides<u64>,
    /// Mean of the outcome, or share of the level; `None` without rows.
    pub value: Sides<Option<f64>>,
    /// Synthetic minus real.
    pub difference: Option<f64>,
    /// For means: the difference in standard deviations of the real outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_in_sd: Option<f64>,
}
