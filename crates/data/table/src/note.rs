//! Notes on guesses of schema inference.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Field;

/// The guess about one column, its reasons, and the alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Note {
    /// The column.
    pub column: String,
    /// The guessed type, as schemas spell it.
    pub kind: String,
    /// The guessed role, as schemas spell it.
    pub role: String,
    /// The evidence, one sentence part each.
    pub reasons: Vec<String>,
    /// What an owner should look at: texts that were read as missing, ambiguous dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Other readings that the values allow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}

impl Note {
    /// A note on the column with this name.
    #[must_use]
    pub fn new(column: &str) -> Self {
        Self {
            column: column.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a piece of evidence.
    pub fn reason(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    /// Adds what an owner should look at.
    pub fn warning(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Adds another reading that the values allow.
    pub fn alternative(&mut self, alternative: impl Into<String>) {
        self.alternatives.push(alternative.into());
    }

    /// Notes the type and the role that were guessed.
    pub fn finish(&mut self, field: &Field) {
        field.kind.name().clone_into(&mut self.kind);
        field.role.name().clone_into(&mut self.role);
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.column, self.kind)?;
        if self.role != "covariate" {
            write!(f, ", {}", self.role)?;
        }
        if !self.reasons.is_empty() {
            write!(f, " ({})", self.reasons.join("; "))?;
        }
        if !self.warnings.is_empty() {
            write!(f, "; note: {}", self.warnings.join("; "))?;
        }
        if !self.alternatives.is_empty() {
            write!(f, "; could also be {}", self.alternatives.join(", or "))?;
        }
        Ok(())
    }
}
