//! A typed table: a schema and its columns.

use crate::{Column, Field, Kind, Levels, Schema, TableError, Values};

/// A schema and one column of values for each of its fields, all of the same length and consistent
/// with the schema.
///
/// A table is immutable: every change makes a new one, so that whoever holds a table can rely on
/// it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: Schema,
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// A table of these columns, in the order of the schema's fields.
    ///
    /// # Errors
    /// The numbers of columns or rows differ; a column's storage does not fit its type; a code is
    /// not below the number of levels; a missing reason is not declared; a number is not finite.
    pub fn new(schema: Schema, columns: Vec<Column>) -> Result<Self, TableError> {
        if schema.len() != columns.len() {
            return Err(TableError::ColumnCount {
                expected: schema.len(),
                found: columns.len(),
            });
        }
        let rows = columns.first().map_or(0, Column::len);
        for (field, column) in schema.fields().iter().zip(&columns) {
            if column.len() != rows {
                return Err(TableError::RowCount {
                    column: field.name.clone(),
                    expected: rows,
                    found: column.len(),
                });
            }
            check(field, column)?;
        }
        Ok(Self {
            schema,
            columns,
            rows,
        })
    }

    /// Returns the schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the columns, in the order of the schema.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the column at this position.
    ///
    /// # Panics
    /// If `position` is not below the number of columns.
    #[must_use]
    pub fn column(&self, position: usize) -> &Column {
        &self.columns[position]
    }

    /// Returns the column with this name and its field.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(&Field, &Column)> {
        let position = self.schema.position(name)?;
        Some((&self.schema.fields()[position], &self.columns[position]))
    }

    /// The levels of the categorical column at this position; `None` for other columns.
    #[must_use]
    pub fn levels(&self, position: usize) -> Option<&Levels> {
        self.schema.fields()[position].kind.levels()
    }

    /// Returns the text of the level in this cell; `None` where it is missing or the column is not
    /// categorical.
    ///
    /// # Panics
    /// If the position or the row is out of range.
    #[must_use]
    pub fn label(&self, position: usize, row: usize) -> Option<&str> {
        self.columns[position].label(self.levels(position)?, row)
    }

    /// Returns the rows at these positions, in this order; positions may repeat.
    ///
    /// # Panics
    /// If a position is not below [`Table::rows`].
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            schema: self.schema.clone(),
            columns: self
                .columns
                .iter()
                .map(|column| column.take(rows))
                .collect(),
            rows: rows.len(),
        }
    }

    /// The schema and the columns, taken apart.
    #[must_use]
    pub fn into_parts(self) -> (Schema, Vec<Column>) {
        (self.schema, self.columns)
    }
}

fn check(field: &Field, column: &Column) -> Result<(), TableError> {
    let name = || field.name.clone();
    let limit = field.missing_codes.len() + 2;
    if let Some(row) = column
        .missing_bytes()
        .and_then(|bytes| bytes.iter().position(|&byte| usize::from(byte) >= limit))
    {
        return Err(TableError::UndeclaredMissing {
            column: name(),
            row: row + 1,
        });
    }
    match (&field.kind, column.values()) {
        (
            Kind::Boolean { .. } | Kind::Nominal { .. } | Kind::Ordinal { .. },
            Values::Codes(codes),
        ) => {
            let levels = field
                .kind
                .levels()
                .ok_or_else(|| TableError::NoLevels { column: name() })?
                .len();
            // The filler of a missing cell is code 0, which a column without any level does not
            // have either.
            let bad =
                |(row, &code): (usize, &u32)| code as usize >= levels && !column.is_missing(row);
            match codes.iter().enumerate().position(bad) {
                Some(row) => Err(TableError::UnknownCode {
                    column: name(),
                    row: row + 1,
                    levels,
                }),
                None => Ok(()),
            }
        }
        (Kind::Continuous { .. }, Values::Continuous(values)) => {
            match values.iter().position(|v| !v.is_finite()) {
                Some(row) => Err(TableError::NotFinite {
                    column: name(),
                    row: row + 1,
                }),
                None => Ok(()),
            }
        }
        (Kind::Integer { .. } | Kind::Date { .. } | Kind::DateTime { .. }, Values::Integer(_))
        | (Kind::Text, Values::Text(_)) => Ok(()),
        _ => Err(TableError::Storage {
            column: name(),
            kind: field.kind.name(),
        }),
    }
}
