//! Ridge and ridge-penalised logistic regression.

use ndarray::{Array2, ArrayView1};
use parable_learn::{PenalisedLogistic, SparseRows, penalised_least_squares};

use crate::data::features::{FeatureKind, Features};

/// Weight of the penalty, `1 / C`.
const RIDGE: f64 = 1.0;

/// The entries of some rows that are not zero by design: one for each feature, and one for each
/// that may be missing.
fn entries(data: &Features, rows: &[u32]) -> SparseRows {
    let slots = |kind: &FeatureKind| match kind {
        FeatureKind::Number {
            missing: Some(_), ..
        } => 2,
        _ => 1,
    };
    let slots = data.features.iter().map(|f| slots(&f.kind)).sum();
    let mut entries = SparseRows::with_capacity(data.width, slots, rows.len());
    for &row in rows {
        let row = row as usize;
        entries.push(data.features.iter().flat_map(|feature| {
            let start = feature.start as u32;
            let (first, second) = match &feature.kind {
                FeatureKind::Number { values, missing } => {
                    let absent = |missing: &Vec<bool>| f64::from(u8::from(missing[row]));
                    (
                        (start, f64::from(values[row])),
                        missing.as_ref().map(|missing| (start + 1, absent(missing))),
                    )
                }
                FeatureKind::Levels => ((start + u32::from(feature.bins[row]), 1.0), None),
            };
            std::iter::once(first).chain(second)
        }));
    }
    entries
}

/// Returns the probability of each class (column) for the test rows: one model for each class
/// against the rest, scaled to a sum of 1.
pub(super) fn logistic(
    data: &Features,
    train: &[u32],
    (of, classes): (&[u8], usize),
    test: &[u32],
) -> Array2<f64> {
    let labels: Vec<u8> = train.iter().map(|&row| of[row as usize]).collect();
    PenalisedLogistic::fit(&entries(data, train), &labels, classes, RIDGE)
        .expect("a label for each row")
        .probabilities(&entries(data, test))
}

/// Returns the predictions of a ridge regression for the test rows.
pub(super) fn ridge(data: &Features, train: &[u32], of: &[f64], test: &[u32]) -> Vec<f64> {
    let response: Vec<f64> = train.iter().map(|&row| of[row as usize]).collect();
    let weights = penalised_least_squares(&entries(data, train), &response, RIDGE)
        .expect("a response for each row");
    let asked = entries(data, test);
    (0..test.len())
        .map(|row| asked.linear(row, ArrayView1::from(&weights)))
        .collect()
}
