//! Logistic regression by maximum likelihood, without penalty.

use rayon::prelude::*;

use super::design::Design;
use crate::inner_product::dot;

/// A fitted logistic regression.
pub(super) struct LogitFit {
    /// The intercept and one coefficient per term of the design, 0 for those left out.
    coefficients: Vec<f64>,
    /// The probability of being synthetic, for every row of the design.
    pub(super) fitted: Vec<f64>,
    /// Coefficients that can be estimated, the intercept included.
    pub(super) rank: usize,
    pub(super) converged: bool,
}

/// Newton steps at most.
const STEPS: usize = 50;
/// Relative change of the deviance at which the iteration ends.
const TOLERANCE: f64 = 1e-10;
/// What is left of a term's length after removing what earlier terms explain, relative and squared, below which it is aliased.
const ALIASED: f64 = 1e-9;
/// Rows per block of sums: blocks are added up in order, so that threads do not change the result.
const BLOCK: usize = 4096;

/// Fits all rows of the design. Terms that earlier ones determine are left out. Ends early when the classes separate.
pub(super) fn fit(design: &Design) -> LogitFit {
    fit_rows(design, None, None)
}

/// Fits the rows for which `train` is true, starting from a fit of all rows: the likelihood has one maximum, so that only time depends on it.
pub(super) fn refit(design: &Design, train: &[bool], start: &LogitFit) -> LogitFit {
    fit_rows(design, Some(train), Some(start))
}

fn fit_rows(design: &Design, train: Option<&[bool]>, start: Option<&LogitFit>) -> LogitFit {
    let n = design.rows();
    let used: Vec<f64> = match train {
        Some(train) => train
            .iter()
            .map(|&used| f64::from(u8::from(used)))
            .collect(),
        None => vec![1.0; n],
    };
    let synthetic: f64 = used[design.real..].iter().sum();
    let total: f64 = used.iter().sum();
    let kept = independent_terms(design, &used);
    let terms: Vec<&[f64]> = kept
        .iter()
        .map(|&term| design.columns[term].as_slice())
        .collect();
    let label = |row: usize| f64::from(u8::from(row >= design.real));
    let share = synthetic / total;
    let mut beta = match start {
        // Coefficients of a fit that separates are no place to start from.
        Some(start) if start.converged => std::iter::once(start.coefficients[0])
            .chain(kept.iter().map(|&term| start.coefficients[term + 1]))
            .collect(),
        _ => {
            let mut beta = vec![0.0; terms.len() + 1];
            beta[0] = (share / (1.0 - share)).ln();
            beta
        }
    };
    let mut fitted = probabilities(&terms, &beta, n);
    let mut deviance = deviance_of(&fitted, &used, label);
    let mut converged = false;
    for _ in 0..STEPS {
        let Some(step) = newton_step(&terms, &fitted, &used, label) else {
            // No curvature is left: all fitted probabilities are 0 or 1.
            break;
        };
        // Halve a step that overshoots.
        let mut scale = 1.0;
        let (next, next_fitted, next_deviance) = loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + scale * s).collect();
            let next_fitted = probabilities(&terms, &next, n);
            let next_deviance = deviance_of(&next_fitted, &used, label);
            if next_deviance <= deviance * (1.0 + TOLERANCE) || scale < 1e-3 {
                break (next, next_fitted, next_deviance);
            }
            scale *= 0.5;
        };
        let change = (deviance - next_deviance).abs();
        (beta, fitted) = (next, next_fitted);
        deviance = next_deviance;
        if change <= TOLERANCE * (next_deviance + 0.1) {
            converged = true;
            break;
        }
    }
    let mut coefficients = vec![0.0; design.columns.len() + 1];
    coefficients[0] = beta[0];
    for (&term, &b) in kept.iter().zip(&beta[1..]) {
        coefficients[term + 1] = b;
    }
    LogitFit {
        coefficients,
        fitted,
        rank: terms.len() + 1,
        converged,
    }
}

fn probabilities(terms: &[&[f64]], beta: &[f64], n: usize) -> Vec<f64> {
    let mut linear = vec![beta[0]; n];
    linear
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, linear)| {
            let start = block * BLOCK;
            for (term, &b) in terms.iter().zip(&beta[1..]) {
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

fn deviance_of(fitted: &[f64], used: &[f64], label: impl Fn(usize) -> f64) -> f64 {
    const LEAST: f64 = 1e-300;
    let mut deviance = 0.0;
    for (row, (&p, &used)) in fitted.iter().zip(used).enumerate() {
        let right = if label(row) == 1.0 { p } else { 1.0 - p };
        deviance -= 2.0 * used * right.max(LEAST).ln();
    }
    deviance
}

/// The Newton step `(X'WX)^-1 X'(y - p)`, or `None` if the matrix has no inverse.
fn newton_step(
    terms: &[&[f64]],
    fitted: &[f64],
    used: &[f64],
    label: impl Fn(usize) -> f64,
) -> Option<Vec<f64>> {
    let weights: Vec<f64> = fitted
        .iter()
        .zip(used)
        .map(|(p, u)| u * p * (1.0 - p))
        .collect();
    let residuals: Vec<f64> = fitted
        .iter()
        .zip(used)
        .enumerate()
        .map(|(row, (p, u))| u * (label(row) - p))
        .collect();
    let matrix = gram(terms, &weights);
    let mut gradient = vec![residuals.iter().sum::<f64>()];
    gradient.extend(terms.iter().map(|term| dot(term, &residuals)));
    let lower = cholesky(matrix)?;
    Some(solve(&lower, gradient))
}

/// The lower triangle of `X'WX`, the first row and column being the intercept's.
fn gram(terms: &[&[f64]], weights: &[f64]) -> Vec<Vec<f64>> {
    let p = terms.len() + 1;
    let n = weights.len();
    let blocks: Vec<Vec<f64>> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
            let weights = &weights[rows.clone()];
            let mut sums = Vec::with_capacity(p * (p + 1) / 2);
            sums.push(weights.iter().sum::<f64>());
            let mut weighted = vec![0.0; weights.len()];
            for (i, term) in terms.iter().enumerate() {
                let own = &term[rows.clone()];
                for ((out, x), w) in weighted.iter_mut().zip(own).zip(weights) {
                    *out = x * w;
                }
                sums.push(weighted.iter().sum::<f64>());
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
fn cholesky(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
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

fn solve(lower: &[Vec<f64>], mut right: Vec<f64>) -> Vec<f64> {
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

/// The terms that earlier ones (and the intercept) do not determine on the rows used.
fn independent_terms(design: &Design, used: &[f64]) -> Vec<usize> {
    let terms: Vec<&[f64]> = design.columns.iter().map(Vec::as_slice).collect();
    let matrix = gram(&terms, used);
    // Cholesky in order; a row with nothing left is skipped.
    let mut kept = vec![0usize];
    let mut factor: Vec<Vec<f64>> = vec![vec![matrix[0][0].sqrt()]];
    for i in 1..matrix.len() {
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
    kept[1..].iter().map(|i| i - 1).collect()
}
