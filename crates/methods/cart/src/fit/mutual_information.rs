//! Association of pairs of columns: mutual information, and misfit of two-way tables.

use std::cmp::Ordering;

use ndarray::Array2;
use parable_table::{Column, Field, Table};
use rayon::prelude::*;

use crate::values::binning::{binning_of, encode};

/// Bins of numbers, and most levels that are told apart; further ones share their cells.
const GROUPS: usize = 8;
const MAX_LEVELS: usize = 64;
/// Rows that relations are read from.
const ROWS: usize = 5_000;

/// Mutual information of each pair over the larger of both entropies: 0 for unrelated columns, 1
/// where one determines the other.
pub(crate) fn association(table: &Table) -> Array2<f64> {
    let step = table.rows().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..table.rows()).step_by(step).collect();
    let fields = table.schema().fields();
    let coded: Vec<(Vec<usize>, usize)> = fields
        .iter()
        .zip(table.columns())
        .map(|(field, column)| groups(field, column, column, &rows))
        .collect();
    let entropies: Vec<f64> = coded
        .iter()
        .map(|(codes, count)| entropy(codes.iter().copied(), *count))
        .collect();
    let mut related = Array2::zeros((fields.len(), fields.len()));
    for a in 0..fields.len() {
        for b in 0..a {
            let ((of_a, in_a), (of_b, in_b)) = (&coded[a], &coded[b]);
            let joint = entropy(
                of_a.iter().zip(of_b).map(|(x, y)| x * in_b + y),
                in_a * in_b,
            );
            let most = entropies[a].max(entropies[b]);
            let shared = if most > 0.0 {
                (entropies[a] + entropies[b] - joint) / most
            } else {
                0.0
            };
            related[[a, b]] = shared;
            related[[b, a]] = shared;
        }
    }
    related
}

/// Returns the mutual information of each pair of columns in nats, missing values a value of their
/// own, less its expectation for unrelated columns, `(r - 1)(c - 1) / 2n` (Miller 1955).
pub(crate) fn shared_information(table: &Table) -> Array2<f32> {
    let step = table.rows().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..table.rows()).step_by(step).collect();
    let fields = table.schema().fields();
    let coded: Vec<(Vec<u8>, usize)> = fields
        .par_iter()
        .zip(table.columns())
        .map(|(field, column)| {
            let (codes, count) = groups(field, column, column, &rows);
            (codes.into_iter().map(|code| code as u8).collect(), count)
        })
        .collect();
    let n = rows.len() as f64;
    let log_of: Vec<f64> = (0..=rows.len())
        .map(|count| count as f64 * (count.max(1) as f64).ln())
        .collect();
    let sum = |counts: &[u32]| -> f64 { counts.iter().map(|&count| log_of[count as usize]).sum() };
    let own: Vec<(f64, usize)> = coded
        .iter()
        .map(|(codes, count)| {
            let mut counts = vec![0u32; *count];
            codes
                .iter()
                .for_each(|&code| counts[usize::from(code)] += 1);
            let met = counts.iter().filter(|&&count| count > 0).count();
            (sum(&counts), met)
        })
        .collect();
    let triangle: Vec<Vec<f32>> = (0..fields.len())
        .into_par_iter()
        .map(|a| {
            let (of_a, in_a) = &coded[a];
            let mut counts = Vec::new();
            let information = |b: usize| {
                let (of_b, in_b) = &coded[b];
                counts.clear();
                counts.resize(in_a * in_b, 0u32);
                for (&x, &y) in of_a.iter().zip(of_b) {
                    counts[usize::from(x) * in_b + usize::from(y)] += 1;
                }
                let ((sum_a, met_a), (sum_b, met_b)) = (own[a], own[b]);
                let information = (sum(&counts) - sum_a - sum_b + log_of[rows.len()]) / n.max(1.0);
                let chance = (met_a.max(1) - 1) * (met_b.max(1) - 1);
                (information - chance as f64 / (2.0 * n.max(1.0))) as f32
            };
            (0..a).map(information).collect()
        })
        .collect();
    Array2::from_shape_fn((fields.len(), fields.len()), |(a, b)| match a.cmp(&b) {
        Ordering::Greater => triangle[a][b],
        Ordering::Less => triangle[b][a],
        Ordering::Equal => 0.0,
    })
}

/// Mean over pairs of columns of the chi-squared distance of their tables in real and synthetic
/// rows, per degree of freedom.
pub(crate) fn misfit(real: &[Column], made: &[Column], fields: &[Field]) -> f64 {
    let coded: Vec<[(Vec<usize>, usize); 2]> = fields
        .iter()
        .zip(real.iter().zip(made))
        .map(|(field, (real, made))| {
            let all = |column: &Column| (0..column.len()).collect::<Vec<_>>();
            [
                groups(field, real, real, &all(real)),
                groups(field, real, made, &all(made)),
            ]
        })
        .collect();
    let (mut sum, mut pairs) = (0.0, 0.0f64);
    for a in 0..fields.len() {
        for b in 0..a {
            let cells = coded[a][0].1 * coded[b][0].1;
            let mut counts = vec![(0.0, 0.0); cells];
            let width = coded[b][0].1;
            coded[a][0]
                .0
                .iter()
                .zip(&coded[b][0].0)
                .for_each(|(x, y)| counts[x * width + y].0 += 1.0);
            coded[a][1]
                .0
                .iter()
                .zip(&coded[b][1].0)
                .for_each(|(x, y)| counts[x * width + y].1 += 1.0);
            let held = counts.iter().filter(|(r, m)| r + m > 0.0);
            let (distance, cells) = held.fold((0.0, 0.0), |(d, n), (r, m)| {
                (d + (r - m) * (r - m) / (r + m), n + 1.0)
            });
            if cells > 1.0 {
                sum += distance / (cells - 1.0);
                pairs += 1.0;
            }
        }
    }
    sum / pairs.max(1.0)
}

fn groups(field: &Field, scale: &Column, column: &Column, rows: &[usize]) -> (Vec<usize>, usize) {
    let Some(binning) = binning_of(field, scale, GROUPS, 1) else {
        return (vec![0; rows.len()], 1);
    };
    let count = binning.bins().min(MAX_LEVELS);
    let bins = encode(&binning, column);
    (
        rows.iter()
            .map(|&row| usize::from(bins[row]) % count)
            .collect(),
        count,
    )
}

fn entropy(codes: impl Iterator<Item = usize>, count: usize) -> f64 {
    let mut held = vec![0.0f64; count];
    let mut all = 0.0;
    for code in codes {
        held[code] += 1.0;
        all += 1.0;
    }
    held.iter()
        .filter(|&&n| n > 0.0)
        .map(|n| -n / all * (n / all).ln())
        .sum()
}

#[cfg(test)]
mod tests {
    use parable_table::{Kind, Known, Levels, Schema, Values};

    use super::*;

    fn table(columns: [Vec<u32>; 3]) -> Table {
        let levels = || Known::declared(Levels::new(["a", "b", "c", "d"]).expect("distinct"));
        let fields = ["x", "y", "z"].map(|name| Field::new(name, Kind::nominal(levels())));
        let columns = columns.map(|codes| Column::complete(Values::Codes(codes)));
        Table::new(
            Schema::new(fields.into()).expect("names differ"),
            columns.into(),
        )
        .expect("fits")
    }

    #[test]
    fn relations_are_between_none_and_full() {
        let x: Vec<u32> = (0..400).map(|row| row % 4).collect();
        let y: Vec<u32> = x.iter().map(|x| 3 - x).collect();
        let z: Vec<u32> = (0..400).map(|row| row / 4 % 4).collect();
        let related = association(&table([x, y, z]));
        assert!((related[[0, 1]] - 1.0).abs() < 1e-12 && related[[0, 2]].abs() < 1e-12);
    }

    #[test]
    fn shared_information_is_that_of_the_formula_and_about_none_by_chance() {
        let x: Vec<u32> = (0..400).map(|row| row % 4).collect();
        let y: Vec<u32> = x.iter().map(|x| 3 - x).collect();
        let z: Vec<u32> = (0..400).map(|row| row / 4 % 4).collect();
        let shared = shared_information(&table([x, y, z]));
        let chance = 9.0 / 800.0;
        assert!((f64::from(shared[[0, 1]]) - (4f64.ln() - chance)).abs() < 1e-6);
        assert!((f64::from(shared[[2, 0]]) + chance).abs() < 1e-6);
        assert_eq!(shared[[1, 2]], shared[[2, 1]]);
    }

    #[test]
    fn a_lost_relation_is_a_misfit() {
        let x: Vec<u32> = (0..400).map(|row| row % 4).collect();
        let z: Vec<u32> = (0..400).map(|row| row / 4 % 4).collect();
        let real = table([x.clone(), x.clone(), z.clone()]);
        let lost = table([x.clone(), z.clone(), x]);
        let fields = real.schema().fields();
        assert_eq!(misfit(real.columns(), real.columns(), fields), 0.0);
        assert!(misfit(real.columns(), lost.columns(), fields) > 20.0);
    }
}
