//! Ghost clipping: clipping of per-example gradients without forming them.
//!
//! For a layer `z = a W + b` the gradient of one example is the outer product of `a` and of its
//! gradient by `z`, so that the norm of the whole is the product of two norms (Goodfellow 2015; Bu,
//! Wang, Zha & Karypis 2022). The passes are in [`Mlp`](crate::mlp::Mlp).

use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

use crate::device::Matrix;

/// Added to a squared norm before its root is taken.
const LEAST_NORM_SQUARED: f64 = 1e-24;

/// Parts of a per-example gradient that are clipped together. Either way one row moves the sum by
/// at most the clip norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Clipping {
    /// The gradient of all layers together. The default.
    #[default]
    Flat,
    /// Each layer by itself, to the clip norm divided by the root of the number of layers.
    PerLayer,
}

/// The norm that per-example gradients are clipped to, and what of them is clipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Largest norm of the gradient of all parameters together.
    pub norm: f64,
    /// Parts of a gradient that are clipped together.
    pub clipping: Clipping,
}

impl Clip {
    /// Returns the factor by which the gradient of each example is scaled in each layer, from its
    /// squared norms in each layer.
    ///
    /// Whatever they are, the norm of the scaled gradient of all layers is at most `norm`.
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

/// Returns squared norms of rows, `[rows, 1]`.
pub(crate) fn square_norms<B: Backend>(rows: &Matrix<B>) -> Matrix<B> {
    rows.clone().mul(rows.clone()).sum_dim(1)
}
