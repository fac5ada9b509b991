//! Issues found while cleaning.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something a data owner should know about the table, found while planning or applying a recipe.
/// Quotes no cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Issue {
    /// What kind of thing it is.
    pub kind: IssueKind,
    /// The columns it is about.
    pub columns: Vec<String>,
    /// Number of rows it is about, 0 if it is about a whole column.
    pub rows: usize,
    /// One sentence.
    pub message: String,
}

/// The kinds of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssueKind {
    /// A column with one value in every row.
    Constant,
    /// A column without any value.
    Empty,
    /// Levels that too few people have.
    WithheldLevels,
    /// A column that names rows.
    Identifier,
    /// A column almost determined by another, or declared to be and not.
    AlmostDetermined,
    /// A table that a step was not planned for.
    Unexpected,
    /// A rule of the schema that rows break.
    RuleBroken,
    /// Rows that are equal to an earlier row in every column.
    DuplicateRows,
    /// A search that was cut short.
    NotSearched,
    /// A column whose values are mostly missing.
    MostlyMissing,
}

impl Issue {
    pub(super) fn new<S: Into<String>>(
        kind: IssueKind,
        columns: impl IntoIterator<Item = S>,
        rows: usize,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            columns: columns.into_iter().map(Into::into).collect(),
            rows,
            message: message.into(),
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
