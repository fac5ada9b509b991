//! Where a table comes from: a file, its schema, and how it is spelled.

use std::path::Path;

use parable_clean::{InferOptions, infer};
use parable_table::{Dialect, Note, Schema, Table, csv, read_typed, schema_file};

use crate::Error;

/// A typed table, how its file spells it, and what was guessed about it.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    table: Table,
    dialect: Dialect,
    notes: Vec<Note>,
    warnings: Vec<String>,
    vouched: Vec<String>,
}

impl Source {
    /// Reads a file of separated values. Without a schema, one is worked out from the rows ([`Source::inferred`]).
    ///
    /// # Errors
    /// A file that cannot be read or is not a table; a schema that does not fit it. The message names the file, and column, row and rule where there
    /// are any.
    pub fn read(data: &Path, schema: Option<&Path>) -> Result<Self, Error> {
        let schema = schema.map(schema_file::read).transpose()?;
        Self::read_with(data, schema.as_ref())
    }

    /// As [`Source::read`], with the schema in memory.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn read_with(data: &Path, schema: Option<&Schema>) -> Result<Self, Error> {
        let in_file = |source| Error::Typed {
            path: data.to_owned(),
            source,
        };
        let raw = csv::read(data, &csv::ReadOptions::default())?;
        let (schema, notes) = match schema {
            Some(schema) => (schema.clone(), Vec::new()),
            None => {
                let inference = infer(&raw, &InferOptions::default());
                (inference.schema, inference.notes)
            }
        };
        let (table, warnings) = read_typed(&raw, &schema).map_err(in_file)?;
        let name = data.file_stem().map_or_else(
            || "table".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        let warnings = warnings.iter().map(ToString::to_string).collect();
        Ok(Self {
            name,
            table,
            dialect: raw.dialect,
            notes,
            warnings,
            vouched: Vec::new(),
        })
    }

    /// A table that is in memory already, to be written in the default spelling.
    pub fn from_table(name: impl Into<String>, table: Table) -> Self {
        Self {
            name: name.into(),
            table,
            dialect: Dialect::default(),
            notes: Vec::new(),
            warnings: Vec::new(),
            vouched: Vec::new(),
        }
    }

    /// The same with every fact that was read off the rows (levels, bounds, grids) taken as declared: for an owner who knows them to be public.
    /// A private fit believes it, and its guarantee is void where it is not so.
    ///
    /// # Errors
    /// None that a table which was read can have.
    pub fn vouch(mut self) -> Result<Self, Error> {
        let (schema, columns) = self.table.into_parts();
        let (schema, vouched) = schema.vouched();
        self.table = Table::new(schema, columns)?;
        self.vouched = vouched;
        Ok(self)
    }

    /// The columns with facts that were read off the rows and vouched to be public.
    #[must_use]
    pub fn vouched(&self) -> &[String] {
        &self.vouched
    }

    /// What to call the table: the file's name without its ending.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The typed table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How the file spells it.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether the schema was worked out from the rows.
    #[must_use]
    pub fn inferred(&self) -> bool {
        !self.notes.is_empty()
    }

    /// What was guessed about each column and why; empty with a given schema.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What a user should know about how the file was read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
