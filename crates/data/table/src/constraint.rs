//! Rules that the rows of a table obey, as data.

use serde::{Deserialize, Serialize};

use crate::expression::names;

/// A rule declared once in the schema: synthesizers receive it, the decoder repairs by it, metrics
/// check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Constraint {
    /// Every number of the column lies between these, both included.
    Range {
        /// A numeric column; days or seconds since 1970 for dates.
        column: String,
        /// Smallest allowed value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Largest allowed value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// Every value of the column is one of these texts.
    Levels {
        /// A categorical column.
        column: String,
        /// The allowed levels.
        levels: Vec<String>,
    },
    /// Where both have a value, the left column is at most the right one.
    AtMost {
        /// The column that is smaller or equal.
        left: String,
        /// The column that is larger or equal.
        right: String,
    },
    /// Where these 0/1 columns have values, exactly one of them is 1 (true) in a row.
    OneHot {
        /// Two-valued columns.
        columns: Vec<String>,
    },
    /// Where the first condition holds, the second holds too.
    When {
        /// If this holds ...
        condition: Condition,
        /// ... then so does this.
        then: Condition,
    },
    /// No row satisfies all of these at once: a structural zero.
    Never {
        /// The conditions that exclude each other.
        all: Vec<Condition>,
    },
    /// A condition in the language of [`expression`](crate::expression) holds in every row whose
    /// values it can compare.
    Holds {
        /// The condition, for example `age >= 16 or not missing(guardian)`.
        condition: String,
    },
    /// Within one value of the cluster column, each of these columns has one value (missing counts
    /// as one).
    ClusterConstant {
        /// The column that names clusters.
        cluster: String,
        /// The columns that do not vary within a cluster.
        columns: Vec<String>,
    },
    /// The columns on the left determine the column on the right.
    Determines {
        /// The determining columns.
        by: Vec<String>,
        /// The determined column.
        column: String,
    },
}

/// A question about one row, answered with yes or no.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Condition {
    /// The value, as the source spells it, is one of these. Missing values are none of them.
    OneOf {
        /// Any column but free text.
        column: String,
        /// The texts.
        values: Vec<String>,
    },
    /// The number is below this. Missing values are not.
    Below {
        /// A numeric column.
        column: String,
        /// The first value that is not below.
        value: f64,
    },
    /// The number is at least this. Missing values are not.
    AtLeast {
        /// A numeric column.
        column: String,
        /// The smallest value that satisfies.
        value: f64,
    },
    /// There is no value.
    Missing {
        /// Any column.
        column: String,
    },
    /// There is a value.
    Present {
        /// Any column.
        column: String,
    },
}

impl Condition {
    /// The column the question is about.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            Self::OneOf { column, .. }
            | Self::Below { column, .. }
            | Self::AtLeast { column, .. }
            | Self::Missing { column }
            | Self::Present { column } => column,
        }
    }
}

impl Constraint {
    /// A condition that holds in every row; see [`Constraint::Holds`].
    #[must_use]
    pub fn holds(condition: impl Into<String>) -> Self {
        Self::Holds {
            condition: condition.into(),
        }
    }

    /// The columns the rule is about.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Range { column, .. } | Self::Levels { column, .. } => vec![column],
            Self::AtMost { left, right } => vec![left, right],
            Self::OneHot { columns } => columns.iter().map(String::as_str).collect(),
            Self::When { condition, then } => vec![condition.column(), then.column()],
            Self::Never { all } => all.iter().map(Condition::column).collect(),
            // A schema refuses a text that is no expression.
            Self::Holds { condition } => names(condition).unwrap_or_default(),
            Self::ClusterConstant { cluster, columns } => std::iter::once(cluster.as_str())
                .chain(columns.iter().map(String::as_str))
                .collect(),
            Self::Determines { by, column } => by
                .iter()
                .map(String::as_str)
                .chain([column.as_str()])
                .collect(),
        }
    }
}
