//! The distribution of one column on its own.

use parable_core::FitError;
use parable_seed::Rng;
use parable_table::{Column, Field, Grid, Kind, Values};
use serde::{Deserialize, Serialize};

/// The distribution of one column on its own, missing reasons included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marginal {
    /// Running counts of rows by missing byte, from 0 ("there is a value") on.
    missing: Vec<f64>,
    values: Shape,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    /// Running counts by code.
    Levels(Vec<f64>),
    /// Values at the quantiles 0, 1/k, ..., 1.
    Quantiles(Vec<f64>),
}

/// Quantiles kept per numeric column: spikes from a tenth of a per cent on are reproduced, and the
/// file stays small.
const QUANTILES: usize = 1_000;

impl Marginal {
    pub(crate) fn of(field: &Field, column: &Column) -> Result<Self, FitError> {
        let mut missing = vec![0.0; field.missing_codes.len() + 2];
        (0..column.len()).for_each(|row| {
            missing[column.missing(row).map_or(0, |m| usize::from(m.to_byte()))] += 1.0
        });
        let values = match column.values() {
            Values::Codes(_) => {
                let mut counts =
                    vec![0.0; field.kind.levels().map_or(0, parable_table::Levels::len)];
                (0..column.len())
                    .filter_map(|row| column.code(row))
                    .for_each(|code| counts[code as usize] += 1.0);
                Shape::Levels(running(counts))
            }
            Values::Integer(_) | Values::Continuous(_) => {
                let mut numbers: Vec<f64> = (0..column.len())
                    .filter_map(|row| column.number(row))
                    .collect();
                numbers.sort_unstable_by(f64::total_cmp);
                Shape::Quantiles(quantiles(&numbers))
            }
            _ => {
                return Err(FitError::Unsupported {
                    method: crate::INDEPENDENT,
                    column: field.name.clone(),
                    kind: field.kind.name(),
                });
            }
        };
        Ok(Self {
            missing: running(missing),
            values,
        })
    }

    /// Whether this can be the distribution of a column of this field; asked of what was read from
    /// a file.
    pub(crate) fn fits(&self, field: &Field) -> bool {
        let ascending = |sums: &[f64]| sums.iter().all(|s| s.is_finite()) && sums.is_sorted();
        let missing =
            self.missing.len() == field.missing_codes.len() + 2 && ascending(&self.missing);
        let total = self.missing.last().copied().unwrap_or(0.0) > 0.0;
        let needs_values = self.missing.first().copied().unwrap_or(0.0) > 0.0;
        missing
            && total
            && match &self.values {
                Shape::Levels(sums) => {
                    field
                        .kind
                        .levels()
                        .is_some_and(|levels| levels.len() == sums.len())
                        && ascending(sums)
                        && (!needs_values || sums.last().is_some_and(|&sum| sum > 0.0))
                }
                Shape::Quantiles(points) => {
                    field.kind.is_numeric()
                        && ascending(points)
                        && (!needs_values || !points.is_empty())
                }
            }
    }

    /// Draws one cell per generator position; rows come one after the other.
    pub(crate) fn draw(&self, field: &Field, rows: usize, rng: &mut Rng) -> Column {
        let mut missing = Vec::with_capacity(rows);
        let mut points = Vec::with_capacity(rows);
        for _ in 0..rows {
            missing.push(rng.weighted(&self.missing).unwrap_or(1) as u8);
            points.push(rng.uniform());
        }
        let present = |row: usize| missing[row] == 0;
        let values = match &self.values {
            Shape::Levels(sums) => {
                let total = sums.last().copied().unwrap_or(0.0);
                let code = |row: usize| {
                    sums.partition_point(|&sum| sum <= points[row] * total)
                        .min(sums.len().max(1) - 1)
                };
                Values::Codes(
                    (0..rows)
                        .map(|row| if present(row) { code(row) as u32 } else { 0 })
                        .collect(),
                )
            }
            Shape::Quantiles(knots) => {
                let number = |row: usize| {
                    if present(row) {
                        between(knots, points[row])
                    } else {
                        0.0
                    }
                };
                match &field.kind {
                    Kind::Continuous { grid, .. } => {
                        let grid = grid.as_ref().map(|grid| grid.value);
                        let on_grid =
                            |value: f64| grid.map_or(value, |grid: Grid| grid.round(value));
                        Values::Continuous((0..rows).map(|row| on_grid(number(row))).collect())
                    }
                    _ => Values::Integer((0..rows).map(|row| number(row).round() as i64).collect()),
                }
            }
        };
        Column::with_missing(values, missing)
    }
}

fn running(mut counts: Vec<f64>) -> Vec<f64> {
    let mut sum = 0.0;
    for count in &mut counts {
        sum += *count;
        *count = sum;
    }
    counts
}

/// Means of neighbouring order statistics, so that no stored point is one person's value unless
/// neighbours share it.
fn quantiles(sorted: &[f64]) -> Vec<f64> {
    match sorted.len() {
        0 => Vec::new(),
        1 => sorted.to_vec(),
        rows => {
            let knots = QUANTILES.min(rows - 1);
            let at = |knot: usize| {
                let left = knot * (rows - 2) / knots;
                f64::midpoint(sorted[left], sorted[left + 1])
            };
            (0..=knots).map(at).collect()
        }
    }
}

/// The point at this share of the way through the knots, on the straight line between the two
/// nearest.
fn between(knots: &[f64], share: f64) -> f64 {
    let Some(last) = knots.len().checked_sub(1) else {
        return 0.0;
    };
    let position = share * last as f64;
    let left = (position as usize).min(last);
    let right = (left + 1).min(last);
    let weight = position - left as f64;
    // A spike is a run of equal knots: between two equal knots the value is exact.
    knots[left] * (1.0 - weight) + knots[right] * weight
}
