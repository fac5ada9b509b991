//! Rules that do not fit the columns they name.

use crate::expression::ExpressionError;

/// A rule that cannot be judged on the columns it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// A rule about one kind of column names another kind.
    #[error("rule {rule} needs a {expected} column, and `{column}` is {kind}")]
    WrongKind {
        /// The rule, from 1.
        rule: usize,
        /// The column.
        column: String,
        /// What the rule is about.
        expected: &'static str,
        /// What the column is.
        kind: &'static str,
    },
    /// A rule names a column the table does not have.
    #[error("rule {rule} names the column `{column}`, which the table does not have")]
    UnknownColumn {
        /// The rule, from 1.
        rule: usize,
        /// The column.
        column: String,
    },
    /// A text in a condition that the column cannot hold.
    #[error("rule {rule} compares column `{column}`, which is {kind}, with a text that is none")]
    Unreadable {
        /// The rule, from 1.
        rule: usize,
        /// The column.
        column: String,
        /// What the column is.
        kind: &'static str,
    },
    /// A condition that does not fit the columns it names.
    #[error("rule {rule}: {error}")]
    Expression {
        /// The rule, from 1.
        rule: usize,
        /// What is wrong.
        error: ExpressionError,
    },
    /// A range without any value.
    #[error("rule {rule} allows no value of column `{column}`")]
    Empty {
        /// The rule, from 1.
        rule: usize,
        /// The column.
        column: String,
    },
}
