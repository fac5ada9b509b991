//! Rows as a few coordinates in which densities can be estimated.

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

/// The leading principal components of mixed data (factor analysis of mixed data, Pagès 2004): numbers in standard deviations, a missing one at the mean
/// with an indicator beside it, levels as indicators over the root of their share.
pub(super) struct Embedding<'a> {
    frame: &'a Frame,
    features: Vec<Feature>,
    /// One list of weights for each component.
    components: Vec<Vec<f64>>,
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
            components: Vec::new(),
        };
        let covariance = embedding.covariance(rows);
        embedding.components = leading(covariance, embedding.features.len(), dimensions);
        embedding
    }

    pub(super) fn dimensions(&self) -> usize {
        self.components.len()
    }

    /// The coordinates of these rows.
    pub(super) fn points(&self, from: From, rows: &[usize]) -> Points {
        let p = self.features.len();
        let coordinates: Vec<Vec<f64>> = rows
            .par_chunks(BLOCK)
            .map(|rows| {
                let mut row = vec![0.0; p];
                let mut points = Vec::with_capacity(rows.len() * self.components.len());
                for &at in rows {
                    self.write(from, at, &mut row);
                    points.extend(self.components.iter().map(|weights| dot(weights, &row)));
                }
                points
            })
            .collect();
        Points {
            axes: self.components.len(),
            coordinates: coordinates.concat(),
        }
    }

    fn write(&self, from: From, row: usize, out: &mut [f64]) {
        for (value, feature) in out.iter_mut().zip(&self.features) {
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
    fn covariance(&self, rows: &[(From, Vec<usize>)]) -> Vec<f64> {
        let p = self.features.len();
        let blocks: Vec<(From, &[usize])> = rows
            .iter()
            .flat_map(|(from, rows)| rows.chunks(BLOCK).map(move |chunk| (*from, chunk)))
            .collect();
        let parts: Vec<Vec<f64>> = blocks
            .par_iter()
            .map(|&(from, rows)| {
                let mut sums = vec![0.0; p * p];
                let mut row = vec![0.0; p];
                for &at in rows {
                    self.write(from, at, &mut row);
                    for i in 0..p {
                        let x = row[i];
                        for (sum, y) in sums[i * p..i * p + i + 1].iter_mut().zip(&row) {
                            *sum += x * y;
                        }
                    }
                }
                sums
            })
            .collect();
        let mut total = vec![0.0; p * p];
        for part in parts {
            total.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        for i in 0..p {
            for j in 0..i {
                total[j * p + i] = total[i * p + j];
            }
        }
        total
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    crate::data::inner_product::dot(a, b)
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

/// The eigenvectors of the largest eigenvalues of a symmetric matrix, by Jacobi rotations until nothing is left beside the diagonal.
fn leading(mut a: Vec<f64>, p: usize, wanted: usize) -> Vec<Vec<f64>> {
    let mut vectors = vec![0.0; p * p];
    for i in 0..p {
        vectors[i * p + i] = 1.0;
    }
    let scale: f64 = (0..p).map(|i| a[i * p + i].abs()).sum();
    for _ in 0..60 {
        let beside: f64 = (0..p)
            .map(|i| (0..i).map(|j| a[i * p + j].abs()).sum::<f64>())
            .sum();
        if beside <= 1e-12 * scale {
            break;
        }
        for i in 1..p {
            for j in 0..i {
                rotate(&mut a, &mut vectors, p, i, j);
            }
        }
    }
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by(|&i, &j| a[j * p + j].total_cmp(&a[i * p + i]).then(i.cmp(&j)));
    order
        .into_iter()
        .filter(|&i| a[i * p + i] > 1e-9 * scale)
        .take(wanted)
        .map(|i| vectors[i * p..(i + 1) * p].to_vec())
        .collect()
}

/// Turns the axes `i` and `j` so that their entry beside the diagonal becomes 0. Row `k` of `vectors` is the eigenvector of `a[k][k]`.
fn rotate(a: &mut [f64], vectors: &mut [f64], p: usize, i: usize, j: usize) {
    let off = a[i * p + j];
    if off == 0.0 {
        return;
    }
    let theta = (a[j * p + j] - a[i * p + i]) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..p {
        let (x, y) = (a[i * p + k], a[j * p + k]);
        a[i * p + k] = c * x - s * y;
        a[j * p + k] = s * x + c * y;
    }
    for k in 0..p {
        let (x, y) = (a[k * p + i], a[k * p + j]);
        a[k * p + i] = c * x - s * y;
        a[k * p + j] = s * x + c * y;
    }
    for k in 0..p {
        let (x, y) = (vectors[i * p + k], vectors[j * p + k]);
        vectors[i * p + k] = c * x - s * y;
        vectors[j * p + k] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::testing::{number, numbers, table, text};

    #[test]
    fn leading_vectors_are_eigenvectors_in_order() {
        let mut rng = Seed::from_u64(1).rng();
        let p = 12;
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|_| (0..p).map(|i| rng.normal() * (1 + i) as f64).collect())
            .collect();
        let mut a = vec![0.0; p * p];
        for row in &rows {
            for i in 0..p {
                for j in 0..p {
                    a[i * p + j] += row[i] * row[j];
                }
            }
        }
        let found = leading(a.clone(), p, 3);
        let mut before = f64::INFINITY;
        for vector in &found {
            let image: Vec<f64> = (0..p)
                .map(|i| dot(&a[i * p..(i + 1) * p], vector))
                .collect();
            let value = dot(&image, vector);
            assert!(value <= before + 1e-9);
            before = value;
            for (x, y) in image.iter().zip(vector) {
                assert!((x - value * y).abs() < 1e-8 * value, "{x} {}", value * y);
            }
            assert!((dot(vector, vector) - 1.0).abs() < 1e-12);
        }
    }

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
