//! One cell, read as data and written into a column.

use serde::{Deserialize, Serialize};

use crate::{Column, Field, Kind, Missing, Strings, Values};

/// The content of one cell, independent of the codes of a particular table, as recipe files hold
/// it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// No value and no reason.
    Absent,
    /// No value, for the reason with this text.
    Reason(String),
    /// A whole number, a day or a moment.
    Integer(i64),
    /// A real number.
    Number(f64),
    /// A level, as the source spells it.
    Level(String),
    /// Free text.
    Text(String),
}

impl Cell {
    /// The cell in this row.
    #[must_use]
    pub fn read(field: &Field, column: &Column, row: usize) -> Self {
        match column.missing(row) {
            Some(Missing::Coded(code)) => match field.missing_codes.get(usize::from(code)) {
                Some(code) => return Self::Reason(code.text.clone()),
                None => return Self::Absent,
            },
            Some(Missing::Absent) => return Self::Absent,
            None => {}
        }
        match &column.values {
            Values::Integer(values) => Self::Integer(values[row]),
            Values::Continuous(values) => Self::Number(values[row]),
            Values::Codes(codes) => match field.kind.levels().and_then(|l| l.get(codes[row])) {
                Some(level) => Self::Level(level.to_owned()),
                None => Self::Absent,
            },
            Values::Text(texts) => Self::Text(texts.get(row).to_owned()),
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Absent | Self::Reason(_))
    }

    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The byte of the missing reason; reasons the field does not declare become absent.
    fn missing_byte(&self, field: &Field) -> u8 {
        match self {
            Self::Reason(text) => field
                .missing_codes
                .iter()
                .position(|code| code.text == *text)
                .map_or(Missing::Absent, |code| Missing::Coded(code as u8))
                .to_byte(),
            _ => Missing::Absent.to_byte(),
        }
    }
}

#[derive(Clone, Copy)]
enum Stored<'a> {
    Nothing,
    Integer(i64),
    Number(f64),
    Code(u32),
    Text(&'a str),
}

impl<'a> Stored<'a> {
    fn integer(self) -> i64 {
        if let Self::Integer(value) = self {
            value
        } else {
            0
        }
    }
    fn number(self) -> f64 {
        if let Self::Number(value) = self {
            value
        } else {
            0.0
        }
    }
    fn code(self) -> u32 {
        if let Self::Code(code) = self { code } else { 0 }
    }
    fn text(self) -> &'a str {
        if let Self::Text(text) = self {
            text
        } else {
            ""
        }
    }
}

fn store<'a>(field: &Field, cell: &'a Cell) -> (Stored<'a>, u8) {
    let held = match (Values::empty(&field.kind), cell) {
        (Values::Integer(_), Cell::Integer(value)) => Some(Stored::Integer(*value)),
        (Values::Continuous(_), Cell::Number(value)) => Some(Stored::Number(*value)),
        (Values::Continuous(_), Cell::Integer(value)) => Some(Stored::Number(*value as f64)),
        (Values::Codes(_), Cell::Level(level)) => {
            let code = field.kind.levels().and_then(|levels| levels.code(level));
            code.map(Stored::Code)
        }
        (Values::Text(_), Cell::Text(text)) => Some(Stored::Text(text)),
        _ => None,
    };
    match held {
        Some(stored) => (stored, 0),
        None => (Stored::Nothing, cell.missing_byte(field)),
    }
}

impl Values {
    /// No values, in the storage of this type.
    #[must_use]
    pub fn empty(kind: &Kind) -> Self {
        match kind {
            Kind::Boolean { .. } | Kind::Nominal { .. } | Kind::Ordinal { .. } => {
                Self::Codes(Vec::new())
            }
            Kind::Continuous { .. } => Self::Continuous(Vec::new()),
            Kind::Integer { .. } | Kind::Date { .. } | Kind::DateTime { .. } => {
                Self::Integer(Vec::new())
            }
            Kind::Text => Self::Text(Strings::new()),
        }
    }
}

impl Column {
    /// A column of this field that holds, in each row, the cell with the given position. A cell the
    /// field cannot hold becomes a missing value.
    ///
    /// # Panics
    /// If a position is not below the number of cells.
    #[must_use]
    pub fn from_cells(
        field: &Field,
        cells: &[Cell],
        picks: impl ExactSizeIterator<Item = usize>,
    ) -> Self {
        let stored: Vec<(Stored<'_>, u8)> = cells.iter().map(|cell| store(field, cell)).collect();
        let mut missing = Vec::with_capacity(picks.len());
        let picks: Vec<usize> = picks
            .inspect(|&pick| missing.push(stored[pick].1))
            .collect();
        let values = match Values::empty(&field.kind) {
            Values::Integer(_) => {
                Values::Integer(picks.iter().map(|&p| stored[p].0.integer()).collect())
            }
            Values::Continuous(_) => {
                Values::Continuous(picks.iter().map(|&p| stored[p].0.number()).collect())
            }
            Values::Codes(_) => Values::Codes(picks.iter().map(|&p| stored[p].0.code()).collect()),
            Values::Text(_) => Values::Text(
                picks
                    .iter()
                    .map(|&p| stored[p].0.text())
                    .collect::<Strings>(),
            ),
        };
        Self::with_missing(values, missing)
    }

    /// Writes the cell of one row into another.
    pub fn copy_cell(&mut self, from: usize, to: usize) {
        match &mut self.values {
            Values::Integer(values) => values[to] = values[from],
            Values::Continuous(values) => values[to] = values[from],
            Values::Codes(codes) => codes[to] = codes[from],
            Values::Text(texts) => {
                let source = texts.get(from).to_owned();
                texts.replace(to, &source);
            }
        }
        if let Some(missing) = &mut self.missing {
            missing[to] = missing[from];
        }
    }

    /// Writes a number; fractions are rounded in an integer column. Does nothing in a column that
    /// is not numeric.
    pub fn set_number(&mut self, row: usize, number: f64) {
        match &mut self.values {
            Values::Integer(values) => values[row] = number.round() as i64,
            Values::Continuous(values) => values[row] = number,
            Values::Codes(_) | Values::Text(_) => return,
        }
        self.set_present(row);
    }

    /// Writes a code. Does nothing in a column that is not categorical.
    pub fn set_code(&mut self, row: usize, code: u32) {
        if let Values::Codes(codes) = &mut self.values {
            codes[row] = code;
            self.set_present(row);
        }
    }

    /// Marks the row as having a value.
    pub fn set_present(&mut self, row: usize) {
        if let Some(missing) = &mut self.missing {
            missing[row] = 0;
        }
    }

    /// Takes the value away and writes the harmless filler.
    pub fn set_missing(&mut self, row: usize, reason: Missing) {
        let rows = self.len();
        match &mut self.values {
            Values::Integer(values) => values[row] = 0,
            Values::Continuous(values) => values[row] = 0.0,
            Values::Codes(codes) => codes[row] = 0,
            Values::Text(texts) => texts.replace(row, ""),
        }
        self.missing.get_or_insert_with(|| vec![0; rows])[row] = reason.to_byte();
    }
}
