//! Logistic regression by maximum likelihood, with detection of rank and separation.

use std::borrow::Cow;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use parable_linalg::{Cholesky, LinalgError, dot, gram, gram_of_columns, independent_columns};
use rayon::prelude::*;

use crate::error::{LearnError, check};

/// Largest number of Newton steps.
const STEPS: usize = 50;
/// Relative change of the deviance at which the iteration ends.
const TOLERANCE: f64 = 1e-10;
/// Share of a term's squared length left after projection on earlier terms, below which it is
/// aliased.
const ALIASED: f64 = 1e-9;
/// Rows per block of linear predictors.
const BLOCK: usize = 4096;
/// A linear predictor that still moves this far in one step although the deviance does not change
/// goes to infinity: near a maximum Newton's steps shrink quadratically.
const RUNAWAY: f64 = 0.05;

/// Logistic regression without penalty, by iteratively reweighted least squares.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogisticRegression<'a> {
    weights: Option<&'a [f64]>,
    start: Option<&'a [f64]>,
}

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogisticFit {
    /// One coefficient per term, 0 for aliased ones.
    pub coefficients: Vec<f64>,
    /// Positions of the terms that earlier ones do not determine.
    pub kept: Vec<usize>,
    /// Fitted probability of every row, those of weight 0 included.
    pub fitted: Vec<f64>,
    /// Whether the likelihood has its maximum at finite coefficients, and the iteration reached it.
    pub converged: bool,
    /// Rows that some combination of the terms separates without error, so that the likelihood has
    /// no maximum. Empty where it has one.
    pub separated: Vec<usize>,
}

impl<'a> LogisticRegression<'a> {
    /// A regression with weight 1 for every row that starts at coefficients of 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a weight for each row, at least 0; rows of weight 0 are not fitted.
    #[must_use]
    pub fn with_weights(mut self, weights: &'a [f64]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Sets the coefficients to start from. The likelihood has one maximum: only time depends on
    /// them.
    #[must_use]
    pub fn with_start(mut self, start: &'a [f64]) -> Self {
        self.start = Some(start);
        self
    }

    /// Fits labels (0 or 1) by the columns of a design; an intercept is a column of ones.
    ///
    /// # Errors
    ///
    /// [`LearnError::ShapeMismatch`] for labels, weights or a start that do not fit the design.
    pub fn fit(
        &self,
        design: ArrayView2<'_, f64>,
        labels: &[f64],
    ) -> Result<LogisticFit, LearnError> {
        let (n, p) = design.dim();
        check("rows of labels", n, labels.len())?;
        let ones = vec![1.0; if self.weights.is_none() { n } else { 0 }];
        let weights = self.weights.unwrap_or(&ones);
        check("weights", n, weights.len())?;
        check(
            "starting coefficients",
            p,
            self.start.map_or(p, <[f64]>::len),
        )?;
        let kept = independent_columns(gram(design, weights).view(), ALIASED);
        let terms = terms(design, &kept);
        let problem = Problem {
            terms: terms.iter().map(|term| &**term).collect(),
            labels,
            weights,
        };
        let start = match self.start {
            Some(start) => kept.iter().map(|&term| start[term]).collect(),
            None => vec![0.0; kept.len()],
        };
        let found = problem.maximise(start);
        let mut coefficients = vec![0.0; p];
        for (&term, &b) in kept.iter().zip(&found.beta) {
            coefficients[term] = b;
        }
        Ok(LogisticFit {
            coefficients,
            kept,
            fitted: found.fitted,
            converged: found.converged,
            separated: found.separated,
        })
    }
}

impl LogisticFit {
    /// Returns the covariance of the kept coefficients: the inverse of the information matrix.
    ///
    /// - `design`, `weights`: those of the fit
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotPositiveDefinite`] where all fitted probabilities are 0 or 1.
    ///
    /// # Panics
    ///
    /// If the design or the weights have another length than those of the fit.
    pub fn covariance(
        &self,
        design: ArrayView2<'_, f64>,
        weights: &[f64],
    ) -> Result<Array2<f64>, LinalgError> {
        let terms = terms(design, &self.kept);
        let terms: Vec<&[f64]> = terms.iter().map(|term| &**term).collect();
        let information = gram_of_columns(&terms, &curvature(&self.fitted, weights));
        Ok(Cholesky::factor(information.view())?.inverse())
    }
}

/// The chosen columns of a design, copied only where they are not contiguous.
fn terms<'a>(design: ArrayView2<'a, f64>, kept: &[usize]) -> Vec<Cow<'a, [f64]>> {
    let column = |&term: &usize| {
        let column = design.index_axis_move(Axis(1), term);
        match column.to_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(column.to_vec()),
        }
    };
    kept.iter().map(column).collect()
}

/// The likelihood of linearly independent terms.
struct Problem<'a> {
    terms: Vec<&'a [f64]>,
    labels: &'a [f64],
    weights: &'a [f64],
}

struct Maximum {
    beta: Vec<f64>,
    fitted: Vec<f64>,
    converged: bool,
    separated: Vec<usize>,
}

impl Problem<'_> {
    fn maximise(&self, start: Vec<f64>) -> Maximum {
        let mut beta = start;
        let mut fitted = self.probabilities(&beta);
        let mut deviance = self.deviance(&fitted);
        let mut converged = false;
        let mut separated = Vec::new();
        for _ in 0..STEPS {
            let Some(step) = self.newton_step(&fitted) else {
                // No curvature is left: all fitted probabilities are 0 or 1.
                let used = |&row: &usize| self.weights[row] > 0.0;
                separated = (0..self.labels.len()).filter(used).collect();
                break;
            };
            // Halve a step that overshoots.
            let mut scale = 1.0;
            let (next, next_fitted, next_deviance) = loop {
                let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + scale * s).collect();
                let next_fitted = self.probabilities(&next);
                let next_deviance = self.deviance(&next_fitted);
                if next_deviance <= deviance * (1.0 + TOLERANCE) || scale < 1e-3 {
                    break (next, next_fitted, next_deviance);
                }
                scale *= 0.5;
            };
            let change = (deviance - next_deviance).abs();
            (beta, fitted) = (next, next_fitted);
            deviance = next_deviance;
            if change <= TOLERANCE * (next_deviance + 0.1) {
                separated = self.running_away(&step);
                converged = separated.is_empty();
                break;
            }
        }
        Maximum {
            beta,
            fitted,
            converged,
            separated,
        }
    }

    /// The rows whose linear predictor the last step still moves.
    fn running_away(&self, step: &[f64]) -> Vec<usize> {
        let moves = |&row: &usize| {
            let terms = self.terms.iter().zip(step);
            let moved: f64 = terms.map(|(term, s)| term[row] * s).sum();
            self.weights[row] > 0.0 && moved.abs() > RUNAWAY
        };
        (0..self.labels.len()).filter(moves).collect()
    }

    fn probabilities(&self, beta: &[f64]) -> Vec<f64> {
        let mut linear = vec![0.0; self.labels.len()];
        linear
            .par_chunks_mut(BLOCK)
            .enumerate()
            .for_each(|(block, linear)| {
                let rows = block * BLOCK..block * BLOCK + linear.len();
                for (term, &b) in self.terms.iter().zip(beta) {
                    for (l, x) in linear.iter_mut().zip(&term[rows.clone()]) {
                        *l += b * x;
                    }
                }
                for l in linear.iter_mut() {
                    *l = 1.0 / (1.0 + (-*l).exp());
                }
            });
        linear
    }

    fn deviance(&self, fitted: &[f64]) -> f64 {
        const LEAST: f64 = 1e-300;
        let mut deviance = 0.0;
        for ((&p, &weight), &label) in fitted.iter().zip(self.weights).zip(self.labels) {
            let right = if label == 1.0 { p } else { 1.0 - p };
            deviance -= 2.0 * weight * right.max(LEAST).ln();
        }
        deviance
    }

    /// The Newton step `(X'WX)^-1 X'(y - p)`; `None` if the matrix has no inverse.
    fn newton_step(&self, fitted: &[f64]) -> Option<Vec<f64>> {
        let rows = fitted.iter().zip(self.weights).zip(self.labels);
        let residuals: Vec<f64> = rows.map(|((p, w), y)| w * (y - p)).collect();
        let gradient: Array1<f64> = self
            .terms
            .iter()
            .map(|term| dot(term, &residuals))
            .collect();
        let information = gram_of_columns(&self.terms, &curvature(fitted, self.weights));
        let factor = Cholesky::factor(information.view()).ok()?;
        Some(factor.solve(gradient.view()).to_vec())
    }
}

/// The weight of each row in the information matrix.
fn curvature(fitted: &[f64], weights: &[f64]) -> Vec<f64> {
    let rows = fitted.iter().zip(weights);
    rows.map(|(p, w)| w * p * (1.0 - p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(terms: &[&[f64]]) -> Array2<f64> {
        Array2::from_shape_fn((terms[0].len(), terms.len()), |(row, term)| {
            terms[term][row]
        })
    }

    fn fit(terms: &[&[f64]], labels: &[f64]) -> LogisticFit {
        LogisticRegression::new()
            .fit(design(terms).view(), labels)
            .unwrap()
    }

    #[test]
    fn a_two_by_two_table_gives_its_log_odds() {
        // 3 of 4 against 1 of 5: odds 3 and 1/4. Variances of the log odds are sums of reciprocal
        // counts.
        let x = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let y = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let found = fit(&[&[1.0; 9], &x], &y);
        assert!(found.converged && found.separated.is_empty());
        assert!((found.coefficients[0] - 0.25f64.ln()).abs() < 1e-9);
        assert!((found.coefficients[1] - 12f64.ln()).abs() < 1e-9);
        let design = design(&[&[1.0; 9], &x]);
        let covariance = found.covariance(design.view(), &[1.0; 9]).unwrap();
        let expected = 1.0 / 3.0 + 1.0 + 1.0 + 0.25;
        assert!((covariance[[1, 1]] - expected).abs() < 1e-8);
    }

    #[test]
    fn weights_count_rows_several_times_or_not_at_all() {
        let x = [1.0, 1.0, 0.0, 0.0, 1.0];
        let y = [1.0, 0.0, 1.0, 0.0, 0.0];
        let design = design(&[&[1.0; 5], &x]);
        let weighted = LogisticRegression::new().with_weights(&[3.0, 1.0, 1.0, 4.0, 0.0]);
        let found = weighted.fit(design.view(), &y).unwrap();
        assert!((found.coefficients[1] - 12f64.ln()).abs() < 1e-9);
        let again = weighted
            .with_start(&found.coefficients)
            .fit(design.view(), &y)
            .unwrap();
        assert!((again.coefficients[1] - 12f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn complete_and_quasi_separation_are_told_from_a_good_fit() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let ones = [1.0; 40];
        let above: Vec<f64> = x.iter().map(|&x| f64::from(u8::from(x > 19.5))).collect();
        assert_eq!(fit(&[&ones, &x], &above).separated.len(), 40);
        // A level that only ever has the event, among others that have both.
        let level: Vec<f64> = x.iter().map(|&x| f64::from(u8::from(x < 5.0))).collect();
        let mixed: Vec<f64> = x
            .iter()
            .map(|&x| f64::from(u8::from(x < 5.0 || x % 3.0 == 0.0)))
            .collect();
        let found = fit(&[&ones, &level], &mixed);
        assert!(!found.converged);
        assert_eq!(found.separated, [0, 1, 2, 3, 4]);
        // Far apart, with one row on the wrong side: a maximum exists.
        let mut nearly = above.clone();
        nearly[2] = 1.0;
        let found = fit(&[&ones, &x], &nearly);
        assert!(found.converged && found.separated.is_empty());
    }

    #[test]
    fn determined_terms_are_left_out() {
        let x: Vec<f64> = (0..20).map(|i| f64::from(i % 7)).collect();
        let twice: Vec<f64> = x.iter().map(|x| 2.0 * x + 1.0).collect();
        let labels: Vec<f64> = (0..20).map(|i| f64::from(i % 3 % 2)).collect();
        let found = fit(&[&[1.0; 20], &x, &twice], &labels);
        assert_eq!(found.kept, [0, 1]);
        assert!(found.converged);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let design = design(&[&[1.0; 4]]);
        let expected = |what| {
            let (expected, found) = if what == "starting coefficients" {
                (1, 2)
            } else {
                (4, 2)
            };
            Err(LearnError::ShapeMismatch {
                what,
                expected,
                found,
            })
        };
        let new = LogisticRegression::new;
        let two = [1.0, 0.0];
        assert_eq!(new().fit(design.view(), &two), expected("rows of labels"));
        let weighted = new().with_weights(&two);
        assert_eq!(weighted.fit(design.view(), &[0.0; 4]), expected("weights"));
        let started = new().with_start(&two);
        assert_eq!(
            started.fit(design.view(), &[0.0; 4]),
            expected("starting coefficients")
        );
    }
}
