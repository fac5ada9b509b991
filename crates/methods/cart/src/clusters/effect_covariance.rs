//! Covariance of cluster effects across columns: correlated normal scores.
//!
//! A school with good readers mostly has good mathematicians, beyond what trees pass on from pupil
//! to pupil. So each level of clusters has one vector of normal scores per cluster: one score for
//! each of its own columns, and one for each column (for nominal ones, each common level) with an
//! intraclass correlation. Their correlations are calibrated together with the effects: see
//! `fit::calibrate`.

use ndarray::{Array1, Array2};
use parable_linalg::{Cholesky, SymmetricEigen};
use parable_seed::Seed;

/// The scores that are drawn together at one level of clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EffectCovariance {
    /// Tree and direction of each score.
    pub(crate) latents: Vec<(usize, usize)>,
    /// Loadings of each score (row) on the independent normal numbers up to its own: the lower
    /// triangular Cholesky factor of the correlations.
    pub(crate) loadings: Array2<f64>,
}

/// Smallest eigenvalue of a correlation matrix.
const LEAST: f64 = 0.02;
/// Smallest squared loading of a score on its own number.
const LEAST_PIVOT: f64 = 1e-6;
/// Correlations that had to be changed are rounded to one part in this many.
const ROUNDING: f64 = (1u64 << 40) as f64;

impl EffectCovariance {
    /// Independent scores.
    pub(crate) fn of(latents: Vec<(usize, usize)>) -> Self {
        Self {
            loadings: Array2::eye(latents.len()),
            latents,
        }
    }

    pub(crate) fn position(&self, stage: usize, direction: usize) -> Option<usize> {
        self.latents
            .iter()
            .position(|&latent| latent == (stage, direction))
    }

    /// Adopts the positive definite correlation matrix nearest to this one, and writes it back.
    pub(crate) fn correlate(&mut self, wanted: &mut Array2<f64>) {
        make_positive_definite(wanted);
        let factor = Cholesky::factor_clamped(wanted.view(), LEAST_PIVOT).expect("a square matrix");
        self.loadings = factor.lower().to_owned();
    }

    /// Draws one row of numbers per score, a number for each cluster. The independent numbers
    /// behind them are made uncorrelated where there are enough clusters.
    pub(crate) fn draw(&self, clusters: usize, seed: &Seed) -> Array2<f64> {
        let mut own = Array2::zeros((self.latents.len(), clusters));
        for latent in 0..self.latents.len() {
            let mut rng = seed.index(latent as u64).rng();
            let mut numbers: Vec<f64> = (0..clusters).map(|_| rng.normal()).collect();
            if clusters >= 2 * self.latents.len() {
                for before in own.rows().into_iter().take(latent) {
                    let product: f64 = numbers.iter().zip(&before).map(|(a, b)| a * b).sum();
                    let slope = product / clusters as f64;
                    for (number, before) in numbers.iter_mut().zip(&before) {
                        *number -= slope * before;
                    }
                }
                let square: f64 = numbers.iter().map(|number| number * number).sum();
                let scale = (clusters as f64 / square.max(f64::MIN_POSITIVE)).sqrt();
                numbers.iter_mut().for_each(|number| *number *= scale);
            }
            own.row_mut(latent).assign(&Array1::from_vec(numbers));
        }
        let mut mixed = Array2::zeros(own.dim());
        for (place, mut mixed) in mixed.rows_mut().into_iter().enumerate() {
            for before in 0..=place {
                mixed.scaled_add(self.loadings[[place, before]], &own.row(before));
            }
        }
        mixed
    }
}

/// Makes a symmetric matrix with ones on its diagonal a correlation matrix: eigenvalues that are
/// too small are raised, and the diagonal is scaled back to one. A matrix without eigenvalues
/// (numbers that are not finite) stays as it is.
fn make_positive_definite(matrix: &mut Array2<f64>) {
    let Ok(eigen) = SymmetricEigen::new(matrix.view()) else {
        return;
    };
    if eigen.values.iter().all(|&value| value >= LEAST) {
        return;
    }
    let values = eigen.values.mapv(|value| value.max(LEAST));
    let raised = (&eigen.vectors * &values).dot(&eigen.vectors.t());
    let scale = raised.diag().mapv(f64::sqrt);
    // The last bits of eigenvectors depend on the processor; the model must not.
    let rounded = |value: f64| (value * ROUNDING).round() / ROUNDING;
    for i in 0..matrix.nrows() {
        for j in 0..=i {
            let own = rounded(raised[[i, j]] / (scale[i] * scale[j]));
            matrix[[i, j]] = own;
            matrix[[j, i]] = own;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn impossible_correlations_become_the_nearest_possible_ones() {
        let mut matrix = array![[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]];
        make_positive_definite(&mut matrix);
        assert!(matrix.diag().iter().all(|x| (x - 1.0).abs() < 1e-12));
        let eigen = SymmetricEigen::new(matrix.view()).unwrap();
        assert!(eigen.values.iter().all(|&value| value > 0.0));
        // By symmetry all three give way by the same amount; two eigenvalues are equal and the
        // third vanishes at one half.
        assert!((matrix[[0, 1]] - 0.5).abs() < 0.02 && (matrix[[0, 2]] + 0.5).abs() < 0.02);
        let mut fine = array![[1.0, 0.3], [0.3, 1.0]];
        make_positive_definite(&mut fine);
        assert_eq!(fine, array![[1.0, 0.3], [0.3, 1.0]]);
    }

    #[test]
    fn drawn_scores_have_the_correlations() {
        let mut covariance = EffectCovariance::of(vec![(0, 0), (1, 0), (1, 1)]);
        let mut wanted = array![[1.0, 0.6, -0.2], [0.6, 1.0, 0.4], [-0.2, 0.4, 1.0]];
        covariance.correlate(&mut wanted);
        assert_eq!(covariance.position(1, 1), Some(2));
        let scores = covariance.draw(48, &Seed::from_u64(1));
        for i in 0..3 {
            for j in 0..3 {
                let products = &scores.row(i) * &scores.row(j);
                let found = products.sum() / 48.0;
                assert!((found - wanted[[i, j]]).abs() < 1e-9, "{i} {j}: {found}");
            }
        }
        // Too few clusters to be made uncorrelated.
        assert_eq!(covariance.draw(4, &Seed::from_u64(1)).row(2).len(), 4);
    }
}
