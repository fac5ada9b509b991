//! Measures of how well a table is kept and whom it gives away.

use std::collections::{HashMap, HashSet};

use parable_table::{Column, Table};

/// A column of both tables in common groups: levels, or fifths of the pooled numbers, missing
/// values apart.
pub(crate) struct Grouped {
    pub(crate) real: Vec<usize>,
    pub(crate) made: Vec<usize>,
    pub(crate) groups: usize,
}

pub(crate) fn grouped(real: &Column, made: &Column) -> Grouped {
    let cuts = cuts(real, made);
    let of = |column: &Column| -> Vec<usize> {
        (0..column.len())
            .map(|row| match (column.code(row), column.number(row)) {
                (Some(code), _) => code as usize + 1,
                (_, Some(number)) => cuts.partition_point(|&cut| cut <= number) + 1,
                _ => 0,
            })
            .collect()
    };
    let (real, made) = (of(real), of(made));
    let groups = real.iter().chain(&made).max().map_or(1, |&last| last + 1);
    Grouped { real, made, groups }
}

fn cuts(real: &Column, made: &Column) -> Vec<f64> {
    let numbers = |column: &Column| -> Vec<f64> {
        (0..column.len())
            .filter_map(|row| column.number(row))
            .collect()
    };
    let mut pooled = [numbers(real), numbers(made)].concat();
    pooled.sort_unstable_by(f64::total_cmp);
    let Some(last) = pooled.len().checked_sub(1) else {
        return Vec::new();
    };
    let quantile = |fifth: usize| {
        let place = last as f64 * fifth as f64 / 5.0;
        let below = place as usize;
        pooled[below] + (place - below as f64) * (pooled[(below + 1).min(last)] - pooled[below])
    };
    let mut breaks: Vec<f64> = (0..=5).map(quantile).collect();
    breaks.dedup();
    if breaks.len() < 4 {
        breaks = (0..=5)
            .map(|fifth| pooled[0] + (pooled[last] - pooled[0]) * f64::from(fifth) / 5.0)
            .collect();
    }
    breaks[1..breaks.len() - 1].to_vec()
}

/// Voas-Williamson statistic over its degrees of freedom (`S_pMSE`): 1 is what independent draws
/// from the truth give.
pub(crate) fn spmse(
    real: impl Iterator<Item = usize>,
    made: impl Iterator<Item = usize>,
    cells: usize,
) -> Option<f64> {
    let (mut there, mut here) = (vec![0.0; cells], vec![0.0; cells]);
    real.for_each(|cell| there[cell] += 1.0);
    made.for_each(|cell| here[cell] += 1.0);
    let rows = |counts: &[f64]| counts.iter().sum::<f64>();
    let share = rows(&here) / (rows(&here) + rows(&there));
    let held = there.iter().zip(&here).filter(|(t, h)| **t + **h > 0.0);
    let (sum, count) = held.fold((0.0, 0.0), |(sum, count), (t, h)| {
        let off = h - t * share / (1.0 - share);
        (sum + off * off / ((t + h) * share), count + 1.0)
    });
    (count > 1.0).then(|| sum / (count - 1.0))
}

fn cell(table: &Table, column: usize, row: usize) -> u64 {
    let column = table.column(column);
    match (column.code(row), column.number(row)) {
        (Some(code), _) => u64::from(code),
        (_, Some(number)) => number.to_bits(),
        _ => u64::MAX,
    }
}

fn cells(table: &Table, columns: &[usize], row: usize) -> Vec<u64> {
    columns
        .iter()
        .map(|&column| cell(table, column, row))
        .collect()
}

/// Share of synthetic rows that equal some real row in every column.
pub(crate) fn copies(real: &Table, made: &Table) -> f64 {
    let all: Vec<usize> = (0..real.schema().len()).collect();
    let known: HashSet<Vec<u64>> = (0..real.rows()).map(|row| cells(real, &all, row)).collect();
    let found = (0..made.rows()).filter(|&row| known.contains(&cells(made, &all, row)));
    found.count() as f64 / made.rows() as f64
}

/// Share of real rows whose keys stand in the synthetic table with one target only, and that one
/// theirs (DiSCO).
pub(crate) fn disco(real: &Table, made: &Table, keys: &[&str], target: &str) -> Option<f64> {
    let keys = keys
        .iter()
        .map(|key| real.schema().position(key))
        .collect::<Option<Vec<_>>>()?;
    let target = real.schema().position(target)?;
    let mut known: HashMap<Vec<u64>, Option<u64>> = HashMap::new();
    for row in 0..made.rows() {
        let own = cell(made, target, row);
        let entry = known.entry(cells(made, &keys, row)).or_insert(Some(own));
        *entry = entry.filter(|&only| only == own);
    }
    let right = (0..real.rows()).filter(|&row| {
        known.get(&cells(real, &keys, row)).copied().flatten() == Some(cell(real, target, row))
    });
    Some(right.count() as f64 / real.rows() as f64)
}
