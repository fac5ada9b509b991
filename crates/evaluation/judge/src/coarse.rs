//! Coarse shapes of columns for publication: whole percents in cells with enough real people, at
//! edges that do not depend on the real rows.

use parable_table::{Column, Field, Kind, Role, Table};
use serde::{Deserialize, Serialize};

/// Cells of a numeric column before merging.
const CELLS: f64 = 8.0;
/// Levels that are listed; the others are merged.
const LEVELS: usize = 12;

/// The shape of one column in both tables, fit for publication.
///
/// Edges are round numbers between the 5 % and the 95 % quantile of the **synthetic** table, and
/// the first and the last cell are open: neither depends on the real rows. Cells with fewer than
/// `min_cell` real rows are merged with a neighbour; levels with fewer are merged into one. Shares
/// are whole percents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CoarseColumn {
    /// The name.
    pub name: String,
    /// The cells, in order; the levels by falling share in the synthetic table.
    pub cells: Vec<CoarseCell>,
}

/// A cell of a [`CoarseColumn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CoarseCell {
    /// The content: `below 20`, `20 to 40`, `60 or more`, a level, `missing`, `all others`.
    pub label: String,
    /// Share of the real rows, in whole percents.
    pub real_percent: u8,
    /// Share of the synthetic rows, in whole percents.
    pub synthetic_percent: u8,
    /// Whether it stands for missing values or for levels that are not listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
}

/// Counted rows before they become percents.
#[derive(Clone, Debug)]
struct Counted {
    label: Label,
    real: u64,
    synthetic: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum Label {
    /// From one edge to another; open without one.
    Between(Option<f64>, Option<f64>),
    Level(String),
    Missing,
    Others,
}

/// Returns the coarse shapes of all columns but ids, free text, clusters, and columns with too few
/// rows.
///
/// `real` and `synthetic` have columns of the same schema, as an evaluation requires; columns that
/// are not in both are left out.
#[must_use]
pub fn coarse_columns(real: &Table, synthetic: &Table, min_cell: u64) -> Vec<CoarseColumn> {
    let min_cell = min_cell.max(1);
    real.schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !matches!(field.role, Role::UnitId | Role::ClusterId))
        .filter_map(|(at, field)| {
            let other = synthetic.schema().position(&field.name)?;
            let (mine, theirs) = (real.column(at), synthetic.column(other));
            let other = &synthetic.schema().fields()[other];
            let counted = match &field.kind {
                Kind::Text => return None,
                Kind::Integer { .. }
                | Kind::Continuous { .. }
                | Kind::Date { .. }
                | Kind::DateTime { .. } => intervals(mine, theirs, min_cell),
                _ => levels(field, mine, other, theirs, min_cell),
            };
            let cells = percents(
                counted,
                &field.kind,
                real.rows(),
                synthetic.rows(),
                min_cell,
            )?;
            Some(CoarseColumn {
                name: field.name.clone(),
                cells,
            })
        })
        .collect()
}

fn intervals(real: &Column, synthetic: &Column, min_cell: u64) -> Vec<Counted> {
    let numbers = |column: &Column| -> Vec<f64> {
        (0..column.len())
            .filter_map(|row| column.number(row))
            .filter(|number| number.is_finite())
            .collect()
    };
    let (mine, mut theirs) = (numbers(real), numbers(synthetic));
    theirs.sort_by(f64::total_cmp);
    let edges = edges(&theirs);
    let mut cells: Vec<Counted> = (0..=edges.len())
        .map(|cell| Counted {
            label: Label::Between(
                cell.checked_sub(1).map(|below| edges[below]),
                edges.get(cell).copied(),
            ),
            real: 0,
            synthetic: 0,
        })
        .collect();
    let cell = |number: f64| edges.partition_point(|edge| *edge <= number);
    mine.iter().for_each(|&n| cells[cell(n)].real += 1);
    theirs.iter().for_each(|&n| cells[cell(n)].synthetic += 1);
    let mut cells = merged(cells, min_cell);
    cells.push(missing(real, synthetic));
    cells
}

/// Round numbers strictly between the 5 % and the 95 % quantile of sorted numbers.
fn edges(sorted: &[f64]) -> Vec<f64> {
    if sorted.is_empty() {
        return Vec::new();
    }
    let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let (low, high) = (quantile(0.05), quantile(0.95));
    let raw = (high - low) / CELLS;
    if !(raw > 0.0 && raw.is_finite()) {
        return Vec::new();
    }
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= raw)
        .unwrap_or(10.0 * power);
    let first = (low / step).floor() as i64 + 1;
    let last = (high / step).ceil() as i64 - 1;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// Neighbours joined until every cell has enough real rows.
fn merged(cells: Vec<Counted>, min_cell: u64) -> Vec<Counted> {
    let mut joined: Vec<Counted> = Vec::new();
    for cell in cells {
        match joined.last_mut() {
            Some(last) if last.real < min_cell => join(last, &cell),
            _ => joined.push(cell),
        }
    }
    if joined.len() > 1
        && joined.last().is_some_and(|last| last.real < min_cell)
        && let Some(small) = joined.pop()
        && let Some(last) = joined.last_mut()
    {
        join(last, &small);
    }
    joined
}

fn join(left: &mut Counted, right: &Counted) {
    if let (Label::Between(_, end), Label::Between(_, further)) = (&mut left.label, &right.label) {
        *end = *further;
    }
    left.real += right.real;
    left.synthetic += right.synthetic;
}

fn levels(
    field: &Field,
    real: &Column,
    other: &Field,
    synthetic: &Column,
    min_cell: u64,
) -> Vec<Counted> {
    let mut counts: std::collections::BTreeMap<String, (u64, u64)> =
        std::collections::BTreeMap::new();
    let mut count = |field: &Field, column: &Column, mine: bool| {
        let names = field.kind.levels();
        let text = |code| names.and_then(|levels| levels.get(code));
        for name in (0..column.len()).filter_map(|row| text(column.code(row)?)) {
            let entry = counts.entry(name.to_owned()).or_default();
            if mine {
                entry.0 += 1;
            } else {
                entry.1 += 1;
            }
        }
    };
    count(field, real, true);
    count(other, synthetic, false);
    let mut levels: Vec<(String, (u64, u64))> = counts.into_iter().collect();
    // By the synthetic table, which is public; the name decides between equals.
    levels.sort_by(|a, b| b.1.1.cmp(&a.1.1).then_with(|| a.0.cmp(&b.0)));
    let mut others = Counted {
        label: Label::Others,
        real: 0,
        synthetic: 0,
    };
    let mut cells = Vec::new();
    for (name, (real, synthetic)) in levels {
        if real >= min_cell && cells.len() < LEVELS {
            cells.push(Counted {
                label: Label::Level(name),
                real,
                synthetic,
            });
        } else {
            others.real += real;
            others.synthetic += synthetic;
        }
    }
    // The rest must not be a few people either: the smallest level joins them.
    while others.real > 0
        && others.real < min_cell
        && let Some(smallest) = (0..cells.len()).min_by_key(|&at| cells[at].real)
    {
        let level = cells.remove(smallest);
        others.real += level.real;
        others.synthetic += level.synthetic;
    }
    if others.real + others.synthetic > 0 {
        cells.push(others);
    }
    cells.push(missing(real, synthetic));
    cells
}

fn missing(real: &Column, synthetic: &Column) -> Counted {
    let count = |column: &Column| {
        (0..column.len())
            .filter(|&row| column.is_missing(row))
            .count() as u64
    };
    Counted {
        label: Label::Missing,
        real: count(real),
        synthetic: count(synthetic),
    }
}

/// Whole percents, or nothing if there are too few real rows to say anything.
fn percents(
    counted: Vec<Counted>,
    kind: &Kind,
    real: usize,
    synthetic: usize,
    min_cell: u64,
) -> Option<Vec<CoarseCell>> {
    if (real as u64) < min_cell {
        return None;
    }
    let percent = |part: u64, of: usize| -> u8 {
        if of == 0 {
            0
        } else {
            (100.0 * part as f64 / of as f64).round() as u8
        }
    };
    let cells: Vec<CoarseCell> = counted
        .into_iter()
        // A few missing values count as none: neither their number nor their presence is published.
        .filter(|cell| cell.label != Label::Missing || cell.real >= min_cell)
        .filter(|cell| cell.real >= min_cell || cell.label == Label::Others)
        .map(|cell| CoarseCell {
            apart: matches!(cell.label, Label::Missing | Label::Others),
            label: text(&cell.label, kind),
            real_percent: percent(cell.real, real),
            synthetic_percent: percent(cell.synthetic, synthetic),
        })
        .collect();
    (!cells.is_empty()).then_some(cells)
}

fn text(label: &Label, kind: &Kind) -> String {
    let edge = |number: f64| match kind {
        Kind::Date { .. } => parable_draw::day(number),
        Kind::DateTime { .. } => kind.spell_time(number).unwrap_or_default(),
        _ => parable_draw::number::round(number),
    };
    match label {
        Label::Between(None, None) => "all values".to_owned(),
        Label::Between(None, Some(high)) => format!("below {}", edge(*high)),
        Label::Between(Some(low), Some(high)) => format!("{} to {}", edge(*low), edge(*high)),
        Label::Between(Some(low), None) => format!("{} or more", edge(*low)),
        Label::Level(name) => name.clone(),
        Label::Missing => "missing".to_owned(),
        Label::Others => "all others".to_owned(),
    }
}
