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
    of_pairs(table, |a, b, joint| {
        let most = a.entropy.max(b.entropy);
        match most > 0.0 {
            true => (a.entropy + b.entropy - joint) / most,
            false => 0.0,
        }
    })
}

/// Mutual information of each pair in nats, missing values a value of their own, less its
/// expectation for unrelated columns, `(r - 1)(c - 1) / 2n` (Miller 1955).
pub(crate) fn shared_information(table: &Table) -> Array2<f64> {
    of_pairs(table, |a, b, joint| {
        let chance = (a.met.max(1) - 1) * (b.met.max(1) - 1);
        a.entropy + b.entropy - joint - chance as f64 / (2.0 * a.codes.len().max(1) as f64)
    })
}

/// A column in groups.
struct Grouped {
    codes: Vec<u8>,
    groups: usize,
    /// Groups that occur.
    met: usize,
    entropy: f64,
}

impl Grouped {
    fn new((codes, groups): (Vec<usize>, usize)) -> Self {
        let mut counts = vec![0u32; groups];
        codes.iter().for_each(|&code| counts[code] += 1);
        Self {
            entropy: entropy(&counts, codes.len()),
            met: counts.iter().filter(|&&count| count > 0).count(),
            // There are at most `MAX_LEVELS` groups.
            codes: codes.into_iter().map(|code| code as u8).collect(),
            groups,
        }
    }
}

/// A symmetric matrix of a measure of two columns and their joint entropy; 0 on its diagonal.
fn of_pairs(table: &Table, measure: impl Fn(&Grouped, &Grouped, f64) -> f64 + Sync) -> Array2<f64> {
    let step = table.rows().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..table.rows()).step_by(step).collect();
    let fields = table.schema().fields();
    let columns: Vec<Grouped> = fields
        .par_iter()
        .zip(table.columns())
        .map(|(field, column)| Grouped::new(groups(field, column, column, &rows)))
        .collect();
    // The pairs below the diagonal, row by row.
    let pairs: Vec<f64> = (0..columns.len())
        .into_par_iter()
        .flat_map_iter(|at| {
            let a = &columns[at];
            let mut counts: Vec<u32> = Vec::new();
            let with = |b: &Grouped| {
                counts.clear();
                counts.resize(a.groups * b.groups, 0);
                for (&x, &y) in a.codes.iter().zip(&b.codes) {
                    counts[usize::from(x) * b.groups + usize::from(y)] += 1;
                }
                measure(a, b, entropy(&counts, rows.len()))
            };
            columns[..at].iter().map(with).collect::<Vec<f64>>()
        })
        .collect();
    let pair = |a: usize, b: usize| pairs[a * (a - 1) / 2 + b];
    Array2::from_shape_fn((columns.len(), columns.len()), |(a, b)| match a.cmp(&b) {
        Ordering::Greater => pair(a, b),
        Ordering::Less => pair(b, a),
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

/// The entropy of groups of these sizes, in nats.
fn entropy(counts: &[u32], all: usize) -> f64 {
    let all = all as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count))
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
        assert!((shared[[0, 1]] - (4f64.ln() - chance)).abs() < 1e-6);
        assert!((shared[[2, 0]] + chance).abs() < 1e-6);
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
