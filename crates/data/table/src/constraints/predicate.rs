//! A condition resolved against the columns of a table.

use super::ConstraintError;
use crate::{Column, Condition, Field, Kind, Schema, parse};

/// A condition about the column at a position, texts replaced by codes or numbers.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// Position of the column.
    pub column: usize,
    /// The test of its value.
    pub test: Test,
}

/// A test of one value.
#[derive(Clone, Debug)]
pub enum Test {
    /// The code is one of these.
    Codes(Vec<u32>),
    /// The number is one of these.
    Numbers(Vec<f64>),
    /// The number is below this.
    Below(f64),
    /// The number is at least this.
    AtLeast(f64),
    /// There is no value.
    Missing,
    /// There is a value.
    Present,
}

impl Predicate {
    /// Resolves a condition of the rule with this position.
    pub(super) fn new(
        condition: &Condition,
        schema: &Schema,
        rule: usize,
    ) -> Result<Self, ConstraintError> {
        let column = position(schema, condition.column(), rule)?;
        let field = &schema.fields()[column];
        let test = match condition {
            Condition::OneOf { values, .. } if field.kind.is_categorical() => {
                let levels = field.kind.levels();
                let code = |text: &String| levels.and_then(|levels| levels.code(text));
                Test::Codes(values.iter().filter_map(code).collect())
            }
            Condition::OneOf { values, .. } => {
                let numbers = values.iter().map(|text| number(text, &field.kind));
                Test::Numbers(numbers.collect::<Option<_>>().ok_or_else(|| {
                    ConstraintError::Unreadable {
                        rule: rule + 1,
                        column: field.name.clone(),
                        kind: field.kind.name(),
                    }
                })?)
            }
            Condition::Below { value, .. } => {
                numeric(field, rule)?;
                Test::Below(*value)
            }
            Condition::AtLeast { value, .. } => {
                numeric(field, rule)?;
                Test::AtLeast(*value)
            }
            Condition::Missing { .. } => Test::Missing,
            Condition::Present { .. } => Test::Present,
        };
        Ok(Self { column, test })
    }

    /// Whether the condition holds in this row of its column.
    pub(super) fn holds(&self, columns: &[Column], row: usize) -> bool {
        let column = &columns[self.column];
        match &self.test {
            Test::Codes(codes) => column.code(row).is_some_and(|code| codes.contains(&code)),
            Test::Numbers(numbers) => column.number(row).is_some_and(|v| numbers.contains(&v)),
            Test::Below(value) => column.number(row).is_some_and(|v| v < *value),
            Test::AtLeast(value) => column.number(row).is_some_and(|v| v >= *value),
            Test::Missing => column.is_missing(row),
            Test::Present => !column.is_missing(row),
        }
    }
}

/// The position of a column a rule names.
pub(super) fn position(
    schema: &Schema,
    column: &str,
    rule: usize,
) -> Result<usize, ConstraintError> {
    schema
        .position(column)
        .ok_or_else(|| ConstraintError::UnknownColumn {
            rule: rule + 1,
            column: column.to_owned(),
        })
}

/// Refuses a column that is not numeric.
pub(super) fn numeric(field: &Field, rule: usize) -> Result<(), ConstraintError> {
    if field.kind.is_numeric() {
        Ok(())
    } else {
        Err(ConstraintError::WrongKind {
            rule: rule + 1,
            column: field.name.clone(),
            expected: "numeric",
            kind: field.kind.name(),
        })
    }
}

/// A text as the number a column of this kind stores for it.
fn number(text: &str, kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Integer { format, .. } | Kind::Continuous { format, .. } => {
            parse::number::parse(text, format)
                .ok()
                .map(|number| number.value)
        }
        Kind::Date { format, .. } => parse::date::parse_date(text, format).map(|day| day as f64),
        Kind::DateTime { format, unit, .. } => {
            parse::date::parse_date_time(text, format, *unit).map(|moment| moment as f64)
        }
        _ => None,
    }
}
