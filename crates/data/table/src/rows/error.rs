//! Rows that make no table, and tables that make no rows.

use std::fmt;

use crate::TypedError;

/// A row type that does not fit its table. Names the row, the column and the rule, and quotes no
/// value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// A row that is not a struct or a map from texts to values.
    #[error("row {row}: {rule}")]
    Row {
        /// The row, from 1.
        row: usize,
        /// The rule it breaks.
        rule: RowRule,
    },
    /// A cell that does not fit.
    #[error("column `{column}`, row {row}: {rule}")]
    Cell {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The rule it breaks.
        rule: RowRule,
    },
    /// Cells that do not fit the schema, or columns that are not the schema's.
    #[error(transparent)]
    Typed(#[from] TypedError),
}

/// The rule that a row or a cell breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowRule {
    /// Rows are structs or maps.
    #[error("expected a struct or a map with the names of columns as keys")]
    NotARow,
    /// Keys of maps are texts.
    #[error("expected a text as the name of a column")]
    NameIsNoText,
    /// A column stands twice in a row.
    #[error("the column appears twice")]
    Repeated,
    /// A cell holds one value.
    #[error("expected a single value, found a list, a map or a struct")]
    Nested,
    /// Whole numbers fit 64 bits with a sign.
    #[error("expected a whole number of at most 64 bits")]
    TooLarge,
    /// Numbers are finite.
    #[error("expected a finite number")]
    NotFinite,
    /// A column holds values of one type.
    #[error("expected {expected}, as in the rows above")]
    Mixed {
        /// The type of the values above.
        expected: &'static str,
    },
    /// A row type that needs a value of another type.
    #[error("expected {expected}")]
    Expected {
        /// The type.
        expected: String,
    },
    /// A row type that needs a column which the table does not have.
    #[error("the row type needs a column `{column}`, which the table does not have")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A row type that accepts only some columns.
    #[error("the row type has no field for the column")]
    UnknownColumn,
    /// A day or moment that cannot be spelled in the format of its column.
    #[error("the date is beyond what `{format}` can spell")]
    Unspellable {
        /// The format.
        format: String,
    },
    /// A row type that refuses a row for a reason of its own.
    #[error("the row type refuses it")]
    Refused,
}

/// A rule on its way through serde, before its row is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) column: Option<String>,
    pub(super) rule: RowRule,
}

impl Fault {
    /// Adds the row.
    pub(super) fn in_row(self, row: usize) -> RowsError {
        let (row, rule) = (row + 1, self.rule);
        match self.column {
            Some(column) => RowsError::Cell { column, row, rule },
            None => RowsError::Row { row, rule },
        }
    }

    /// Adds the column, unless one is known already.
    pub(super) fn in_column(mut self, column: &str) -> Self {
        self.column.get_or_insert_with(|| column.to_owned());
        self
    }
}

impl From<RowRule> for Fault {
    fn from(rule: RowRule) -> Self {
        Self { column: None, rule }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl serde::ser::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // The message of a foreign type may quote a value.
        RowRule::Refused.into()
    }
}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        RowRule::Refused.into()
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        let expected = expected.to_string();
        RowRule::Expected { expected }.into()
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let expected = format!("one of {} variants", expected.len());
        RowRule::Expected { expected }.into()
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::from(RowRule::UnknownColumn).in_column(field)
    }

    fn missing_field(field: &'static str) -> Self {
        let column = field.to_owned();
        RowRule::NoColumn { column }.into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::from(RowRule::Repeated).in_column(field)
    }
}
