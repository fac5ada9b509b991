//! Attributes and domains.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AttrSet, DomainError};

/// A discrete attribute: its name and its number of levels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attr {
    /// The name, unique in a domain.
    pub name: Arc<str>,
    /// The number of levels; codes are below it.
    pub levels: u32,
}

/// Attributes in a fixed order. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Attr>", into = "Vec<Attr>")]
pub struct Domain(Arc<[Attr]>);

impl Domain {
    /// Creates a domain of these attributes, each with its name and number of levels.
    ///
    /// # Errors
    /// A name that appears twice, or an attribute without levels.
    pub fn new<N: Into<Arc<str>>>(
        attrs: impl IntoIterator<Item = (N, u32)>,
    ) -> Result<Self, DomainError> {
        let attrs = attrs.into_iter().map(|(name, levels)| Attr {
            name: name.into(),
            levels,
        });
        Self::try_from(attrs.collect::<Vec<_>>())
    }

    /// Returns the attributes in order.
    #[must_use]
    pub fn attrs(&self) -> &[Attr] {
        &self.0
    }

    /// Returns the number of attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the position of the attribute with this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<u32> {
        self.0
            .iter()
            .position(|attr| &*attr.name == name)
            .map(|position| position as u32)
    }

    /// Returns the number of combinations of levels of the attributes of a set: 1 for the empty
    /// set.
    ///
    /// # Errors
    /// The set names an attribute beyond the last.
    pub fn cells(&self, attrs: &AttrSet) -> Result<u128, DomainError> {
        let levels = self.levels(attrs)?;
        Ok(levels.iter().fold(1, |cells: u128, &levels| {
            cells.saturating_mul(u128::from(levels))
        }))
    }

    /// Returns the numbers of levels of the attributes of a set, in order.
    ///
    /// # Errors
    /// The set names an attribute beyond the last.
    pub fn levels(&self, attrs: &AttrSet) -> Result<Vec<u32>, DomainError> {
        attrs
            .iter()
            .map(|attr| match self.0.get(attr as usize) {
                Some(attr) => Ok(attr.levels),
                None => Err(DomainError::UnknownAttr {
                    attr,
                    attrs: self.len(),
                }),
            })
            .collect()
    }
}

impl TryFrom<Vec<Attr>> for Domain {
    type Error = DomainError;

    fn try_from(attrs: Vec<Attr>) -> Result<Self, DomainError> {
        let mut names = std::collections::HashSet::new();
        for attr in &attrs {
            if attr.levels == 0 {
                return Err(DomainError::NoLevels {
                    attr: attr.name.to_string(),
                });
            }
            if !names.insert(&*attr.name) {
                return Err(DomainError::DuplicateName {
                    attr: attr.name.to_string(),
                });
            }
        }
        Ok(Self(attrs.into()))
    }
}

impl From<Domain> for Vec<Attr> {
    fn from(domain: Domain) -> Self {
        domain.0.to_vec()
    }
}
