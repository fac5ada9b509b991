//! Clipping of the gradients of single examples without ever forming them (ghost clipping).

use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

use crate::device::Matrix;

/// Added to a squared norm before its root is taken.
const LEAST_NORM_SQUARED: f64 = 1e-24;

/// Of what the norm is cut when gradients of single rows are clipped. Either way one row moves the sum by at most the clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Clipping {
    /// Of the gradient of all layers together. The default.
    #[default]
    Flat,
    /// Of each layer by itself, to the clip over the root of the number of layers: no layer takes the room of another.
    PerLayer,
}

/// The norm that gradients of single examples are cut to, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Of the gradient of all parameters together.
    pub norm: f64,
    /// Of what.
    pub clipping: Clipping,
}

impl Clip {
    /// By how much the gradient of each example is scaled in each layer, from the squared norms in each layer. Whatever they are, the norm of what is
    /// left of all layers is at most `norm`.
    pub fn factors<B: Backend>(self, squares: Vec<Matrix<B>>) -> Vec<Matrix<B>> {
        let layers = squares.len();
        let factor = |squares: Matrix<B>, norm: f64| {
            let norms = squares.add_scalar(LEAST_NORM_SQUARED).sqrt();
            norms.recip().mul_scalar(norm).clamp_max(1.0)
        };
        match self.clipping {
            Clipping::Flat => {
                let all = squares.into_iter().reduce(Matrix::add);
                let all = factor(all.expect("a network has a layer"), self.norm);
                vec![all; layers]
            }
            Clipping::PerLayer => {
                let each = self.norm / (layers as f64).sqrt();
                squares.into_iter().map(|own| factor(own, each)).collect()
            }
        }
    }
}

/// Squared norms of rows, `[rows, 1]`.
pub(crate) fn square_norms<B: Backend>(rows: &Matrix<B>) -> Matrix<B> {
    rows.clone().mul(rows.clone()).sum_dim(1)
}
