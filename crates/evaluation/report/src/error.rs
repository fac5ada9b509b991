//! What can go wrong with a stored report or a file of bands.

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

/// A text that holds no bands this version can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BandsError {
    /// Another format or version.
    #[error("expected the format `parable-bands` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// What the text says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// No JSON of this form.
    #[error("the bands cannot be read at line {line}, column {column}: {problem}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Limits that are no numbers or not in order.
    #[error(
        "the limits of `{metric}` are not in order: rising limits ascend, falling ones descend, those after zero ascend and are above 0"
    )]
    LimitsOutOfOrder {
        /// The metric, as the rule names it.
        metric: String,
    },
}
