//! Mechanisms: noise and choices that are drawn exactly as they are charged.
//!
//! All but [`FloatingPointGaussian`] work on whole numbers: no rounding of a logarithm or an
//! exponential decides anything, so that the output has exactly the distribution that the
//! accountants assume. Real data is put on a [`DyadicGrid`] first. Every mechanism takes the
//! [`Receipt`] of a charge that covers it.

mod bernoulli;
mod discrete_gaussian;
mod discrete_laplace;
mod floating_point;
mod grid;
pub(crate) mod noise_source;
mod selection;
mod tree_splits;

pub use discrete_gaussian::DiscreteGaussian;
pub use discrete_laplace::DiscreteLaplace;
pub use floating_point::FloatingPointGaussian;
pub use grid::DyadicGrid;
pub use selection::{Scores, Selection, SelectionRule};
pub use tree_splits::TreeSplits;

use crate::ledger::Receipt;

/// Error for a release that was not drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MechanismError {
    /// The receipt is for another mechanism, or for more noise than this one adds.
    #[error("the receipt is for a charge of `{charged}` that does not cover this {mechanism}")]
    ReceiptMismatch {
        /// Tag of the event that was charged.
        charged: &'static str,
        /// The mechanism.
        mechanism: &'static str,
    },
    /// A parameter is outside the range of the sampler.
    #[error("{parameter} of the {mechanism} is {value}, but must be {rule}")]
    OutOfRange {
        /// The mechanism.
        mechanism: &'static str,
        /// The parameter, in words.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// Rule for accepted values.
        rule: &'static str,
    },
    /// There is nothing to choose from.
    #[error("a choice among no candidates")]
    NoCandidates,
}

/// The receipt must cover the mechanism; it is used up either way.
fn covered(receipt: &Receipt, covers: bool, mechanism: &'static str) -> Result<(), MechanismError> {
    if covers {
        Ok(())
    } else {
        Err(MechanismError::ReceiptMismatch {
            charged: receipt.event().tag(),
            mechanism,
        })
    }
}
