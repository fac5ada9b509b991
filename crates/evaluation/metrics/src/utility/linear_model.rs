//! Linear models with classical and cluster-robust standard errors.

use ndarray::{Array2, ArrayView1};
use parable_linalg::{LeastSquares, dot};

use crate::data::design::Design;

/// A linear model fitted by least squares.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    solution: LeastSquares,
    rows: usize,
    absorbed: Absorbed,
}

/// Parameters that were taken out of response and columns before the fit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Absorbed {
    /// All of them.
    pub(crate) all: usize,
    /// Those that are not constant within clusters, and one for the constant: what cluster-robust
    /// errors count.
    pub(crate) across_clusters: usize,
}

impl Fit {
    /// Fits `response` by the columns of a design (the first one usually all 1).
    ///
    /// Columns that are linear combinations of earlier ones get no coefficient. `None` if there
    /// are not more rows than columns left.
    pub(crate) fn of(response: &[f64], design: &Design) -> Option<Self> {
        let solution = LeastSquares::fit(design.matrix(), ArrayView1::from(response)).ok()?;
        Some(Self {
            solution,
            rows: response.len(),
            absorbed: Absorbed::default(),
        })
    }

    /// One coefficient for each column; `None` where the columns before it determine it.
    pub(crate) fn coefficients(&self) -> &[Option<f64>] {
        self.solution.coefficients()
    }

    /// The same, counting parameters that were taken out before; `None` if no row is left over.
    pub(crate) fn with_absorbed(mut self, absorbed: Absorbed) -> Option<Self> {
        self.absorbed = absorbed;
        (self.rows > self.kept().len() + absorbed.all).then_some(self)
    }

    /// Positions of the columns that are not aliased.
    pub(crate) fn kept(&self) -> &[usize] {
        self.solution.kept()
    }

    /// The classical covariance matrix of the kept coefficients.
    pub(crate) fn covariance(&self) -> Array2<f64> {
        &self.solution.inverse_gram() * self.residual_variance()
    }

    fn residual_variance(&self) -> f64 {
        let free = self.rows - self.kept().len() - self.absorbed.all;
        self.solution.residuals().iter().map(|r| r * r).sum::<f64>() / free as f64
    }

    fn slot(&self, column: usize) -> Option<usize> {
        self.kept().iter().position(|&kept| kept == column)
    }

    /// The classical standard error of a coefficient: one variance for all rows, divisor rows minus
    /// coefficients.
    pub(crate) fn standard_error(&self, column: usize) -> Option<f64> {
        let slot = self.slot(column)?;
        Some((self.residual_variance() * self.solution.inverse_gram()[[slot, slot]]).sqrt())
    }

    /// The cluster-robust standard error of a coefficient and the number of clusters.
    ///
    /// The sandwich of Liang and Zeger 1986 with the factor `G/(G-1) * (n-1)/(n-p)` (CR1, as in
    /// Stata's `vce(cluster)`). `clusters` numbers the cluster of each row. `None` with fewer than
    /// two clusters.
    pub(crate) fn cluster_robust_error(
        &self,
        column: usize,
        design: &Design,
        clusters: &[u32],
    ) -> Option<(f64, usize)> {
        let slot = self.slot(column)?;
        let (kept, inverse) = (self.kept(), self.solution.inverse_gram());
        let residuals = self.solution.residuals();
        let rank = kept.len();
        // The coefficient's row of (X'X)^-1 X' e, added up by cluster: its squares are the middle
        // and both slices at once.
        let mut by_cluster = vec![0.0; clusters.iter().max().map_or(0, |&max| max as usize + 1)];
        let mut present = vec![false; by_cluster.len()];
        for row in 0..self.rows {
            let influence: f64 = (0..rank)
                .map(|k| inverse[[slot, k]] * design.column(kept[k])[row])
                .sum();
            by_cluster[clusters[row] as usize] += influence * residuals[row];
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

#[cfg(test)]
mod tests {
    use super::*;

    fn design(columns: &[&[f64]]) -> Design {
        let mut design = Design::new(columns[0].len());
        columns
            .iter()
            .for_each(|column| design.push("", column.iter().copied()));
        design
    }

    #[test]
    fn a_line_is_found_with_its_textbook_error() {
        // y = 1 2 2 4 on x = 0..3: slope 0.9, intercept 0.9, residuals .1 .2 -.7 .4, s^2 = 0.7 / 2,
        // sxx = 5.
        let x = design(&[&[1.0; 4], &[0.0, 1.0, 2.0, 3.0]]);
        let fit = Fit::of(&[1.0, 2.0, 2.0, 4.0], &x).unwrap();
        assert!((fit.coefficients()[1].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.coefficients()[0].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.standard_error(1).unwrap() - (0.35f64 / 5.0).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn aliased_columns_have_no_coefficient() {
        let x = design(&[
            &[1.0; 5],
            &[0.0, 1.0, 2.0, 3.0, 4.0],
            &[5.0, 7.0, 9.0, 11.0, 13.0],
            &[1.0, 0.0, 0.0, 1.0, 3.0],
        ]);
        let fit = Fit::of(&[1.0, 2.0, 3.5, 4.0, 7.0], &x).unwrap();
        assert!(fit.coefficients()[2].is_none() && fit.coefficients()[3].is_some());
        assert_eq!(fit.standard_error(2), None);
        assert!(Fit::of(&[1.0, 2.0], &design(&[&[1.0; 2], &[0.0, 1.0]])).is_none());
    }

    #[test]
    fn clusters_of_one_row_give_the_heteroskedastic_error() {
        // With singleton clusters CR1 is the sum of squared influences times n/(n-1) * (n-1)/(n-p)
        // = n/(n-p).
        let x = design(&[&[1.0; 4], &[0.0, 1.0, 2.0, 3.0]]);
        let fit = Fit::of(&[1.0, 2.0, 2.0, 4.0], &x).unwrap();
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
