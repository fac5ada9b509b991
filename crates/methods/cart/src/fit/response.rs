//! Responses of trees: rows, a response, and the codes that leaves hold.

use parable_table::{Column, Values};
use parable_tree::Response;

use crate::config::resolved::{Making, ResolvedColumn};
use crate::config::{CartConfig, Smoothing};
use crate::fit::plan::{Plan, Task};
use crate::model::{Codebook, Part};
use crate::values::cells::{ValueCells, grid_of};
use crate::values::spikes::{spike_share, spikes};

/// Fewest rows per distinct value, on average, of a number that is predicted as a class.
const ROWS_PER_VALUE: usize = 100;

/// Rows, response and codes that a tree is grown on.
pub(crate) struct ResponseData {
    pub(crate) rows: Vec<u32>,
    pub(crate) response: Response,
    /// Code of each unit in the codebook.
    pub(crate) codes: Vec<u32>,
    pub(crate) book: Codebook,
    /// Whether the codes have no order.
    pub(crate) nominal: bool,
}

impl Plan<'_> {
    pub(crate) fn response(&self, task: &Task, config: &CartConfig) -> ResponseData {
        let units = self.units(task.level);
        let column = |position: usize| {
            let own = &self.columns[task.level];
            let found = own.iter().find(|(column, _)| *column == position);
            found.map_or_else(
                || self.table.column(position),
                |(_, column)| column.as_ref(),
            )
        };
        match task.part {
            Part::Rows | Part::Children => {
                let counts = if task.part == Part::Rows {
                    self.levels[task.level].rows.clone()
                } else {
                    self.children(task.level)
                };
                let numbers: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
                number_response(
                    (0..units as u32).collect(),
                    numbers,
                    Some(parable_table::Grid::Decimals(0)),
                    config,
                    None,
                )
            }
            Part::Absences => {
                let absences = &self.levels[task.level].absences;
                let codes = absences.of_cluster.clone();
                class_response(
                    (0..units as u32).collect(),
                    codes,
                    Codebook::Codes(absences.patterns.len()),
                    true,
                )
            }
            Part::Reason(position) => {
                let column = column(position);
                let settled = self.settled(task.level, position);
                let rows: Vec<u32> = (0..units as u32)
                    .filter(|&row| !settled.as_ref().is_some_and(|s| s[row as usize]))
                    .collect();
                let byte = |row: usize| {
                    column
                        .missing(row)
                        .map_or(0, parable_table::Missing::to_byte)
                };
                let mut bytes: Vec<u8> = rows.iter().map(|&row| byte(row as usize)).collect();
                bytes.sort_unstable();
                bytes.dedup();
                let of = |row: usize| bytes.partition_point(|&known| known < byte(row)) as u32;
                let codes = (0..units)
                    .map(|row| of(row).min(bytes.len() as u32 - 1))
                    .collect();
                class_response(rows, codes, Codebook::Reasons(bytes.clone()), false)
            }
            Part::Spike(position) => {
                let column = column(position);
                let own = &self.resolved.columns[position];
                let spikes = spikes(column, spike_share(own, config));
                let code = |row: usize| {
                    let number = column.number(row)?;
                    let place = spikes.iter().position(|&spike| spike == number);
                    Some(place.map_or(0, |place| place as u32 + 1))
                };
                let codes = (0..units).map(|row| code(row).unwrap_or(0)).collect();
                let rows = self.learnable(task.level, position, column);
                class_response(rows, codes, Codebook::Spikes(spikes.clone()), false)
            }
            Part::Value(position) => {
                let column = column(position);
                let field = &self.table.schema().fields()[position];
                if let Values::Codes(codes) = column.values() {
                    let levels = field.kind.levels().map_or(0, parable_table::Levels::len);
                    let nominal = matches!(field.kind, parable_table::Kind::Nominal { .. });
                    return class_response(
                        self.learnable(task.level, position, column),
                        codes.clone(),
                        Codebook::Codes(levels),
                        nominal,
                    );
                }
                let own = &self.resolved.columns[position];
                let spikes = spikes(column, spike_share(own, config));
                let mut rows = self.learnable(task.level, position, column);
                rows.retain(|&row| {
                    column
                        .number(row as usize)
                        .is_some_and(|number| !spikes.contains(&number))
                });
                let numbers: Vec<f64> = (0..units)
                    .map(|row| column.number(row).unwrap_or(0.0))
                    .collect();
                let mut sorted: Vec<f64> = rows.iter().map(|&row| numbers[row as usize]).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                number_response(rows, numbers, grid_of(field, &sorted), config, Some(own))
            }
            Part::Formula(_) => class_response(Vec::new(), Vec::new(), Codebook::Codes(1), false),
        }
    }

    /// Units that a tree may be grown on: those with a value that no rule gives.
    fn learnable(&self, level: usize, position: usize, column: &Column) -> Vec<u32> {
        let ruled = self.ruled(level, position);
        (0..column.len() as u32)
            .filter(|&row| !column.is_missing(row as usize))
            .filter(|&row| !ruled.as_ref().is_some_and(|ruled| ruled[row as usize]))
            .collect()
    }
}

fn class_response(rows: Vec<u32>, codes: Vec<u32>, book: Codebook, nominal: bool) -> ResponseData {
    ResponseData {
        rows,
        response: Response::Classes {
            codes: codes.clone(),
            count: book.codes(),
        },
        codes,
        book,
        nominal,
    }
}

fn number_response(
    rows: Vec<u32>,
    numbers: Vec<f64>,
    grid: Option<parable_table::Grid>,
    config: &CartConfig,
    own: Option<&ResolvedColumn>,
) -> ResponseData {
    let mut sorted: Vec<f64> = rows.iter().map(|&row| numbers[row as usize]).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let shared = config.min_shared_rows;
    let groups = own.and_then(|own| match own.making {
        Making::Groups(groups) => Some(groups),
        _ => None,
    });
    let smoothing = own.map_or(
        match config.smoothing {
            Smoothing::Density => Smoothing::Neighbours,
            other => other,
        },
        |own| own.smoothing,
    );
    let (cells, of) = match groups {
        Some(groups) => ValueCells::grouped(&sorted, grid, shared, groups),
        None => ValueCells::of(&sorted, grid, shared, smoothing),
    };
    let mut codes = vec![0; numbers.len()];
    for &row in &rows {
        let number = numbers[row as usize];
        let place = of.partition_point(|(known, _)| *known < number);
        codes[row as usize] = of[place.min(of.len() - 1)].1;
    }
    let count = cells.cells.len();
    let few =
        own.is_some() && of.len() <= config.class_values && rows.len() >= ROWS_PER_VALUE * of.len();
    let response = if groups.is_some() || few {
        Response::Classes {
            codes: codes.clone(),
            count,
        }
    } else {
        Response::Numbers(numbers)
    };
    ResponseData {
        rows,
        response,
        codes,
        book: Codebook::Numbers(cells),
        nominal: false,
    }
}
