//! Sources of exact marginal counts.

use crate::{AttrSet, Counts, Domain, Partition, SourceError};

/// A source of exact marginal counts of confidential rows. It is on the trusted side: only a
/// curator that adds noise should hold one.
pub trait MarginalSource: Send + Sync {
    /// Returns the attributes it knows.
    fn domain(&self) -> &Domain;

    /// Returns one [`Counts`] per set, in the same order. Sets come in batches, so that an engine
    /// can count them in one pass over the rows.
    ///
    /// # Errors
    /// A set does not fit the domain or is larger than the source can hold; or the source behind
    /// could not answer.
    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError>;

    /// Returns the number of rows in each cell of a partition. The default sums the marginal over
    /// all attributes that are asked about.
    ///
    /// # Errors
    /// The partition does not fit the domain; as [`MarginalSource::counts`].
    fn cells(&self, partition: &Partition) -> Result<Vec<u64>, SourceError> {
        partition.check(self.domain())?;
        let counts = self.counts(&[AttrSet::new(partition.attrs())])?;
        Ok(partition.sums(&counts[0]))
    }
}
