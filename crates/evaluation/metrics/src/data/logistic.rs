//! Logistic regression by maximum likelihood, without penalty: rank and separation are found out, not assumed away.

use rayon::prelude::*;

use ndarray::{Array2, ArrayView1};
use parable_linalg::dot;

/// A fitted logistic regression.
#[derive(Debug)]
pub(crate) struct LogisticFit {
    /// One coefficient per term, 0 for those that earlier ones determine.
    pub(crate) coefficients: Vec<f64>,
    /// Positions of the terms that are not determined by earlier ones.
    pub(crate) kept: Vec<usize>,
    /// The fitted probability of every row.
    pub(crate) fitted: Vec<f64>,
    /// The likelihood is at its maximum, which lies at finite coefficients.
    pub(crate) converged: bool,
    /// Rows that some combination of the terms tells apart without a fault on either side, so that the likelihood has no maximum. Empty where it has one.
    pub(crate) separated: Vec<usize>,
}

/// Newton steps at most.
const STEPS: usize = 50;
/// Relative change of the deviance at which the iteration ends.
const TOLERANCE: f64 = 1e-10;
/// What is left of a term's length after removing what earlier terms explain, relative and squared, below which it is aliased.
const ALIASED: f64 = 1e-9;
/// Rows per block of sums: blocks are added up in order, so that threads do not change the result.
const BLOCK: usize = 4096;
/// A linear predictor that still moves this far in one step although the deviance stands still goes to infinity: near a maximum Newton's steps shrink quadratically.
const RUNAWAY: f64 = 0.05;

/// Fits the labels (0 or 1) by the terms, an intercept being a term of ones, on the rows whose `used` is 1 and not 0. `start`: coefficients to start from; the likelihood has one
/// maximum, so that only time depends on them.
pub(crate) fn fit(
    terms: &[&[f64]],
    labels: &[f64],
    used: &[f64],
    start: Option<&[f64]>,
) -> LogisticFit {
    let n = labels.len();
    let kept = independent_terms(terms, used);
    let chosen: Vec<&[f64]> = kept.iter().map(|&term| terms[term]).collect();
    let mut beta: Vec<f64> = match start {
        Some(start) => kept.iter().map(|&term| start[term]).collect(),
        None => vec![0.0; kept.len()],
    };
    let mut fitted = probabilities(&chosen, &beta, n);
    let mut deviance = deviance_of(&fitted, used, labels);
    let mut converged = false;
    let mut separated = Vec::new();
    for _ in 0..STEPS {
        let Some(step) = newton_step(&chosen, &fitted, used, labels) else {
            // No curvature is left: all fitted probabilities are 0 or 1.
            separated = (0..n).filter(|&row| used[row] > 0.0).collect();
            break;
        };
        // Halve a step that overshoots.
        let mut scale = 1.0;
        let (next, next_fitted, next_deviance) = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + scale * s).collect();
            let next_fitted = probabilities(&chosen, &next, n);
            let next_deviance = deviance_of(&next_fitted, used, labels);
            if next_deviance <= deviance * (1.0 + TOLERANCE) || scale < 1e-3 {
                break (next, next_fitted, next_deviance);
            }
            scale *= 0.5;
        };
        let change = (deviance - next_deviance).abs();
        (beta, fitted) = (next, next_fitted);
        deviance = next_deviance;
        if change <= TOLERANCE * (next_deviance + 0.1) {
            separated = running_away(&chosen, &step, used);
            converged = separated.is_empty();
            break;
        }
    }
    let mut coefficients = vec![0.0; terms.len()];
    for (&term, &b) in kept.iter().zip(&beta) {
        coefficients[term] = b;
    }
    LogisticFit {
        coefficients,
        kept,
        fitted,
        converged,
        separated,
    }
}

impl LogisticFit {
    /// The inverse of the information matrix of the kept terms; `None` where there is no curvature left.
    pub(crate) fn covariance(&self, terms: &[&[f64]], used: &[f64]) -> Option<Array2<f64>> {
        let chosen: Vec<&[f64]> = self.kept.iter().map(|&term| terms[term]).collect();
        let lower = cholesky(gram(&chosen, &weights(&self.fitted, used)))?;
        let rank = chosen.len();
        let mut inverse = Array2::zeros((rank, rank));
        for k in 0..rank {
            let mut unit = vec![0.0; rank];
            unit[k] = 1.0;
            let column = solve(&lower, unit);
            inverse.column_mut(k).assign(&ArrayView1::from(&column));
        }
        Some(inverse)
    }
}

/// The rows whose linear predictor the last step still moves.
fn running_away(terms: &[&[f64]], step: &[f64], used: &[f64]) -> Vec<usize> {
    let moves = |row: &usize| {
        let moved: f64 = terms.iter().zip(step).map(|(term, s)| term[*row] * s).sum();
        used[*row] > 0.0 && moved.abs() > RUNAWAY
    };
    (0..used.len()).filter(moves).collect()
}

fn probabilities(terms: &[&[f64]], beta: &[f64], n: usize) -> Vec<f64> {
    let mut linear = vec![0.0; n];
    linear
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, linear)| {
            let start = block * BLOCK;
            for (term, &b) in terms.iter().zip(beta) {
                for (l, x) in linear.iter_mut().zip(&term[start..]) {
                    *l += b * x;
                }
            }
            for l in linear.iter_mut() {
                *l = 1.0 / (1.0 + (-*l).exp());
            }
        });
    linear
}

fn deviance_of(fitted: &[f64], used: &[f64], labels: &[f64]) -> f64 {
    const LEAST: f64 = 1e-300;
    let mut deviance = 0.0;
    for ((&p, &used), &label) in fitted.iter().zip(used).zip(labels) {
        let right = if label == 1.0 { p } else { 1.0 - p };
        deviance -= 2.0 * used * right.max(LEAST).ln();
    }
    deviance
}

fn weights(fitted: &[f64], used: &[f64]) -> Vec<f64> {
    let rows = fitted.iter().zip(used);
    rows.map(|(p, u)| u * p * (1.0 - p)).collect()
}

/// The Newton step `(X'WX)^-1 X'(y - p)`, or `None` if the matrix has no inverse.
fn newton_step(terms: &[&[f64]], fitted: &[f64], used: &[f64], labels: &[f64]) -> Option<Vec<f64>> {
    let rows = fitted.iter().zip(used).zip(labels);
    let residuals: Vec<f64> = rows.map(|((p, u), y)| u * (y - p)).collect();
    let gradient: Vec<f64> = terms.iter().map(|term| dot(term, &residuals)).collect();
    let lower = cholesky(gram(terms, &weights(fitted, used)))?;
    Some(solve(&lower, gradient))
}

/// The lower triangle of `X'WX`.
fn gram(terms: &[&[f64]], weights: &[f64]) -> Vec<Vec<f64>> {
    let p = terms.len();
    let n = weights.len();
    let blocks: Vec<Vec<f64>> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
            let weights = &weights[rows.clone()];
            let mut sums = Vec::with_capacity(p * (p + 1) / 2);
            let mut weighted = vec![0.0; weights.len()];
            for (i, term) in terms.iter().enumerate() {
                let own = &term[rows.clone()];
                for ((out, x), w) in weighted.iter_mut().zip(own).zip(weights) {
                    *out = x * w;
                }
                let others = terms[..=i].iter();
                sums.extend(others.map(|other| dot(&weighted, &other[rows.clone()])));
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; p * (p + 1) / 2];
    for block in &blocks {
        for (sum, part) in total.iter_mut().zip(block) {
            *sum += part;
        }
    }
    let mut values = total.into_iter();
    (0..p)
        .map(|i| values.by_ref().take(i + 1).collect())
        .collect()
}

/// The Cholesky factor of a matrix given as its lower triangle.
pub(crate) fn cholesky(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let p = matrix.len();
    for i in 0..p {
        let (done, rest) = matrix.split_at_mut(i);
        let row = &mut rest[0];
        for j in 0..i {
            let known = dot(&row[..j], &done[j][..j]);
            row[j] = (row[j] - known) / done[j][j];
        }
        let own = row[i];
        let left = own - dot(&row[..i], &row[..i]);
        if left <= 1e-14 * own || !left.is_finite() {
            return None;
        }
        row[i] = left.sqrt();
    }
    Some(matrix)
}

/// The solution of `L L' x = right`.
pub(crate) fn solve(lower: &[Vec<f64>], mut right: Vec<f64>) -> Vec<f64> {
    let p = right.len();
    for i in 0..p {
        right[i] = (right[i] - dot(&lower[i][..i], &right[..i])) / lower[i][i];
    }
    for i in (0..p).rev() {
        let known: f64 = (i + 1..p).map(|k| lower[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / lower[i][i];
    }
    right
}

/// The terms that earlier ones do not determine on the rows used.
fn independent_terms(terms: &[&[f64]], used: &[f64]) -> Vec<usize> {
    let matrix = gram(terms, used);
    // Cholesky in order; a row with nothing left is skipped.
    let mut kept: Vec<usize> = Vec::new();
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for i in 0..matrix.len() {
        let mut row = Vec::with_capacity(kept.len() + 1);
        for (slot, &j) in kept.iter().enumerate() {
            let known = dot(&row, &factor[slot][..slot]);
            row.push((matrix[i][j] - known) / factor[slot][slot]);
        }
        let own = matrix[i][i];
        let left = own - dot(&row, &row);
        if left > ALIASED * own {
            row.push(left.sqrt());
            factor.push(row);
            kept.push(i);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit_all(terms: &[Vec<f64>], labels: &[f64]) -> LogisticFit {
        let terms: Vec<&[f64]> = terms.iter().map(Vec::as_slice).collect();
        fit(&terms, labels, &vec![1.0; labels.len()], None)
    }

    #[test]
    fn a_two_by_two_table_gives_its_log_odds() {
        // 3 of 4 against 1 of 5: odds 3 and 1/4. Variances of the log odds are sums of reciprocal counts.
        let x = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let y = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let terms = [vec![1.0; 9], x.to_vec()];
        let found = fit_all(&terms, &y);
        assert!(found.converged && found.separated.is_empty());
        assert!((found.coefficients[0] - 0.25f64.ln()).abs() < 1e-9);
        assert!((found.coefficients[1] - 12f64.ln()).abs() < 1e-9);
        let terms: Vec<&[f64]> = terms.iter().map(Vec::as_slice).collect();
        let covariance = found.covariance(&terms, &[1.0; 9]).unwrap();
        let expected = 1.0 / 3.0 + 1.0 + 1.0 + 0.25;
        assert!((covariance[[1, 1]] - expected).abs() < 1e-8);
    }

    #[test]
    fn complete_and_quasi_separation_are_told_from_a_good_fit() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let ones = vec![1.0; 40];
        let above: Vec<f64> = x.iter().map(|&x| f64::from(u8::from(x > 19.5))).collect();
        assert_eq!(
            fit_all(&[ones.clone(), x.clone()], &above).separated.len(),
            40
        );
        // A level that only ever has the event, among others that have both.
        let level: Vec<f64> = x.iter().map(|&x| f64::from(u8::from(x < 5.0))).collect();
        let mixed: Vec<f64> = x
            .iter()
            .map(|&x| f64::from(u8::from(x < 5.0 || x % 3.0 == 0.0)))
            .collect();
        let found = fit_all(&[ones.clone(), level], &mixed);
        assert!(!found.converged);
        assert_eq!(found.separated, [0, 1, 2, 3, 4]);
        // Far apart, with one row on the wrong side: a maximum exists.
        let mut nearly = above.clone();
        nearly[2] = 1.0;
        let found = fit_all(&[ones, x], &nearly);
        assert!(found.converged && found.separated.is_empty());
    }

    #[test]
    fn determined_terms_are_left_out() {
        let x: Vec<f64> = (0..20).map(|i| f64::from(i % 7)).collect();
        let twice: Vec<f64> = x.iter().map(|x| 2.0 * x + 1.0).collect();
        let labels: Vec<f64> = (0..20).map(|i| f64::from(i % 3 % 2)).collect();
        let found = fit_all(&[vec![1.0; 20], x, twice], &labels);
        assert_eq!(found.kept, [0, 1]);
        assert!(found.converged);
    }
}
