//! Changing rows so that the rules hold.

use parable_seed::{Rng, Seed};
use serde::{Deserialize, Serialize};

use super::ConstraintError;
use super::predicate::{Predicate, Test};
use super::rule::{ResolvedRule, place, targets};
use crate::{Column, Field, Grid, Kind, Missing, Role, Schema, Table, Values};

/// Something that was changed to satisfy a rule, or that could not be restored as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Repair {
    /// The columns the rule is about.
    pub columns: Vec<String>,
    /// The rule or the reason, in words.
    pub rule: String,
    /// How many rows were changed.
    pub rows: usize,
}

impl Repair {
    /// A change of these columns by this rule, in so many rows.
    pub fn new(columns: Vec<String>, rule: impl Into<String>, rows: usize) -> Self {
        Self {
            columns,
            rule: rule.into(),
            rows,
        }
    }
}

/// Most passes over the rules: repairing one may break another, which the next pass repairs.
const PASSES: u64 = 5;

/// The table with cells changed so that its rules hold, and what was changed.
///
/// - range: the nearest point of the column's grid within the range
/// - levels: a draw from the allowed levels by their shares in this table
/// - at most: the two values change places when both columns have one type and neither is an arm or
///   an id; otherwise the left value is lowered to the right one
/// - one-hot: without a 1, a column drawn by the shares of ones; with several, one of them, drawn
///   the same way
/// - when: the second condition is made true by the cell of a random row in which both hold, or in
///   which the second holds
/// - never: the last condition is made false by the cell of a random row in which all others hold,
///   or of any row where it does not
/// - holds: the cells of its columns become those of a random row in which it holds
/// - cluster constant, determines: the cell that most rows of the group hold
///
/// Rows that break nothing are left alone. Passes are repeated until nothing is broken, at most
/// five times; rules that contradict each other can leave something, which
/// [`check`](super::check()) then still reports.
///
/// # Errors
/// A rule does not fit the columns it names (see [`ConstraintError`]).
pub fn repair(table: Table, seed: &Seed) -> Result<(Table, Vec<Repair>), ConstraintError> {
    let rows = table.rows();
    let schema = table.schema().clone();
    let rules: Vec<ResolvedRule> = schema
        .constraints()
        .iter()
        .enumerate()
        .map(|(index, constraint)| ResolvedRule::new(constraint, &schema, index))
        .collect::<Result<_, _>>()?;
    if rules.is_empty() {
        return Ok((table, Vec::new()));
    }
    let (_, mut columns) = table.into_parts();
    let mut changed = vec![0usize; rules.len()];
    let seed = seed.stream("constraints/repair");
    for pass in 0..PASSES {
        let mut any = false;
        for (index, rule) in rules.iter().enumerate() {
            let broken = rule.broken(&columns, rows);
            if broken.is_empty() {
                continue;
            }
            let mut rng = seed.index(index as u64).index(pass).rng();
            let fixed = mend(rule, &broken, &schema, &mut columns, &mut rng);
            any |= fixed > 0;
            changed[index] = changed[index].max(fixed);
        }
        if !any {
            break;
        }
    }
    let repairs = schema
        .constraints()
        .iter()
        .zip(changed)
        .filter(|&(_, rows)| rows > 0)
        .map(|(constraint, rows)| {
            let names = constraint
                .columns()
                .into_iter()
                .map(str::to_owned)
                .collect();
            Repair::new(names, constraint.to_string(), rows)
        })
        .collect();
    let table = Table::new(schema, columns).expect("repairs keep storage, codes and reasons");
    Ok((table, repairs))
}

/// Repairs the broken rows of one rule; how many were changed.
fn mend(
    rule: &ResolvedRule,
    broken: &[usize],
    schema: &Schema,
    columns: &mut [Column],
    rng: &mut Rng,
) -> usize {
    let rows = columns.first().map_or(0, Column::len);
    match rule {
        ResolvedRule::Range { column, min, max } => {
            for &row in broken {
                let value = columns[*column].number(row).expect("only values break it");
                columns[*column].set_number(row, value.clamp(*min, *max));
            }
            broken.len()
        }
        ResolvedRule::Levels { column, allowed } => {
            let donors: Vec<usize> = (0..rows)
                .filter(|&row| {
                    columns[*column]
                        .code(row)
                        .is_some_and(|c| allowed.contains(&c))
                })
                .collect();
            for &row in broken {
                if let Some(donor) = pick(&donors, rng) {
                    columns[*column].copy_cell(donor, row);
                } else if let Some(&code) = pick_ref(allowed, rng) {
                    columns[*column].set_code(row, code);
                } else {
                    columns[*column].set_missing(row, Missing::Absent);
                }
            }
            broken.len()
        }
        ResolvedRule::AtMost { left, right } => {
            let swap = may_swap(&schema.fields()[*left], &schema.fields()[*right]);
            for &row in broken {
                at_most([*left, *right], row, swap, &schema.fields()[*left], columns);
            }
            broken.len()
        }
        ResolvedRule::OneHot { columns: block } => {
            let shares: Vec<f64> = block
                .iter()
                .map(|&(column, one)| {
                    let ones = (0..rows).filter(|&r| one.is(&columns[column], r) == Some(true));
                    // Half a row more, so that a column without any 1 can still be drawn.
                    ones.count() as f64 + 0.5
                })
                .collect();
            for &row in broken {
                let is: Vec<Option<bool>> = block
                    .iter()
                    .map(|&(column, one)| one.is(&columns[column], row))
                    .collect();
                let several = is.contains(&Some(true));
                let weights = running(shares.iter().zip(&is).map(|(&share, &is)| {
                    let may = if several { is == Some(true) } else { true };
                    if may { share } else { 0.0 }
                }));
                let chosen = rng.weighted(&weights).expect("a broken row has candidates");
                for (index, &(column, one)) in block.iter().enumerate() {
                    if is[index].is_some() {
                        columns[column].set_flag(row, one, index == chosen);
                    }
                }
            }
            broken.len()
        }
        ResolvedRule::When { condition, then } => {
            let both: Vec<usize> = (0..rows)
                .filter(|&row| condition.holds(columns, row) && then.holds(columns, row))
                .collect();
            let donors = Donors::new(then, true, both, columns);
            let negation = Donors::new(condition, false, Vec::new(), columns);
            broken
                .iter()
                .filter(|&&row| {
                    donors.make(row, schema, columns, rng)
                        || negation.make(row, schema, columns, rng)
                })
                .count()
        }
        ResolvedRule::Never { all } => {
            let donors: Vec<Donors<'_>> = all
                .iter()
                .enumerate()
                .rev()
                .map(|(last, condition)| {
                    let near = (0..rows)
                        .filter(|&row| {
                            all.iter()
                                .enumerate()
                                .all(|(index, other)| other.holds(columns, row) == (index != last))
                        })
                        .collect();
                    Donors::new(condition, false, near, columns)
                })
                .collect();
            broken
                .iter()
                .filter(|&&row| {
                    donors
                        .iter()
                        .any(|donors| donors.make(row, schema, columns, rng))
                })
                .count()
        }
        ResolvedRule::Holds { condition } => {
            let donors: Vec<usize> = (0..rows)
                .filter(|&row| condition.holds(&&*columns, row))
                .collect();
            let mut repaired = 0;
            for &row in broken {
                if let Some(donor) = pick(&donors, rng) {
                    for &column in condition.columns() {
                        columns[column].copy_cell(donor, row);
                    }
                    repaired += 1;
                }
            }
            repaired
        }
        ResolvedRule::Determines {
            by,
            columns: determined,
            skip_missing,
        } => {
            for target in targets(columns, by, determined, *skip_missing) {
                // Donor rows hold the majority already, so that they are not changed themselves.
                for &row in broken {
                    if let Some(donor) = target.donor(row) {
                        columns[target.column].copy_cell(donor, row);
                    }
                }
            }
            broken.len()
        }
    }
}

/// Rows whose cell would make a condition true (or false).
struct Donors<'a> {
    condition: &'a Predicate,
    wanted: bool,
    rows: Vec<usize>,
}

impl<'a> Donors<'a> {
    /// The rows near to the rule if there are any, otherwise all in which the condition is as
    /// wanted.
    fn new(condition: &'a Predicate, wanted: bool, near: Vec<usize>, columns: &[Column]) -> Self {
        let rows = if near.is_empty() {
            (0..columns.first().map_or(0, Column::len))
                .filter(|&row| condition.holds(columns, row) == wanted)
                .collect()
        } else {
            near
        };
        Self {
            condition,
            wanted,
            rows,
        }
    }

    /// Makes the condition as wanted in this row; whether that was possible.
    fn make(&self, row: usize, schema: &Schema, columns: &mut [Column], rng: &mut Rng) -> bool {
        let (condition, wanted) = (self.condition, self.wanted);
        if let Some(donor) = pick(&self.rows, rng) {
            columns[condition.column].copy_cell(donor, row);
            // A donor may have been changed itself by a repair of this pass.
            if condition.holds(columns, row) == wanted {
                return true;
            }
        }
        let field = &schema.fields()[condition.column];
        make_up(
            field,
            &mut columns[condition.column],
            row,
            &condition.test,
            wanted,
        );
        condition.holds(columns, row) == wanted
    }
}

/// Writes a cell that satisfies the test (or does not, as wanted), when no row can serve as an
/// example.
fn make_up(field: &Field, column: &mut Column, row: usize, test: &Test, wanted: bool) {
    match (test, wanted) {
        (Test::Codes(codes), true) => {
            if let Some(&code) = codes.first() {
                column.set_code(row, code);
            }
        }
        (Test::Codes(codes), false) => {
            let levels = field.kind.levels().map_or(0, crate::Levels::len) as u32;
            match (0..levels).find(|code| !codes.contains(code)) {
                Some(code) => column.set_code(row, code),
                None => column.set_missing(row, Missing::Absent),
            }
        }
        (Test::Numbers(numbers), true) => {
            if let Some(&number) = numbers.first() {
                column.set_number(row, number);
            }
        }
        (Test::Below(value), true) | (Test::AtLeast(value), false) => {
            column.set_number(row, grid_below(field, *value));
        }
        (Test::AtLeast(value), true) | (Test::Below(value), false) => {
            column.set_number(row, grid_from(field, *value));
        }
        (Test::Missing, true) | (Test::Present, false) | (Test::Numbers(_), false) => {
            column.set_missing(row, Missing::Absent);
        }
        (Test::Missing, false) | (Test::Present, true) => match &field.kind {
            kind if kind.levels().is_some_and(crate::Levels::is_empty) => {}
            kind if kind.is_categorical() => column.set_code(row, 0),
            Kind::Text => column.set_present(row),
            _ => column.set_number(row, 0.0),
        },
    }
}

/// The largest point of the column's grid below a number.
fn grid_below(field: &Field, value: f64) -> f64 {
    match grid(field) {
        Some(grid) => {
            let near = grid.round(value);
            if near < value {
                near
            } else {
                grid.round(near - grid.step())
            }
        }
        None => value.next_down(),
    }
}

/// The smallest point of the column's grid that is at least a number.
fn grid_from(field: &Field, value: f64) -> f64 {
    match grid(field) {
        Some(grid) => {
            let near = grid.round(value);
            if near >= value {
                near
            } else {
                grid.round(near + grid.step())
            }
        }
        None => value,
    }
}

fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

/// Two values may change places when that leaves each in a column of its own type.
fn may_swap(left: &Field, right: &Field) -> bool {
    let free = |role: &Role| !matches!(role, Role::Treatment | Role::ClusterId | Role::UnitId);
    let grids = grid(left) == grid(right);
    left.kind.name() == right.kind.name() && grids && free(&left.role) && free(&right.role)
}

/// Makes the left value of a row at most the right one.
fn at_most(
    [left, right]: [usize; 2],
    row: usize,
    swap: bool,
    left_field: &Field,
    columns: &mut [Column],
) {
    let low = place(&columns[right], row).expect("only values break it");
    let high = place(&columns[left], row).expect("only values break it");
    if let Values::Codes(_) = columns[left].values {
        let lowered = low as u32;
        columns[left].set_code(row, lowered);
        if swap {
            columns[right].set_code(row, high as u32);
        }
    } else if swap {
        columns[left].set_number(row, low);
        columns[right].set_number(row, high);
    } else {
        let floor = grid_from(left_field, low);
        columns[left].set_number(
            row,
            if floor > low {
                grid_below(left_field, low)
            } else {
                floor
            },
        );
    }
}

fn pick(rows: &[usize], rng: &mut Rng) -> Option<usize> {
    pick_ref(rows, rng).copied()
}

fn pick_ref<'a, T>(items: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    (!items.is_empty()).then(|| &items[rng.below(items.len() as u64) as usize])
}

fn running(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

impl Column {
    fn set_flag(&mut self, row: usize, one: super::rule::OneValue, on: bool) {
        match one {
            super::rule::OneValue::Number => self.set_number(row, f64::from(u8::from(on))),
            super::rule::OneValue::Code(code) => {
                self.set_code(row, if on { code } else { 1 - code })
            }
        }
    }
}
