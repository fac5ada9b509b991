//! Ridge regression.

use super::features::Design;

/// A linear function of the features.
#[derive(Clone, Debug)]
pub(super) struct Ridge {
    intercept: f64,
    weights: Vec<f64>,
}

/// Weight of the penalty in rows: as if this many rows had been seen with no effect. Small enough
/// not to bend effects that a few hundred rows show, and enough to settle columns that repeat each
/// other.
const PENALTY: f64 = 1.0;

impl Ridge {
    /// Minimises squared error plus [`PENALTY`] times the squared weights, by Cholesky
    /// factorisation of the normal equations.
    pub(super) fn fit(design: &Design, y: &[f64]) -> Self {
        let (d, n) = (design.width, y.len());
        let mut means = vec![0.0; d];
        for row in 0..n {
            for (mean, x) in means.iter_mut().zip(design.row(row)) {
                *mean += x / n as f64;
            }
        }
        let mean_y = y.iter().sum::<f64>() / n as f64;
        let mut gram = vec![0.0; d * d];
        let mut right = vec![0.0; d];
        let mut centred = vec![0.0; d];
        for row in 0..n {
            for (centred, (x, mean)) in centred.iter_mut().zip(design.row(row).iter().zip(&means)) {
                *centred = x - mean;
            }
            let dy = y[row] - mean_y;
            for i in 0..d {
                right[i] += centred[i] * dy;
                let xi = centred[i];
                for (cell, xj) in gram[i * d..=i * d + i].iter_mut().zip(&centred) {
                    *cell += xi * xj;
                }
            }
        }
        for i in 0..d {
            gram[i * d + i] += PENALTY;
        }
        let weights = solve(&mut gram, right);
        let shift: f64 = weights
            .iter()
            .zip(&means)
            .map(|(weight, mean)| weight * mean)
            .sum();
        Self {
            intercept: mean_y - shift,
            weights,
        }
    }

    /// The prediction for a row of features.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        self.intercept
            + row
                .iter()
                .zip(&self.weights)
                .map(|(x, weight)| x * weight)
                .sum::<f64>()
    }
}

/// Solves a symmetric positive definite system given by its lower triangle, which is overwritten by
/// its Cholesky factor.
fn solve(a: &mut [f64], mut b: Vec<f64>) -> Vec<f64> {
    let d = b.len();
    for i in 0..d {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i * d + k] * a[j * d + k]).sum();
            let rest = a[i * d + j] - dot;
            // The penalty keeps the diagonal at or above it, up to rounding.
            a[i * d + j] = if i == j {
                rest.max(1e-9).sqrt()
            } else {
                rest / a[j * d + j]
            };
        }
    }
    for i in 0..d {
        let dot: f64 = (0..i).map(|k| a[i * d + k] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i * d + i];
    }
    for i in (0..d).rev() {
        let dot: f64 = (i + 1..d).map(|k| a[k * d + i] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i * d + i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_normal_equations() {
        // x = -1, 0, 1 and y = 2x + 1: Sxy / (Sxx + penalty) = 4 / 3.
        let design = Design {
            width: 1,
            cells: vec![-1.0, 0.0, 1.0],
        };
        let ridge = Ridge::fit(&design, &[-1.0, 1.0, 3.0]);
        assert!((ridge.predict(&[0.0]) - 1.0).abs() < 1e-12);
        assert!((ridge.predict(&[3.0]) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn triangular_systems_are_solved() {
        // [[4, 2], [2, 3]] x = [10, 9] has the solution [1.5, 2].
        let x = solve(&mut [4.0, 0.0, 2.0, 3.0], vec![10.0, 9.0]);
        assert!((x[0] - 1.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
    }
}
