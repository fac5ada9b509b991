//! What can go wrong in an evaluation.

/// An evaluation that cannot be made. A single number that does not exist is no error: it is an
/// [`Undefined`](crate::Undefined) score.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A column of the real table that another table does not have.
    #[error("the {table} table has no column `{column}`")]
    MissingColumn {
        /// Which table: synthetic, holdout or copy.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A column that the real table does not have.
    #[error("the {table} table has a column `{column}` that the real table does not have")]
    ExtraColumn {
        /// Which table: synthetic, holdout or copy.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A column that holds numbers in one table and categories or text in another.
    #[error("column `{column}` is {expected} in the real table and {found} in the {table} table")]
    KindMismatch {
        /// Which table: synthetic, holdout or copy.
        table: &'static str,
        /// The column.
        column: String,
        /// Its type in the real table.
        expected: &'static str,
        /// Its type in the other.
        found: &'static str,
    },
    /// An option that names a column the tables do not have, or one of the wrong type.
    #[error("option `{option}` names the column `{column}`: {rule}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// The column.
        column: String,
        /// What is expected of it.
        rule: &'static str,
    },
    /// Two metrics with one id.
    #[error("two metrics have the id `{id}`")]
    DuplicateMetric {
        /// The id.
        id: String,
    },
    /// A metric that is not in the registry.
    #[error("no metric is called `{id}`{}", suggestions(near))]
    UnknownMetric {
        /// What was asked for.
        id: String,
        /// Ids that look like it.
        near: Vec<String>,
    },
    /// A formula that the tables cannot be fitted to.
    #[error("formula `{formula}`, column `{column}`: {rule}")]
    BadFormula {
        /// The formula.
        formula: String,
        /// The column.
        column: String,
        /// What is expected of it.
        rule: &'static str,
    },
    /// The observer asked to stop.
    #[error("the evaluation was cancelled")]
    Cancelled,
    /// A file that is no evaluation of this version.
    #[error(
        "expected the format `parable-evaluation` version 1, found `{format}` version {version}"
    )]
    UnknownFormat {
        /// What the file says it is.
        format: String,
        /// The version it says.
        version: u32,
    },
    /// A file of this version that does not hold what the version says.
    #[error("the evaluation is damaged at line {line}, column {column}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A rule of the schema that cannot be judged on the columns it names.
    #[error(transparent)]
    Rule(#[from] parable_table::constraints::ConstraintError),
    /// A metric written elsewhere that could not judge the pair.
    #[error("metric `{id}`: {message}")]
    Metric {
        /// The metric.
        id: String,
        /// What went wrong; quotes no value of a table.
        message: String,
    },
}

fn suggestions(near: &[String]) -> String {
    match near {
        [] => "; the registry lists all".to_owned(),
        near => format!("; did you mean `{}`?", near.join("`, `")),
    }
}
