//! Codebooks: descriptions of the columns of a table, for people.

use std::fmt::Write;

use serde::Serialize;

use crate::Note;
use crate::parse::{date, number};
use crate::{Bounds, Column, Field, Grid, Kind, Known, NumberFormat, Table, Values};

/// Who will read a codebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// Whoever holds the rows: counts, quartiles and all facts.
    Owner,
    /// Anybody: what the schema states (names, types, roles, labels, missing codes) and those facts
    /// that were declared or released. Nothing is counted, and nothing observed is shown.
    Public,
}

/// A description of each column of a table.
///
/// ```
/// use parable_table::codebook::{Codebook, Disclosure};
/// use parable_clean::infer;
/// use parable_table::{csv, read_typed};
///
/// let file = "arm,score\ncontrol,3\ntreated,5\ncontrol,\n";
/// let raw = csv::read_str(file, &csv::ReadOptions::default())?;
/// let guess = infer(&raw, &Default::default());
/// let (table, _) = read_typed(&raw, &guess.schema)?;
/// let codebook = Codebook::of(&table, &guess.notes, Disclosure::Owner);
/// assert_eq!(codebook.columns[0].levels[0].rows, Some(2));
/// assert!(codebook.to_markdown().contains("## `score`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Codebook {
    /// Who may read it.
    pub disclosure: Disclosure,
    /// How many rows there are; for the owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// The columns, in the order of the table.
    pub columns: Vec<ColumnEntry>,
}

/// The description of one column. What is counted or observed is for the owner only.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnEntry {
    /// The name.
    pub name: String,
    /// What the column means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The type, as schemas spell it.
    pub kind: &'static str,
    /// The role, as schemas spell it.
    pub role: &'static str,
    /// The levels, in the order of the schema; empty if they are not public.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelEntry>,
    /// Smallest and largest possible value, as the source spells them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[String; 2]>,
    /// Distance of neighbouring values of a continuous column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// How dates are spelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Minimum, quartiles and maximum of the values, as the source spells them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quartiles: Option<[String; 5]>,
    /// Share of rows without a value, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_share: Option<f64>,
    /// The reasons for missing values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_codes: Vec<MissingEntry>,
    /// Why inference took the column for what it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LevelEntry {
    /// The text.
    pub text: String,
    /// In how many rows it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
}

/// One reason for missing values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MissingEntry {
    /// The text in the source.
    pub text: String,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// In how many rows it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
}

/// Levels shown in Markdown; the JSON lists all.
const SHOWN_LEVELS: usize = 40;

impl Codebook {
    /// The codebook of a table; `notes` are those of schema inference, or empty.
    #[must_use]
    pub fn of(table: &Table, notes: &[Note], disclosure: Disclosure) -> Self {
        let owner = disclosure == Disclosure::Owner;
        let columns = table
            .schema()
            .fields()
            .iter()
            .zip(table.columns())
            .map(|(field, column)| {
                let note = notes.iter().find(|note| note.column == field.name);
                entry(field, column, note.filter(|_| owner), owner)
            })
            .collect();
        Self {
            disclosure,
            rows: owner.then_some(table.rows()),
            columns,
        }
    }

    /// The codebook as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("codebooks have text keys and finite numbers")
    }

    /// The codebook as Markdown: a table of all columns, then a section for each.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::from("# Codebook\n\n");
        if let Some(rows) = self.rows {
            push(
                &mut out,
                format_args!("{rows} rows, {} columns.\n\n", self.columns.len()),
            );
        }
        out.push_str("| column | type | role | missing | label |\n|---|---|---|---|---|\n");
        for entry in &self.columns {
            let missing = entry.missing_share.map(percent).unwrap_or_default();
            push(
                &mut out,
                format_args!(
                    "| `{}` | {} | {} | {missing} | {} |\n",
                    cell(&entry.name),
                    entry.kind,
                    entry.role,
                    entry.label.as_deref().map(cell).unwrap_or_default()
                ),
            );
        }
        self.columns
            .iter()
            .for_each(|entry| entry.section(&mut out));
        out
    }
}

impl ColumnEntry {
    fn section(&self, out: &mut String) {
        push(out, format_args!("\n## `{}`\n\n", cell(&self.name)));
        if let Some(label) = &self.label {
            push(out, format_args!("{label}\n\n"));
        }
        push(
            out,
            format_args!("- type: {}; role: {}\n", self.kind, self.role),
        );
        if let Some(format) = &self.format {
            push(out, format_args!("- spelled `{format}`\n"));
        }
        if let Some([min, max]) = &self.bounds {
            push(out, format_args!("- from {min} to {max}\n"));
        }
        if let Some(step) = self.step {
            push(out, format_args!("- in steps of {step}\n"));
        }
        if let Some([min, low, middle, high, max]) = &self.quartiles {
            push(
                out,
                format_args!("- minimum {min}, quartiles {low}, {middle}, {high}, maximum {max}\n"),
            );
        }
        if let Some(share) = self.missing_share {
            push(out, format_args!("- missing: {}\n", percent(share)));
        }
        for code in &self.missing_codes {
            push(out, format_args!("- missing code `{}`", cell(&code.text)));
            if let Some(meaning) = &code.meaning {
                push(out, format_args!(" ({meaning})"));
            }
            if let Some(rows) = code.rows {
                push(out, format_args!(": {rows} rows"));
            }
            out.push('\n');
        }
        for note in &self.notes {
            push(out, format_args!("- guessed: {note}\n"));
        }
        if self.levels.is_empty() {
            return;
        }
        let counted = self.levels.iter().any(|level| level.rows.is_some());
        out.push_str(match counted {
            true => "\n| level | rows |\n|---|---:|\n",
            false => "\n| level |\n|---|\n",
        });
        for level in self.levels.iter().take(SHOWN_LEVELS) {
            push(out, format_args!("| {} |", cell(&level.text)));
            if let Some(rows) = level.rows {
                push(out, format_args!(" {rows} |"));
            }
            out.push('\n');
        }
        if let Some(more) = self
            .levels
            .len()
            .checked_sub(SHOWN_LEVELS)
            .filter(|&n| n > 0)
        {
            push(out, format_args!("\nand {more} more levels\n"));
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("writing to a string cannot fail");
}

/// A text inside a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn entry(field: &Field, column: &Column, note: Option<&Note>, owner: bool) -> ColumnEntry {
    let shown = |public: bool| owner || public;
    let bytes = column.missing_bytes().unwrap_or_default();
    let missing_codes = field
        .missing_codes
        .iter()
        .zip(2u8..)
        .map(|(code, byte)| MissingEntry {
            text: code.text.clone(),
            meaning: code.meaning.clone(),
            rows: owner.then(|| bytes.iter().filter(|&&b| b == byte).count()),
        })
        .collect();
    let missing_share =
        (owner && !column.is_empty()).then(|| column.missing_count() as f64 / column.len() as f64);
    let notes = note
        .map(|note| {
            let others = note
                .alternatives
                .iter()
                .map(|other| format!("could also be {other}"));
            note.reasons.iter().cloned().chain(others).collect()
        })
        .unwrap_or_default();
    let (format, step) = match &field.kind {
        Kind::Date { format, .. } | Kind::DateTime { format, .. } => (Some(format.clone()), None),
        Kind::Integer {
            grid: Some(grid), ..
        }
        | Kind::Continuous {
            grid: Some(grid), ..
        } if shown(grid.is_public()) => (None, Some(Grid::step(&grid.value))),
        _ => (None, None),
    };
    ColumnEntry {
        name: field.name.clone(),
        label: field.label.clone(),
        kind: field.kind.name(),
        role: field.role.name(),
        levels: levels(field, column, owner),
        bounds: bounds(&field.kind, shown),
        step,
        format,
        quartiles: owner.then(|| quartiles(&field.kind, column)).flatten(),
        missing_share,
        missing_codes,
        notes,
    }
}

fn levels(field: &Field, column: &Column, owner: bool) -> Vec<LevelEntry> {
    let Some(known) = field
        .kind
        .known_levels()
        .filter(|known| owner || known.is_public())
    else {
        return Vec::new();
    };
    let mut counts = vec![0; known.value.len()];
    for code in (0..column.len()).filter_map(|row| column.code(row)) {
        counts[code as usize] += 1;
    }
    known
        .value
        .iter()
        .zip(counts)
        .map(|(text, rows)| LevelEntry {
            text: text.to_owned(),
            rows: owner.then_some(rows),
        })
        .collect()
}

fn bounds(kind: &Kind, shown: impl Fn(bool) -> bool) -> Option<[String; 2]> {
    fn pair<T: Copy>(
        known: Option<&Known<Bounds<T>>>,
        shown: impl Fn(bool) -> bool,
        spell: impl Fn(T) -> String,
    ) -> Option<[String; 2]> {
        known
            .filter(|known| shown(known.is_public()))
            .map(|known| [spell(known.value.min), spell(known.value.max)])
    }
    match kind {
        Kind::Continuous { bounds, .. } => {
            pair(bounds.as_ref(), shown, |value| spell_real(kind, value))
        }
        Kind::Integer { bounds, .. }
        | Kind::Date { bounds, .. }
        | Kind::DateTime { bounds, .. } => {
            pair(bounds.as_ref(), shown, |value| spell_whole(kind, value))
        }
        _ => None,
    }
}

/// Minimum, quartiles and maximum: the values at these places of the sorted column (type 1 of
/// Hyndman and Fan 1996).
fn quartiles(kind: &Kind, column: &Column) -> Option<[String; 5]> {
    fn places<T: Copy>(sorted: &[T], spell: impl Fn(T) -> String) -> Option<[String; 5]> {
        let last = sorted.len().checked_sub(1)?;
        Some([0, 1, 2, 3, 4].map(|quarter| {
            let place = (sorted.len() * quarter).div_ceil(4);
            spell(sorted[place.saturating_sub(1).min(last)])
        }))
    }
    let present = |row: &usize| !column.is_missing(*row);
    let rows = (0..column.len()).filter(present);
    match column.values() {
        Values::Integer(values) => {
            let mut sorted: Vec<i64> = rows.map(|row| values[row]).collect();
            sorted.sort_unstable();
            places(&sorted, |value| spell_whole(kind, value))
        }
        Values::Continuous(values) => {
            let mut sorted: Vec<f64> = rows.map(|row| values[row]).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            places(&sorted, |value| spell_real(kind, value))
        }
        Values::Codes(_) | Values::Text(_) => None,
    }
}

fn spell_whole(kind: &Kind, value: i64) -> String {
    let mut out = String::new();
    match kind {
        Kind::Date { format, .. } => {
            return date::spell_date(value, format).unwrap_or_else(|| value.to_string());
        }
        Kind::DateTime { format, unit, .. } => {
            return date::spell_date_time(value, format, *unit)
                .unwrap_or_else(|| value.to_string());
        }
        Kind::Integer { format, .. } => number::spell_integer(&mut out, value, format),
        _ => number::spell_integer(&mut out, value, &NumberFormat::default()),
    }
    out
}

fn spell_real(kind: &Kind, value: f64) -> String {
    let mut out = String::new();
    match kind {
        Kind::Continuous { format, .. } => number::spell_real(&mut out, value, format),
        _ => number::spell_real(&mut out, value, &NumberFormat::default()),
    }
    out
}
