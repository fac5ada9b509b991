//! What can go wrong with a stored report.

/// A text that is no report this version can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Another format or version.
    #[error("expected the format `parable-report` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the text says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// This version, but not what the version says.
    #[error("the report is damaged at line {line}, column {column}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}
