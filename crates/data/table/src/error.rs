//! Errors of schemas and tables.

use crate::expression::ExpressionError;

/// A schema that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A column without a name.
    #[error("column {column} has an empty name")]
    EmptyName {
        /// The position, from 1.
        column: usize,
    },
    /// Two columns with one name.
    #[error("the name `{column}` stands for two columns")]
    DuplicateName {
        /// The name.
        column: String,
    },
    /// A level listed twice.
    #[error("a level is listed twice")]
    DuplicateLevel,
    /// A boolean column that does not have two levels.
    #[error("boolean column `{column}` needs two levels and has {levels}")]
    NotTwoLevels {
        /// The column.
        column: String,
        /// How many it has.
        levels: usize,
    },
    /// Bounds that contain no value.
    #[error("the bounds of column `{column}` contain no value")]
    EmptyBounds {
        /// The column.
        column: String,
    },
    /// A grid that is not one.
    #[error(
        "the grid of column `{column}` needs a finite step above 0 or at most 17 decimals, and whole numbers a whole step"
    )]
    BadGrid {
        /// The column.
        column: String,
    },
    /// More reasons for missing values than can be stored.
    #[error("column `{column}` declares more than {limit} missing codes")]
    TooManyMissingCodes {
        /// The column.
        column: String,
        /// How many there may be.
        limit: usize,
    },
    /// A column that is named somewhere and does not exist.
    #[error("{named_by} names the column `{column}`, which the schema does not have")]
    UnknownColumn {
        /// The name.
        column: String,
        /// Where it is named.
        named_by: &'static str,
    },
    /// A rule whose condition is not an expression.
    #[error("rule {rule}: {error}")]
    BadRule {
        /// The rule, from 1.
        rule: usize,
        /// What is wrong.
        error: ExpressionError,
    },
    /// A file that is no schema of this version.
    #[error("expected the format `parable-schema` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the file says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
}

/// Texts that make no column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A text that is not one of the levels.
    #[error("row {row}: the text is not one of the {levels} levels")]
    UnknownLevel {
        /// The row, from 1.
        row: usize,
        /// Number of levels.
        levels: usize,
    },
    /// A text that is not a day or moment in this format.
    #[error("row {row}: expected a {kind} that exists, spelled `{format}`")]
    NoDate {
        /// The row, from 1.
        row: usize,
        /// `day` or `moment`.
        kind: &'static str,
        /// The format, in `strftime` notation.
        format: String,
    },
}

impl ColumnError {
    /// Returns the row that is wrong, from 1.
    #[must_use]
    pub fn row(&self) -> usize {
        match self {
            Self::UnknownLevel { row, .. } | Self::NoDate { row, .. } => *row,
        }
    }
}

/// Columns that do not fit their schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Not one column per field.
    #[error("the schema has {expected} columns, the table {found}")]
    ColumnCount {
        /// Fields in the schema.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// A column with another number of rows than the first.
    #[error("column `{column}` has {found} rows, the first column {expected}")]
    RowCount {
        /// The column.
        column: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this one.
        found: usize,
    },
    /// Values stored in a way the type does not use.
    #[error("the values of column `{column}` are not stored as type {kind} stores them")]
    Storage {
        /// The column.
        column: String,
        /// Its type.
        kind: &'static str,
    },
    /// A categorical column whose levels are not known.
    #[error("column `{column}` is categorical and has no levels")]
    NoLevels {
        /// The column.
        column: String,
    },
    /// A code without a level.
    #[error("column `{column}`, row {row}: the code is not below the number of levels, {levels}")]
    UnknownCode {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// Number of levels.
        levels: usize,
    },
    /// A missing reason the field does not declare.
    #[error("column `{column}`, row {row}: the reason for the missing value is not declared")]
    UndeclaredMissing {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// An infinite number or a NaN.
    #[error("column `{column}`, row {row}: the number is not finite")]
    NotFinite {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
}
