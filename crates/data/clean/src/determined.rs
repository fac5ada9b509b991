//! Columns that others determine: dropped, and worked out again afterwards.

use parable_seed::Seed;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue, IssueKind};
use parable_table::constraints::Repair;
use parable_table::distinct::Distinct;
use parable_table::{Cell, Column, Field};

/// Drops a column that others determine (a description of a code, a band of a score), and works it
/// out again for synthetic rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Determined {
    /// The column.
    pub column: Field,
    /// The columns that determine it.
    pub by: Vec<String>,
    /// How they do.
    pub rule: DeterminedBy,
    /// Share of the rows with a value by the rule in which the source has none all the same; as
    /// many synthetic rows lose theirs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub also_absent: f64,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// How columns determine another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DeterminedBy {
    /// A list of combinations and what goes with each.
    Map {
        /// The combinations.
        entries: Vec<MapEntry>,
    },
    /// Bands of one numeric column.
    Cuts {
        /// The first value of every band but the lowest, ascending.
        cuts: Vec<f64>,
        /// What goes with each band: one more than cuts.
        cells: Vec<Cell>,
        /// What goes with missing values, by reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<MapEntry>,
    },
}

/// A combination of cells and what goes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MapEntry {
    /// One cell per determining column.
    pub when: Vec<Cell>,
    /// What goes with them.
    pub then: Cell,
}

impl MapEntry {
    pub(super) fn new(when: Vec<Cell>, then: Cell) -> Self {
        Self { when, then }
    }
}

/// The determined column for the rows of a frame.
struct WorkedOut {
    /// The distinct cells.
    cells: Vec<Cell>,
    /// For each row the position of its cell.
    picks: Vec<usize>,
    /// How many rows hold a combination the rule does not list.
    unseen: usize,
}

impl Determined {
    fn work_out(&self, frame: &Frame) -> Result<WorkedOut, CleanError> {
        let positions: Vec<usize> = self
            .by
            .iter()
            .map(|name| frame.find(name))
            .collect::<Result<_, _>>()?;
        let distinct: Vec<Distinct> = positions
            .iter()
            .map(|&position| Distinct::of(&frame.columns[position]))
            .collect();
        let (groups, count) = Distinct::combinations(&distinct.iter().collect::<Vec<_>>());
        let mut first_row = vec![usize::MAX; count];
        let mut rows_of = vec![0usize; count];
        for (row, &group) in groups.iter().enumerate() {
            let first = &mut first_row[group as usize];
            *first = (*first).min(row);
            rows_of[group as usize] += 1;
        }
        let lookup = Lookup::new(&self.rule, &self.column.name)?;
        let mut unseen = 0;
        let cells = first_row
            .iter()
            .zip(&rows_of)
            .map(|(&row, &rows)| {
                if row == usize::MAX {
                    return Cell::Absent;
                }
                let read = |&at: &usize| Cell::read(&frame.fields[at], &frame.columns[at], row);
                let (cell, seen) = lookup.find(&positions.iter().map(read).collect::<Vec<_>>());
                unseen += if seen { 0 } else { rows };
                cell
            })
            .collect();
        Ok(WorkedOut {
            cells,
            picks: groups.into_iter().map(|group| group as usize).collect(),
            unseen,
        })
    }
}

/// A rule made ready for many questions.
struct Lookup<'a> {
    rule: &'a DeterminedBy,
    entries: &'a [MapEntry],
    exact: FxHashMap<Vec<String>, usize>,
    /// The span of each numeric determining column among the entries.
    spans: Vec<f64>,
}

impl<'a> Lookup<'a> {
    fn new(rule: &'a DeterminedBy, column: &str) -> Result<Self, CleanError> {
        let entries = match rule {
            DeterminedBy::Map { entries } => entries,
            DeterminedBy::Cuts { cuts, cells, .. } if cells.len() != cuts.len() + 1 => {
                return Err(CleanError::BadStep {
                    column: column.to_owned(),
                    why: "it needs one cell more than cuts",
                });
            }
            DeterminedBy::Cuts { missing, .. } => missing,
        };
        let exact = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.when.iter().map(key).collect(), index))
            .collect();
        let columns = entries.first().map_or(0, |entry| entry.when.len());
        let spans = (0..columns)
            .map(|column| {
                let numbers = entries.iter().filter_map(|e| e.when.get(column)?.number());
                let (low, high) = numbers.fold((f64::MAX, f64::MIN), |(low, high), number| {
                    (low.min(number), high.max(number))
                });
                (high - low).max(f64::MIN_POSITIVE)
            })
            .collect();
        Ok(Self {
            rule,
            entries,
            exact,
            spans,
        })
    }

    /// What goes with these cells, and whether the rule lists them; otherwise what goes with the
    /// nearest listed combination.
    fn find(&self, when: &[Cell]) -> (Cell, bool) {
        if let (DeterminedBy::Cuts { cuts, cells, .. }, Some(number)) =
            (self.rule, when.first().and_then(Cell::number))
        {
            return (
                cells[cuts.partition_point(|&cut| cut <= number)].clone(),
                true,
            );
        }
        if let Some(&entry) = self.exact.get(&when.iter().map(key).collect::<Vec<_>>()) {
            return (self.entries[entry].then.clone(), true);
        }
        // A reason that the rule does not know acts like any missing value.
        if let DeterminedBy::Cuts { missing, .. } = self.rule {
            return (
                missing
                    .first()
                    .map_or(Cell::Absent, |entry| entry.then.clone()),
                false,
            );
        }
        let nearest = self.entries.iter().min_by(|a, b| {
            self.distance(&a.when, when)
                .total_cmp(&self.distance(&b.when, when))
        });
        (
            nearest.map_or(Cell::Absent, |entry| entry.then.clone()),
            false,
        )
    }

    /// Sum over columns: 0 for equal cells, the share of the span for numbers, 1 for other levels,
    /// 2 where only one is missing.
    fn distance(&self, a: &[Cell], b: &[Cell]) -> f64 {
        a.iter()
            .zip(b)
            .zip(&self.spans)
            .map(|((a, b), span)| match (a.number(), b.number()) {
                (Some(a), Some(b)) => ((a - b).abs() / span).min(1.0),
                _ if key(a) == key(b) => 0.0,
                _ if a.is_missing() != b.is_missing() => 2.0,
                _ => 1.0,
            })
            .sum()
    }
}

/// A text that is equal for equal cells: whole and real numbers of one value are one.
fn key(cell: &Cell) -> String {
    match cell {
        Cell::Absent => "absent".to_owned(),
        Cell::Reason(text) => format!("r{text}"),
        Cell::Integer(value) => format!("n{value}"),
        Cell::Number(value) => format!("n{}", value + 0.0),
        Cell::Level(text) => format!("l{text}"),
        Cell::Text(text) => format!("t{text}"),
    }
}

impl Apply for Determined {
    fn describe(&self) -> String {
        let by: Vec<String> = self.by.iter().map(|name| format!("`{name}`")).collect();
        let how = match &self.rule {
            DeterminedBy::Map { entries } => format!("a list of {} entries", entries.len()),
            DeterminedBy::Cuts { cells, .. } => format!("{} bands", cells.len()),
        };
        format!(
            "Drop the column `{}`, which follows from {} by {how}, and work it out again.",
            self.column.name,
            by.join(" and ")
        )
    }

    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let worked = self.work_out(frame)?;
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let found = Distinct::of(column);
        let found_cells: Vec<Cell> = found
            .first_rows
            .iter()
            .map(|&row| Cell::read(field, column, row))
            .collect();
        let found_keys: Vec<String> = found_cells.iter().map(key).collect();
        let worked_keys: Vec<String> = worked.cells.iter().map(key).collect();
        let differs = |&row: &usize| {
            let cell = found.codes[row] as usize;
            let allowed = self.also_absent > 0.0 && found_cells[cell] == Cell::Absent;
            !allowed && found_keys[cell] != worked_keys[worked.picks[row]]
        };
        let odd = (0..frame.rows).filter(differs).count();
        if odd > 0 {
            let name = &self.column.name;
            let message = format!(
                "{odd} rows of `{name}` are not what {} says; what they hold is lost",
                self.by.join(" and ")
            );
            issues.push(Issue::new(IssueKind::Unexpected, [name], odd, message));
        }
        frame.remove(position);
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        seed: &Seed,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let WorkedOut {
            mut cells,
            mut picks,
            unseen,
        } = self.work_out(frame)?;
        if unseen > 0 {
            let columns = self.by.iter().chain([&self.column.name]).cloned().collect();
            let rule = format!(
                "`{}` follows from the nearest combination in the source",
                self.column.name
            );
            repairs.push(Repair::new(columns, rule, unseen));
        }
        if self.also_absent > 0.0 {
            cells.push(Cell::Absent);
            let mut rng = seed.rng();
            for pick in &mut picks {
                if rng.chance(self.also_absent) && !cells[*pick].is_missing() {
                    *pick = cells.len() - 1;
                }
            }
        }
        let column = Column::from_cells(&self.column, &cells, picks.into_iter());
        frame.push(self.column.clone(), column);
        Ok(())
    }
}
