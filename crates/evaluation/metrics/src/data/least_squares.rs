//! Least squares with rank detection, classical and cluster-robust standard errors.

use crate::data::inner_product::dot;

/// A linear model fitted by least squares.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// One for each column; `None` where the columns before it determine it.
    pub(crate) coefficients: Vec<Option<f64>>,
    /// Positions of the columns that are not aliased.
    kept: Vec<usize>,
    /// The inverse of X'X of the kept columns.
    inverse: Vec<Vec<f64>>,
    residuals: Vec<f64>,
    rows: usize,
    absorbed: Absorbed,
}

/// Parameters that were taken out of response and columns before the fit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Absorbed {
    /// All of them.
    pub(crate) all: usize,
    /// Those that are not constant within clusters, and one for the constant: what cluster-robust errors count.
    pub(crate) across_clusters: usize,
}

/// Relative length below which what is left of a column counts as nothing (the tolerance of R's `lm`).
const TOLERANCE: f64 = 1e-7;

/// Fits `response` by the columns (the first one usually all 1), by Gram-Schmidt orthogonalisation done twice.
///
/// Columns that are linear combinations of earlier ones get no coefficient. `None` if there are not more rows than columns left.
pub(crate) fn fit(response: &[f64], columns: &[Vec<f64>]) -> Option<Fit> {
    let rows = response.len();
    let mut directions: Vec<Vec<f64>> = Vec::new();
    let mut kept = Vec::new();
    // Upper triangular: column k of X is the sum of triangle[k][i] times direction i.
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    for (position, column) in columns.iter().enumerate() {
        let length = norm(column);
        let mut rest = column.clone();
        let mut weights = vec![0.0; directions.len()];
        for _ in 0..2 {
            for (weight, direction) in weights.iter_mut().zip(&directions) {
                let part = dot(&rest, direction);
                *weight += part;
                for (r, d) in rest.iter_mut().zip(direction) {
                    *r -= part * d;
                }
            }
        }
        let left = norm(&rest);
        if left <= TOLERANCE * length {
            continue;
        }
        rest.iter_mut().for_each(|r| *r /= left);
        weights.push(left);
        directions.push(rest);
        triangle.push(weights);
        kept.push(position);
    }
    let rank = kept.len();
    if rows <= rank {
        return None;
    }
    let mut residuals = response.to_vec();
    let mut projections = vec![0.0; rank];
    for _ in 0..2 {
        for (projection, direction) in projections.iter_mut().zip(&directions) {
            let part = dot(&residuals, direction);
            *projection += part;
            for (r, d) in residuals.iter_mut().zip(direction) {
                *r -= part * d;
            }
        }
    }
    // Back substitution with the triangle, whose element (i, k) is triangle[k][i].
    let solve = |right: &[f64]| {
        let mut solution = vec![0.0; rank];
        for i in (0..rank).rev() {
            let known: f64 = (i + 1..rank).map(|k| triangle[k][i] * solution[k]).sum();
            solution[i] = (right[i] - known) / triangle[i][i];
        }
        solution
    };
    let solution = solve(&projections);
    let mut coefficients = vec![None; columns.len()];
    for (&position, &value) in kept.iter().zip(&solution) {
        coefficients[position] = Some(value);
    }
    let inverse_columns: Vec<Vec<f64>> = (0..rank)
        .map(|k| {
            let mut unit = vec![0.0; rank];
            unit[k] = 1.0;
            solve(&unit)
        })
        .collect();
    let inverse = (0..rank)
        .map(|i| {
            (0..rank)
                .map(|j| {
                    (0..rank)
                        .map(|k| inverse_columns[k][i] * inverse_columns[k][j])
                        .sum()
                })
                .collect()
        })
        .collect();
    Some(Fit {
        coefficients,
        kept,
        inverse,
        residuals,
        rows,
        absorbed: Absorbed::default(),
    })
}

impl Fit {
    /// The same, counting parameters that were taken out before; `None` if no row is left over.
    pub(crate) fn with_absorbed(mut self, absorbed: Absorbed) -> Option<Self> {
        self.absorbed = absorbed;
        (self.rows > self.kept.len() + absorbed.all).then_some(self)
    }

    /// Positions of the columns that are not aliased.
    pub(crate) fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// The classical covariance matrix of the kept coefficients.
    pub(crate) fn covariance(&self) -> Vec<Vec<f64>> {
        let variance = self.residual_variance();
        let row = |row: &Vec<f64>| row.iter().map(|v| v * variance).collect();
        self.inverse.iter().map(row).collect()
    }

    fn residual_variance(&self) -> f64 {
        let free = self.rows - self.kept.len() - self.absorbed.all;
        dot(&self.residuals, &self.residuals) / free as f64
    }

    fn slot(&self, column: usize) -> Option<usize> {
        self.kept.iter().position(|&kept| kept == column)
    }

    /// The classical standard error of a coefficient: one variance for all rows, divisor rows minus coefficients.
    pub(crate) fn standard_error(&self, column: usize) -> Option<f64> {
        let slot = self.slot(column)?;
        Some((self.residual_variance() * self.inverse[slot][slot]).sqrt())
    }

    /// The cluster-robust standard error of a coefficient and the number of clusters.
    ///
    /// The sandwich of Liang and Zeger 1986 with the factor `G/(G-1) * (n-1)/(n-p)` (CR1, as in Stata's `vce(cluster)`). `clusters` numbers the cluster of each
    /// row. `None` with fewer than two clusters.
    pub(crate) fn cluster_robust_error(
        &self,
        column: usize,
        columns: &[Vec<f64>],
        clusters: &[u32],
    ) -> Option<(f64, usize)> {
        let slot = self.slot(column)?;
        let rank = self.kept.len();
        // The coefficient's row of (X'X)^-1 X' e, added up by cluster: its squares are the middle and both slices at once.
        let mut by_cluster = vec![0.0; clusters.iter().max().map_or(0, |&max| max as usize + 1)];
        let mut present = vec![false; by_cluster.len()];
        for row in 0..self.rows {
            let influence: f64 = (0..rank)
                .map(|k| self.inverse[slot][k] * columns[self.kept[k]][row])
                .sum();
            by_cluster[clusters[row] as usize] += influence * self.residuals[row];
            present[clusters[row] as usize] = true;
        }
        let groups = present.iter().filter(|&&present| present).count();
        if groups < 2 {
            return None;
        }
        let (g, n) = (groups as f64, self.rows as f64);
        let parameters = (rank + self.absorbed.across_clusters) as f64;
        let factor = g / (g - 1.0) * (n - 1.0) / (n - parameters);
        Some(((factor * dot(&by_cluster, &by_cluster)).sqrt(), groups))
    }
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_its_textbook_error() {
        // y = 1 2 2 4 on x = 0..3: slope 0.9, intercept 0.9, residuals .1 .2 -.7 .4, s^2 = 0.7 / 2, sxx = 5.
        let x = vec![vec![1.0; 4], vec![0.0, 1.0, 2.0, 3.0]];
        let fit = fit(&[1.0, 2.0, 2.0, 4.0], &x).unwrap();
        assert!((fit.coefficients[1].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.coefficients[0].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.standard_error(1).unwrap() - (0.35f64 / 5.0).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn aliased_columns_have_no_coefficient() {
        let x = vec![
            vec![1.0; 5],
            vec![0.0, 1.0, 2.0, 3.0, 4.0],
            vec![5.0, 7.0, 9.0, 11.0, 13.0],
            vec![1.0, 0.0, 0.0, 1.0, 3.0],
        ];
        let fit = fit(&[1.0, 2.0, 3.5, 4.0, 7.0], &x).unwrap();
        assert!(fit.coefficients[2].is_none() && fit.coefficients[3].is_some());
        assert_eq!(fit.standard_error(2), None);
        assert!(super::fit(&[1.0, 2.0], &[vec![1.0; 2], vec![0.0, 1.0]]).is_none());
    }

    #[test]
    fn clusters_of_one_row_give_the_heteroskedastic_error() {
        // With singleton clusters CR1 is the sum of squared influences times n/(n-1) * (n-1)/(n-p) = n/(n-p).
        let x = vec![vec![1.0; 4], vec![0.0, 1.0, 2.0, 3.0]];
        let fit = fit(&[1.0, 2.0, 2.0, 4.0], &x).unwrap();
        let (error, groups) = fit.cluster_robust_error(1, &x, &[0, 1, 2, 3]).unwrap();
        let residuals = [0.1, 0.2, -0.7, 0.4];
        let meat: f64 = (0..4)
            .map(|i| ((i as f64 - 1.5) / 5.0 * residuals[i]).powi(2))
            .sum();
        assert_eq!(groups, 4);
        assert!((error - (meat * 2.0).sqrt()).abs() < 1e-14);
        assert_eq!(fit.cluster_robust_error(1, &x, &[0; 4]), None);
    }
}
