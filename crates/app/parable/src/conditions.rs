//! Values that sampled rows must have.

use std::path::{Path, PathBuf};

use parable_table::{Field, RawTable, Schema, Table, csv, read_typed};

use crate::{Error, Fitted};

/// Values that sampled rows must have: the same in every row, or one row of a table for each.
///
/// ```
/// use parable::Conditions;
///
/// let treated = Conditions::default().with("arm", "treated").with("sen", "yes");
/// assert_eq!(treated.rows(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Conditions(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Columns and texts, the same in every row.
    Same(Vec<(String, String)>),
    /// Texts, one row for each.
    Texts { raw: RawTable, path: PathBuf },
    /// Typed columns, one row for each.
    Typed(Table),
}

impl Default for Conditions {
    /// Returns conditions that give no value.
    fn default() -> Self {
        Self(Kind::Same(Vec::new()))
    }
}

impl Conditions {
    /// Adds a value that every row must have, spelled as in the source; an empty text stands for a
    /// missing value. Replaces conditions that were read from a table.
    #[must_use]
    pub fn with(self, column: impl Into<String>, value: impl Into<String>) -> Self {
        let mut values = match self.0 {
            Kind::Same(values) => values,
            Kind::Texts { .. } | Kind::Typed(_) => Vec::new(),
        };
        values.push((column.into(), value.into()));
        Self(Kind::Same(values))
    }

    /// Takes the columns of a table: one synthetic row for each of its rows, with its values.
    #[must_use]
    pub fn table(table: Table) -> Self {
        Self(Kind::Typed(table))
    }

    /// Reads a file of separated values, spelled as the source: one synthetic row for each of its
    /// rows, with its values.
    ///
    /// # Errors
    /// [`Error::Csv`] for a file that is no table.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let raw = csv::read(path, &csv::ReadOptions::default())?;
        let path = path.to_owned();
        Ok(Self(Kind::Texts { raw, path }))
    }

    /// Returns the number of rows, if each row has conditions of its own.
    #[must_use]
    pub fn rows(&self) -> Option<usize> {
        match &self.0 {
            Kind::Same(_) => None,
            Kind::Texts { raw, .. } => Some(raw.rows),
            Kind::Typed(table) => Some(table.rows()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.0, Kind::Same(values) if values.is_empty())
    }

    /// Returns the conditions as the model knows the columns, one row for each row to sample.
    pub(crate) fn table_for(&self, fitted: &Fitted, rows: usize) -> Result<Table, Error> {
        if let Some(given) = self.rows()
            && given != rows
        {
            return Err(Error::ConditionRows { given, rows });
        }
        match &self.0 {
            Kind::Typed(table) => Ok(table.clone()),
            Kind::Texts { raw, path } => typed(fitted, raw, path),
            Kind::Same(values) => {
                let one = typed(fitted, &one_row(values)?, Path::new("given values"))?;
                Ok(one.take(&vec![0; rows]))
            }
        }
    }
}

/// Returns the values as a table with one row of texts.
fn one_row(values: &[(String, String)]) -> Result<RawTable, Error> {
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = values.iter().map(|(column, _)| quoted(column)).collect();
    let texts: Vec<String> = values.iter().map(|(_, value)| quoted(value)).collect();
    let text = format!("{}\n{}\n", names.join(","), texts.join(","));
    let options = csv::ReadOptions::default().with_delimiter(',');
    Ok(csv::read_str(&text, &options)?)
}

/// Types the texts as columns of the model.
fn typed(fitted: &Fitted, raw: &RawTable, path: &Path) -> Result<Table, Error> {
    let field = |name: &str| -> Result<Field, Error> {
        fitted.model().schema().field(name).cloned().ok_or_else(|| {
            let known = fitted.source_schema().position(name).is_some();
            Error::Given {
                column: name.to_owned(),
                problem: if known {
                    "cleaning took it out and writes it again from other columns, so that the model does not draw it"
                } else {
                    "the model makes no such column"
                },
            }
        })
    };
    let fields = raw.names.iter().map(|name| field(name));
    let schema = Schema::new(fields.collect::<Result<_, _>>()?).map_err(|error| Error::Typed {
        path: path.to_owned(),
        source: error.into(),
    })?;
    // The model cannot generate what it has not met: all facts bind.
    let (table, _) = read_typed(raw, &schema.trusted().0).map_err(|source| Error::Typed {
        path: path.to_owned(),
        source,
    })?;
    let (_, columns) = table.into_parts();
    Ok(Table::new(schema, columns)?)
}
