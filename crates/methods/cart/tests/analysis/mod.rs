//! A small analyst: what a trial team would compute on both tables.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::HashMap;

use parable_cart::{Cart, CartConfig, CartModel};
use parable_core::{FitContext, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Constraint, Role, Schema, Table, Values};

pub(crate) fn fit(table: &Table, config: &CartConfig) -> CartModel {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Cart::new(config.clone())
        .fit(table, &mut context)
        .expect("a fit")
}

/// The columns a cleaning recipe leaves to a method: no unit ids, no text, nothing constant, empty
/// or determined by other columns.
pub(crate) fn modelled(table: &Table) -> Table {
    let schema = table.schema();
    let hot: Vec<&str> = schema
        .constraints()
        .iter()
        .filter(|constraint| matches!(constraint, Constraint::OneHot { .. }))
        .flat_map(Constraint::columns)
        .collect();
    let kept: Vec<usize> = (0..schema.len())
        .filter(|&position| {
            let field = &schema.fields()[position];
            let column = table.column(position);
            !matches!(field.role, Role::UnitId | Role::Descriptor { .. })
                && !hot.contains(&field.name.as_str())
                && column.missing_count() < table.rows()
                && !matches!(column.values(), Values::Text(_))
                && field.kind.levels().is_none_or(|levels| levels.len() > 1)
        })
        .collect();
    let fields: Vec<_> = kept
        .iter()
        .map(|&position| schema.fields()[position].clone())
        .collect();
    let known = |name: &&str| fields.iter().any(|field| field.name == *name);
    let rules = schema
        .constraints()
        .iter()
        .filter(|rule| rule.columns().iter().all(known))
        .cloned()
        .collect();
    let columns = kept
        .iter()
        .map(|&position| table.column(position).clone())
        .collect();
    Table::new(
        Schema::with_constraints(fields.clone(), rules).expect("a schema"),
        columns,
    )
    .expect("a table")
}

pub(crate) fn value(column: &Column, row: usize) -> Option<f64> {
    column
        .number(row)
        .or_else(|| column.code(row).map(f64::from))
}

pub(crate) fn arms_of(table: &Table) -> Vec<f64> {
    let arm = table.named("treatment").expect("arms").1;
    let mut arms: Vec<f64> = (0..table.rows())
        .filter_map(|row| value(arm, row))
        .collect();
    arms.sort_by(f64::total_cmp);
    arms.dedup();
    arms
}

pub(crate) fn share_missing(table: &Table, name: &str, arm: f64) -> f64 {
    let (arms, column) = (
        table.named("treatment").expect("arms").1,
        table.named(name).expect("a column").1,
    );
    let rows: Vec<usize> = (0..table.rows())
        .filter(|&row| value(arms, row) == Some(arm))
        .collect();
    rows.iter().filter(|&&row| column.is_missing(row)).count() as f64 / rows.len() as f64
}

/// Effect of the arm on an outcome given the pre-test, by least squares on complete rows: estimate
/// and standard error, clustered by school or plain.
pub(crate) fn adjusted_effect(table: &Table, outcome: &str, pre: &str, robust: bool) -> (f64, f64) {
    let column = |name: &str| table.named(name).expect("a column").1;
    let (y, pre, arm, school) = (
        column(outcome),
        column(pre),
        column("treatment"),
        column("school_id"),
    );
    let rows: Vec<(f64, [f64; 3], u32)> = (0..table.rows())
        .filter_map(|row| {
            Some((
                value(y, row)?,
                [1.0, value(arm, row)?, value(pre, row)?],
                school.code(row)?,
            ))
        })
        .collect();
    let (mut a, mut b) = ([[0.0; 3]; 3], [0.0; 3]);
    for (y, x, _) in &rows {
        for i in 0..3 {
            b[i] += x[i] * y;
            for j in 0..3 {
                a[i][j] += x[i] * x[j];
            }
        }
    }
    let inverse = inverse(a);
    let beta: Vec<f64> = inverse
        .iter()
        .map(|line| line.iter().zip(b).map(|(i, b)| i * b).sum())
        .collect();
    let mut scores: HashMap<u32, [f64; 3]> = HashMap::new();
    let mut squares = 0.0;
    for (y, x, school) in &rows {
        let residual = y - x.iter().zip(&beta).map(|(x, beta)| x * beta).sum::<f64>();
        squares += residual * residual;
        let score = scores.entry(*school).or_default();
        for i in 0..3 {
            score[i] += x[i] * residual;
        }
    }
    let variance = if robust {
        let groups = scores.len() as f64;
        let product = |score: &[f64; 3]| {
            score
                .iter()
                .zip(inverse[1])
                .map(|(s, i)| s * i)
                .sum::<f64>()
                .powi(2)
        };
        scores.values().map(product).sum::<f64>() * groups / (groups - 1.0)
    } else {
        squares / (rows.len() as f64 - 3.0) * inverse[1][1]
    };
    (beta[1], variance.sqrt())
}

fn inverse(a: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let cofactor = |i: usize, j: usize| {
        let (p, q, r, s) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        a[p][r] * a[q][s] - a[p][s] * a[q][r]
    };
    let determinant: f64 = (0..3).map(|j| a[0][j] * cofactor(0, j)).sum();
    let mut inverse = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            inverse[j][i] = cofactor(i, j) / determinant;
        }
    }
    inverse
}

/// Overlap of two 95 % intervals, relative to their lengths.
pub(crate) fn overlap(a: (f64, f64), b: (f64, f64)) -> f64 {
    let interval =
        |(estimate, error): (f64, f64)| (estimate - 1.96 * error, estimate + 1.96 * error);
    let ((a_low, a_high), (b_low, b_high)) = (interval(a), interval(b));
    let common = a_high.min(b_high) - a_low.max(b_low);
    0.5 * (common / (a_high - a_low) + common / (b_high - b_low))
}

/// One-way analysis of variance by school.
pub(crate) fn intraclass_correlation(table: &Table, name: &str) -> f64 {
    let (school, column) = (
        table.named("school_id").expect("schools").1,
        table.named(name).expect("a column").1,
    );
    let mut groups: HashMap<u32, (f64, f64, f64)> = HashMap::new();
    for row in 0..table.rows() {
        if let (Some(school), Some(value)) = (school.code(row), value(column, row)) {
            let group = groups.entry(school).or_default();
            *group = (group.0 + 1.0, group.1 + value, group.2 + value * value);
        }
    }
    let count = groups.len() as f64;
    let (mut n, mut sum, mut between, mut within, mut squares) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (rows, total, square) in groups.values() {
        n += rows;
        sum += total;
        between += total * total / rows;
        within += square - total * total / rows;
        squares += rows * rows;
    }
    let (between, within) = (
        (between - sum * sum / n) / (count - 1.0),
        within / (n - count),
    );
    (between - within) / (between + ((n - squares / n) / (count - 1.0) - 1.0) * within)
}

/// One-way analysis of variance by school of the indicators of all levels of a column together.
pub(crate) fn nominal_correlation(table: &Table, name: &str) -> f64 {
    let position = table.schema().position(name).expect("a column");
    let (school, column) = (
        table.named("school_id").expect("schools").1,
        table.column(position),
    );
    let levels = table.levels(position).expect("levels").len();
    let mut groups: HashMap<u32, Vec<f64>> = HashMap::new();
    for row in 0..table.rows() {
        if let (Some(school), Some(code)) = (school.code(row), column.code(row)) {
            let held = groups.entry(school).or_insert_with(|| vec![0.0; levels]);
            held[code as usize] += 1.0;
        }
    }
    let count = groups.len() as f64;
    let mut all = vec![0.0; levels];
    let (mut n, mut between, mut squares) = (0.0, 0.0, 0.0);
    for held in groups.values() {
        let rows: f64 = held.iter().sum();
        n += rows;
        squares += rows * rows;
        between += held.iter().map(|c| c * c).sum::<f64>() / rows;
        all.iter_mut().zip(held).for_each(|(all, c)| *all += c);
    }
    let whole = all.iter().map(|c| c * c).sum::<f64>() / n;
    let (ms_between, ms_within) = (
        (between - whole) / (count - 1.0),
        (n - between) / (n - count),
    );
    let size = (n - squares / n) / (count - 1.0);
    (ms_between - ms_within) / (ms_between + (size - 1.0) * ms_within)
}

/// Correlation over schools of the means of two columns.
pub(crate) fn mean_correlation(table: &Table, first: &str, second: &str) -> f64 {
    let school = table.named("school_id").expect("schools").1;
    let means = |name: &str| {
        let column = table.named(name).expect("a column").1;
        let mut sums: HashMap<u32, (f64, f64)> = HashMap::new();
        for row in 0..table.rows() {
            if let (Some(school), Some(value)) = (school.code(row), value(column, row)) {
                let sum = sums.entry(school).or_default();
                *sum = (sum.0 + value, sum.1 + 1.0);
            }
        }
        sums
    };
    let (a, b) = (means(first), means(second));
    let pairs: Vec<(f64, f64)> = a
        .iter()
        .filter_map(|(school, a)| Some((a.0 / a.1, b.get(school).map(|b| b.0 / b.1)?)))
        .collect();
    let n = pairs.len() as f64;
    let (x, y) = pairs
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for p in &pairs {
        xx += (p.0 - x).powi(2);
        xy += (p.0 - x) * (p.1 - y);
        yy += (p.1 - y).powi(2);
    }
    xy / (xx * yy).sqrt()
}
