//! Errors of fits.

use parable_linalg::LinalgError;

/// A fit that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// Two operands do not fit together.
    #[error("there are {expected} {what}, but {found} were given")]
    ShapeMismatch {
        /// Operand with the wrong length.
        what: &'static str,
        /// Length that fits the design.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// The matrices of a fit have no decomposition.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
}

/// Checks the length of an operand.
pub(crate) fn check(what: &'static str, expected: usize, found: usize) -> Result<(), LearnError> {
    match expected == found {
        true => Ok(()),
        false => Err(LearnError::ShapeMismatch {
            what,
            expected,
            found,
        }),
    }
}
