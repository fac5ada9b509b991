//! The logistic regression that tells synthetic from real rows.

use parable_learn::{LogisticFit, LogisticRegression};

use super::design::Terms;
use crate::data::design::indicator;

/// Fits all rows of the design. Terms that earlier ones determine are left out. Ends early when
/// the classes separate.
pub(super) fn fit(design: &Terms) -> LogisticFit {
    fit_with(design, LogisticRegression::new())
}

/// Fits the rows for which `train` is true, starting from a fit of all rows.
pub(super) fn refit(design: &Terms, train: &[bool], start: &LogisticFit) -> LogisticFit {
    let used: Vec<f64> = train.iter().map(|&used| indicator(used)).collect();
    let model = LogisticRegression::new().with_weights(&used);
    // Coefficients of a fit that separates are no place to start from.
    match start.converged {
        true => fit_with(design, model.with_start(&start.coefficients)),
        false => fit_with(design, model),
    }
}

fn fit_with(design: &Terms, model: LogisticRegression<'_>) -> LogisticFit {
    let labels: Vec<f64> = (0..design.rows())
        .map(|row| indicator(row >= design.real))
        .collect();
    model
        .fit(design.design.matrix(), &labels)
        .expect("a label and a weight for each row of the design")
}
