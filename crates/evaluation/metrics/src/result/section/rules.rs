//! Declared rules and how often rows break them.

use serde::{Deserialize, Serialize};

use super::Sides;

/// How both tables keep the rules declared in the real table's schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleSection {
    /// One entry per rule, in the order of the schema.
    pub rules: Vec<RuleRow>,
    /// Share of rows that break any rule; `None` without rules or rows.
    pub rows_breaking_any: Sides<Option<f64>>,
}

/// How often one rule is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleRow {
    /// The rule in words.
    pub rule: String,
    /// The columns it is about.
    pub columns: Vec<String>,
    /// Rows that break it.
    pub rows: Sides<u64>,
    /// The same as a share of all rows; `None` for a table without rows.
    pub share: Sides<Option<f64>>,
}
