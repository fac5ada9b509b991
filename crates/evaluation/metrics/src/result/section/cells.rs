//! Single cells that give somebody away.

use serde::{Deserialize, Serialize};

/// Values that few real people have, and whether the synthetic table has them too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CellSection {
    /// Levels with fewer real rows than this are rare.
    pub min_cell: u64,
    /// Columns with rare levels.
    pub rare_levels: Vec<RareLevels>,
    /// Numeric columns.
    pub extremes: Vec<ExtremeValues>,
    /// Columns of ids, names, free text or exact dates that the synthetic table still has.
    pub left_in: Vec<LeftIn>,
}

impl CellSection {
    /// Adds what another check of single cells found.
    pub(crate) fn add(&mut self, other: Self) {
        self.min_cell = self.min_cell.max(other.min_cell);
        self.rare_levels.extend(other.rare_levels);
        self.extremes.extend(other.extremes);
        self.left_in.extend(other.left_in);
    }
}

/// The rare levels of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RareLevels {
    /// The column.
    pub column: String,
    /// Its rare levels.
    pub levels: u64,
    /// Those of them that occur in the synthetic table.
    pub reproduced: u64,
    /// Synthetic rows that have one of them.
    pub synthetic_rows: u64,
    /// Those of them that occur in the holdout: what chance gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_holdout: Option<u64>,
}

/// Synthetic values of a numeric column below the 1 % or above the 99 % quantile of the real
/// values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtremeValues {
    /// The column.
    pub column: String,
    /// How many there are.
    pub outside: u64,
    /// Those of them that equal a real value exactly.
    pub equal: u64,
    /// The same number of the holdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_outside: Option<u64>,
    /// Those of the holdout that equal a real value exactly: what chance gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_equal: Option<u64>,
}

/// A column that should not be in a table for others without a good reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftIn {
    /// The column.
    pub column: String,
    /// What is in it.
    pub kind: LeftInKind,
    /// Distinct synthetic values.
    pub values: u64,
    /// Those of them that occur in the real table.
    pub equal_real: u64,
}

/// What a column that should not be there holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftInKind {
    /// Names of rows.
    RowId,
    /// Text somebody wrote.
    FreeText,
    /// Days.
    Date,
    /// Days and times.
    DateTime,
    /// Levels or whole numbers of which nine in ten occur once, with at least 50 values.
    LooksLikeNames,
}
