//! What can go wrong when models are fitted, sampled, written and read.

use std::io;
use std::path::PathBuf;

use parable_domain::SourceError;
use parable_dp::LedgerError;
use parable_dp::mechanism::MechanismError;
use parable_encode::CodecError;
use parable_table::constraints::ConstraintError;
use parable_table::{Table, TableError};

/// Why a fit did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A table without rows or columns has nothing to teach.
    #[error("the table has {rows} rows and {columns} columns; a fit needs at least one of each")]
    Empty {
        /// Rows of the table.
        rows: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// A column of a type the method cannot take.
    #[error("method `{method}` cannot take column `{column}` of type {kind}")]
    Unsupported {
        /// The method.
        method: &'static str,
        /// The column.
        column: String,
        /// Its type.
        kind: &'static str,
    },
    /// A private fit met a fact that was read off the rows.
    #[error(
        "column `{column}` has no declared {fact}; a private fit may not read it from the data"
    )]
    Undeclared {
        /// The column.
        column: String,
        /// The missing fact: levels, bounds.
        fact: &'static str,
    },
    /// A setting that contradicts itself or the table.
    #[error("setting `{setting}`: {problem}")]
    Setting {
        /// The name of the setting.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The ledger refused a charge.
    #[error(transparent)]
    Privacy(#[from] LedgerError),
    /// Noise that the samplers cannot draw.
    #[error(transparent)]
    Mechanism(#[from] MechanismError),
    /// The source of counts did not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The columns made do not fit the schema.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A checkpoint that cannot be written, or that the fit cannot go on from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The observer asked to stop.
    #[error("the fit was cancelled")]
    Cancelled,
    /// A failure of a method written elsewhere.
    #[error("method `{method}` failed")]
    Method {
        /// The method.
        method: String,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FitError {
    /// Refuses a table without rows or columns.
    ///
    /// # Errors
    /// [`FitError::Empty`].
    pub fn unless_filled(table: &Table) -> Result<(), Self> {
        match (table.rows(), table.schema().len()) {
            (rows, columns) if rows == 0 || columns == 0 => Err(Self::Empty { rows, columns }),
            _ => Ok(()),
        }
    }

    /// What a method says when a table has no codes: a fact that is not declared, a column without
    /// levels and numbers, or another failure of its own.
    #[must_use]
    pub fn no_codes(method: &'static str, error: CodecError) -> Self {
        match error {
            CodecError::Undeclared { column, fact } => Self::Undeclared { column, fact },
            CodecError::NoCodes { column, .. } => Self::Unsupported {
                method,
                column,
                kind: "free text or names of rows",
            },
            other => Self::Method {
                method: method.to_owned(),
                source: Box::new(other),
            },
        }
    }

    /// A setting that contradicts itself or the table.
    pub fn setting(setting: &str, problem: impl Into<String>) -> Self {
        Self::Setting {
            setting: setting.to_owned(),
            problem: problem.into(),
        }
    }

    /// The column the error is about, if it is about one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Unsupported { column, .. } | Self::Undeclared { column, .. } => Some(column),
            _ => None,
        }
    }
}

/// Why a model did not make a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The observer asked to stop.
    #[error("sampling was cancelled")]
    Cancelled,
    /// More rows than the method can make.
    #[error("{rows} rows are more than the {limit} this model can make at once")]
    TooManyRows {
        /// Rows asked for.
        rows: usize,
        /// Rows possible.
        limit: usize,
    },
    /// Values are asked for that the model cannot make.
    #[error("column `{column}` cannot be given: {problem}")]
    Given {
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A combination of given values that the model makes too rarely, or never.
    #[error(
        "{unmatched} rows with the values asked for in `{columns}` did not turn up among {drawn} drawn; the model makes this combination too rarely or never"
    )]
    Rare {
        /// The given columns.
        columns: String,
        /// Rows drawn in search of them.
        drawn: usize,
        /// Rows that found no partner.
        unmatched: usize,
    },
    /// A column cannot be made diverse.
    #[error("column `{column}` cannot be made diverse: {problem}")]
    Diversity {
        /// The column.
        column: String,
        /// What is wrong with it, or with what is asked of it.
        problem: &'static str,
    },
    /// A rule of the schema does not fit the columns it names.
    #[error(transparent)]
    Rule(#[from] ConstraintError),
    /// The columns made do not fit the schema.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A failure of a method written elsewhere.
    #[error("method `{method}` failed")]
    Method {
        /// The method.
        method: String,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a model file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// Reading or writing failed.
    #[error("model file: {0}")]
    Io(#[from] io::Error),
    /// The first line is not the header of a model file.
    #[error("this is not a parable model file: its first line is not a model header")]
    Foreign,
    /// A version this build cannot read.
    #[error("the model file has version {found}; this build reads versions {oldest} to {newest}")]
    Version {
        /// Version of the file.
        found: u32,
        /// Oldest readable version.
        oldest: u32,
        /// Newest readable version.
        newest: u32,
    },
    /// The file ends early or was changed after writing.
    #[error("the model file is damaged: {part} {problem}")]
    Damaged {
        /// Which part of the file.
        part: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No reader for the method of the file.
    #[error(
        "the model was made by method `{method}`, which this program does not have (it has: {known})"
    )]
    UnknownMethod {
        /// Method of the file.
        method: String,
        /// Methods with a reader.
        known: String,
    },
    /// The body is not what the method writes.
    #[error("the body of the `{method}` model cannot be read: {problem}")]
    Body {
        /// Method of the file.
        method: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ModelFileError {
    /// A body that a method's reader refuses.
    pub fn body(method: &str, problem: impl ToString) -> Self {
        Self::Body {
            method: method.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// Why a fit cannot go on from a checkpoint, or cannot write one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Reading or writing failed.
    #[error("checkpoint {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The first line is not the header of a checkpoint.
    #[error("{} is no parable checkpoint: its first line is not a checkpoint header", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A version this build cannot read.
    #[error("checkpoint {} has version {found}; this build reads version {readable}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The version that can be read.
        readable: u32,
    },
    /// The file ends early, was changed after writing, or lacks something.
    #[error("checkpoint {} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It belongs to another fit.
    #[error("checkpoint {} belongs to another fit: {what} differs", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}
