//! Errors and warnings of reading texts into typed columns.

use std::fmt;

use crate::{SchemaError, TableError};

/// One thing that is wrong or noteworthy in one column: the rule, where it first shows and how
/// often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadIssue {
    /// The column.
    pub column: String,
    /// The first row it concerns, from 1; 0 if it concerns the column as a whole.
    pub row: usize,
    /// How many cells it concerns.
    pub cells: usize,
    /// What was expected.
    pub rule: ReadRule,
}

impl fmt::Display for ReadIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => write!(f, "column `{}`: {}", self.column, self.rule),
            row if self.cells > 1 => write!(
                f,
                "column `{}`, row {row} and {} more: {}",
                self.column,
                self.cells - 1,
                self.rule
            ),
            row => write!(f, "column `{}`, row {row}: {}", self.column, self.rule),
        }
    }
}

/// The rule that a cell has to keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRule {
    /// A whole number was expected.
    #[error("expected a whole number ({format})")]
    WholeNumber {
        /// The number format, in words.
        format: String,
    },
    /// A number was expected.
    #[error("expected a number ({format})")]
    Number {
        /// The number format, in words.
        format: String,
    },
    /// A day or moment that exists was expected.
    #[error("expected a {kind} that exists, spelled `{format}`")]
    Date {
        /// `day` or `moment`.
        kind: &'static str,
        /// The format.
        format: String,
    },
    /// The value lies outside bounds that were declared or released.
    #[error("the value is outside the bounds of the column")]
    OutOfBounds,
    /// The text is none of the levels that were declared or released.
    #[error("the text is none of the {levels} levels of the column")]
    UnknownLevel {
        /// Number of levels.
        levels: usize,
    },
    /// A boolean column whose values do not make two levels.
    #[error("expected the two values of a boolean column, found {found} distinct texts")]
    NotTwoLevels {
        /// Distinct texts found.
        found: usize,
    },
    /// A text that the schema lists both as a level and as a missing code.
    #[error("a text is listed both as a level and as a missing code")]
    LevelIsMissingCode,
    /// Warning: a new level was added to levels that were observed before.
    #[error("a level that was not observed before was added")]
    LevelAdded,
    /// Warning: bounds that were observed before were widened.
    #[error("the bounds that were observed before were widened")]
    BoundsWidened,
    /// Warning: an infinite number was read as absent.
    #[error("an infinite number was read as a missing value")]
    Infinite,
    /// Warning: a NaN was read as absent.
    #[error("a NaN was read as a missing value")]
    NotANumber,
    /// Warning: a text that the type of the column cannot read was read as absent.
    #[error("a text that is no value of the column's type was read as a missing value")]
    Unreadable,
    /// Warning: the order of the levels of an ordinal column was not declared and does not follow
    /// from their names.
    #[error(
        "the order of the levels is not declared and does not follow from their names; they were sorted"
    )]
    OrderUnknown,
}

/// All that is wrong in the cells of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadIssues(Vec<ReadIssue>);

impl ReadIssues {
    pub(super) fn new(issues: Vec<ReadIssue>) -> Self {
        Self(issues)
    }

    /// The issues, in the order of the columns.
    #[must_use]
    pub fn as_slice(&self) -> &[ReadIssue] {
        &self.0
    }
}

const LISTED: usize = 20;

impl fmt::Display for ReadIssues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, issue) in self.0.iter().take(LISTED).enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{issue}")?;
        }
        match self.0.len().checked_sub(LISTED) {
            Some(more) if more > 0 => write!(f, "; and {more} more"),
            _ => Ok(()),
        }
    }
}

/// Texts that do not fit their schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// The table and the schema do not have the same columns.
    #[error(
        "the table and the schema have different columns{}{}",
        listed("; not in the schema", unknown),
        listed("; not in the table", missing)
    )]
    Columns {
        /// Columns of the table that the schema does not have.
        unknown: Vec<String>,
        /// Columns of the schema that the table does not have.
        missing: Vec<String>,
    },
    /// Cells that do not fit their columns.
    #[error("{0}")]
    Cells(ReadIssues),
    /// The completed schema contradicts itself.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The columns do not fit the completed schema.
    #[error(transparent)]
    Table(#[from] TableError),
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|n| format!("`{n}`"))
        .collect();
    let more = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{what}: {}{more}", shown.join(", "))
}
