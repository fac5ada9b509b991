//! Errors of a stored report.

/// A text that is no report this version can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Another format or version.
    #[error("expected the format `parable-report` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// The format the text names.
        format: String,
        /// The version the text names.
        version: u32,
    },
    /// This version, but another content.
    #[error("the report is damaged at line {line}, column {column}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}
