//! The source of a fit: a table, and the spelling of the file it came from.

use std::io::Read;
use std::path::Path;

use parable_clean::{InferOptions, infer};
use parable_table::{Dialect, Note, RawTable, Schema, Table, csv, read_typed, schema_file};

use crate::Error;

/// A typed table, the spelling of its file, and the notes of inference.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    table: Table,
    dialect: Dialect,
    notes: Vec<Note>,
    warnings: Vec<String>,
    trusted: Vec<String>,
}

impl Source {
    /// Reads a file of separated values and infers its schema from the rows ([`Source::inferred`]).
    ///
    /// # Errors
    /// [`Error::Csv`] for a file that is not a table; the message names the file, and column, row
    /// and rule where there are any.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open(path.as_ref(), None)
    }

    /// Reads a file of separated values with a schema.
    ///
    /// # Errors
    /// As [`Source::read`]; [`Error::Typed`] for a schema that does not fit the file.
    pub fn read_with(path: impl AsRef<Path>, schema: &Schema) -> Result<Self, Error> {
        Self::open(path.as_ref(), Some(schema))
    }

    /// Reads a file of separated values with the schema in a file.
    ///
    /// # Errors
    /// As [`Source::read_with`]; [`Error::Schema`] for a file that is no schema.
    pub fn read_with_schema_file(
        path: impl AsRef<Path>,
        schema: impl AsRef<Path>,
    ) -> Result<Self, Error> {
        let schema = schema_file::read(schema.as_ref())?;
        Self::open(path.as_ref(), Some(&schema))
    }

    /// Reads separated values from memory, a connection or a decompressor, with a schema or one
    /// inferred from the rows.
    ///
    /// # Errors
    /// As [`Source::read_with`]; the message names no file.
    pub fn from_reader(
        name: impl Into<String>,
        input: impl Read + Send,
        schema: Option<&Schema>,
    ) -> Result<Self, Error> {
        let name = name.into();
        let raw = csv::read_from(input, &csv::ReadOptions::default())?;
        Self::typed(name.clone(), &raw, schema, Path::new(&name))
    }

    /// Takes a table that is in memory already; synthetic tables are written in the default
    /// spelling.
    pub fn from_table(name: impl Into<String>, table: Table) -> Self {
        Self {
            name: name.into(),
            table,
            dialect: Dialect::default(),
            notes: Vec::new(),
            warnings: Vec::new(),
            trusted: Vec::new(),
        }
    }

    /// Builds a table from rows of a type of your own: structs, or maps from texts to values.
    /// Without a schema, types of columns follow from the values (feature `rows`).
    ///
    /// ```
    /// use parable::Source;
    /// use parable::cart::Cart;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Pupil {
    ///     arm: String,
    ///     score: i64,
    /// }
    ///
    /// let pupil = |index: i64| Pupil {
    ///     arm: ["control", "treated"][(index % 2) as usize].to_owned(),
    ///     score: index % 7 + 3 * (index % 2),
    /// };
    /// let pupils: Vec<Pupil> = (0..60).map(pupil).collect();
    ///
    /// let source = Source::from_rows("pupils", &pupils, None)?;
    /// let fitted = source.fit(Cart::default()).seed(1).run()?;
    /// let synthetic: Vec<Pupil> = fitted.sample(100).seed(2).run()?.to_rows()?;
    /// assert_eq!(synthetic.len(), 100);
    /// # Ok::<(), parable::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Rows`] for rows that are not structs or maps, and for values that do not fit the
    /// schema.
    #[cfg(feature = "rows")]
    pub fn from_rows<T: serde::Serialize>(
        name: impl Into<String>,
        rows: &[T],
        schema: Option<&Schema>,
    ) -> Result<Self, Error> {
        Ok(Self::from_table(name, Table::from_rows(rows, schema)?))
    }

    fn open(path: &Path, schema: Option<&Schema>) -> Result<Self, Error> {
        let raw = csv::read(path, &csv::ReadOptions::default())?;
        let name = path.file_stem().map_or_else(
            || "table".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        Self::typed(name, &raw, schema, path)
    }

    fn typed(
        name: String,
        raw: &RawTable,
        schema: Option<&Schema>,
        path: &Path,
    ) -> Result<Self, Error> {
        let (schema, notes) = match schema {
            Some(schema) => (schema.clone(), Vec::new()),
            None => {
                let inference = infer(raw, &InferOptions::default());
                (inference.schema, inference.notes)
            }
        };
        let (table, warnings) = read_typed(raw, &schema).map_err(|source| Error::Typed {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            name,
            table,
            dialect: raw.dialect,
            notes,
            warnings: raw
                .notes
                .iter()
                .cloned()
                .chain(warnings.iter().map(ToString::to_string))
                .collect(),
            trusted: Vec::new(),
        })
    }

    /// Takes every fact that was read off the rows (levels, bounds, grids) as declared, for an
    /// owner who knows that they are public. A private fit relies on it: its guarantee is void
    /// where a fact is not public.
    ///
    /// # Errors
    /// [`Error::Table`] for a table in memory with values outside its own facts.
    pub fn trust_observed(mut self) -> Result<Self, Error> {
        let (schema, columns) = self.table.into_parts();
        let (schema, trusted) = schema.trusted();
        self.table = Table::new(schema, columns)?;
        self.trusted = trusted;
        Ok(self)
    }

    /// Returns the columns with facts that were read off the rows and are trusted to be public.
    #[must_use]
    pub fn trusted(&self) -> &[String] {
        &self.trusted
    }

    /// Returns the name of the table: that of its file without the ending.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the typed table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the spelling of the file.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns whether the schema was inferred from the rows.
    #[must_use]
    pub fn inferred(&self) -> bool {
        !self.notes.is_empty()
    }

    /// Returns one note per inferred column, with reasons; empty with a given schema.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns warnings about the reading of the file, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
