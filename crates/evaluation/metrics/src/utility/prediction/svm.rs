//! Support vector machines with a radial kernel, by sequential minimal optimisation (Platt 1998) with the second-order choice of pairs of Fan, Chen and Lin (2005).

use rayon::prelude::*;

use crate::data::features::{FeatureKind, Features};
use crate::data::mixed_points::MixedPoints;

/// Bound on the multipliers.
const C: f64 = 1.0;
/// How far the optimality conditions may be violated.
const TOLERANCE: f64 = 1e-3;
/// Least curvature of a step.
const CURVATURE: f64 = 1e-12;
/// Steps per row at most.
const STEPS_PER_ROW: usize = 200;

/// Votes for each class and test row: with two classes the decision values themselves, else one machine per pair of classes.
pub(super) fn classify(
    data: &Features,
    train: &[u32],
    of: &[u8],
    classes: usize,
    test: &[u32],
) -> Vec<Vec<f64>> {
    let gamma = gamma(data, train);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for &row in train {
        members[usize::from(of[row as usize])].push(row);
    }
    let present: Vec<usize> = (0..classes).filter(|&c| !members[c].is_empty()).collect();
    let mut votes = vec![vec![0.0; classes]; test.len()];
    if let [only] = present[..] {
        votes.iter_mut().for_each(|votes| votes[only] = 1.0);
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
            for (votes, value) in votes.iter_mut().zip(values) {
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
        let n = rows.len();
        // Rows of the kernel matrix are computed when they are first needed.
        let mut lines: Vec<Option<Box<[f32]>>> = vec![None; n];
        let fill = |lines: &mut Vec<Option<Box<[f32]>>>, at: usize| {
            if lines[at].is_none() {
                let mut line = vec![0.0; n].into_boxed_slice();
                kernel(&points, &points, at, gamma, &mut line);
                lines[at] = Some(line);
            }
        };
        let mut alpha = vec![0.0; n];
        let mut gradient = vec![-1.0f64; n];
        for _ in 0..STEPS_PER_ROW * n {
            // The row that violates its condition most, among those that may move up.
            let mut up = (f64::NEG_INFINITY, usize::MAX);
            for t in 0..n {
                let free = if signs[t] > 0.0 {
                    alpha[t] < C
                } else {
                    alpha[t] > 0.0
                };
                let value = -signs[t] * gradient[t];
                if free && value > up.0 {
                    up = (value, t);
                }
            }
            let (most, i) = up;
            if i == usize::MAX {
                break;
            }
            fill(&mut lines, i);
            let line = lines[i].as_deref().unwrap_or_default();
            // Its partner: the largest fall of the objective.
            let mut least = f64::INFINITY;
            let mut down = (f64::INFINITY, usize::MAX);
            for t in 0..n {
                let free = if signs[t] > 0.0 {
                    alpha[t] > 0.0
                } else {
                    alpha[t] < C
                };
                if !free {
                    continue;
                }
                let value = -signs[t] * gradient[t];
                least = least.min(value);
                let difference = most - value;
                if difference > 0.0 {
                    let curvature = (2.0 - 2.0 * f64::from(line[t])).max(CURVATURE);
                    let fall = -difference * difference / curvature;
                    if fall < down.0 {
                        down = (fall, t);
                    }
                }
            }
            let j = down.1;
            if j == usize::MAX || most - least < TOLERANCE {
                break;
            }
            fill(&mut lines, j);
            let (a, b) = (
                lines[i].as_deref().unwrap_or_default(),
                lines[j].as_deref().unwrap_or_default(),
            );
            let curvature = (2.0 - 2.0 * f64::from(a[j])).max(CURVATURE);
            let wanted = (most + signs[j] * gradient[j]) / curvature;
            // How far both multipliers can go within 0 and C: one rises along its sign, the other falls.
            let room = |sign: f64, alpha: f64| if sign > 0.0 { C - alpha } else { alpha };
            let step = wanted
                .min(room(signs[i], alpha[i]))
                .min(room(-signs[j], alpha[j]));
            let settle = |value: f64| match value {
                value if value < 1e-12 => 0.0,
                value if value > C - 1e-12 => C,
                value => value,
            };
            alpha[i] = settle(alpha[i] + signs[i] * step);
            alpha[j] = settle(alpha[j] - signs[j] * step);
            for t in 0..n {
                gradient[t] += signs[t] * step * f64::from(a[t] - b[t]);
            }
        }
        let bias = bias(&alpha, &gradient, &signs);
        let support: Vec<usize> = (0..n).filter(|&t| alpha[t] > 0.0).collect();
        let chosen: Vec<u32> = support.iter().map(|&t| rows[t]).collect();
        Self {
            points: MixedPoints::of(data, &chosen, standardised),
            weights: support.iter().map(|&t| alpha[t] * signs[t]).collect(),
            bias,
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

/// The mean over free rows of what makes their decision value 1, or the middle of what the bounded ones allow.
fn bias(alpha: &[f64], gradient: &[f64], signs: &[f64]) -> f64 {
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut sum, mut free) = (0.0, 0);
    for t in 0..alpha.len() {
        let value = -signs[t] * gradient[t];
        if alpha[t] > 0.0 && alpha[t] < C {
            sum += value;
            free += 1;
        } else if (alpha[t] == 0.0) == (signs[t] > 0.0) {
            low = low.max(value);
        } else {
            high = high.min(value);
        }
    }
    match (free, low.is_finite(), high.is_finite()) {
        (1.., _, _) => sum / f64::from(free),
        (_, true, true) => 0.5 * (low + high),
        (_, true, false) => low,
        (_, false, true) => high,
        (_, false, false) => 0.0,
    }
}
