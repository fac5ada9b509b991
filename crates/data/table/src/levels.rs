//! The levels of a categorical column.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::SchemaError;

/// The distinct values of a categorical column, as their source text, in a fixed order.
///
/// The position of a level is its code. For a boolean column the order is false, true; for an
/// ordinal column from lowest to highest; for a nominal one the order carries no meaning. Cloning
/// is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Levels(Arc<[String]>);

impl Levels {
    /// Creates levels in this order.
    ///
    /// # Errors
    /// [`SchemaError::DuplicateLevel`] if two are the same text.
    pub fn new<I, S>(levels: I) -> Result<Self, SchemaError>
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let levels: Vec<String> = levels.into_iter().map(Into::into).collect();
        let mut sorted: Vec<&String> = levels.iter().collect();
        sorted.sort_unstable();
        match sorted.windows(2).position(|pair| pair[0] == pair[1]) {
            Some(_) => Err(SchemaError::DuplicateLevel),
            None => Ok(Self(levels.into())),
        }
    }

    /// Returns the number of levels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no level at all (a column with every value missing).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text of a code, `None` beyond the last.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&str> {
        self.0.get(code as usize).map(String::as_str)
    }

    /// Returns the code of a text. Looks through all levels: build a map for many look-ups.
    #[must_use]
    pub fn code(&self, text: &str) -> Option<u32> {
        self.0
            .iter()
            .position(|level| level == text)
            .map(|code| code as u32)
    }

    /// Returns the code of each text, for many look-ups.
    #[must_use]
    pub fn codes(&self) -> HashMap<&str, u32> {
        self.iter().zip(0..).collect()
    }

    /// Returns the texts, in code order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for Levels {
    type Error = SchemaError;

    fn try_from(levels: Vec<String>) -> Result<Self, SchemaError> {
        Self::new(levels)
    }
}

impl From<Levels> for Vec<String> {
    fn from(levels: Levels) -> Self {
        levels.0.to_vec()
    }
}
