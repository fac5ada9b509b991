//! What can go wrong on the whole way.

use std::path::PathBuf;

use parable_clean::CleanError;
use parable_core::{CheckpointError, FitError, ModelFileError, SampleError};
use parable_metrics::MetricError;
use parable_table::csv::CsvError;
use parable_table::schema_file::SchemaFileError;
use parable_table::{TableError, TypedError};

/// What can go wrong on the way from a file to a judged synthetic table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A schema file that cannot be read or is none.
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
        /// What does not fit, and where.
        source: TypedError,
    },
    /// Columns that do not fit their schema.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A recipe that does not fit its table.
    #[error(transparent)]
    Clean(#[from] CleanError),
    /// A method this build does not have.
    #[error("there is no method `{name}`; this program has: {known}")]
    UnknownMethod {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A fit that did not succeed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Values are asked for that the model cannot be given.
    #[error("column `{column}` cannot be given: {problem}")]
    Given {
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A model that did not make a table.
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
    /// Whether the observer asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Fit(FitError::Cancelled)
                | Self::Sample(SampleError::Cancelled)
                | Self::Metric(MetricError::Cancelled)
        )
    }

    /// Whether something outside the input failed: a full disk, a file that cannot be written.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            Self::ModelFile(ModelFileError::Io(_))
                | Self::Fit(FitError::Checkpoint(CheckpointError::Io { .. }))
        )
    }
}
