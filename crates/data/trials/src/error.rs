//! What can be wrong with the size of a trial.

/// A trial that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// Fewer schools than a comparison of two arms needs.
    #[error("a trial needs at least {minimum} schools, not {schools}")]
    TooFewSchools {
        /// The schools asked for.
        schools: usize,
        /// The fewest there may be.
        minimum: usize,
    },
    /// Not enough pupils to fill the schools.
    #[error("{schools} schools need at least {minimum} pupils, not {pupils}")]
    TooFewPupils {
        /// The pupils asked for.
        pupils: usize,
        /// The schools they are to fill.
        schools: usize,
        /// The fewest pupils for this many schools.
        minimum: usize,
    },
    /// More pupils than one table is meant to hold.
    #[error("a trial has at most {maximum} pupils, not {pupils}")]
    TooManyPupils {
        /// The pupils asked for.
        pupils: usize,
        /// The most there may be.
        maximum: usize,
    },
}
