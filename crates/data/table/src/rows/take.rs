//! Rows of a Rust type into a table.

use serde::Serialize;

use super::capture::Cells;
use super::cell::Captured;
use super::error::{RowRule, RowsError};
use crate::csv::Dictionary;
use crate::parse::order;
use crate::{Field, Kind, Levels, NumberFormat, RawTable, Schema, Table, TypedError, read_typed};

/// Most levels of a column of texts without a schema; with more distinct texts it is free text.
const MAX_LEVELS: usize = 1000;

impl Table {
    /// Builds a table from rows: structs, or maps from texts to values, with a field for each
    /// column.
    ///
    /// With a schema, each value is read as a cell of a file would be read, by the rules of
    /// [`read_typed`](crate::read_typed): texts may name levels, dates and missing codes; `true`
    /// and `false` name the two levels of a boolean column; bounds and levels that were declared or
    /// released bind, observed ones widen. `None` and the empty text are absent values. The columns
    /// of the result are in the order of the schema.
    ///
    /// Without a schema, columns are in the order of their first appearance. `bool` becomes
    /// boolean, whole numbers integer, numbers continuous, and texts and enum variants nominal
    /// (free text beyond 1000 distinct ones); all facts are observed.
    ///
    /// # Errors
    /// A row is not a struct or a map, or a value does not fit ([`RowsError::Row`],
    /// [`RowsError::Cell`]); the columns or their values are not those of the schema
    /// ([`RowsError::Typed`]).
    pub fn from_rows<T: Serialize>(rows: &[T], schema: Option<&Schema>) -> Result<Self, RowsError> {
        let mut cells = Cells::default();
        for (row, value) in rows.iter().enumerate() {
            cells.push(value).map_err(|fault| fault.in_row(row))?;
        }
        for column in &mut cells.columns {
            column.resize(rows.len(), Captured::Missing);
        }
        let guessed;
        let schema = match schema {
            Some(schema) => {
                cells.sort_by(|name| schema.position(name));
                schema
            }
            None => {
                guessed = guess(&cells)?;
                &guessed
            }
        };
        let raw = spelled(&cells, schema, rows.len());
        let (table, _) = read_typed(&raw, schema)?;
        Ok(table)
    }
}

/// The cells as texts; columns that the schema does not have are spelled plainly and refused later.
fn spelled(cells: &Cells, schema: &Schema, rows: usize) -> RawTable {
    let mut text = String::new();
    let columns = cells
        .names
        .iter()
        .zip(&cells.columns)
        .map(|(name, column)| {
            let plain = Kind::Text;
            let kind = schema.field(name).map_or(&plain, |field| &field.kind);
            let mut dictionary = Dictionary::new();
            for cell in column {
                cell.spell(kind, &mut text);
                dictionary.push(text.as_bytes());
            }
            dictionary.into_column()
        });
    RawTable {
        columns: columns.collect(),
        names: cells.names.clone(),
        rows,
        ..RawTable::default()
    }
}

/// A schema that follows from the Rust types of the values.
fn guess(cells: &Cells) -> Result<Schema, RowsError> {
    let columns = cells.names.iter().zip(&cells.columns);
    let fields = columns.map(|(name, column)| Ok(Field::new(name, kind_of(name, column)?)));
    let fields = fields.collect::<Result<Vec<_>, RowsError>>()?;
    Ok(Schema::new(fields).map_err(TypedError::from)?)
}

fn kind_of(name: &str, column: &[Captured]) -> Result<Kind, RowsError> {
    let mut expected = Type::Unknown;
    for (row, cell) in column.iter().enumerate() {
        expected = expected.join(cell).ok_or_else(|| RowsError::Cell {
            column: name.to_owned(),
            row: row + 1,
            rule: RowRule::Mixed {
                expected: expected.name(),
            },
        })?;
    }
    Ok(match expected {
        Type::Bool => Kind::boolean(crate::Known::observed(
            Levels::new(["false", "true"]).expect("two texts"),
        )),
        Type::Integer => Kind::integer(),
        Type::Number => Kind::Continuous {
            bounds: None,
            grid: None,
            format: NumberFormat::default(),
        },
        Type::Unknown => Kind::Nominal { levels: None },
        Type::Text => match few_texts(column) {
            Some(levels) => Kind::nominal(crate::Known::observed(levels)),
            None => Kind::Text,
        },
    })
}

/// The distinct texts in their usual order, if there are few.
fn few_texts(column: &[Captured]) -> Option<Levels> {
    let mut texts: Vec<&str> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for cell in column {
        if let Captured::Text(text) = cell
            && !text.is_empty()
            && seen.insert(text.as_str())
        {
            texts.push(text);
        }
        if texts.len() > MAX_LEVELS {
            return None;
        }
    }
    order::sort_levels(&mut texts);
    Levels::new(texts).ok()
}

/// The common type of the values of a column.
#[derive(Clone, Copy)]
enum Type {
    Unknown,
    Bool,
    Integer,
    Number,
    Text,
}

impl Type {
    fn join(self, cell: &Captured) -> Option<Self> {
        Some(match (self, cell) {
            (kept, Captured::Missing) => kept,
            (Self::Unknown | Self::Bool, Captured::Bool(_)) => Self::Bool,
            (Self::Unknown | Self::Integer, Captured::Integer(_)) => Self::Integer,
            (Self::Number, Captured::Integer(_)) => Self::Number,
            (Self::Unknown | Self::Integer | Self::Number, Captured::Number(_)) => Self::Number,
            (Self::Unknown | Self::Text, Captured::Text(_)) => Self::Text,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "any value",
            Self::Bool => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "a text",
        }
    }
}
