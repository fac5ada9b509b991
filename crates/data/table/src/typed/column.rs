//! One column of texts into values.

use std::collections::HashMap;

use super::{ReadIssue, ReadRule};
use crate::parse::number::{self, NotNumber};
use crate::parse::{date, order, ordinal};
use crate::{
    Bounds, Column, Field, Grid, Kind, Known, Levels, Missing, NumberFormat, Provenance, RawColumn,
    Strings, Unreadable, Values,
};

/// A column, and what a reader should know about it.
pub(super) struct ReadColumn {
    pub(super) field: Field,
    pub(super) values: Column,
    pub(super) errors: Vec<ReadIssue>,
    pub(super) warnings: Vec<ReadIssue>,
}

/// The meaning of a distinct text.
enum Cell<T> {
    Value(T),
    Missing(Missing),
    /// Missing, with a warning.
    Odd(ReadRule),
    Wrong(ReadRule),
}

/// Reads one column.
pub(super) struct ColumnReader<'a> {
    field: &'a Field,
    raw: &'a RawColumn,
    missing_codes: HashMap<&'a str, u8>,
    /// Which texts occur in a row; a dictionary may list others after rows were taken out.
    used: Vec<bool>,
    errors: Vec<ReadIssue>,
    warnings: Vec<ReadIssue>,
}

impl<'a> ColumnReader<'a> {
    pub(super) fn new(field: &'a Field, raw: &'a RawColumn) -> Self {
        let mut used = vec![false; raw.texts.len()];
        for &cell in &raw.cells {
            used[cell as usize] = true;
        }
        // The schema's own check keeps the number of codes within a byte.
        let missing_codes = field
            .missing_codes
            .iter()
            .zip(0u8..)
            .map(|(code, index)| (code.text.as_str(), index))
            .collect();
        Self {
            field,
            raw,
            missing_codes,
            used,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn read(mut self) -> ReadColumn {
        let mut field = self.field.clone();
        let values = match &mut field.kind {
            Kind::Boolean { levels } | Kind::Nominal { levels } | Kind::Ordinal { levels } => {
                self.read_levels(levels)
            }
            Kind::Integer { bounds, format, .. } => {
                let (values, missing) = self.read_cells(0, |text| whole_number(text, format));
                self.check_bounds(bounds, &values, &missing);
                Column::with_missing(Values::Integer(values), missing)
            }
            Kind::Continuous {
                bounds,
                grid,
                format,
            } => self.read_continuous(bounds, grid, format),
            Kind::Date {
                format,
                also,
                bounds,
            } => {
                let read = |text: &str, format: &str| date::parse_date(text, format);
                let (values, missing) = self.read_dates("day", format, also, read);
                self.check_bounds(bounds, &values, &missing);
                Column::with_missing(Values::Integer(values), missing)
            }
            Kind::DateTime {
                format,
                also,
                unit,
                bounds,
            } => {
                let read = |text: &str, format: &str| date::parse_date_time(text, format, *unit);
                let (values, missing) = self.read_dates("moment", format, also, read);
                self.check_bounds(bounds, &values, &missing);
                Column::with_missing(Values::Integer(values), missing)
            }
            Kind::Text => self.read_text(),
        };
        ReadColumn {
            field,
            values,
            errors: self.errors,
            warnings: self.warnings,
        }
    }

    /// Why this text is no value, if it is not.
    fn missing(&self, text: &str) -> Option<Missing> {
        match self.missing_codes.get(text) {
            Some(&code) => Some(Missing::Coded(code)),
            None => (text.is_empty() || text == self.field.absent).then_some(Missing::Absent),
        }
    }

    /// Reads texts in the first of the formats that fits.
    fn read_dates(
        &mut self,
        kind: &'static str,
        format: &str,
        also: &[String],
        read: impl Fn(&str, &str) -> Option<i64>,
    ) -> (Vec<i64>, Vec<u8>) {
        let rule = ReadRule::Date {
            kind,
            format: format.to_owned(),
        };
        self.read_cells(0, |text| {
            let others = || also.iter().find_map(|other| read(text, other));
            read(text, format)
                .or_else(others)
                .ok_or_else(|| rule.clone())
        })
    }

    /// Interprets each distinct text once, then fills the rows.
    fn read_cells<T: Copy>(
        &mut self,
        filler: T,
        interpret: impl Fn(&str) -> Result<T, ReadRule>,
    ) -> (Vec<T>, Vec<u8>) {
        let cells: Vec<Cell<T>> = self
            .raw
            .texts
            .iter()
            .zip(&self.used)
            .map(|(text, &used)| match self.missing(text) {
                // A text no row has is never looked at.
                _ if !used => Cell::Missing(Missing::Absent),
                Some(missing) => Cell::Missing(missing),
                None => match interpret(text) {
                    Ok(value) => Cell::Value(value),
                    Err(rule @ (ReadRule::Infinite | ReadRule::NotANumber)) => Cell::Odd(rule),
                    Err(_) if self.field.unreadable == Unreadable::Absent => {
                        Cell::Odd(ReadRule::Unreadable)
                    }
                    Err(rule) => Cell::Wrong(rule),
                },
            })
            .collect();
        self.report(&cells);
        let coded: Vec<(T, u8)> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Value(value) => (*value, 0),
                Cell::Missing(missing) => (filler, missing.to_byte()),
                Cell::Odd(_) | Cell::Wrong(_) => (filler, Missing::Absent.to_byte()),
            })
            .collect();
        let rows = self.raw.cells.iter();
        rows.map(|&cell| coded[cell as usize]).unzip()
    }

    /// Collects what is wrong or odd, one issue per rule with its first row and count.
    fn report<T>(&mut self, cells: &[Cell<T>]) {
        let fine = |cell: &Cell<T>| matches!(cell, Cell::Value(_) | Cell::Missing(_));
        if cells.iter().all(fine) {
            return;
        }
        for (row, &cell) in self.raw.cells.iter().enumerate() {
            let (rule, issues) = match &cells[cell as usize] {
                Cell::Wrong(rule) => (rule, &mut self.errors),
                Cell::Odd(rule) => (rule, &mut self.warnings),
                Cell::Value(_) | Cell::Missing(_) => continue,
            };
            add(issues, self.field, row, rule);
        }
    }

    fn check_bounds<T: Copy + PartialOrd>(
        &mut self,
        known: &mut Option<Known<Bounds<T>>>,
        values: &[T],
        missing: &[u8],
    ) {
        let present = || {
            (0..values.len())
                .filter(|&row| missing[row] == 0)
                .map(|row| (row, values[row]))
        };
        let Some((_, first)) = present().next() else {
            return;
        };
        let observed = present().fold(
            Bounds {
                min: first,
                max: first,
            },
            |bounds, (_, value)| Bounds {
                min: if value < bounds.min {
                    value
                } else {
                    bounds.min
                },
                max: if value > bounds.max {
                    value
                } else {
                    bounds.max
                },
            },
        );
        let Some(bounds) = known else {
            *known = Some(Known::observed(observed));
            return;
        };
        let inside = |value: T| bounds.value.min <= value && value <= bounds.value.max;
        if inside(observed.min) && inside(observed.max) {
            return;
        }
        let binding = bounds.is_public();
        let (rule, issues) = match binding {
            true => (ReadRule::OutOfBounds, &mut self.errors),
            false => (ReadRule::BoundsWidened, &mut self.warnings),
        };
        for (row, value) in present() {
            if !inside(value) {
                add(issues, self.field, row, &rule);
            }
        }
        if !binding {
            if observed.min < bounds.value.min {
                bounds.value.min = observed.min;
            }
            if observed.max > bounds.value.max {
                bounds.value.max = observed.max;
            }
        }
    }

    fn read_continuous(
        &mut self,
        bounds: &mut Option<Known<Bounds<f64>>>,
        grid: &mut Option<Known<Grid>>,
        format: &NumberFormat,
    ) -> Column {
        let rule = ReadRule::Number {
            format: number::describe(format),
        };
        let (numbers, missing) =
            self.read_cells((0.0, 0), |text| match number::parse(text, format) {
                Ok(number) => Ok((number.value, number.decimals)),
                Err(fault) => Err(odd(fault).unwrap_or_else(|| rule.clone())),
            });
        // Numbers with powers of ten have significant digits rather than decimals.
        let powers = format.exponent.is_some_and(|exponent| exponent.always);
        if grid.is_none() && !powers && missing.contains(&0) {
            // Fillers have no decimals and do not count.
            let decimals = numbers.iter().map(|&(_, decimals)| decimals).max();
            *grid = decimals
                .filter(|&decimals| decimals <= MAX_DECIMALS)
                .map(|decimals| Known::observed(Grid::Decimals(decimals)));
        }
        let values: Vec<f64> = numbers.into_iter().map(|(value, _)| value).collect();
        self.check_bounds(bounds, &values, &missing);
        Column::with_missing(Values::Continuous(values), missing)
    }

    fn read_text(&self) -> Column {
        let coded: Vec<u8> = self
            .raw
            .texts
            .iter()
            .map(|text| self.missing(text).map_or(0, Missing::to_byte))
            .collect();
        let mut texts = Strings::new();
        let mut missing = Vec::with_capacity(self.raw.cells.len());
        for &cell in &self.raw.cells {
            let byte = coded[cell as usize];
            texts.push(match byte {
                0 => self.raw.texts.get(cell as usize),
                _ => "",
            });
            missing.push(byte);
        }
        Column::with_missing(Values::Text(texts), missing)
    }

    fn read_levels(&mut self, known: &mut Option<Known<Levels>>) -> Column {
        let binding = known.as_ref().is_some_and(Known::is_public);
        let listed: Vec<String> = match known {
            Some(levels) => levels.value.iter().map(str::to_owned).collect(),
            None => self.observe_levels(),
        };
        let mut codes: HashMap<String, u32> = listed.iter().cloned().zip(0..).collect();
        if listed
            .iter()
            .any(|level| self.missing_codes.contains_key(level.as_str()))
        {
            self.column_issue(ReadRule::LevelIsMissingCode);
        }
        let before = listed.len();
        let mut levels = listed;
        // What was merely observed before grows at the end, so that the codes of old levels stay as
        // they are.
        if known.is_some() && !binding && !matches!(self.field.kind, Kind::Boolean { .. }) {
            let mut new: Vec<&str> = self
                .present_texts()
                .filter(|text| !codes.contains_key(*text))
                .collect();
            order::sort_levels(&mut new);
            for text in new {
                codes.insert(text.to_owned(), levels.len() as u32);
                levels.push(text.to_owned());
            }
            if levels.len() > before {
                let added: Vec<bool> = self
                    .raw
                    .texts
                    .iter()
                    .map(|text| codes.get(text).is_some_and(|&code| code as usize >= before))
                    .collect();
                for (row, &cell) in self.raw.cells.iter().enumerate() {
                    if added[cell as usize] {
                        add(&mut self.warnings, self.field, row, &ReadRule::LevelAdded);
                    }
                }
            }
        }
        let rule = ReadRule::UnknownLevel {
            levels: levels.len(),
        };
        let cells: Vec<Cell<u32>> = self
            .raw
            .texts
            .iter()
            .zip(&self.used)
            .map(
                |(text, &used)| match (codes.get(text), self.missing(text)) {
                    (Some(&code), _) => Cell::Value(code),
                    (None, Some(missing)) => Cell::Missing(missing),
                    (None, None) if !used => Cell::Missing(Missing::Absent),
                    (None, None) => Cell::Wrong(rule.clone()),
                },
            )
            .collect();
        self.report(&cells);
        let coded: Vec<(u32, u8)> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Value(code) => (*code, 0),
                Cell::Missing(missing) => (0, missing.to_byte()),
                Cell::Odd(_) | Cell::Wrong(_) => (0, Missing::Absent.to_byte()),
            })
            .collect();
        let (values, missing) = self
            .raw
            .cells
            .iter()
            .map(|&cell| coded[cell as usize])
            .unzip();
        let provenance = known
            .as_ref()
            .map_or(Provenance::Observed, |known| known.provenance);
        // Levels of a dictionary, or of a schema plus texts that are none of its levels, are
        // distinct.
        *known = Levels::new(levels)
            .ok()
            .map(|value| Known { value, provenance });
        Column::with_missing(Values::Codes(values), missing)
    }

    /// The texts in use that are no missing value.
    fn present_texts(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        self.raw
            .texts
            .iter()
            .zip(&self.used)
            .filter(|&(text, &used)| used && self.missing(text).is_none())
            .map(|(text, _)| text)
    }

    /// The levels of a column that declares none, in the order its type gives them.
    fn observe_levels(&mut self) -> Vec<String> {
        let mut texts: Vec<&str> = self.present_texts().collect();
        order::sort_levels(&mut texts);
        match self.field.kind {
            Kind::Boolean { .. } => match ordinal::boolean_order(&texts) {
                Some(pair) => return pair.map(str::to_owned).to_vec(),
                None if texts.len() == 2 => {}
                None => self.column_issue(ReadRule::NotTwoLevels { found: texts.len() }),
            },
            Kind::Ordinal { .. } if texts.len() > 1 => match ordinal::order(&texts) {
                Some(ordered) => texts = ordered,
                None => {
                    let plain = NumberFormat::default();
                    if texts
                        .iter()
                        .any(|text| number::parse(text, &plain).is_err())
                    {
                        self.warnings.push(ReadIssue {
                            column: self.field.name.clone(),
                            row: 0,
                            cells: self.raw.cells.len(),
                            rule: ReadRule::OrderUnknown,
                        });
                    }
                }
            },
            _ => {}
        }
        texts.into_iter().map(str::to_owned).collect()
    }

    fn column_issue(&mut self, rule: ReadRule) {
        self.errors.push(ReadIssue {
            column: self.field.name.clone(),
            row: 0,
            cells: self.raw.cells.len(),
            rule,
        });
    }
}

/// As many decimals as a grid may have.
const MAX_DECIMALS: u8 = 17;

fn whole_number(text: &str, format: &NumberFormat) -> Result<i64, ReadRule> {
    match number::parse(text, format) {
        Ok(number) => number.whole.ok_or_else(|| ReadRule::WholeNumber {
            format: number::describe(format),
        }),
        Err(fault) => Err(odd(fault).unwrap_or_else(|| ReadRule::WholeNumber {
            format: number::describe(format),
        })),
    }
}

fn odd(fault: NotNumber) -> Option<ReadRule> {
    match fault {
        NotNumber::Spelling => None,
        NotNumber::Infinite => Some(ReadRule::Infinite),
        NotNumber::NotANumber => Some(ReadRule::NotANumber),
    }
}

/// Counts a row under its rule.
fn add(issues: &mut Vec<ReadIssue>, field: &Field, row: usize, rule: &ReadRule) {
    match issues.iter_mut().find(|issue| issue.rule == *rule) {
        Some(issue) => issue.cells += 1,
        None => issues.push(ReadIssue {
            column: field.name.clone(),
            row: row + 1,
            cells: 1,
            rule: rule.clone(),
        }),
    }
}
