//! Ridge regression on dense rows.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use parable_linalg::{Cholesky, gram};

use crate::error::{LearnError, check};

/// Smallest pivot of the normal equations: the penalty keeps them above it but for rounding.
const LEAST_PIVOT: f64 = 1e-9;

/// A linear function with penalised weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    intercept: f64,
    weights: Array1<f64>,
}

impl Ridge {
    /// Minimises the squared error plus `penalty` times the squared weights; the intercept is not
    /// penalised.
    ///
    /// - `design`: one row per observation, without a column of ones
    ///
    /// # Errors
    ///
    /// [`LearnError::ShapeMismatch`] if the response has another length than the design.
    pub fn fit(
        design: ArrayView2<'_, f64>,
        response: &[f64],
        penalty: f64,
    ) -> Result<Self, LearnError> {
        let (n, p) = design.dim();
        check("values of the response", n, response.len())?;
        let mean = response.iter().sum::<f64>() / n.max(1) as f64;
        let means = design
            .mean_axis(Axis(0))
            .unwrap_or_else(|| Array1::zeros(p));
        // Columns are contiguous, as the cross products want them.
        let mut centred = Array2::zeros((p, n)).reversed_axes();
        centred.assign(&(&design - &means));
        let centred_response = Array1::from_iter(response.iter().map(|y| y - mean));
        let mut normal = gram(centred.view(), &vec![1.0; n]);
        normal.diag_mut().mapv_inplace(|cell| cell + penalty);
        let factor = Cholesky::factor_clamped(normal.view(), LEAST_PIVOT)?;
        let weights = factor.solve(centred.t().dot(&centred_response).view());
        Ok(Self {
            intercept: mean - weights.dot(&means),
            weights,
        })
    }

    /// Predicts the response of a row.
    ///
    /// # Panics
    ///
    /// If the row has another width than the design.
    pub fn predict(&self, row: ArrayView1<'_, f64>) -> f64 {
        self.intercept + row.dot(&self.weights)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn weights_are_those_of_the_normal_equations() {
        // x = -1, 0, 1 and y = 2x + 1: Sxy / (Sxx + penalty) = 4 / 3.
        let design = array![[-1.0], [0.0], [1.0]];
        let ridge = Ridge::fit(design.view(), &[-1.0, 1.0, 3.0], 1.0).unwrap();
        assert!((ridge.predict(array![0.0].view()) - 1.0).abs() < 1e-12);
        assert!((ridge.predict(array![3.0].view()) - 5.0).abs() < 1e-12);
        assert!(Ridge::fit(design.view(), &[1.0], 1.0).is_err());
    }

    #[test]
    fn columns_that_repeat_each_other_share_the_weight() {
        let design = array![[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]];
        let ridge = Ridge::fit(design.view(), &[-1.0, 0.0, 1.0], 1e-3).unwrap();
        assert!((ridge.predict(array![1.0, 0.0].view()) - 0.5).abs() < 1e-3);
    }
}
