//! Errors of recipes.

use parable_table::constraints::ConstraintError;
use parable_table::{SchemaError, TableError};

/// A recipe that does not fit a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// A step needs a column the table does not have.
    #[error("the recipe needs the column `{column}`, which the table does not have")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A column of another type than when the recipe was planned.
    #[error("the recipe needs column `{column}` as {expected}, and it is {found}")]
    WrongKind {
        /// The column.
        column: String,
        /// The type the recipe was planned for.
        expected: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// A step contradicts itself.
    #[error("the step about column `{column}` cannot be carried out: {why}")]
    BadStep {
        /// The column.
        column: String,
        /// Why not.
        why: &'static str,
    },
    /// A file that is no recipe of this version.
    #[error("expected the format `parable-recipe` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the file says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// The columns after a step make no schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The columns after a step do not fit their schema.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A rule does not fit the columns it names.
    #[error(transparent)]
    Constraint(#[from] ConstraintError),
}
