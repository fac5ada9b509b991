//! How schools differ: likeness of nominal columns, and relations between columns over schools.

use std::collections::HashMap;

use parable_table::{Column, Kind, Role, Table};

use crate::analysis::value;
use crate::tally::Tally;

/// Levels of fewer rows are left out of relations between schools.
const LEAST_SHARE: f64 = 0.03;
/// Schools a relation is computed over, at least.
const LEAST_SCHOOLS: usize = 12;

fn schools(table: &Table) -> &Column {
    table.named("school_id").expect("schools").1
}

/// Whether the column does not vary within schools.
pub(crate) fn constant(table: &Table, position: usize) -> bool {
    let (school, column) = (schools(table), table.column(position));
    let mut known = HashMap::new();
    (0..table.rows()).all(|row| {
        let cell = (
            column.missing(row),
            column.code(row),
            column.number(row).map(f64::to_bits),
        );
        *known.entry(school.code(row)).or_insert(cell) == cell
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    School,
    Mean,
    Share,
}

/// A number for each school.
struct Trait {
    column: usize,
    sort: Sort,
    of_school: HashMap<u32, f64>,
}

fn traits(real: &Table, table: &Table) -> Vec<Trait> {
    let mut traits = Vec::new();
    for (position, field) in real.schema().fields().iter().enumerate() {
        if matches!(field.role, Role::ClusterId | Role::Treatment) {
            continue;
        }
        let column = table.column(position);
        let levels = field.kind.levels().map_or(0, parable_table::Levels::len);
        let own = constant(real, position);
        if matches!(field.kind, Kind::Nominal { .. }) && levels > 2 {
            for level in 0..levels as u32 {
                let held = real.column(position);
                let rows = (0..real.rows()).filter(|&row| held.code(row) == Some(level));
                let share = rows.count() as f64 / real.rows() as f64;
                if share >= LEAST_SHARE {
                    let read = |row| Some(f64::from(u8::from(column.code(row)? == level)));
                    let sort = if own { Sort::School } else { Sort::Share };
                    traits.push(means(table, position, sort, read));
                }
            }
        } else {
            let sort = if own { Sort::School } else { Sort::Mean };
            traits.push(means(table, position, sort, |row| value(column, row)));
        }
    }
    traits
}

fn means(table: &Table, column: usize, sort: Sort, read: impl Fn(usize) -> Option<f64>) -> Trait {
    let school = schools(table);
    let mut sums: HashMap<u32, (f64, f64)> = HashMap::new();
    for row in 0..table.rows() {
        if let (Some(school), Some(value)) = (school.code(row), read(row)) {
            let sum = sums.entry(school).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    }
    let of_school = sums.into_iter().map(|(s, (sum, n))| (s, sum / n)).collect();
    Trait {
        column,
        sort,
        of_school,
    }
}

fn correlation(a: &Trait, b: &Trait) -> Option<f64> {
    let mut pairs: Vec<(u32, f64, f64)> = a
        .of_school
        .iter()
        .filter_map(|(school, x)| Some((*school, *x, *b.of_school.get(school)?)))
        .collect();
    pairs.sort_by_key(|(school, ..)| *school);
    let n = pairs.len() as f64;
    let (x, y) = pairs
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.1 / n, y + p.2 / n));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for p in &pairs {
        xx += (p.1 - x).powi(2);
        xy += (p.1 - x) * (p.2 - y);
        yy += (p.2 - y).powi(2);
    }
    (pairs.len() >= LEAST_SCHOOLS && xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Correlations over schools: how far off on average (root mean square), and what of them is left
/// (the slope of made ones on real ones).
pub(crate) fn compare(real: &Table, made: &Table, tally: &mut Tally) {
    let (there, here) = (traits(real, real), traits(real, made));
    let mut sums: Vec<(&str, f64, f64, f64, f64)> = Vec::new();
    for a in 0..there.len() {
        for b in 0..a {
            if there[a].column == there[b].column {
                continue;
            }
            let (Some(r), Some(m)) = (
                correlation(&there[a], &there[b]),
                correlation(&here[a], &here[b]),
            ) else {
                continue;
            };
            let title = match (there[a].sort, there[b].sort) {
                (Sort::School, Sort::School) => "columns of schools",
                (Sort::School, _) | (_, Sort::School) => "columns of schools x means",
                (Sort::Share, _) | (_, Sort::Share) => "means x shares of levels",
                (Sort::Mean, Sort::Mean) => "means",
            };
            let place = sums.iter().position(|sum| sum.0 == title);
            let place = place.unwrap_or_else(|| {
                sums.push((title, 0.0, 0.0, 0.0, 0.0));
                sums.len() - 1
            });
            let sum = &mut sums[place];
            sum.1 += r * m;
            sum.2 += r * r;
            sum.3 += (r - m).powi(2);
            sum.4 += 1.0;
        }
    }
    for (title, product, square, off, count) in sums {
        tally.add(
            &format!("schools, {title}: r, root mean square, real"),
            (square / count).sqrt(),
        );
        tally.add(
            &format!("schools, {title}: r, off by (rms)"),
            (off / count).sqrt(),
        );
        tally.add(
            &format!("schools, {title}: r, kept (slope)"),
            product / square,
        );
    }
}
