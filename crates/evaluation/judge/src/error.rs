//! Errors of a file of bands.

/// A text that holds no bands this version can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BandsError {
    /// Another format or version.
    #[error("expected the format `parable-bands` version 1, found `{format}` version {version}")]
    UnknownFormat {
        /// The format the text names.
        format: String,
        /// The version the text names.
        version: u32,
    },
    /// JSON of another form, or none.
    #[error("the bands cannot be read at line {line}, column {column}: {problem}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Limits that are not finite or not in order.
    #[error(
        "the limits of `{metric}` are not in order: rising limits ascend, falling ones descend, those after zero ascend and are above 0"
    )]
    LimitsOutOfOrder {
        /// The metric, as the rule names it.
        metric: String,
    },
}
