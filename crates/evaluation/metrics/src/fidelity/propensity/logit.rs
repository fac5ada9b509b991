//! The logistic regression that tells synthetic from real rows.

use super::design::Terms;
use crate::data::logistic;

/// A logistic regression fitted to a design.
pub(super) struct LogitFit {
    /// The intercept and one coefficient per term of the design, 0 for those left out.
    coefficients: Vec<f64>,
    /// The probability of being synthetic, for every row of the design.
    pub(super) fitted: Vec<f64>,
    /// Coefficients that can be estimated, the intercept included.
    pub(super) rank: usize,
    pub(super) converged: bool,
}

/// Fits all rows of the design. Terms that earlier ones determine are left out. Ends early when the classes separate.
pub(super) fn fit(design: &Terms) -> LogitFit {
    fit_rows(design, None, None)
}

/// Fits the rows for which `train` is true, starting from a fit of all rows.
pub(super) fn refit(design: &Terms, train: &[bool], start: &LogitFit) -> LogitFit {
    // Coefficients of a fit that separates are no place to start from.
    let start = start.converged.then_some(start.coefficients.as_slice());
    fit_rows(design, Some(train), start)
}

fn fit_rows(design: &Terms, train: Option<&[bool]>, start: Option<&[f64]>) -> LogitFit {
    let n = design.rows();
    let used: Vec<f64> = match train {
        Some(train) => train
            .iter()
            .map(|&used| f64::from(u8::from(used)))
            .collect(),
        None => vec![1.0; n],
    };
    let labels: Vec<f64> = (0..n)
        .map(|row| f64::from(u8::from(row >= design.real)))
        .collect();
    let ones = vec![1.0; n];
    let terms: Vec<&[f64]> = std::iter::once(ones.as_slice())
        .chain(design.design.columns())
        .collect();
    let found = logistic::fit(&terms, &labels, &used, start);
    LogitFit {
        coefficients: found.coefficients,
        fitted: found.fitted,
        rank: found.kept.len(),
        converged: found.converged,
    }
}
