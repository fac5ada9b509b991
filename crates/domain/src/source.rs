//! Whoever can count.

use crate::{AttrSet, Counts, Domain, SourceError};

/// Answers exact questions about confidential rows. Stands on the trusted side: only a curator that adds noise should hold one.
pub trait MarginalSource: Send + Sync {
    /// The attributes it knows.
    fn domain(&self) -> &Domain;

    /// One [`Counts`] per set, in the order asked. Asked in batches, so that an engine can answer with one pass over the rows.
    ///
    /// # Errors
    /// A set does not fit the domain or is larger than the source can hold; or the source behind could not answer.
    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError>;
}
