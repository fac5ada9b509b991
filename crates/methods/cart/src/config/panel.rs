//! Several rows per subject in order of time.

use serde::{Deserialize, Serialize};

/// Several rows per subject, such as the waves of a survey.
///
/// Each row of a subject is synthesized given the rows before it, and columns that are constant
/// within real subjects are constant within synthetic ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Panel {
    /// Column of subject identifiers: levels or whole numbers, none missing.
    pub subject: String,
    /// Column of times: numbers, dates or ordered levels, none missing.
    pub time: String,
}

impl Panel {
    /// Creates a panel from the names of both columns.
    pub fn new(subject: impl Into<String>, time: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            time: time.into(),
        }
    }
}
