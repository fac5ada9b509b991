//! Errors of the size of a trial.

/// A trial that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// Fewer schools than a comparison of two arms needs.
    #[error("a trial needs at least {minimum} schools, not {schools}")]
    TooFewSchools {
        /// The requested schools.
        schools: usize,
        /// The fewest schools allowed.
        minimum: usize,
    },
    /// Not enough pupils to fill the schools.
    #[error("{schools} schools need at least {minimum} pupils, not {pupils}")]
    TooFewPupils {
        /// The requested pupils.
        pupils: usize,
        /// The schools they are to fill.
        schools: usize,
        /// The fewest pupils for this many schools.
        minimum: usize,
    },
    /// More pupils than a table may hold.
    #[error("a trial has at most {maximum} pupils, not {pupils}")]
    TooManyPupils {
        /// The requested pupils.
        pupils: usize,
        /// The most pupils allowed.
        maximum: usize,
    },
}
