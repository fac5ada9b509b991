//! Errors of the pipeline.

use std::path::PathBuf;

use parable_clean::CleanError;
use parable_core::{CheckpointError, FitError, ModelFileError, SampleError};
use parable_metrics::MetricError;
use parable_table::csv::CsvError;
#[cfg(feature = "rows")]
use parable_table::rows::RowsError;
use parable_table::schema_file::SchemaFileError;
use parable_table::{TableError, TypedError};

/// An error of the pipeline from a file to an evaluated synthetic table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A schema file that cannot be read.
    #[error(transparent)]
    Schema(#[from] SchemaFileError),
    /// A file that is not a table, or a table that could not be written.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// Cells that do not fit the schema.
    #[error("{}: {source}", path.display())]
    Typed {
        /// The file.
        path: PathBuf,
        /// The cell and the rule it breaks.
        source: TypedError,
    },
    /// Columns that do not fit their schema.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Rows of Rust types that do not fit a table, or the reverse.
    #[cfg(feature = "rows")]
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// A recipe that does not fit its table.
    #[error(transparent)]
    Clean(#[from] CleanError),
    /// A method this program does not have.
    #[error("there is no method `{name}`; this program has: {known}")]
    UnknownMethod {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A second method of the same name.
    #[error("there is a method `{name}` already; a list of methods has each name once")]
    DuplicateMethod {
        /// The name.
        name: String,
    },
    /// A second reader of the same model files.
    #[error("model files of method `{method}` have a reader already")]
    DuplicateReader {
        /// The method of the files.
        method: String,
    },
    /// A failed fit.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Conditions that the model cannot take.
    #[error("column `{column}` cannot be given: {problem}")]
    Given {
        /// The column.
        column: String,
        /// The problem with it.
        problem: &'static str,
    },
    /// A condition on sampled rows that cannot be read.
    #[error(
        "condition `{condition}`: {problem}; expected a comparison such as age>=65, city=Paris,Lyon or income=20..30, or a rule such as 'age < 16 or arm == \"treated\"'"
    )]
    Condition {
        /// The condition as written.
        condition: String,
        /// The problem with it.
        problem: String,
    },
    /// Conditions for another number of rows than the sample has.
    #[error("there are conditions for {given} rows, but {rows} rows are to be sampled")]
    ConditionRows {
        /// Rows of the conditions.
        given: usize,
        /// Rows to sample.
        rows: usize,
    },
    /// A failed sample.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A model file that could not be written or read.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// Tables that cannot be compared.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

impl Error {
    /// Returns whether the observer cancelled the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Fit(FitError::Cancelled)
                | Self::Sample(SampleError::Cancelled)
                | Self::Metric(MetricError::Cancelled)
        )
    }

    /// Returns whether something outside the input failed, such as a full disk.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            Self::ModelFile(ModelFileError::Io(_))
                | Self::Fit(FitError::Checkpoint(CheckpointError::Io { .. }))
        )
    }
}
