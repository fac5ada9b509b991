//! Conditions that sampled rows must satisfy.

use std::path::{Path, PathBuf};

use parable_table::{Field, RawTable, Schema, Table, csv, read_typed};

use crate::condition::{self, Condition};
use crate::{Error, Fitted};

/// Conditions that sampled rows must satisfy: the same for every row, or one row of a table for
/// each.
///
/// Conditions may name every column of the source. Values of columns that the model draws are
/// passed to the model; everything else is tested on restored rows, and rows are drawn until enough
/// of them pass.
///
/// ```
/// use parable::Conditions;
///
/// let treated = Conditions::default().with("arm", "treated").matching("age >= 11");
/// assert_eq!(treated.rows(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Conditions(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Columns and texts, and conditions, the same for every row.
    Same {
        values: Vec<(String, String)>,
        matching: Vec<String>,
    },
    /// Texts, one row for each.
    Texts { raw: RawTable, path: PathBuf },
    /// Typed columns, one row for each.
    Typed(Table),
}

impl Default for Conditions {
    /// Returns conditions that give no value.
    fn default() -> Self {
        Self(Kind::Same {
            values: Vec::new(),
            matching: Vec::new(),
        })
    }
}

/// Conditions as sampling uses them.
pub(crate) struct Given {
    /// The columns that the model draws, one row for each row to sample; `None` if there is none.
    pub(crate) table: Option<Table>,
    /// The columns that the model does not draw, one row for each row to sample.
    pub(crate) derived: Option<Table>,
    /// Conditions in the language of rules that every restored row satisfies.
    pub(crate) tests: Vec<String>,
}

impl Given {
    /// Returns whether the model itself takes care of everything.
    pub(crate) fn is_direct(&self) -> bool {
        self.derived.is_none() && self.tests.is_empty()
    }
}

impl Conditions {
    /// Adds a value that every row must have, spelled as in the source; an empty text stands for a
    /// missing value. Replaces conditions that were read from a table.
    #[must_use]
    pub fn with(self, column: impl Into<String>, value: impl Into<String>) -> Self {
        let (mut values, matching) = self.same();
        values.push((column.into(), value.into()));
        Self(Kind::Same { values, matching })
    }

    /// Adds a condition that every row must satisfy. Replaces conditions that were read from a
    /// table.
    ///
    /// Values are spelled as in the source:
    ///
    /// ```text
    /// age >= 65                       one of = == != < <= > >=
    /// born < 2010-09-01
    /// city = Paris, Lyon              one of several values
    /// income = 20000 .. 30000         a range, both ends included
    /// post_score =                    missing
    /// age < 16 or arm == "treated"    anything else: the language of rules
    /// ```
    ///
    /// Sampling returns [`Error::Condition`] for a condition that cannot be read.
    #[must_use]
    pub fn matching(self, condition: impl Into<String>) -> Self {
        let (values, mut matching) = self.same();
        matching.push(condition.into());
        Self(Kind::Same { values, matching })
    }

    fn same(self) -> (Vec<(String, String)>, Vec<String>) {
        match self.0 {
            Kind::Same { values, matching } => (values, matching),
            Kind::Texts { .. } | Kind::Typed(_) => (Vec::new(), Vec::new()),
        }
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
            Kind::Same { .. } => None,
            Kind::Texts { raw, .. } => Some(raw.rows),
            Kind::Typed(table) => Some(table.rows()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(
            &self.0,
            Kind::Same { values, matching } if values.is_empty() && matching.is_empty()
        )
    }

    /// Splits the conditions into values for the model and tests of restored rows.
    pub(crate) fn resolve(&self, fitted: &Fitted, rows: usize) -> Result<Given, Error> {
        if let Some(given) = self.rows()
            && given != rows
        {
            return Err(Error::ConditionRows { given, rows });
        }
        match &self.0 {
            Kind::Typed(table) => split_table(fitted, table),
            Kind::Texts { raw, path } => split_texts(fitted, raw, path),
            Kind::Same { values, matching } => {
                let mut direct = Vec::new();
                let mut tests = Vec::new();
                let conditions = values
                    .iter()
                    .map(|(column, value)| Condition::equal(fitted, column, value))
                    .chain(matching.iter().map(|text| Condition::read(fitted, text)));
                for condition in conditions {
                    match condition? {
                        Condition::Value { column, text } => direct.push((column, text)),
                        Condition::Test(expression) => tests.push(expression),
                    }
                }
                let table = match direct.is_empty() {
                    true => None,
                    false => {
                        let raw = condition::one_row(&direct)?;
                        let one = typed(fitted.model().schema(), &raw, Path::new("--where"))?;
                        Some(one.take(&vec![0; rows]))
                    }
                };
                Ok(Given {
                    table,
                    derived: None,
                    tests,
                })
            }
        }
    }
}

/// Returns the positions of the columns that the model draws, and of the others.
fn split<'a>(
    fitted: &Fitted,
    names: impl Iterator<Item = &'a str>,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let (mut drawn, mut derived) = (Vec::new(), Vec::new());
    for (position, name) in names.enumerate() {
        match condition::is_drawn(fitted, name)? {
            true => drawn.push(position),
            false => derived.push(position),
        }
    }
    Ok((drawn, derived))
}

fn split_table(fitted: &Fitted, table: &Table) -> Result<Given, Error> {
    let names = table.schema().fields().iter();
    let (drawn, derived) = split(fitted, names.map(|field| field.name.as_str()))?;
    let part = |positions: &[usize]| -> Result<Option<Table>, Error> {
        if positions.is_empty() {
            return Ok(None);
        }
        let field = |&at: &usize| table.schema().fields()[at].clone();
        let schema = Schema::new(positions.iter().map(field).collect());
        let schema = schema.map_err(condition::schema_error)?;
        let columns = positions.iter().map(|&at| table.column(at).clone());
        Ok(Some(Table::new(schema, columns.collect())?))
    };
    Ok(Given {
        table: part(&drawn)?,
        derived: part(&derived)?,
        tests: Vec::new(),
    })
}

fn split_texts(fitted: &Fitted, raw: &RawTable, path: &Path) -> Result<Given, Error> {
    let (drawn, derived) = split(fitted, raw.names.iter().map(String::as_str))?;
    let part = |positions: &[usize], schema: &Schema| -> Result<Option<Table>, Error> {
        if positions.is_empty() {
            return Ok(None);
        }
        let mut part = raw.clone();
        part.names = positions.iter().map(|&at| raw.names[at].clone()).collect();
        part.columns = positions
            .iter()
            .map(|&at| raw.columns[at].clone())
            .collect();
        typed(schema, &part, path).map(Some)
    };
    Ok(Given {
        table: part(&drawn, fitted.model().schema())?,
        derived: part(&derived, fitted.source_schema())?,
        tests: Vec::new(),
    })
}

/// Types the texts as columns of this schema. All its facts bind: the model cannot generate a value
/// that it has not met.
fn typed(schema: &Schema, raw: &RawTable, path: &Path) -> Result<Table, Error> {
    let field = |name: &String| -> Option<Field> { schema.field(name).cloned() };
    let fields = raw.names.iter().filter_map(field).collect();
    let own = Schema::new(fields).map_err(condition::schema_error)?;
    let (table, _) = read_typed(raw, &own.trusted().0).map_err(|source| Error::Typed {
        path: path.to_owned(),
        source,
    })?;
    let (_, columns) = table.into_parts();
    Ok(Table::new(own, columns)?)
}
