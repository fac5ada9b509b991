//! Rows as a few coordinates in which densities can be estimated.

use ndarray::{Array2, ShapeBuilder};
use parable_learn::Pca;
use parable_linalg::{dot, gram};
use rayon::prelude::*;

use crate::data::frame::{Data, Frame};
use crate::data::neighbours::Points;

/// Levels rarer than this share of the rows the axes are made from get no axis of their own.
const LEAST_SHARE: f64 = 0.01;
/// Rows that are added up together.
const BLOCK: usize = 4096;

/// Which rows of which table.
#[derive(Clone, Copy)]
pub(super) enum From {
    Real,
    Synthetic,
    Holdout,
}

/// The leading principal components of mixed data (factor analysis of mixed data, Pagès 2004):
/// numbers in standard deviations, a missing one at the mean with an indicator beside it, levels as
/// indicators over the root of their share.
pub(super) struct Embedding<'a> {
    frame: &'a Frame,
    features: Vec<Feature>,
    /// The weights of the features, a row for each component.
    components: Array2<f64>,
}

#[derive(Clone, Copy)]
enum Feature {
    Number {
        column: usize,
        mean: f64,
        scale: f64,
    },
    Missing {
        column: usize,
        mean: f64,
        scale: f64,
    },
    Level {
        column: usize,
        code: u32,
        mean: f64,
        scale: f64,
    },
}

impl<'a> Embedding<'a> {
    /// Axes made from these rows, at most `dimensions` of them.
    pub(super) fn of(frame: &'a Frame, rows: &[(From, Vec<usize>)], dimensions: usize) -> Self {
        let mut embedding = Self {
            frame,
            features: features(frame, rows),
            components: Array2::zeros((0, 0)),
        };
        let products = embedding.products(rows);
        embedding.components = match Pca::of_covariance(products.view(), dimensions) {
            Ok(found) => found.components.t().as_standard_layout().into_owned(),
            // Numbers whose squares overflow have no axes.
            Err(_) => Array2::zeros((0, embedding.features.len())),
        };
        embedding
    }

    pub(super) fn dimensions(&self) -> usize {
        self.components.nrows()
    }

    /// The coordinates of these rows.
    pub(super) fn points(&self, from: From, rows: &[usize]) -> Points {
        let p = self.features.len();
        let weights = self.components.as_slice().unwrap_or_default();
        let coordinates: Vec<f64> = rows
            .par_chunks(BLOCK)
            .flat_map_iter(|rows| {
                let mut row = vec![0.0; p];
                let mut points = Vec::with_capacity(rows.len() * self.dimensions());
                for &at in rows {
                    self.write(from, at, row.iter_mut());
                    points.extend(weights.chunks(p.max(1)).map(|weights| dot(weights, &row)));
                }
                points
            })
            .collect();
        Points {
            axes: self.components.nrows(),
            coordinates,
        }
    }

    fn write<'v>(&self, from: From, row: usize, out: impl Iterator<Item = &'v mut f64>) {
        for (value, feature) in out.zip(&self.features) {
            *value = match *feature {
                Feature::Number {
                    column,
                    mean,
                    scale,
                } => {
                    let x = number(self.frame, column, from, row);
                    if x.is_nan() { 0.0 } else { (x - mean) * scale }
                }
                Feature::Missing {
                    column,
                    mean,
                    scale,
                } => {
                    let missing = number(self.frame, column, from, row).is_nan();
                    (f64::from(u8::from(missing)) - mean) * scale
                }
                Feature::Level {
                    column,
                    code,
                    mean,
                    scale,
                } => {
                    let here = level(self.frame, column, from, row) == code;
                    (f64::from(u8::from(here)) - mean) * scale
                }
            };
        }
    }

    /// Sums of products of the features, block after block in order.
    fn products(&self, rows: &[(From, Vec<usize>)]) -> Array2<f64> {
        let p = self.features.len();
        let blocks: Vec<(From, &[usize])> = rows
            .iter()
            .flat_map(|(from, rows)| rows.chunks(BLOCK).map(move |chunk| (*from, chunk)))
            .collect();
        let parts: Vec<Array2<f64>> = blocks
            .par_iter()
            .map(|&(from, rows)| {
                // Column-major: products of columns are what is added up.
                let mut values = Array2::<f64>::zeros((rows.len(), p).f());
                for (row, &at) in values.rows_mut().into_iter().zip(rows) {
                    self.write(from, at, row.into_iter());
                }
                gram(values.view(), &vec![1.0; rows.len()])
            })
            .collect();
        let mut total = Array2::zeros((p, p));
        for part in &parts {
            total += part;
        }
        total
    }
}

fn number(frame: &Frame, column: usize, from: From, row: usize) -> f64 {
    match &frame.columns[column].data {
        Data::Numbers(numbers) => match from {
            From::Real => numbers.real[row],
            From::Synthetic => numbers.synthetic[row],
            From::Holdout => numbers
                .holdout
                .as_ref()
                .map_or(f64::NAN, |values| values[row]),
        },
        Data::Codes { .. } => f64::NAN,
    }
}

fn level(frame: &Frame, column: usize, from: From, row: usize) -> u32 {
    match &frame.columns[column].data {
        Data::Codes { codes, .. } => match from {
            From::Real => codes.real[row],
            From::Synthetic => codes.synthetic[row],
            From::Holdout => codes.holdout.as_ref().map_or(0, |codes| codes[row]),
        },
        Data::Numbers(_) => 0,
    }
}

fn features(frame: &Frame, rows: &[(From, Vec<usize>)]) -> Vec<Feature> {
    let n: usize = rows.iter().map(|(_, rows)| rows.len()).sum();
    let each = || {
        rows.iter()
            .flat_map(|(from, rows)| rows.iter().map(move |&row| (*from, row)))
    };
    let mut features = Vec::new();
    let usable = frame
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !column.renamed);
    for (column, data) in usable {
        match &data.data {
            Data::Numbers(_) => {
                let values = || each().map(|(from, row)| number(frame, column, from, row));
                let known = values().filter(|x| !x.is_nan()).count();
                let mean = values().filter(|x| !x.is_nan()).sum::<f64>() / known.max(1) as f64;
                let squares: f64 = values()
                    .filter(|x| !x.is_nan())
                    .map(|x| (x - mean) * (x - mean))
                    .sum();
                let sd = (squares / known.max(1) as f64).sqrt();
                if sd > 0.0 && sd.is_finite() {
                    features.push(Feature::Number {
                        column,
                        mean,
                        scale: 1.0 / sd,
                    });
                }
                let missing = (n - known) as f64 / n.max(1) as f64;
                if (LEAST_SHARE..1.0).contains(&missing) {
                    let scale = 1.0 / missing.sqrt();
                    features.push(Feature::Missing {
                        column,
                        mean: missing,
                        scale,
                    });
                }
            }
            Data::Codes { labels, .. } => {
                let mut counts = vec![0usize; labels.len() + 1];
                each()
                    .for_each(|(from, row)| counts[level(frame, column, from, row) as usize] += 1);
                for (code, &count) in counts.iter().enumerate() {
                    let share = count as f64 / n.max(1) as f64;
                    if (LEAST_SHARE..1.0).contains(&share) {
                        features.push(Feature::Level {
                            column,
                            code: code as u32,
                            mean: share,
                            scale: 1.0 / share.sqrt(),
                        });
                    }
                }
            }
        }
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, numbers, table, text};

    #[test]
    fn the_first_component_of_two_columns_that_agree_is_their_sum() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 * x + 1.0).collect();
        let real = table(vec![numbers("x", &x), numbers("y", &y)]);
        let frame = Frame::new(&real, &real, None);
        let rows = [(From::Synthetic, (0..50).collect::<Vec<usize>>())];
        let embedding = Embedding::of(&frame, &rows, 5);
        assert_eq!(embedding.dimensions(), 1);
        let points = embedding.points(From::Real, &[0, 49]);
        assert!((points.coordinates[0] + points.coordinates[1]).abs() < 1e-9);
        assert!(points.coordinates[0].abs() > 1.0);
    }

    #[test]
    fn constant_and_missing_columns_make_no_axis_out_of_nothing() {
        let real = table(vec![
            number("x", &[None, None, None]),
            text("y", &[Some("a"), Some("a"), Some("a")]),
        ]);
        let frame = Frame::new(&real, &real, None);
        let rows = [(From::Real, vec![0usize, 1, 2])];
        let embedding = Embedding::of(&frame, &rows, 5);
        assert_eq!(embedding.dimensions(), 0);
        assert_eq!(embedding.points(From::Real, &[1]).coordinates.len(), 0);
    }
}
