//! Sets of attributes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The position of an attribute in its [`Domain`](crate::Domain).
pub type AttrId = u32;

/// A set of attributes, kept sorted; the empty set stands for the total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Vec<AttrId>", into = "Vec<AttrId>")]
pub struct AttrSet(Box<[AttrId]>);

impl AttrSet {
    /// Creates the set of these attributes; repeated ones count once.
    pub fn new(attrs: impl IntoIterator<Item = AttrId>) -> Self {
        let mut attrs: Vec<AttrId> = attrs.into_iter().collect();
        attrs.sort_unstable();
        attrs.dedup();
        Self(attrs.into())
    }

    /// Creates the set without attributes.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Returns every set of two attributes out of this many, in the order (0, 1), (0, 2), ...
    pub fn pairs(attrs: usize) -> impl Iterator<Item = Self> {
        (0..attrs as AttrId)
            .flat_map(move |a| (a + 1..attrs as AttrId).map(move |b| Self([a, b].into())))
    }

    /// Returns the number of attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether it has no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the attributes, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[AttrId] {
        &self.0
    }

    /// Returns the attributes, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = AttrId> {
        self.0.iter().copied()
    }

    /// Returns whether the attribute is in the set.
    #[must_use]
    pub fn contains(&self, attr: AttrId) -> bool {
        self.0.binary_search(&attr).is_ok()
    }

    /// Returns whether every attribute of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|attr| other.contains(attr))
    }

    /// Returns the union of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.iter().chain(other.iter()))
    }

    /// Returns the intersection of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.iter().filter(|&attr| other.contains(attr)).collect())
    }
}

impl From<Vec<AttrId>> for AttrSet {
    fn from(attrs: Vec<AttrId>) -> Self {
        Self::new(attrs)
    }
}

impl From<AttrSet> for Vec<AttrId> {
    fn from(set: AttrSet) -> Self {
        set.0.into_vec()
    }
}

impl fmt::Display for AttrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, attr) in self.iter().enumerate() {
            write!(f, "{}{attr}", if index > 0 { ", " } else { "" })?;
        }
        f.write_str("}")
    }
}
