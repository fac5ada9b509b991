//! Numbers that are codes of categories, and categories that are ranks.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue, IssueKind};
use parable_table::constraints::Repair;
use parable_table::distinct::Distinct;
use parable_table::{Bounds, Column, Field, Kind, Known, Levels, Missing, NumberFormat, Values};

/// Turns the numbers of an integer column into levels, and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NumberLevels {
    /// The column.
    pub column: Field,
    /// The numbers, in the order of the levels.
    pub values: Vec<i64>,
    /// Whether the order of the levels means something.
    pub ordered: bool,
}

/// Turns the levels of an ordinal column into ranks 0, 1, ..., and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ranks {
    /// The column.
    pub column: Field,
}

impl NumberLevels {
    /// The step for the integer column at this position, if it holds at most `max_levels` different
    /// numbers.
    pub(super) fn of(frame: &Frame, position: usize, max_levels: usize) -> Option<Self> {
        let column = &frame.columns[position];
        let (Kind::Integer { .. }, Values::Integer(values)) =
            (&frame.fields[position].kind, column.values())
        else {
            return None;
        };
        let distinct = Distinct::of(column);
        (1..=max_levels).contains(&distinct.values).then(|| Self {
            column: frame.fields[position].clone(),
            values: distinct.first_rows[..distinct.values]
                .iter()
                .map(|&row| values[row])
                .collect(),
            ordered: true,
        })
    }

    fn cleaned_field(&self) -> Result<Field, CleanError> {
        let levels = Known::observed(Levels::new(self.values.iter().map(i64::to_string))?);
        let mut field = self.column.clone();
        field.kind = if self.ordered {
            Kind::ordinal(levels)
        } else {
            Kind::nominal(levels)
        };
        Ok(field)
    }
}

impl Apply for NumberLevels {
    fn describe(&self) -> String {
        format!(
            "Take the {} numbers of `{}` as levels; they become numbers again afterwards.",
            self.values.len(),
            self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let column = &frame.columns[position];
        let Values::Integer(values) = column.values() else {
            unreachable!("an integer column stores integers")
        };
        let mut missing = column
            .missing_bytes()
            .map_or(vec![0; frame.rows], <[u8]>::to_vec);
        let mut unknown = 0;
        let codes = (0..frame.rows)
            .map(
                |row| match self.values.iter().position(|&value| value == values[row]) {
                    _ if missing[row] != 0 => 0,
                    Some(code) => code as u32,
                    None => {
                        unknown += 1;
                        missing[row] = Missing::Absent.to_byte();
                        0
                    }
                },
            )
            .collect();
        if unknown > 0 {
            let name = &self.column.name;
            let message = format!(
                "{unknown} rows of `{name}` hold a number that is no level; they become missing"
            );
            issues.push(Issue::new(IssueKind::Unexpected, [name], unknown, message));
        }
        frame.forget_rules_about(&self.column.name);
        frame.columns[position] = Column::with_missing(Values::Codes(codes), missing);
        frame.fields[position] = self.cleaned_field()?;
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
        let numbers: Vec<i64> = field
            .kind
            .levels()
            .into_iter()
            .flat_map(Levels::iter)
            .map(|text| text.parse().unwrap_or(0))
            .collect();
        let values = (0..frame.rows)
            .map(|row| column.code(row).map_or(0, |code| numbers[code as usize]))
            .collect();
        frame.columns[position] = column.with_values(Values::Integer(values));
        frame.fields[position] = self.column.clone();
        Ok(())
    }
}

impl Ranks {
    /// The step for the ordinal column at this position.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let field = &frame.fields[position];
        let ordinal = matches!(&field.kind, Kind::Ordinal { levels: Some(l) } if l.value.len() > 1);
        ordinal.then(|| Self {
            column: field.clone(),
        })
    }

    fn levels(&self) -> Result<&Levels, CleanError> {
        let levels = self
            .column
            .kind
            .levels()
            .filter(|levels| !levels.is_empty());
        levels.ok_or_else(|| CleanError::BadStep {
            column: self.column.name.clone(),
            why: "it has no levels",
        })
    }

    fn cleaned_field(&self) -> Result<Field, CleanError> {
        let max = self.levels()?.len() as i64 - 1;
        let mut field = self.column.clone();
        field.kind = Kind::Integer {
            bounds: Some(Known::observed(Bounds { min: 0, max })),
            grid: None,
            format: NumberFormat::default(),
        };
        Ok(field)
    }
}

impl Apply for Ranks {
    fn describe(&self) -> String {
        format!(
            "Take the ordered levels of `{}` as ranks from 0; they become levels again afterwards.",
            self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let position = frame.find_like(&self.column)?;
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let own = self.levels()?;
        let ranks: Vec<Option<u32>> = field
            .kind
            .levels()
            .into_iter()
            .flat_map(Levels::iter)
            .map(|text| own.code(text))
            .collect();
        let mut missing = column
            .missing_bytes()
            .map_or(vec![0; frame.rows], <[u8]>::to_vec);
        let values = (0..frame.rows)
            .map(
                |row| match column.code(row).map(|code| ranks[code as usize]) {
                    Some(Some(rank)) => i64::from(rank),
                    Some(None) => {
                        missing[row] = Missing::Absent.to_byte();
                        0
                    }
                    None => 0,
                },
            )
            .collect();
        frame.forget_rules_about(&self.column.name);
        frame.columns[position] = Column::with_missing(Values::Integer(values), missing);
        frame.fields[position] = self.cleaned_field()?;
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let position = frame.find_like(&self.cleaned_field()?)?;
        let column = &frame.columns[position];
        let max = self.levels()?.len() as i64 - 1;
        let mut outside = 0;
        let codes = (0..frame.rows)
            .map(|row| {
                let rank = column.number(row).map_or(0, |number| number as i64);
                outside += usize::from(!(0..=max).contains(&rank));
                rank.clamp(0, max) as u32
            })
            .collect();
        if outside > 0 {
            let names = vec![self.column.name.clone()];
            repairs.push(Repair::new(
                names,
                "ranks beyond the levels become the nearest level",
                outside,
            ));
        }
        frame.columns[position] = column.with_values(Values::Codes(codes));
        frame.fields[position] = self.column.clone();
        Ok(())
    }
}
