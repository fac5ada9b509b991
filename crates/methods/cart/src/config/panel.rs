//! Rows of one subject in the order of time.

use serde::{Deserialize, Serialize};

/// Several rows per subject, such as the waves of a survey. Rows of a subject are put in the order of time; each is made given the subject's rows before it, and columns
/// that do not vary within subjects do not vary in synthetic ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Panel {
    /// The column that names the subjects: levels or whole numbers, no value missing.
    pub subject: String,
    /// The column that tells the time: numbers, dates or levels in an order, no value missing.
    pub time: String,
}

impl Panel {
    /// Rows of these subjects at these times.
    pub fn new(subject: impl Into<String>, time: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            time: time.into(),
        }
    }
}
