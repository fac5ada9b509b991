//! Errors of codecs.

use parable_domain::DomainError;

use parable_table::TableError;
use parable_table::constraints::ConstraintError;

/// A schema that cannot be coded, or a table or codes that do not fit a codec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// A fact that a private fit needs and may not read from the rows.
    #[error(
        "column `{column}` has no declared {fact}; a private fit may not read it from the data"
    )]
    Undeclared {
        /// The column.
        column: String,
        /// The fact.
        fact: &'static str,
    },
    /// A column that has no codes.
    #[error("column `{column}` {why}; drop or replace it by a cleaning recipe first")]
    NoCodes {
        /// The column.
        column: String,
        /// Why it has none.
        why: &'static str,
    },
    /// A column the table does not have.
    #[error("the codec needs the column `{column}`, which the table does not have")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A column of another type.
    #[error("the codec needs column `{column}` as {expected}, and it is {found}")]
    WrongKind {
        /// The column.
        column: String,
        /// The codec's type.
        expected: &'static str,
        /// The table's type.
        found: &'static str,
    },
    /// A level without a code.
    #[error("column `{column}`, row {row}: the level has no code")]
    UnknownLevel {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// A missing reason without a code.
    #[error("column `{column}`, row {row}: the reason for the missing value has no code")]
    UnknownReason {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// A stored codec with another number of columns than its schema.
    #[error("the schema has {expected} columns, the codec {found}")]
    ColumnCount {
        /// Columns of the schema.
        expected: usize,
        /// Columns of the codec.
        found: usize,
    },
    /// A stored column that does not fit its field.
    #[error("the codes of column `{column}` do not fit its schema: {why}")]
    BadColumn {
        /// The column.
        column: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Codes of another domain.
    #[error("the codes are of another domain than the codec")]
    OtherDomain,
    /// A file that is no codec of this version.
    #[error("expected the format `parable-codec` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the file says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// A rule of the schema does not fit the columns it names.
    #[error(transparent)]
    Rule(#[from] ConstraintError),
    /// The codes make no domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The decoded columns do not fit their schema.
    #[error(transparent)]
    Table(#[from] TableError),
}
