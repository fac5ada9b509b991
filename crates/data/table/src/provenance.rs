//! The provenance of facts about the data, which decides who may use them.

use serde::{Deserialize, Serialize};

/// The provenance of a fact about a column.
///
/// A private fit may use what was declared or released, and refuses what was merely observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Stated by a person from public knowledge (a codebook, a questionnaire), not by looking at
    /// the rows.
    Declared,
    /// Published before by a mechanism whose privacy cost was charged.
    Released,
    /// Read off the confidential rows.
    Observed,
}

/// A fact together with where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known<T> {
    /// The fact.
    pub value: T,
    /// Where it came from.
    pub provenance: Provenance,
}

impl<T> Known<T> {
    /// A fact stated from public knowledge.
    pub const fn declared(value: T) -> Self {
        Self {
            value,
            provenance: Provenance::Declared,
        }
    }

    /// A fact published before, its privacy cost charged.
    pub const fn released(value: T) -> Self {
        Self {
            value,
            provenance: Provenance::Released,
        }
    }

    /// A fact read off the rows.
    pub const fn observed(value: T) -> Self {
        Self {
            value,
            provenance: Provenance::Observed,
        }
    }

    /// Returns whether a private fit may use this fact.
    pub const fn is_public(&self) -> bool {
        !matches!(self.provenance, Provenance::Observed)
    }
}

impl<T> From<T> for Known<T> {
    /// Takes the fact as declared.
    fn from(value: T) -> Self {
        Self::declared(value)
    }
}
