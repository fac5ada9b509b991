//! Rows column by column, for squared Euclidean distances to many rows at once.

use std::ops::Range;

use crate::data::features::{FeatureKind, Features};

/// Some rows: numbers, and levels whose indicators count.
pub(crate) struct MixedPoints {
    numbers: Vec<Vec<f32>>,
    levels: Vec<Vec<u8>>,
    rows: usize,
}

impl MixedPoints {
    /// These rows. `scale` gives what is subtracted from the standardised numbers of a feature, and
    /// what they are divided by.
    pub(crate) fn of(
        features: &Features,
        rows: &[u32],
        scale: impl Fn(&[f32]) -> (f32, f32),
    ) -> Self {
        let mut points = Self {
            numbers: Vec::new(),
            levels: Vec::new(),
            rows: rows.len(),
        };
        for feature in &features.features {
            match &feature.kind {
                FeatureKind::Number { values, missing } => {
                    let (offset, factor) = scale(values);
                    let pick = |&row: &u32| (values[row as usize] - offset) / factor;
                    points.numbers.push(rows.iter().map(pick).collect());
                    if let Some(missing) = missing {
                        let pick = |&row: &u32| f32::from(u8::from(missing[row as usize]));
                        points.numbers.push(rows.iter().map(pick).collect());
                    }
                }
                FeatureKind::Levels => {
                    let pick = |&row: &u32| feature.bins[row as usize];
                    points.levels.push(rows.iter().map(pick).collect());
                }
            }
        }
        points
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Squared distances of some rows to the row `at` of `from`, which may be other rows of the
    /// same columns.
    pub(crate) fn squared(&self, own: Range<usize>, from: &Self, at: usize, out: &mut [f32]) {
        out.fill(0.0);
        for (own_column, other) in self.numbers.iter().zip(&from.numbers) {
            let x = other[at];
            for (out, y) in out.iter_mut().zip(&own_column[own.clone()]) {
                *out += (x - y) * (x - y);
            }
        }
        for (own_column, other) in self.levels.iter().zip(&from.levels) {
            let x = other[at];
            for (out, &y) in out.iter_mut().zip(&own_column[own.clone()]) {
                // Two indicators differ by 1 each.
                *out += if x == y { 0.0 } else { 2.0 };
            }
        }
    }

    /// Squared distances of all rows to the mean of the rows of `from`.
    pub(crate) fn squared_from_mean(&self, from: &Self) -> Vec<f64> {
        let n = from.rows.max(1) as f64;
        let mut out = vec![0.0; self.rows];
        for (own, other) in self.numbers.iter().zip(&from.numbers) {
            let mean = other.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            for (out, &y) in out.iter_mut().zip(own) {
                *out += (f64::from(y) - mean) * (f64::from(y) - mean);
            }
        }
        for (own, other) in self.levels.iter().zip(&from.levels) {
            let mut shares = [0.0f64; 256];
            other
                .iter()
                .for_each(|&level| shares[usize::from(level)] += 1.0 / n);
            let squares: f64 = shares.iter().map(|s| s * s).sum();
            for (out, &level) in out.iter_mut().zip(own) {
                *out += 1.0 - 2.0 * shares[usize::from(level)] + squares;
            }
        }
        out
    }
}
