//! Columns as the numbers that models are fitted on.

use ndarray::Array2;
use parable_linalg::correlation;
use parable_table::{Column, Values};

/// A column with its missing values filled, as models see it.
#[derive(Clone, Debug)]
pub(super) enum Filled {
    /// Numbers in standard deviations from the mean, and how to get back.
    Numbers {
        values: Vec<f64>,
        mean: f64,
        sd: f64,
    },
    /// Codes below the number of classes.
    Codes { codes: Vec<u32>, classes: usize },
}

/// One number per row, made from a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feature {
    pub(super) column: usize,
    /// 1 where the code is this, 0 elsewhere; the number itself without one.
    pub(super) code: Option<u32>,
}

/// Most levels of a category that become features.
const MAX_LEVEL_FEATURES: usize = 12;

impl Filled {
    /// The column with missing values at the mean or the most frequent level; `None` for text and
    /// columns without any value.
    pub(super) fn start(column: &Column) -> Option<Self> {
        let rows = 0..column.len();
        match column.values() {
            Values::Text(_) => None,
            Values::Codes(codes) => {
                let classes = codes.iter().max().map_or(0, |&code| code as usize + 1);
                let mut counts = vec![0usize; classes];
                for code in rows.clone().filter_map(|row| column.code(row)) {
                    counts[code as usize] += 1;
                }
                let most = *counts.iter().max().filter(|&&count| count > 0)?;
                let mode = counts.iter().position(|&count| count == most)? as u32;
                let codes = rows.map(|row| column.code(row).unwrap_or(mode)).collect();
                Some(Self::Codes { codes, classes })
            }
            Values::Integer(_) | Values::Continuous(_) => {
                let present: Vec<f64> = rows.clone().filter_map(|row| column.number(row)).collect();
                if present.is_empty() {
                    return None;
                }
                let count = present.len() as f64;
                let mean = present.iter().map(|value| value / count).sum::<f64>();
                let variance = present
                    .iter()
                    .map(|v| (v - mean) * (v - mean) / count)
                    .sum::<f64>();
                let sd = if variance > 0.0 && variance.is_finite() {
                    variance.sqrt()
                } else {
                    1.0
                };
                let values = rows
                    .map(|row| column.number(row).map_or(0.0, |value| (value - mean) / sd))
                    .collect();
                Some(Self::Numbers { values, mean, sd })
            }
        }
    }

    /// The features of the column, a category's most frequent levels first; the rarest level is
    /// left to the intercept.
    fn features(&self, column: usize) -> Vec<Feature> {
        match self {
            Self::Numbers { .. } => vec![Feature { column, code: None }],
            Self::Codes { codes, classes } => {
                let mut counts = vec![(0usize, 0u32); *classes];
                for (code, slot) in counts.iter_mut().enumerate() {
                    slot.1 = code as u32;
                }
                for &code in codes {
                    counts[code as usize].0 += 1;
                }
                counts.retain(|&(count, _)| count > 0);
                counts.sort_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
                let kept = counts.len().saturating_sub(1).min(MAX_LEVEL_FEATURES);
                counts[..kept]
                    .iter()
                    .map(|&(_, code)| Feature {
                        column,
                        code: Some(code),
                    })
                    .collect()
            }
        }
    }

    /// The number of a feature of this column in a row.
    pub(super) fn value(&self, feature: Feature, row: usize) -> f64 {
        match (self, feature.code) {
            (Self::Numbers { values, .. }, _) => values[row],
            (Self::Codes { codes, .. }, Some(code)) => f64::from(u8::from(codes[row] == code)),
            (Self::Codes { .. }, None) => 0.0,
        }
    }

    /// The outputs a model of this column predicts in a row: the number, or 1 for the class and 0
    /// for the others.
    pub(super) fn outputs(&self) -> usize {
        match self {
            Self::Numbers { .. } => 1,
            Self::Codes { classes, .. } => *classes,
        }
    }

    /// One output in a row.
    pub(super) fn output(&self, output: usize, row: usize) -> f64 {
        match self {
            Self::Numbers { values, .. } => values[row],
            Self::Codes { codes, .. } => f64::from(u8::from(codes[row] as usize == output)),
        }
    }
}

/// The features of all columns but the target that are most correlated with it over these rows.
pub(super) fn choose(
    columns: &[Option<Filled>],
    target: usize,
    rows: &[usize],
    most: usize,
) -> Vec<Feature> {
    let Some(goal) = &columns[target] else {
        return Vec::new();
    };
    let mut scored: Vec<(f64, Feature)> = columns
        .iter()
        .enumerate()
        .filter(|&(column, _)| column != target)
        .filter_map(|(column, filled)| Some((filled.as_ref()?, column)))
        .flat_map(|(filled, column)| {
            filled
                .features(column)
                .into_iter()
                .map(move |feature| (filled, feature))
        })
        .map(|(filled, feature)| {
            let x: Vec<f64> = rows.iter().map(|&row| filled.value(feature, row)).collect();
            let strongest = (0..goal.outputs().min(MAX_LEVEL_FEATURES))
                .filter_map(|output| {
                    let y: Vec<f64> = rows.iter().map(|&row| goal.output(output, row)).collect();
                    correlation(&x, &y).map(f64::abs)
                })
                .fold(0.0, f64::max);
            (strongest, feature)
        })
        .filter(|&(strongest, _)| strongest > 0.0)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored
        .into_iter()
        .take(most)
        .map(|(_, feature)| feature)
        .collect()
}

/// Returns the features (columns) of these rows, for fitting and predicting.
pub(super) fn design(
    columns: &[Option<Filled>],
    features: &[Feature],
    rows: &[usize],
) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), features.len()), |(row, feature)| {
        let filled = columns[features[feature].column].as_ref();
        filled.map_or(0.0, |filled| filled.value(features[feature], rows[row]))
    })
}
