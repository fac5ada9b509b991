//! Support vector machines with a radial kernel.

use ndarray::Array2;
use parable_learn::SvmDual;
use rayon::prelude::*;

use crate::data::features::{FeatureKind, Features};
use crate::data::mixed_points::MixedPoints;

/// Bound on the multipliers.
const C: f64 = 1.0;

/// Votes for each class (column) and test row: with two classes the decision values themselves,
/// else one machine per pair of classes.
pub(super) fn classify(
    data: &Features,
    train: &[u32],
    (of, classes): (&[u8], usize),
    test: &[u32],
) -> Array2<f64> {
    let gamma = gamma(data, train);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for &row in train {
        members[usize::from(of[row as usize])].push(row);
    }
    let present: Vec<usize> = (0..classes).filter(|&c| !members[c].is_empty()).collect();
    let mut votes = Array2::<f64>::zeros((test.len(), classes));
    if let [only] = present[..] {
        votes.column_mut(only).fill(1.0);
    }
    for (at, &a) in present.iter().enumerate() {
        for &b in &present[at + 1..] {
            let mut rows = members[a].clone();
            rows.extend_from_slice(&members[b]);
            rows.sort_unstable();
            let signs = rows
                .iter()
                .map(|&row| match usize::from(of[row as usize]) == b {
                    true => 1.0,
                    false => -1.0,
                });
            let machine = Machine::train(data, &rows, signs.collect(), gamma);
            let values: Vec<f64> = test
                .par_iter()
                .map(|&row| machine.decide(data, row))
                .collect();
            for (mut votes, value) in votes.rows_mut().into_iter().zip(values) {
                if present.len() == 2 {
                    (votes[a], votes[b]) = (-value, value);
                } else {
                    votes[if value > 0.0 { b } else { a }] += 1.0;
                }
            }
        }
    }
    votes
}

/// One over the columns times the variance of all entries of the table of numbers and indicators.
fn gamma(data: &Features, rows: &[u32]) -> f64 {
    let n = rows.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for feature in &data.features {
        match &feature.kind {
            FeatureKind::Number { values, missing } => {
                for &row in rows {
                    let x = f64::from(values[row as usize]);
                    sum += x;
                    squares += x * x;
                    let absent = missing
                        .as_ref()
                        .is_some_and(|missing| missing[row as usize]);
                    sum += f64::from(u8::from(absent));
                    squares += f64::from(u8::from(absent));
                }
            }
            // One of the indicators of each row is 1.
            FeatureKind::Levels => {
                sum += n;
                squares += n;
            }
        }
    }
    let entries = n * data.width as f64;
    let mean = sum / entries;
    let variance = squares / entries - mean * mean;
    if variance > 0.0 {
        1.0 / (data.width as f64 * variance)
    } else {
        1.0
    }
}

/// `exp(-gamma d²)` of all rows of `points` to the row `at` of `from`.
fn kernel(points: &MixedPoints, from: &MixedPoints, at: usize, gamma: f64, out: &mut [f32]) {
    points.squared(0..points.rows(), from, at, out);
    let scale = -gamma as f32;
    for out in out.iter_mut() {
        *out = (scale * *out).exp();
    }
}

/// Standardised numbers as they are.
fn standardised(_: &[f32]) -> (f32, f32) {
    (0.0, 1.0)
}

struct Machine {
    /// The support vectors and their multipliers with signs.
    points: MixedPoints,
    weights: Vec<f64>,
    bias: f64,
    gamma: f64,
}

impl Machine {
    fn train(data: &Features, rows: &[u32], signs: Vec<f64>, gamma: f64) -> Self {
        let points = MixedPoints::of(data, rows, standardised);
        let dual = SvmDual::solve(&signs, C, |at| {
            let mut line = vec![0.0; rows.len()].into_boxed_slice();
            kernel(&points, &points, at, gamma, &mut line);
            line
        });
        let alpha = dual.multipliers;
        let support: Vec<usize> = (0..rows.len()).filter(|&t| alpha[t] > 0.0).collect();
        let chosen: Vec<u32> = support.iter().map(|&t| rows[t]).collect();
        Self {
            points: MixedPoints::of(data, &chosen, standardised),
            weights: support.iter().map(|&t| alpha[t] * signs[t]).collect(),
            bias: dual.bias,
            gamma,
        }
    }

    fn decide(&self, data: &Features, row: u32) -> f64 {
        let own = MixedPoints::of(data, &[row], standardised);
        let mut line = vec![0.0; self.weights.len()];
        kernel(&self.points, &own, 0, self.gamma, &mut line);
        let sum: f64 = line
            .iter()
            .zip(&self.weights)
            .map(|(k, w)| f64::from(*k) * w)
            .sum();
        sum + self.bias
    }
}
