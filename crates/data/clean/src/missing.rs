//! Missing values for methods that cannot take them: a level of their own, or a column that says
//! where they are.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::constraints::Repair;
use parable_table::{Column, Field, Kind, Known, Levels, Missing, Values};

/// A reason for missing values and the level that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReasonLevel {
    /// The text of the coded reason; nothing for a missing value without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The level.
    pub level: String,
}

/// Turns missing values of a categorical column into levels, and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MissingLevels {
    /// The column.
    pub column: Field,
    /// The levels that are added, behind those of the column.
    pub reasons: Vec<ReasonLevel>,
}

/// Adds a column that says whether a value is there and if not, why; where that column says so, the
/// restored value is missing.
///
/// The value itself stays missing until a later step fills it
/// ([`ImputeColumns`](super::ImputeColumns)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MissingIndicator {
    /// The column.
    pub column: Field,
    /// The name of the column that says where it is missing.
    pub indicator: String,
    /// The level of that column where there is a value.
    pub present: String,
    /// The levels where there is none.
    pub reasons: Vec<ReasonLevel>,
}

/// Every reason that occurs in the column, or absent if none does, each with a level that is not
/// among those taken.
fn reasons(field: &Field, column: &Column, taken: &[&str]) -> Vec<ReasonLevel> {
    let bytes = column.missing_bytes().unwrap_or(&[]);
    let mut seen = [false; 256];
    bytes
        .iter()
        .for_each(|&byte| seen[usize::from(byte)] = true);
    let mut taken: Vec<String> = taken.iter().map(|&text| text.to_owned()).collect();
    (1..=255u8)
        .filter(|&byte| seen[usize::from(byte)])
        .filter_map(Missing::from_byte)
        .map(|missing| {
            let reason = match missing {
                Missing::Absent => None,
                Missing::Coded(code) => field
                    .missing_codes
                    .get(usize::from(code))
                    .map(|code| code.text.clone()),
            };
            let mut level = reason
                .clone()
                .map_or("missing".to_owned(), |text| format!("missing: {text}"));
            while taken.contains(&level) {
                level.push('*');
            }
            taken.push(level.clone());
            ReasonLevel { reason, level }
        })
        .collect()
}

/// The position among the reasons of each missing byte; 0 for one that was not planned for.
fn positions(field: &Field, reasons: &[ReasonLevel]) -> [u32; 256] {
    let mut positions = [0u32; 256];
    for byte in 1..=255u8 {
        let text = match Missing::from_byte(byte) {
            Some(Missing::Coded(code)) => field
                .missing_codes
                .get(usize::from(code))
                .map(|code| &code.text),
            _ => None,
        };
        if let Some(at) = reasons
            .iter()
            .position(|reason| reason.reason.as_ref() == text)
        {
            positions[usize::from(byte)] = at as u32;
        }
    }
    positions
}

/// The missing byte of a reason.
fn byte_of(field: &Field, reason: &ReasonLevel) -> u8 {
    let code = reason.reason.as_ref().and_then(|text| {
        field
            .missing_codes
            .iter()
            .position(|code| code.text == *text)
    });
    code.map_or(Missing::Absent, |code| Missing::Coded(code as u8))
        .to_byte()
}

impl MissingLevels {
    /// The step for the categorical column at this position, if values are missing.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let levels: Vec<&str> = field.kind.levels()?.iter().collect();
        (column.missing_count() > 0).then(|| Self {
            column: field.clone(),
            reasons: reasons(field, column, &levels),
        })
    }

    fn cleaned_field(&self) -> Result<Field, CleanError> {
        let own = self.column.kind.levels();
        let texts = own
            .into_iter()
            .flat_map(Levels::iter)
            .chain(self.reasons.iter().map(|reason| reason.level.as_str()));
        let mut field = self.column.clone();
        field.kind = Kind::nominal(Known::observed(Levels::new(texts)?));
        field.missing_codes = Vec::new();
        Ok(field)
    }
}

impl Apply for MissingLevels {
    fn describe(&self) -> String {
        format!(
            "Give missing values of `{}` {} of their own; they become missing again afterwards.",
            self.column.name,
            if self.reasons.len() == 1 {
                "a level"
            } else {
                "levels"
            }
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let into = self.cleaned_field()?;
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        // The table may number its levels otherwise than the one the recipe was made for.
        let order: Vec<Option<u32>> = field.kind.levels().map_or_else(Vec::new, |levels| {
            levels
                .iter()
                .map(|text| into.kind.levels().and_then(|l| l.code(text)))
                .collect()
        });
        let own = self.column.kind.levels().map_or(0, Levels::len) as u32;
        let places = positions(field, &self.reasons);
        let codes = (0..frame.rows)
            .map(|row| match column.code(row) {
                Some(code) => order[code as usize].unwrap_or(own),
                None => own + places[usize::from(column.missing_bytes().map_or(0, |b| b[row]))],
            })
            .collect();
        frame.forget_rules_about(&self.column.name);
        frame.columns[position] = Column::complete(Values::Codes(codes));
        frame.fields[position] = into;
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let position = frame.find_like(&self.cleaned_field()?)?;
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let own = self.column.kind.levels();
        let meaning: Vec<(u32, u8)> = field
            .kind
            .levels()
            .into_iter()
            .flat_map(Levels::iter)
            .map(|text| match own.and_then(|levels| levels.code(text)) {
                Some(code) => (code, 0),
                None => {
                    let reason = self.reasons.iter().find(|reason| reason.level == text);
                    (0, reason.map_or(1, |reason| byte_of(&self.column, reason)))
                }
            })
            .collect();
        let cells = (0..frame.rows).map(|row| match column.code(row) {
            Some(code) => meaning[code as usize],
            None => (0, 1),
        });
        let (codes, missing) = cells.unzip();
        frame.columns[position] = Column::with_missing(Values::Codes(codes), missing);
        frame.fields[position] = self.column.clone();
        Ok(())
    }
}

impl MissingIndicator {
    /// The step for the column at this position, if values are missing.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        (column.missing_count() > 0).then(|| Self {
            column: field.clone(),
            indicator: frame.fresh_name(&format!("{}_missing", field.name)),
            present: "present".to_owned(),
            reasons: reasons(field, column, &["present"]),
        })
    }

    fn indicator_field(&self) -> Result<Field, CleanError> {
        let reasons = self.reasons.iter().map(|reason| reason.level.as_str());
        let levels = Levels::new(std::iter::once(self.present.as_str()).chain(reasons))?;
        let field = Field::new(
            self.indicator.clone(),
            Kind::nominal(Known::observed(levels)),
        );
        Ok(field.with_label(format!("Whether `{}` has a value", self.column.name)))
    }
}

impl Apply for MissingIndicator {
    fn describe(&self) -> String {
        format!(
            "Add a column `{}` that says where `{}` is missing and why; values become missing there again afterwards.",
            self.indicator, self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let places = positions(field, &self.reasons);
        let code = |row: usize| {
            let byte = column.missing_bytes().map_or(0, |bytes| bytes[row]);
            if byte == 0 {
                0
            } else {
                1 + places[usize::from(byte)].min(self.reasons.len() as u32 - 1)
            }
        };
        if self.reasons.is_empty() {
            return Err(CleanError::BadStep {
                column: self.column.name.clone(),
                why: "it lists no reason for missing values",
            });
        }
        let indicator = Column::complete(Values::Codes((0..frame.rows).map(code).collect()));
        frame.insert(position, self.indicator_field()?, indicator);
        frame.forget_rules_about(&self.column.name);
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let (field, indicator) = frame.remove(frame.find_like(&self.indicator_field()?)?);
        let position = frame.find_like(&self.column)?;
        let bytes: Vec<Option<u8>> = field
            .kind
            .levels()
            .into_iter()
            .flat_map(Levels::iter)
            .map(|text| {
                let reason = self.reasons.iter().find(|reason| reason.level == text);
                reason.map(|reason| byte_of(&self.column, reason))
            })
            .collect();
        let column = &mut frame.columns[position];
        for row in 0..frame.rows {
            let byte = indicator.code(row).and_then(|code| bytes[code as usize]);
            if let Some(missing) = byte.and_then(Missing::from_byte) {
                column.set_missing(row, missing);
            }
        }
        frame.fields[position]
            .missing_codes
            .clone_from(&self.column.missing_codes);
        Ok(())
    }
}
