//! The fitted model: the decoder, as a mixture over normal codes.

use parable_core::Publication;

use crate::model::{GanModel, LossPoint};

/// A decoder, the codec of its columns, and what was released to train it.
///
/// Rows come from it as from a generator: normal numbers give the shares of all levels, and given
/// these the columns are independent.
#[derive(Clone, Debug)]
pub struct VaeModel(pub(super) GanModel);

impl VaeModel {
    /// Returns the noisy counts of columns with their standard deviations, and the charges of the
    /// fit. Absent when it was not private.
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        self.0.publication()
    }

    /// Returns the loss curve. In a private fit it is computed from released counts alone.
    #[must_use]
    pub fn curve(&self) -> &[LossPoint] {
        self.0.curve()
    }

    /// Returns the number of weights and biases of the decoder.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.0.parameters()
    }
}
