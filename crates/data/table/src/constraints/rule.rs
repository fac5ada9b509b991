//! A rule resolved against the columns of a table, and the rows that break it.

use super::ConstraintError;
use super::predicate::{Predicate, numeric, position};
use crate::distinct::{Distinct, majorities};
use crate::expression::Expression;
use crate::{Column, Constraint, Field, Kind, Schema, Values};

/// A rule with columns as positions and texts as codes or numbers.
#[derive(Clone, Debug)]
pub enum ResolvedRule {
    /// The value lies between these.
    Range {
        /// Position of the column.
        column: usize,
        /// Smallest allowed number on the grid of the column.
        min: f64,
        /// Largest allowed number on the grid of the column.
        max: f64,
    },
    /// The code is one of these.
    Levels {
        /// Position of the column.
        column: usize,
        /// The allowed codes.
        allowed: Vec<u32>,
    },
    /// Left is at most right.
    AtMost {
        /// Position of the smaller column.
        left: usize,
        /// Position of the larger column.
        right: usize,
    },
    /// Exactly one of the columns is 1.
    OneHot {
        /// Positions of the columns, each with its value that means 1.
        columns: Vec<(usize, OneValue)>,
    },
    /// Where the first holds, so does the second.
    When {
        /// If this holds ...
        condition: Predicate,
        /// ... then so does this.
        then: Predicate,
    },
    /// Not all at once.
    Never {
        /// The conditions that exclude each other.
        all: Vec<Predicate>,
    },
    /// The condition holds, where it lacks no value.
    Holds {
        /// The condition, bound to the columns.
        condition: Expression,
    },
    /// The columns on the left determine the columns on the right; rows whose first left cell is
    /// missing are free if asked for.
    Determines {
        /// Positions of the determining columns.
        by: Vec<usize>,
        /// Positions of the determined columns.
        columns: Vec<usize>,
        /// Whether rows whose first determining cell is missing are free.
        skip_missing: bool,
    },
}

/// The stored value of a two-valued column that means 1.
#[derive(Clone, Copy, Debug)]
pub enum OneValue {
    /// The number 1.
    Number,
    /// The code of a level such as "yes".
    Code(u32),
}

impl OneValue {
    /// Whether the cell is 1; `None` where it is missing.
    pub(super) fn is(self, column: &Column, row: usize) -> Option<bool> {
        match self {
            Self::Number => column.number(row).map(|value| value == 1.0),
            Self::Code(one) => column.code(row).map(|code| code == one),
        }
    }
}

impl ResolvedRule {
    /// Resolves the rule at this position of the schema's list.
    ///
    /// # Errors
    /// The rule does not fit the columns it names.
    pub fn new(
        constraint: &Constraint,
        schema: &Schema,
        rule: usize,
    ) -> Result<Self, ConstraintError> {
        let at = |column: &str| position(schema, column, rule);
        Ok(match constraint {
            Constraint::Range { column, min, max } => {
                let column = at(column)?;
                let field = &schema.fields()[column];
                numeric(field, rule)?;
                let (min, max) = on_grid(
                    field,
                    min.unwrap_or(f64::NEG_INFINITY),
                    max.unwrap_or(f64::INFINITY),
                );
                if min > max || min.is_nan() || max.is_nan() {
                    return Err(ConstraintError::Empty {
                        rule: rule + 1,
                        column: field.name.clone(),
                    });
                }
                Self::Range { column, min, max }
            }
            Constraint::Levels { column, levels } => {
                let column = at(column)?;
                let field = &schema.fields()[column];
                let known = field.kind.levels().ok_or(ConstraintError::WrongKind {
                    rule: rule + 1,
                    column: field.name.clone(),
                    expected: "categorical",
                    kind: field.kind.name(),
                })?;
                let allowed = levels.iter().filter_map(|text| known.code(text)).collect();
                Self::Levels { column, allowed }
            }
            Constraint::AtMost { left, right } => {
                let (left, right) = (at(left)?, at(right)?);
                for column in [left, right] {
                    let field = &schema.fields()[column];
                    if !matches!(field.kind, Kind::Ordinal { .. }) {
                        numeric(field, rule)?;
                    }
                }
                // Ranks can be compared when both columns have the same levels in the same order.
                let (a, b) = (&schema.fields()[left].kind, &schema.fields()[right].kind);
                if a.levels() != b.levels() {
                    return Err(ConstraintError::WrongKind {
                        rule: rule + 1,
                        column: schema.fields()[right].name.clone(),
                        expected: "comparable",
                        kind: b.name(),
                    });
                }
                Self::AtMost { left, right }
            }
            Constraint::OneHot { columns } => Self::OneHot {
                columns: columns
                    .iter()
                    .map(|name| {
                        let column = at(name)?;
                        let field = &schema.fields()[column];
                        let one = match &field.kind {
                            Kind::Integer { .. } | Kind::Continuous { .. } => {
                                Some(OneValue::Number)
                            }
                            _ => field.yes_code().map(OneValue::Code),
                        };
                        let one = one.ok_or(ConstraintError::WrongKind {
                            rule: rule + 1,
                            column: field.name.clone(),
                            expected: "0/1",
                            kind: field.kind.name(),
                        })?;
                        Ok((column, one))
                    })
                    .collect::<Result<_, _>>()?,
            },
            Constraint::When { condition, then } => Self::When {
                condition: Predicate::new(condition, schema, rule)?,
                then: Predicate::new(then, schema, rule)?,
            },
            Constraint::Never { all } => Self::Never {
                all: all
                    .iter()
                    .map(|condition| Predicate::new(condition, schema, rule))
                    .collect::<Result<_, _>>()?,
            },
            Constraint::Holds { condition } => Self::Holds {
                condition: Expression::condition(condition, schema).map_err(|error| {
                    ConstraintError::Expression {
                        rule: rule + 1,
                        error,
                    }
                })?,
            },
            Constraint::ClusterConstant { cluster, columns } => Self::Determines {
                by: vec![at(cluster)?],
                columns: columns
                    .iter()
                    .map(|name| at(name))
                    .collect::<Result<_, _>>()?,
                skip_missing: true,
            },
            Constraint::Determines { by, column } => Self::Determines {
                by: by.iter().map(|name| at(name)).collect::<Result<_, _>>()?,
                columns: vec![at(column)?],
                skip_missing: false,
            },
        })
    }

    /// The rows that break the rule, ascending.
    pub(super) fn broken(&self, columns: &[Column], rows: usize) -> Vec<usize> {
        let rows_where =
            |breaks: &dyn Fn(usize) -> bool| (0..rows).filter(|&r| breaks(r)).collect();
        match self {
            Self::Range { column, min, max } => rows_where(&|row| {
                columns[*column]
                    .number(row)
                    .is_some_and(|value| value < *min || value > *max)
            }),
            Self::Levels { column, allowed } => rows_where(&|row| {
                columns[*column]
                    .code(row)
                    .is_some_and(|code| !allowed.contains(&code))
            }),
            Self::AtMost { left, right } => rows_where(&|row| match (
                place(&columns[*left], row),
                place(&columns[*right], row),
            ) {
                (Some(left), Some(right)) => left > right,
                _ => false,
            }),
            Self::OneHot { columns: block } => rows_where(&|row| {
                let (mut ones, mut present) = (0, 0);
                for &(column, one) in block {
                    if let Some(is) = one.is(&columns[column], row) {
                        present += 1;
                        ones += usize::from(is);
                    }
                }
                ones > 1 || (present == block.len() && present > 0 && ones == 0)
            }),
            Self::When { condition, then } => {
                rows_where(&|row| condition.holds(columns, row) && !then.holds(columns, row))
            }
            Self::Never { all } => rows_where(&|row| {
                !all.is_empty() && all.iter().all(|condition| condition.holds(columns, row))
            }),
            Self::Holds { condition } => rows_where(&|row| {
                !condition.holds(&columns, row) && !condition.lacks(&columns, row)
            }),
            Self::Determines {
                by,
                columns: determined,
                skip_missing,
            } => {
                let mut broken = vec![false; rows];
                for target in targets(columns, by, determined, *skip_missing) {
                    for (row, broken) in broken.iter_mut().enumerate() {
                        *broken |= target.donor(row).is_some();
                    }
                }
                (0..rows).filter(|&row| broken[row]).collect()
            }
        }
    }
}

/// A determined column with the cell that most rows of each group hold.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) column: usize,
    groups: Vec<u32>,
    cells: Distinct,
    majority: Vec<u32>,
    free: Vec<bool>,
}

impl Target {
    /// A row whose cell this row should hold, `None` where it does already.
    pub(super) fn donor(&self, row: usize) -> Option<usize> {
        let wanted = self.majority[self.groups[row] as usize];
        (!self.free[row] && wanted != self.cells.codes[row])
            .then(|| self.cells.first_rows[wanted as usize])
    }
}

/// The cells that each determined column should hold: for each group of equal determining cells the
/// most frequent one.
pub(super) fn targets(
    columns: &[Column],
    by: &[usize],
    determined: &[usize],
    skip_missing: bool,
) -> Vec<Target> {
    let keys: Vec<Distinct> = by
        .iter()
        .map(|&column| Distinct::of(&columns[column]))
        .collect();
    let (groups, count) = Distinct::combinations(&keys.iter().collect::<Vec<_>>());
    let free: Vec<bool> = keys.first().map_or_else(Vec::new, |key| {
        let missing = |&code: &u32| skip_missing && key.is_missing(code);
        key.codes.iter().map(missing).collect()
    });
    determined
        .iter()
        .filter(|_| !keys.is_empty())
        .map(|&column| {
            let cells = Distinct::of(&columns[column]);
            let majority = majorities(&groups, count, &cells.codes);
            Target {
                column,
                groups: groups.clone(),
                cells,
                majority,
                free: free.clone(),
            }
        })
        .collect()
}

/// The position of a cell on its scale: its number, or the rank of its level.
pub(super) fn place(column: &Column, row: usize) -> Option<f64> {
    match &column.values {
        Values::Codes(_) => column.code(row).map(f64::from),
        _ => column.number(row),
    }
}

/// The smallest and the largest point of the column's grid between these numbers.
fn on_grid(field: &Field, min: f64, max: f64) -> (f64, f64) {
    match &field.kind {
        Kind::Continuous {
            grid: Some(grid), ..
        } => {
            let (grid, step) = (grid.value, grid.value.step());
            let (low, high) = (grid.round(min), grid.round(max));
            (
                if low < min {
                    grid.round(low + step)
                } else {
                    low
                },
                if high > max {
                    grid.round(high - step)
                } else {
                    high
                },
            )
        }
        Kind::Continuous { .. } => (min, max),
        _ => (min.ceil(), max.floor()),
    }
}
