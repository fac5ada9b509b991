//! Columns that name rows: dropped, and written afresh in the source's pattern.

use std::collections::HashSet;

use parable_seed::{Rng, Seed};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::constraints::Repair;
use parable_table::{Bounds, Column, Field, Kind, Known, Levels, Strings, Values};

/// Drops a column that names rows; synthetic rows get fresh names that look alike, each different,
/// and none carries anything of a real row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FreshIds {
    /// The column.
    pub column: Field,
    /// What its names look like.
    pub pattern: IdPattern,
}

/// The pattern of the names of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "pattern", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum IdPattern {
    /// A whole number between two others, with the same text before and after it.
    Numbered {
        /// Text before the number.
        prefix: String,
        /// Digits of the number, padded with zeros; 0 for no padding.
        width: usize,
        /// Text after the number.
        suffix: String,
        /// Smallest number.
        min: i64,
        /// Largest number; more rows than numbers go on after it.
        max: i64,
        /// Whether numbers rise from row to row.
        rising: bool,
    },
    /// A character of a class, or a fixed one, at each place.
    Shape {
        /// The places in order.
        slots: Vec<Slot>,
    },
}

/// The characters that occur at one place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Slot {
    /// A digit.
    Digit,
    /// A capital letter.
    Upper,
    /// A small letter.
    Lower,
    /// This character.
    Fixed(char),
}

impl Slot {
    /// The class of a character.
    pub(super) fn of(character: char) -> Self {
        if character.is_ascii_digit() {
            Self::Digit
        } else if character.is_uppercase() {
            Self::Upper
        } else if character.is_alphabetic() {
            Self::Lower
        } else {
            Self::Fixed(character)
        }
    }

    /// A random character of the class.
    pub(super) fn draw(self, rng: &mut Rng) -> char {
        let from = |first: u8, count: u64, rng: &mut Rng| (first + rng.below(count) as u8) as char;
        match self {
            Self::Digit => from(b'0', 10, rng),
            Self::Upper => from(b'A', 26, rng),
            Self::Lower => from(b'a', 26, rng),
            Self::Fixed(character) => character,
        }
    }
}

impl FreshIds {
    /// Numbers 1, 2, ... whatever the column holds: for fits that may not look at it.
    #[must_use]
    pub fn numbered(column: Field) -> Self {
        Self {
            column,
            pattern: numbers(Vec::new()),
        }
    }

    /// The step for the column at this position.
    pub(super) fn of(frame: &Frame, position: usize) -> Self {
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        let present = (0..frame.rows).filter(|&row| !column.is_missing(row));
        let pattern = match column.values() {
            Values::Integer(values) => numbers(present.map(|row| values[row]).collect()),
            Values::Continuous(values) => numbers(present.map(|row| values[row] as i64).collect()),
            Values::Text(texts) => pattern(&present.map(|row| texts.get(row)).collect::<Vec<_>>()),
            Values::Codes(codes) => {
                let levels = field.kind.levels();
                let text = |row: usize| levels.and_then(|levels| levels.get(codes[row]));
                pattern(&present.filter_map(text).collect::<Vec<_>>())
            }
        };
        Self {
            column: field.clone(),
            pattern,
        }
    }
}

/// The pattern of plain numbers.
fn numbers(numbers: Vec<i64>) -> IdPattern {
    IdPattern::Numbered {
        prefix: String::new(),
        width: 0,
        suffix: String::new(),
        min: numbers.iter().copied().min().unwrap_or(1),
        max: numbers.iter().copied().max().unwrap_or(1),
        rising: numbers.windows(2).all(|pair| pair[0] < pair[1]),
    }
}

/// The pattern of texts: a number between two fixed texts if that fits them all, otherwise
/// character classes.
fn pattern(texts: &[&str]) -> IdPattern {
    let Some(&first) = texts.first() else {
        return numbers(Vec::new());
    };
    let digits = |character: char| character.is_ascii_digit();
    let suffix_start = first.rfind(digits).map_or(first.len(), |last| last + 1);
    let suffix = &first[suffix_start..];
    let stem = &first[..suffix_start];
    let number_start = stem.rfind(|c| !digits(c)).map_or(0, |last| {
        last + stem[last..].chars().next().map_or(1, char::len_utf8)
    });
    let prefix = &stem[..number_start];
    let bodies: Option<Vec<&str>> = texts
        .iter()
        .map(|text| text.strip_prefix(prefix)?.strip_suffix(suffix))
        .collect();
    let values: Option<Vec<i64>> = bodies.as_ref().and_then(|bodies| {
        let number = |body: &&str| {
            let plain = !body.is_empty() && body.chars().all(digits);
            plain.then(|| body.parse().ok()).flatten()
        };
        bodies.iter().map(number).collect()
    });
    if let (Some(bodies), Some(values)) = (bodies, values) {
        let same_width = bodies.iter().all(|body| body.len() == bodies[0].len());
        let padded = bodies
            .iter()
            .any(|body| body.len() > 1 && body.starts_with('0'));
        if same_width || !padded {
            let width = if same_width { bodies[0].len() } else { 0 };
            let IdPattern::Numbered {
                min, max, rising, ..
            } = numbers(values)
            else {
                unreachable!("numbers make a numbered pattern")
            };
            return IdPattern::Numbered {
                prefix: prefix.to_owned(),
                width,
                suffix: suffix.to_owned(),
                min,
                max,
                rising,
            };
        }
    }
    let common = texts
        .iter()
        .filter(|text| text.chars().map(Slot::of).eq(first.chars().map(Slot::of)));
    let mut slots: Vec<Slot> = first.chars().map(Slot::of).collect();
    // A character that all share is part of the pattern, not of a name.
    for (place, character) in first.chars().enumerate() {
        if texts.len() > 1
            && common
                .clone()
                .all(|text| text.chars().nth(place) == Some(character))
        {
            slots[place] = Slot::Fixed(character);
        }
    }
    IdPattern::Shape { slots }
}

impl IdPattern {
    /// This many different names.
    fn draw(&self, rows: usize, rng: &mut Rng) -> Vec<String> {
        match self {
            Self::Numbered {
                prefix,
                width,
                suffix,
                ..
            } => self
                .draw_numbers(rows, rng)
                .into_iter()
                .map(|number| format!("{prefix}{number:0width$}{suffix}"))
                .collect(),
            Self::Shape { slots } => {
                let room = slots.iter().fold(1u64, |room, slot| {
                    room.saturating_mul(match slot {
                        Slot::Digit => 10,
                        Slot::Upper | Slot::Lower => 26,
                        Slot::Fixed(_) => 1,
                    })
                });
                // A shape with less than twice the room gets digits behind it, so that drawing
                // until names differ ends soon.
                let mut slots = slots.clone();
                let mut room = room;
                while room < 2 * rows as u64 {
                    slots.push(Slot::Digit);
                    room = room.saturating_mul(10);
                }
                let mut seen = HashSet::with_capacity(rows);
                (0..rows)
                    .map(|_| {
                        loop {
                            let name: String = slots.iter().map(|slot| slot.draw(rng)).collect();
                            if seen.insert(name.clone()) {
                                return name;
                            }
                        }
                    })
                    .collect()
            }
        }
    }

    /// This many different numbers; 1, 2, ... for a shape.
    fn draw_numbers(&self, rows: usize, rng: &mut Rng) -> Vec<i64> {
        let (min, max, rising) = match *self {
            Self::Numbered {
                min, max, rising, ..
            } => (min, max, rising),
            Self::Shape { .. } => (1, rows as i64, true),
        };
        let room = (max.abs_diff(min)).saturating_add(1).max(rows as u64);
        let mut numbers: Vec<i64> = if room / 2 > rows as u64 {
            let mut seen = HashSet::with_capacity(rows);
            (0..rows)
                .map(|_| {
                    loop {
                        let number = min.wrapping_add(rng.below(room) as i64);
                        if seen.insert(number) {
                            return number;
                        }
                    }
                })
                .collect()
        } else {
            let mut all: Vec<i64> = (0..room as i64)
                .map(|step| min.wrapping_add(step))
                .collect();
            rng.shuffle(&mut all);
            all.truncate(rows);
            all
        };
        if rising {
            numbers.sort_unstable();
        }
        numbers
    }
}

impl Apply for FreshIds {
    fn describe(&self) -> String {
        format!(
            "Drop the column `{}`, which names rows, and give synthetic rows fresh names that look alike.",
            self.column.name
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        frame.remove(frame.find_like(&self.column)?);
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let mut rng = seed.rng();
        let mut field = self.column.clone();
        let values = match &mut field.kind {
            kind @ (Kind::Nominal { .. } | Kind::Ordinal { .. } | Kind::Boolean { .. }) => {
                let names = self.pattern.draw(frame.rows, &mut rng);
                let levels = Levels::new(names).expect("names are different");
                *kind = Kind::nominal(Known::observed(levels));
                Values::Codes((0..frame.rows as u32).collect())
            }
            Kind::Continuous { .. } => {
                let numbers = self.pattern.draw_numbers(frame.rows, &mut rng);
                Values::Continuous(numbers.into_iter().map(|number| number as f64).collect())
            }
            Kind::Integer { bounds, .. }
            | Kind::Date { bounds, .. }
            | Kind::DateTime { bounds, .. } => {
                let numbers = self.pattern.draw_numbers(frame.rows, &mut rng);
                if let (Some(bounds), Some(&min), Some(&max)) =
                    (bounds.as_mut(), numbers.iter().min(), numbers.iter().max())
                {
                    bounds.value = Bounds {
                        min: bounds.value.min.min(min),
                        max: bounds.value.max.max(max),
                    };
                }
                Values::Integer(numbers)
            }
            _ => {
                let names = self.pattern.draw(frame.rows, &mut rng);
                Values::Text(names.iter().map(String::as_str).collect::<Strings>())
            }
        };
        frame.push(field, Column::complete(values));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], first_names: &[&str]) {
        let names = pattern(texts).draw(first_names.len(), &mut Seed::from_u64(1).rng());
        assert_eq!(names, first_names);
    }

    #[test]
    fn names_look_like_those_of_the_source() {
        check(&["001", "002", "003"], &["001", "002", "003"]);
        check(&["P1x", "P2x", "P3x"], &["P1x", "P2x", "P3x"]);
        check(&["8", "9", "10"], &["8", "9", "10", "11"]);
        let shape = pattern(&["AB-3c", "AX-9d", "AQ-1k"]);
        let expected = [
            Slot::Fixed('A'),
            Slot::Upper,
            Slot::Fixed('-'),
            Slot::Digit,
            Slot::Lower,
        ];
        assert_eq!(
            shape,
            IdPattern::Shape {
                slots: expected.into()
            }
        );
    }

    #[test]
    fn names_differ_whatever_the_room() {
        let mut rng = Seed::from_u64(2).rng();
        for texts in [
            &["a", "b"][..],
            &["007", "003"],
            &["é1", "é2"],
            &["x", "yy"],
            &[],
        ] {
            let names = pattern(texts).draw(500, &mut rng);
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), 500, "{texts:?}");
        }
        let IdPattern::Numbered {
            min, max, rising, ..
        } = numbers(vec![i64::MIN, i64::MAX])
        else {
            panic!()
        };
        assert_eq!((min, max, rising), (i64::MIN, i64::MAX, true));
        assert_eq!(
            numbers(vec![i64::MIN, i64::MAX])
                .draw_numbers(9, &mut rng)
                .len(),
            9
        );
    }
}
