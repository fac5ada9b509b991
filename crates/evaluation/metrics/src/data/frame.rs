//! Columns as metrics look at them: numbers with NaN for missing, or codes into the levels of all
//! tables together.

use std::borrow::Cow;

use parable_table::{Column, Field, Kind, Role, Table, Values};
use rustc_hash::FxHashMap;

use crate::ColumnScale;

/// The tables of a pair, column by column, with shared level codes.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The columns metrics look at, in the order of the real table.
    pub(crate) columns: Vec<FrameColumn>,
    /// Columns left out, with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    pub(crate) rows: Rows,
}

/// How many rows each table has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) real: usize,
    pub(crate) synthetic: usize,
    pub(crate) holdout: Option<usize>,
}

/// One column of all tables.
#[derive(Debug)]
pub(crate) struct FrameColumn {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) scale: ColumnScale,
    /// A cluster column none of whose names in the synthetic table is a real one: names were
    /// replaced, so only structure can be compared.
    pub(crate) renamed: bool,
    pub(crate) data: Data,
}

/// The values of one column in all tables.
#[derive(Debug)]
pub(crate) enum Data {
    /// Numbers, NaN where missing.
    Numbers(Each<Vec<f64>>),
    /// Codes, 0 where missing, `code - 1` being the position in `labels`.
    Codes {
        labels: Vec<String>,
        codes: Each<Vec<u32>>,
    },
}

/// Which table of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Real,
    Synthetic,
}

/// Something for each table.
#[derive(Clone, Debug)]
pub(crate) struct Each<T> {
    pub(crate) real: T,
    pub(crate) synthetic: T,
    pub(crate) holdout: Option<T>,
}

impl Frame {
    pub(crate) fn new(real: &Table, synthetic: &Table, holdout: Option<&Table>) -> Self {
        let mut columns = Vec::with_capacity(real.schema().len());
        let mut left_out = Vec::new();
        for (position, field) in real.schema().fields().iter().enumerate() {
            let scale = scale(field);
            if scale == ColumnScale::Excluded {
                let why = if field.role == Role::UnitId {
                    "a row id"
                } else {
                    "free text"
                };
                left_out.push((field.name.clone(), why.to_owned()));
                continue;
            }
            let find = |table: &'_ Table| {
                table
                    .schema()
                    .position(&field.name)
                    .expect("a pair has the same columns in every table")
            };
            let tables = Each {
                real: (real, position),
                synthetic: (synthetic, find(synthetic)),
                holdout: holdout.map(|table| (table, find(table))),
            };
            columns.push(FrameColumn::new(field, scale, &tables));
        }
        Self {
            columns,
            left_out,
            rows: Rows {
                real: real.rows(),
                synthetic: synthetic.rows(),
                holdout: holdout.map(Table::rows),
            },
        }
    }

    /// The column with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&FrameColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Columns whose values can be compared as they are: all but cluster columns with replaced
    /// names.
    pub(crate) fn comparable(&self) -> impl Iterator<Item = &FrameColumn> {
        self.columns.iter().filter(|column| !column.renamed)
    }
}

impl FrameColumn {
    fn new(field: &Field, scale: ColumnScale, tables: &Each<(&Table, usize)>) -> Self {
        let data = if scale == ColumnScale::Numeric {
            Data::Numbers(tables.map(|&(table, position)| numbers(table.column(position))))
        } else {
            coded(field, scale, tables)
        };
        let renamed = match &data {
            Data::Codes { labels, codes } if field.role == Role::ClusterId => {
                let in_real = seen(&codes.real, labels.len());
                let in_synthetic = seen(&codes.synthetic, labels.len());
                let any = |flags: &[bool]| flags[1..].iter().any(|&flag| flag);
                any(&in_real)
                    && any(&in_synthetic)
                    && !(1..=labels.len()).any(|code| in_real[code] && in_synthetic[code])
            }
            _ => false,
        };
        Self {
            name: field.name.clone(),
            role: field.role.clone(),
            scale,
            renamed,
            data,
        }
    }

    /// The numbers of a numeric column.
    pub(crate) fn numbers(&self) -> Option<&Each<Vec<f64>>> {
        match &self.data {
            Data::Numbers(numbers) => Some(numbers),
            Data::Codes { .. } => None,
        }
    }

    /// The column as numbers for one table, NaN where missing: ordinal levels by their rank from 1,
    /// two levels as 0 and 1. `None` for more than two levels without an order.
    pub(crate) fn as_numbers(&self, side: Side) -> Option<Cow<'_, [f64]>> {
        let (first, codes) = match &self.data {
            Data::Numbers(numbers) => return Some(Cow::Borrowed(numbers.of(side))),
            Data::Codes { codes, .. } if self.scale == ColumnScale::Ordinal => (0.0, codes),
            Data::Codes { labels, codes } if labels.len() <= 2 => (1.0, codes),
            Data::Codes { .. } => return None,
        };
        let number = |&code: &u32| match code {
            0 => f64::NAN,
            code => f64::from(code) - first,
        };
        Some(Cow::Owned(codes.of(side).iter().map(number).collect()))
    }

    /// The levels and codes of a column of levels.
    pub(crate) fn codes(&self) -> Option<(&[String], &Each<Vec<u32>>)> {
        match &self.data {
            Data::Codes { labels, codes } => Some((labels, codes)),
            Data::Numbers(_) => None,
        }
    }
}

impl<T> Each<T> {
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::Real => &self.real,
            Side::Synthetic => &self.synthetic,
        }
    }

    pub(crate) fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Each<U> {
        Each {
            real: f(&self.real),
            synthetic: f(&self.synthetic),
            holdout: self.holdout.as_ref().map(f),
        }
    }
}

/// Which codes occur, the missing one at position 0.
pub(crate) fn seen(codes: &[u32], levels: usize) -> Vec<bool> {
    let mut seen = vec![false; levels + 1];
    for &code in codes {
        seen[code as usize] = true;
    }
    seen
}

fn scale(field: &Field) -> ColumnScale {
    match (&field.role, &field.kind) {
        (Role::UnitId, _) => ColumnScale::Excluded,
        (Role::ClusterId | Role::Treatment, _) => ColumnScale::Nominal,
        (_, Kind::Text) => ColumnScale::Excluded,
        (_, Kind::Ordinal { .. }) => ColumnScale::Ordinal,
        (_, kind) if kind.is_numeric() => ColumnScale::Numeric,
        _ => ColumnScale::Nominal,
    }
}

fn numbers(column: &Column) -> Vec<f64> {
    let mut numbers: Vec<f64> = match column.values() {
        // Adding 0 turns a negative zero into a positive one: equal numbers get equal bits.
        Values::Integer(values) => values.iter().map(|&value| value as f64).collect(),
        Values::Continuous(values) => values.iter().map(|&value| value + 0.0).collect(),
        other => vec![f64::NAN; other.len()],
    };
    if let Some(bytes) = column.missing_bytes() {
        for (number, &byte) in numbers.iter_mut().zip(bytes) {
            if byte != 0 {
                *number = f64::NAN;
            }
        }
    }
    numbers
}

/// The codes of one table in its own dictionary, 0 for missing, and the dictionary.
struct Own {
    codes: Vec<u32>,
    texts: Vec<String>,
    used: Vec<bool>,
}

fn own(table: &Table, position: usize) -> Own {
    let column = table.column(position);
    let missing = |row: usize| column.is_missing(row);
    let (codes, texts): (Vec<u32>, Vec<String>) = match column.values() {
        Values::Codes(codes) => {
            let texts = table.levels(position).map_or_else(Vec::new, |levels| {
                levels.iter().map(str::to_owned).collect()
            });
            let shifted = codes
                .iter()
                .enumerate()
                .map(|(row, &code)| if missing(row) { 0 } else { code + 1 });
            (shifted.collect(), texts)
        }
        Values::Integer(values) => intern(values.iter().copied(), missing, |v| v.to_string()),
        Values::Continuous(values) => intern(
            values.iter().map(|v| (v + 0.0).to_bits()),
            missing,
            |&bits| f64::from_bits(bits).to_string(),
        ),
        Values::Text(texts) => intern(texts.iter(), missing, |&text| text.to_owned()),
    };
    let used = seen(&codes, texts.len());
    Own { codes, texts, used }
}

fn intern<T: std::hash::Hash + Eq>(
    values: impl Iterator<Item = T>,
    missing: impl Fn(usize) -> bool,
    text: impl Fn(&T) -> String,
) -> (Vec<u32>, Vec<String>) {
    let mut known: FxHashMap<T, u32> = FxHashMap::default();
    let mut texts = Vec::new();
    let codes = values
        .enumerate()
        .map(|(row, value)| {
            if missing(row) {
                return 0;
            }
            let next = texts.len() as u32 + 1;
            match known.entry(value) {
                std::collections::hash_map::Entry::Occupied(entry) => *entry.get(),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    texts.push(text(entry.key()));
                    *entry.insert(next)
                }
            }
        })
        .collect();
    (codes, texts)
}

/// Shared codes: levels of an ordinal column in the order of the real schema, others by Unicode
/// code point (whole numbers by size); levels that only the holdout has come last, so that it
/// changes nothing about the other two tables.
fn coded(field: &Field, scale: ColumnScale, tables: &Each<(&Table, usize)>) -> Data {
    let owns = tables.map(|&(table, position)| own(table, position));
    let used = |own: &Own| -> Vec<String> {
        own.texts
            .iter()
            .zip(&own.used[1..])
            .filter(|&(_, &used)| used)
            .map(|(text, _)| text.clone())
            .collect()
    };
    let by_size = matches!(
        field.kind,
        Kind::Integer { .. } | Kind::Date { .. } | Kind::DateTime { .. }
    );
    let sort = |texts: &mut Vec<String>| {
        if by_size {
            texts.sort_by_key(|text| text.parse::<i64>().unwrap_or(i64::MAX));
        } else {
            texts.sort_unstable();
        }
        texts.dedup();
    };
    let mut labels: Vec<String> = Vec::new();
    if scale == ColumnScale::Ordinal {
        labels.clone_from(&owns.real.texts);
    }
    let mut known: FxHashMap<String, u32> = FxHashMap::default();
    let mut add = |texts: Vec<String>, labels: &mut Vec<String>| {
        for text in texts {
            known.entry(text).or_insert_with_key(|text| {
                labels.push(text.clone());
                labels.len() as u32
            });
        }
    };
    add(std::mem::take(&mut labels), &mut labels);
    let mut shared = used(&owns.real);
    shared.extend(used(&owns.synthetic));
    sort(&mut shared);
    add(shared, &mut labels);
    if let Some(holdout) = &owns.holdout {
        let mut texts = used(holdout);
        sort(&mut texts);
        add(texts, &mut labels);
    }
    let codes = owns.map(|own| {
        let map: Vec<u32> = std::iter::once(0)
            .chain(
                own.texts
                    .iter()
                    .map(|text| known.get(text).copied().unwrap_or(0)),
            )
            .collect();
        own.codes.iter().map(|&code| map[code as usize]).collect()
    });
    Data::Codes { labels, codes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{table, text};

    #[test]
    fn levels_are_shared_and_sorted_with_missing_first() {
        let real = table(vec![text("x", &[Some("b"), None, Some("a")])]);
        let synthetic = table(vec![text("x", &[Some("c"), Some("a")])]);
        let holdout = table(vec![text("x", &[Some("A"), Some("c")])]);
        let frame = Frame::new(&real, &synthetic, Some(&holdout));
        let (labels, codes) = frame.columns[0].codes().unwrap();
        assert_eq!(labels, ["a", "b", "c", "A"]);
        assert_eq!(codes.real, [2, 0, 1]);
        assert_eq!(codes.synthetic, [3, 1]);
        assert_eq!(codes.holdout.as_deref(), Some(&[4, 3][..]));
    }

    #[test]
    fn replaced_cluster_names_are_noticed() {
        let cluster = |names: &[&str]| {
            let values: Vec<Option<&str>> = names.iter().copied().map(Some).collect();
            let (field, column) = text("school", &values);
            table(vec![(field.with_role(Role::ClusterId), column)])
        };
        let real = cluster(&["s1", "s2"]);
        let renamed = |other: &Table| Frame::new(&real, other, None).columns[0].renamed;
        assert!(renamed(&cluster(&["t1", "t2"])));
        assert!(!renamed(&cluster(&["t1", "s2"])));
        assert!(!renamed(&cluster(&[])));
    }
}
