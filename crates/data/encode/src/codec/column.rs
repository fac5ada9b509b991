//! The codes of one column.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::bins::{self, Bin};
use super::{CodecConfig, CodecError};
use parable_table::{Bounds, Column, Field, Kind, Known, Levels, Missing, Role, Values};

/// The codes of one column: its levels or bins in order, then its missing reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ColumnCodec {
    /// The column.
    pub name: String,
    /// What the first codes stand for.
    pub values: ValueCodes,
    /// The missing reasons that the codes behind them stand for: a coded text, or nothing for a
    /// missing value without a reason.
    pub missing: Vec<Option<String>>,
}

/// The meaning of the codes of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ValueCodes {
    /// Levels, as the source spells them.
    Levels(Levels),
    /// Stretches of numbers, ascending.
    Bins(Vec<Bin>),
}

/// Rows whose draws share a stream.
const BLOCK: usize = 4_096;

impl ColumnCodec {
    /// Codes of a numeric column by these bins, ascending, and one for each missing reason of the
    /// field. For a private fit the bins must come from public facts.
    #[must_use]
    pub fn of_bins(field: &Field, bins: Vec<Bin>) -> Self {
        Self::with_reasons(field, ValueCodes::Bins(bins))
    }

    fn with_reasons(field: &Field, values: ValueCodes) -> Self {
        let coded = field
            .missing_codes
            .iter()
            .map(|code| Some(code.text.clone()));
        Self {
            name: field.name.clone(),
            values,
            missing: std::iter::once(None).chain(coded).collect(),
        }
    }

    pub(super) fn declared(field: &Field, config: &CodecConfig) -> Result<Self, CodecError> {
        refuse(field)?;
        let undeclared = |fact| CodecError::Undeclared {
            column: field.name.clone(),
            fact,
        };
        let bounds = || -> Option<Known<Bounds<f64>>> {
            match &field.kind {
                Kind::Continuous { bounds, .. } => bounds.clone(),
                Kind::Integer { bounds, .. }
                | Kind::Date { bounds, .. }
                | Kind::DateTime { bounds, .. } => bounds.as_ref().map(|known| Known {
                    value: Bounds {
                        min: known.value.min as f64,
                        max: known.value.max as f64,
                    },
                    provenance: known.provenance,
                }),
                _ => None,
            }
        };
        let values = if field.kind.is_categorical() {
            let levels = field.kind.known_levels().filter(|known| known.is_public());
            ValueCodes::Levels(levels.ok_or_else(|| undeclared("levels"))?.value.clone())
        } else {
            let bounds = bounds()
                .filter(Known::is_public)
                .ok_or_else(|| undeclared("bounds"))?;
            if let Kind::Continuous {
                grid: Some(grid), ..
            } = &field.kind
                && !grid.is_public()
            {
                return Err(undeclared("grid"));
            }
            ValueCodes::Bins(bins::uniform(
                bounds.value,
                bins::grid(field),
                config.max_bins,
            ))
        };
        Ok(Self::with_reasons(field, values))
    }

    pub(super) fn observed(
        field: &Field,
        column: &Column,
        config: &CodecConfig,
    ) -> Result<Self, CodecError> {
        refuse(field)?;
        let values = match field.kind.levels() {
            Some(levels) => ValueCodes::Levels(levels.clone()),
            None => {
                let mut numbers: Vec<f64> = (0..column.len())
                    .filter_map(|row| column.number(row))
                    .collect();
                numbers.sort_by(f64::total_cmp);
                ValueCodes::Bins(bins::by_quantiles(&numbers, config.max_bins))
            }
        };
        let mut seen = [false; 256];
        for &byte in column.missing_bytes().unwrap_or(&[]) {
            seen[usize::from(byte)] = true;
        }
        let mut codec = Self {
            name: field.name.clone(),
            values,
            missing: (1..=255u8)
                .filter(|&byte| seen[usize::from(byte)])
                .map(|byte| reason(field, byte))
                .collect(),
        };
        if codec.codes() == 0 {
            codec.missing.push(None);
        }
        Ok(codec)
    }

    /// How many codes values have.
    #[must_use]
    pub fn value_codes(&self) -> u32 {
        match &self.values {
            ValueCodes::Levels(levels) => levels.len() as u32,
            ValueCodes::Bins(bins) => bins.len() as u32,
        }
    }

    /// How many codes there are, missing reasons included.
    #[must_use]
    pub fn codes(&self) -> u32 {
        self.value_codes() + self.missing.len() as u32
    }

    /// Refuses codes, read from a file, that do not fit the field.
    pub(super) fn check(&self, field: &Field) -> Result<(), CodecError> {
        let bad = |why| {
            Err(CodecError::BadColumn {
                column: self.name.clone(),
                why,
            })
        };
        if self.name != field.name {
            return bad("the names differ");
        }
        match &self.values {
            ValueCodes::Levels(levels) if field.kind.levels() != Some(levels) => {
                return bad("the levels differ");
            }
            ValueCodes::Bins(_) if !field.kind.is_numeric() => return bad("it has no numbers"),
            ValueCodes::Bins(bins) => {
                let sound =
                    |bin: &Bin| bin.low.is_finite() && bin.high.is_finite() && bin.low <= bin.high;
                let ascending = bins
                    .windows(2)
                    .all(|pair| pair[0].low < pair[1].low && pair[0].high <= pair[1].low);
                if !bins.iter().all(sound) || !ascending {
                    return bad("the bins do not ascend");
                }
            }
            ValueCodes::Levels(_) => {}
        }
        let known = |reason: &Option<String>| {
            reason
                .as_ref()
                .is_none_or(|text| field.missing_codes.iter().any(|c| c.text == *text))
        };
        if !self.missing.iter().all(known) {
            return bad("a missing reason is not declared");
        }
        Ok(())
    }

    pub(super) fn encode(
        &self,
        expected: &Field,
        field: &Field,
        column: &Column,
    ) -> Result<Vec<u32>, CodecError> {
        let numeric = |kind: &Kind| kind.is_numeric();
        if numeric(&expected.kind) != numeric(&field.kind)
            || expected.kind.is_categorical() != field.kind.is_categorical()
        {
            return Err(CodecError::WrongKind {
                column: self.name.clone(),
                expected: expected.kind.name(),
                found: field.kind.name(),
            });
        }
        let first_missing = self.value_codes();
        let mut missing_codes = [None; 256];
        for byte in 1..=255u8 {
            let reason = reason(field, byte);
            let at = self.missing.iter().position(|known| *known == reason);
            missing_codes[usize::from(byte)] = at.map(|at| first_missing + at as u32);
        }
        let order: Vec<Option<u32>> = match &self.values {
            ValueCodes::Levels(levels) => {
                let own = field.kind.levels().into_iter().flat_map(Levels::iter);
                own.map(|text| levels.code(text)).collect()
            }
            ValueCodes::Bins(_) => Vec::new(),
        };
        let bytes = column.missing_bytes();
        (0..column.len())
            .map(|row| {
                let byte = bytes.map_or(0, |bytes| bytes[row]);
                if byte != 0 {
                    return missing_codes[usize::from(byte)].ok_or_else(|| {
                        CodecError::UnknownReason {
                            column: self.name.clone(),
                            row: row + 1,
                        }
                    });
                }
                let code = match (column.values(), &self.values) {
                    (Values::Codes(codes), _) => order[codes[row] as usize],
                    (Values::Integer(values), ValueCodes::Bins(bins)) if !bins.is_empty() => {
                        Some(bins::find(bins, values[row] as f64) as u32)
                    }
                    (Values::Continuous(values), ValueCodes::Bins(bins)) if !bins.is_empty() => {
                        Some(bins::find(bins, values[row]) as u32)
                    }
                    _ => None,
                };
                code.ok_or_else(|| CodecError::UnknownLevel {
                    column: self.name.clone(),
                    row: row + 1,
                })
            })
            .collect()
    }

    pub(super) fn decode(&self, field: &Field, codes: &[u32], seed: &Seed) -> Column {
        let first_missing = self.value_codes();
        let bytes: Vec<u8> = self
            .missing
            .iter()
            .map(|reason| byte(field, reason))
            .collect();
        let missing = codes
            .iter()
            .map(|&code| {
                code.checked_sub(first_missing)
                    .map_or(0, |at| bytes[at as usize])
            })
            .collect();
        let numbers = |bins: &[Bin]| -> Vec<f64> {
            let grid = bins::grid(field);
            let blocks = codes.chunks(BLOCK).enumerate();
            let draws = blocks.flat_map(|(block, codes)| {
                let mut rng = seed.index(block as u64).rng();
                codes
                    .iter()
                    .map(|&code| {
                        bins.get(code as usize)
                            .map_or(0.0, |bin| bin.draw(grid, &mut rng))
                    })
                    .collect::<Vec<f64>>()
            });
            draws.collect()
        };
        let values = match &self.values {
            ValueCodes::Levels(_) => Values::Codes(
                codes
                    .iter()
                    .map(|&code| if code < first_missing { code } else { 0 })
                    .collect(),
            ),
            ValueCodes::Bins(bins) if matches!(field.kind, Kind::Continuous { .. }) => {
                Values::Continuous(numbers(bins))
            }
            ValueCodes::Bins(bins) => Values::Integer(
                numbers(bins)
                    .into_iter()
                    .map(|number| number as i64)
                    .collect(),
            ),
        };
        Column::with_missing(values, missing)
    }
}

/// Columns that have no codes.
fn refuse(field: &Field) -> Result<(), CodecError> {
    let why = match (&field.kind, &field.role) {
        (Kind::Text, _) => "holds free text",
        (_, Role::UnitId) => "names rows",
        _ => return Ok(()),
    };
    Err(CodecError::NoCodes {
        column: field.name.clone(),
        why,
    })
}

/// The text of the reason behind a missing byte; nothing for absent.
fn reason(field: &Field, byte: u8) -> Option<String> {
    match Missing::from_byte(byte) {
        Some(Missing::Coded(code)) => field
            .missing_codes
            .get(usize::from(code))
            .map(|code| code.text.clone()),
        _ => None,
    }
}

/// The missing byte of a reason.
fn byte(field: &Field, reason: &Option<String>) -> u8 {
    let code = reason.as_ref().and_then(|text| {
        field
            .missing_codes
            .iter()
            .position(|code| code.text == *text)
    });
    code.map_or(Missing::Absent, |code| Missing::Coded(code as u8))
        .to_byte()
}
