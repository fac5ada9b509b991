//! Whoever can count.

use crate::{AttrSet, Counts, Domain, Partition, SourceError};

/// Answers exact questions about confidential rows. Stands on the trusted side: only a curator that adds noise should hold one.
pub trait MarginalSource: Send + Sync {
    /// The attributes it knows.
    fn domain(&self) -> &Domain;

    /// One [`Counts`] per set, in the order asked. Asked in batches, so that an engine can answer with one pass over the rows.
    ///
    /// # Errors
    /// A set does not fit the domain or is larger than the source can hold; or the source behind could not answer.
    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError>;

    /// How many rows fall into each cell of a partition. The default sums the marginal over all attributes that are asked about.
    ///
    /// # Errors
    /// The partition does not fit the domain; as [`MarginalSource::counts`].
    fn cells(&self, partition: &Partition) -> Result<Vec<u64>, SourceError> {
        partition.check(self.domain())?;
        let counts = self.counts(&[AttrSet::new(partition.attrs())])?;
        Ok(partition.sums(&counts[0]))
    }
}
