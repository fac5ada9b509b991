//! Covariance of cluster effects across columns: correlated normal scores.
//!
//! A school with good readers mostly has good mathematicians, beyond what trees pass on from pupil
//! to pupil. So each level of clusters has one vector of normal scores per cluster: one score for
//! each of its own columns, and one for each column (for nominal ones, each common level) with an
//! intraclass correlation. Their correlations are calibrated together with the effects: see
//! `fit::calibrate`.

use parable_seed::Seed;

/// The scores that are drawn together at one level of clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EffectCovariance {
    /// Tree and direction of each score.
    pub(crate) latents: Vec<(usize, usize)>,
    /// What each score takes of the independent normal numbers up to its own: the lower triangle of
    /// Cholesky's factor of the correlations.
    pub(crate) loadings: Vec<Vec<f64>>,
}

/// The least eigenvalue of a matrix of correlations.
const LEAST: f64 = 0.02;

impl EffectCovariance {
    /// Independent scores.
    pub(crate) fn of(latents: Vec<(usize, usize)>) -> Self {
        let unit = |place: usize| {
            let mut own = vec![0.0; place + 1];
            own[place] = 1.0;
            own
        };
        Self {
            loadings: (0..latents.len()).map(unit).collect(),
            latents,
        }
    }

    pub(crate) fn position(&self, stage: usize, direction: usize) -> Option<usize> {
        self.latents
            .iter()
            .position(|&latent| latent == (stage, direction))
    }

    /// Takes on the correlations nearest to these that are possible, and writes them back.
    pub(crate) fn correlate(&mut self, wanted: &mut [Vec<f64>]) {
        make_possible(wanted);
        for row in 0..wanted.len() {
            for column in 0..=row {
                let known: f64 = (0..column)
                    .map(|k| self.loadings[row][k] * self.loadings[column][k])
                    .sum();
                let rest = wanted[row][column] - known;
                self.loadings[row][column] = if row == column {
                    rest.max(1e-6).sqrt()
                } else {
                    rest / self.loadings[column][column]
                };
            }
        }
    }

    /// One vector of numbers per score, a number for each cluster. The independent numbers behind
    /// them are made uncorrelated where there are enough clusters.
    pub(crate) fn draw(&self, clusters: usize, seed: &Seed) -> Vec<Vec<f64>> {
        let mut own: Vec<Vec<f64>> = Vec::with_capacity(self.latents.len());
        for latent in 0..self.latents.len() {
            let mut rng = seed.index(latent as u64).rng();
            let mut numbers: Vec<f64> = (0..clusters).map(|_| rng.normal()).collect();
            if clusters >= 2 * self.latents.len() {
                for before in &own {
                    let product: f64 = numbers.iter().zip(before).map(|(a, b)| a * b).sum();
                    let slope = product / clusters as f64;
                    for (number, before) in numbers.iter_mut().zip(before) {
                        *number -= slope * before;
                    }
                }
                let square: f64 = numbers.iter().map(|number| number * number).sum();
                let scale = (clusters as f64 / square.max(f64::MIN_POSITIVE)).sqrt();
                numbers.iter_mut().for_each(|number| *number *= scale);
            }
            own.push(numbers);
        }
        let combine = |loadings: &Vec<f64>| {
            let mut mixed = vec![0.0; clusters];
            for (loading, numbers) in loadings.iter().zip(&own) {
                for (mixed, number) in mixed.iter_mut().zip(numbers) {
                    *mixed += loading * number;
                }
            }
            mixed
        };
        self.loadings.iter().map(combine).collect()
    }
}

/// Makes a symmetric matrix with ones on its diagonal one of correlations: eigenvalues that are too
/// small are raised, and the diagonal is brought back to one.
fn make_possible(matrix: &mut [Vec<f64>]) {
    let count = matrix.len();
    let mut rotated = matrix.to_vec();
    let mut vectors: Vec<Vec<f64>> = (0..count)
        .map(|i| (0..count).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    diagonalise(&mut rotated, &mut vectors);
    if (0..count).all(|i| rotated[i][i] >= LEAST) {
        return;
    }
    let values: Vec<f64> = (0..count).map(|i| rotated[i][i].max(LEAST)).collect();
    let cell = |i: usize, j: usize| -> f64 {
        (0..count)
            .map(|k| vectors[i][k] * values[k] * vectors[j][k])
            .sum()
    };
    let scale: Vec<f64> = (0..count).map(|i| cell(i, i).sqrt()).collect();
    for i in 0..count {
        for j in 0..=i {
            let own = cell(i, j) / (scale[i] * scale[j]);
            matrix[i][j] = own;
            matrix[j][i] = own;
        }
    }
}

/// Sweeps of Jacobi's rotations; they converge quadratically.
const SWEEPS: usize = 12;

/// Jacobi's method: leaves the eigenvalues on the diagonal of `matrix` and the eigenvectors in the
/// columns of `vectors`, which begins as the identity.
fn diagonalise(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>]) {
    let count = matrix.len();
    for _ in 0..SWEEPS {
        let mut off = 0.0;
        for p in 0..count {
            for q in p + 1..count {
                let cell = matrix[p][q];
                off += cell * cell;
                if cell.abs() < 1e-12 {
                    continue;
                }
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * cell);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..count {
                    let (kp, kq) = (matrix[k][p], matrix[k][q]);
                    matrix[k][p] = c * kp - s * kq;
                    matrix[k][q] = s * kp + c * kq;
                }
                for k in 0..count {
                    let (pk, qk) = (matrix[p][k], matrix[q][k]);
                    matrix[p][k] = c * pk - s * qk;
                    matrix[q][k] = s * pk + c * qk;
                }
                for row in vectors.iter_mut() {
                    let (kp, kq) = (row[p], row[q]);
                    row[p] = c * kp - s * kq;
                    row[q] = s * kp + c * kq;
                }
            }
        }
        if off < 1e-18 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_correlations_become_the_nearest_possible_ones() {
        let mut matrix = vec![
            vec![1.0, 0.9, -0.9],
            vec![0.9, 1.0, 0.9],
            vec![-0.9, 0.9, 1.0],
        ];
        make_possible(&mut matrix);
        let mut rotated = matrix.clone();
        let mut vectors = vec![vec![0.0; 3]; 3];
        (0..3).for_each(|i| vectors[i][i] = 1.0);
        diagonalise(&mut rotated, &mut vectors);
        for i in 0..3 {
            assert!((matrix[i][i] - 1.0).abs() < 1e-12);
            assert!(rotated[i][i] > 0.0);
        }
        // By symmetry all three give way by the same amount; two eigenvalues are equal and the
        // third vanishes at one half.
        assert!((matrix[0][1] - 0.5).abs() < 0.02 && (matrix[0][2] + 0.5).abs() < 0.02);
        let mut fine = vec![vec![1.0, 0.3], vec![0.3, 1.0]];
        make_possible(&mut fine);
        assert_eq!(fine, [[1.0, 0.3], [0.3, 1.0]]);
    }

    #[test]
    fn drawn_scores_have_the_correlations() {
        let mut covariance = EffectCovariance::of(vec![(0, 0), (1, 0), (1, 1)]);
        let mut wanted = vec![
            vec![1.0, 0.6, -0.2],
            vec![0.6, 1.0, 0.4],
            vec![-0.2, 0.4, 1.0],
        ];
        covariance.correlate(&mut wanted);
        assert_eq!(covariance.position(1, 1), Some(2));
        let scores = covariance.draw(48, &Seed::from_u64(1));
        for i in 0..3 {
            for j in 0..3 {
                let products = scores[i].iter().zip(&scores[j]).map(|(a, b)| a * b);
                let found = products.sum::<f64>() / 48.0;
                assert!((found - wanted[i][j]).abs() < 1e-9, "{i} {j}: {found}");
            }
        }
        // Too few clusters to be made uncorrelated.
        assert_eq!(covariance.draw(4, &Seed::from_u64(1))[2].len(), 4);
    }
}
