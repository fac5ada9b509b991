//! Counts fetched before they are needed.

use std::collections::BTreeMap;

use crate::{AttrSet, Counts, Domain, DomainError, MarginalSource, SourceError};

/// A cache of counts that answers every smaller marginal that follows from them.
#[derive(Clone, Debug)]
pub struct MarginalCache {
    domain: Domain,
    held: BTreeMap<AttrSet, Counts>,
}

impl MarginalCache {
    /// Creates a cache of these counts.
    ///
    /// # Errors
    /// [`DomainError`](crate::DomainError) for counts whose numbers of levels are not those of the
    /// domain.
    pub fn new(
        domain: Domain,
        counts: impl IntoIterator<Item = Counts>,
    ) -> Result<Self, DomainError> {
        let mut held = BTreeMap::new();
        for counts in counts {
            // Checked again against this domain: counts may come from another one.
            let counts = Counts::new(&domain, counts.attrs().clone(), counts.cells().to_vec())?;
            held.insert(counts.attrs().clone(), counts);
        }
        Ok(Self { domain, held })
    }

    /// Creates a cache of the counts that a source gives for these sets.
    ///
    /// # Errors
    /// As [`MarginalSource::counts`].
    pub fn fetch(source: &dyn MarginalSource, sets: &[AttrSet]) -> Result<Self, SourceError> {
        Ok(Self::new(source.domain().clone(), source.counts(sets)?)?)
    }

    /// Returns the number of cached marginals.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Returns whether no marginal is cached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

impl MarginalSource for MarginalCache {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        sets.iter()
            .map(|attrs| {
                if let Some(counts) = self.held.get(attrs) {
                    return Ok(counts.clone());
                }
                // The smallest superset costs the least to sum.
                self.held
                    .values()
                    .filter(|counts| attrs.is_subset(counts.attrs()))
                    .min_by_key(|counts| counts.cells().len())
                    .and_then(|counts| counts.marginal(attrs))
                    .ok_or_else(|| SourceError::NotHeld {
                        attrs: attrs.clone(),
                    })
            })
            .collect()
    }
}
