//! Blocks of 0/1 columns of which exactly one is 1 in every row.

use parable_seed::Seed;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue, IssueKind};
use parable_table::constraints::Repair;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Values};

/// Replaces a block of 0/1 columns by the one column they came from; the block is written again
/// afterwards, its missing values included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OneHotBlock {
    /// The 0/1 columns.
    pub columns: Vec<Field>,
    /// The column that takes their place: its levels stand for the columns, in order.
    pub into: Field,
}

/// Whether a column can be one of a block: 0 and 1, or two levels of which one means yes.
pub(super) fn is_flag(field: &Field) -> bool {
    matches!(field.kind, Kind::Integer { .. }) || field.yes_code().is_some()
}

/// The meaning of one value of a two-valued column; `None` in a row without a value.
fn ones(field: &Field, column: &Column) -> Option<Vec<Option<bool>>> {
    let rows = 0..column.len();
    match &field.kind {
        Kind::Integer { .. } => rows
            .map(|row| match column.number(row) {
                None => Some(None),
                Some(0.0) => Some(Some(false)),
                Some(1.0) => Some(Some(true)),
                Some(_) => None,
            })
            .collect(),
        kind if kind.is_categorical() => {
            let yes = field.yes_code()?;
            Some(
                rows.map(|row| column.code(row).map(|code| code == yes))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// A two-valued column as a set of rows.
struct Flag {
    position: usize,
    ones: Vec<u64>,
    count: usize,
}

/// Most columns tried while completing one block.
const SEARCH_LIMIT: usize = 20_000;

/// Every block in the frame, each column in one block at most.
pub(super) fn detect(frame: &Frame) -> Vec<OneHotBlock> {
    // Only columns with the same missing cells can belong together.
    let mut groups: FxHashMap<(&[u8], Vec<&str>), Vec<Flag>> = FxHashMap::default();
    let mut order: Vec<(&[u8], Vec<&str>)> = Vec::new();
    for (position, (field, column)) in frame.fields.iter().zip(&frame.columns).enumerate() {
        if matches!(field.role, Role::UnitId | Role::ClusterId | Role::Weight) {
            continue;
        }
        let Some(values) = ones(field, column) else {
            continue;
        };
        let mut bits = vec![0u64; frame.rows.div_ceil(64)];
        let mut count = 0;
        for (row, _) in values
            .iter()
            .enumerate()
            .filter(|(_, one)| **one == Some(true))
        {
            bits[row / 64] |= 1 << (row % 64);
            count += 1;
        }
        if count == 0 || count == column.len() - column.missing_count() {
            continue;
        }
        let reasons = field.missing_codes.iter().map(|code| code.text.as_str());
        let key = (column.missing_bytes().unwrap_or(&[]), reasons.collect());
        let flags = groups.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            Vec::new()
        });
        flags.push(Flag {
            position,
            ones: bits,
            count,
        });
    }
    let mut blocks = Vec::new();
    for key in order {
        let flags = &groups[&key];
        let missing = key.0.iter().filter(|&&byte| byte != 0).count();
        let present = frame.rows - missing;
        let mut used = vec![false; flags.len()];
        for start in 0..flags.len() {
            if used[start] {
                continue;
            }
            let mut search = Search {
                flags,
                used: &used,
                present,
                steps: 0,
            };
            let mut block = vec![start];
            let complete = search.complete(
                &mut block,
                &mut flags[start].ones.clone(),
                flags[start].count,
            );
            if complete && !is_coincidence(frame, flags, &block, present) {
                block.iter().for_each(|&flag| used[flag] = true);
                let positions: Vec<usize> =
                    block.iter().map(|&flag| flags[flag].position).collect();
                blocks.push(positions);
            }
        }
    }
    blocks.sort_unstable();
    let mut names: Vec<String> = frame
        .fields
        .iter()
        .map(|field| field.name.clone())
        .collect();
    blocks
        .into_iter()
        .map(|positions| {
            let columns = positions.iter().map(|&at| frame.fields[at].clone());
            let block = OneHotBlock::of(columns.collect(), &names);
            names.push(block.into.name.clone());
            block
        })
        .collect()
}

/// Probability of a coincidence that is accepted, and the one for columns whose names start alike.
const COINCIDENCE: f64 = 1e-9;
const COINCIDENCE_ALIKE: f64 = 1e-3;

/// Whether independent columns with these shares of ones would form a block too easily: `P(exactly
/// one 1)^rows`, times the pairs tried.
fn is_coincidence(frame: &Frame, flags: &[Flag], block: &[usize], present: usize) -> bool {
    let share = |&flag: &usize| flags[flag].count as f64 / present as f64;
    let none: f64 = block.iter().map(|flag| 1.0 - share(flag)).product();
    let one: f64 = block
        .iter()
        .map(|flag| none * share(flag) / (1.0 - share(flag)))
        .sum();
    let names: Vec<&str> = block
        .iter()
        .map(|&flag| frame.fields[flags[flag].position].name.as_str())
        .collect();
    let accepted = if common_prefix(&names).is_empty() {
        COINCIDENCE / (flags.len() * flags.len()) as f64
    } else {
        COINCIDENCE_ALIKE
    };
    present as f64 * one.ln() > accepted.ln()
}

/// Looks for columns that complete a block: pairwise without a common 1, and together with a 1 in
/// every row that has values.
struct Search<'a> {
    flags: &'a [Flag],
    used: &'a [bool],
    present: usize,
    steps: usize,
}

impl Search<'_> {
    /// Nearest columns first, so that of several solutions the one that stands together is found.
    fn complete(&mut self, block: &mut Vec<usize>, union: &mut [u64], covered: usize) -> bool {
        if covered == self.present {
            return block.len() >= 2;
        }
        let last = *block.last().expect("a block starts with a column");
        for next in last + 1..self.flags.len() {
            self.steps += 1;
            if self.steps > SEARCH_LIMIT {
                return false;
            }
            let flag = &self.flags[next];
            let fits = covered + flag.count <= self.present
                && !self.used[next]
                && union.iter().zip(&flag.ones).all(|(a, b)| a & b == 0);
            if !fits {
                continue;
            }
            union.iter_mut().zip(&flag.ones).for_each(|(a, b)| *a |= b);
            block.push(next);
            if self.complete(block, union, covered + flag.count) {
                return true;
            }
            block.pop();
            union.iter_mut().zip(&flag.ones).for_each(|(a, b)| *a &= !b);
        }
        false
    }
}

impl OneHotBlock {
    /// The step for these columns, at least one; the new column gets none of the names that are
    /// taken.
    pub(super) fn of(columns: Vec<Field>, taken: &[String]) -> Self {
        let names: Vec<&str> = columns.iter().map(|field| field.name.as_str()).collect();
        let prefix = common_prefix(&names);
        let stem = prefix.trim_end_matches(SEPARATORS);
        let wish = if stem.is_empty() {
            names.join("_or_")
        } else {
            stem.to_owned()
        };
        let name = std::iter::once(wish.clone())
            .chain((2..).map(|number| format!("{wish}_{number}")))
            .find(|name| !taken.contains(name))
            .expect("there are more numbers than columns");
        // Parts of names that differ read best; whole names always differ.
        let parts: Vec<&str> = names.iter().map(|name| &name[prefix.len()..]).collect();
        let texts = if parts.iter().any(|part| part.is_empty()) {
            names.clone()
        } else {
            parts
        };
        let levels = Levels::new(texts).expect("columns have different names");
        let roles = [Role::Treatment, Role::Outcome];
        let role = roles
            .into_iter()
            .find(|role| columns.iter().any(|field| field.role == *role))
            .unwrap_or_default();
        let mut into = Field::new(name, Kind::nominal(Known::declared(levels))).with_role(role);
        into.missing_codes.clone_from(&columns[0].missing_codes);
        into.label = Some(format!("Which of {} columns is 1", columns.len()));
        Self { columns, into }
    }
}

const SEPARATORS: [char; 5] = ['_', '.', '-', ' ', ':'];

/// The start that all names share, cut back to the last separator.
fn common_prefix(names: &[&str]) -> String {
    let first = names[0];
    let shared = first
        .char_indices()
        .take_while(|&(at, c)| {
            names
                .iter()
                .all(|name| name[at.min(name.len())..].starts_with(c))
        })
        .last()
        .map_or(0, |(at, c)| at + c.len_utf8());
    let cut = first[..shared].rfind(SEPARATORS).map_or(0, |at| at + 1);
    first[..cut].to_owned()
}

impl Apply for OneHotBlock {
    fn describe(&self) -> String {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|f| format!("`{}`", f.name))
            .collect();
        format!(
            "Replace {}, of which exactly one is 1 in every row, by one column `{}`; write them again afterwards.",
            names.join(", "),
            self.into.name
        )
    }

    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let mut place = frame.fields.len();
        let mut flags = Vec::with_capacity(self.columns.len());
        let mut missing = vec![0u8; frame.rows];
        for field in &self.columns {
            let position = frame.find_like(field)?;
            place = place.min(position);
            let column = &frame.columns[position];
            flags.push(ones(&frame.fields[position], column).ok_or_else(|| {
                CleanError::BadStep {
                    column: field.name.clone(),
                    why: "it holds other values than 0 and 1",
                }
            })?);
            if let Some(bytes) = column.missing_bytes() {
                missing
                    .iter_mut()
                    .zip(bytes)
                    .for_each(|(a, &b)| *a = (*a).max(b));
            }
        }
        let mut odd = 0;
        let codes = (0..frame.rows)
            .map(|row| {
                let mut ones = (0..flags.len()).filter(|&flag| flags[flag][row] == Some(true));
                let (first, second) = (ones.next(), ones.next());
                let gaps = flags.iter().filter(|flag| flag[row].is_none()).count();
                if (gaps > 0 && gaps < flags.len())
                    || second.is_some()
                    || (gaps == 0 && first.is_none())
                {
                    odd += 1;
                }
                match first {
                    Some(first) => {
                        missing[row] = 0;
                        first as u32
                    }
                    None => {
                        missing[row] = missing[row].max(1);
                        0
                    }
                }
            })
            .collect();
        if odd > 0 {
            let message = format!(
                "{odd} rows do not have exactly one 1 in the columns behind `{}`; the first 1 counts",
                self.into.name
            );
            let names = self.columns.iter().map(|field| &field.name);
            issues.push(Issue::new(IssueKind::Unexpected, names, odd, message));
        }
        for field in &self.columns {
            frame.remove(frame.find(&field.name)?);
        }
        let column = Column::with_missing(Values::Codes(codes), missing);
        frame.insert(place.min(frame.fields.len()), self.into.clone(), column);
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let (found, merged) = frame.remove(frame.find_like(&self.into)?);
        let Values::Codes(codes) = merged.values() else {
            unreachable!("a nominal column stores codes")
        };
        // Levels may have been reordered on the way: go by their texts.
        let wanted = self.into.kind.levels();
        let order: Vec<Option<u32>> = found.kind.levels().map_or_else(Vec::new, |levels| {
            levels
                .iter()
                .map(|text| wanted.and_then(|levels| levels.code(text)))
                .collect()
        });
        let missing = merged
            .missing_bytes()
            .map_or(vec![0; frame.rows], <[u8]>::to_vec);
        for (index, field) in self.columns.iter().enumerate() {
            let is =
                |row: usize| missing[row] == 0 && order[codes[row] as usize] == Some(index as u32);
            let values = match field.yes_code() {
                Some(yes) => Values::Codes(
                    (0..frame.rows)
                        .map(|row| match missing[row] {
                            0 if is(row) => yes,
                            0 => 1 - yes,
                            _ => 0,
                        })
                        .collect(),
                ),
                None => Values::Integer((0..frame.rows).map(|row| i64::from(is(row))).collect()),
            };
            frame.push(field.clone(), Column::with_missing(values, missing.clone()));
        }
        Ok(())
    }
}
