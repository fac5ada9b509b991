//! Columns that name rows: dropped, and written afresh in the source's pattern.

use std::collections::HashSet;

use parable_seed::{Rng, Seed};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::looks::{self, Piece, SHARED_ROWS, TextLook};
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
        /// Whether fresh numbers lie beyond the largest one, so that none is a real one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        beyond: bool,
        /// With `beyond`, for numbers of a fixed width that leave no room above: fresh numbers
        /// leave this remainder on division by the modulus, which no real one leaves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        residue: Option<Residue>,
    },
    /// A character of a class, or a fixed one, at each place.
    Shape {
        /// The places in order.
        slots: Vec<Slot>,
    },
    /// Texts of these looks, as often as each occurs.
    Looks {
        /// The looks.
        looks: Vec<TextLook>,
    },
}

/// A class of remainders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residue {
    /// The divisor, at least 2.
    pub modulus: i64,
    /// The remainder, from 0 to the modulus less 1.
    pub remainder: i64,
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

/// The pattern of plain numbers: fresh ones lie beyond the largest, so that none is a real one.
fn numbers(numbers: Vec<i64>) -> IdPattern {
    IdPattern::Numbered {
        prefix: String::new(),
        width: 0,
        suffix: String::new(),
        min: numbers.iter().copied().min().unwrap_or(1),
        max: numbers.iter().copied().max().unwrap_or(1),
        rising: numbers.windows(2).all(|pair| pair[0] < pair[1]),
        beyond: !numbers.is_empty(),
        residue: None,
    }
}

/// Longest text around a number that fewer than [`SHARED_ROWS`] rows may share.
const SHORT: usize = 3;
/// Room above the largest number, in numbers of rows, that is enough for samples of any usual size.
const AMPLE: i64 = 10;
/// Largest modulus that is tried for numbers without room above the largest.
const MAX_MODULUS: i64 = 1 << 16;

/// The pattern of texts: a number between two texts that all share, otherwise looks.
pub(super) fn pattern(texts: &[&str]) -> IdPattern {
    if texts.is_empty() {
        return numbers(Vec::new());
    }
    numbered(texts).unwrap_or_else(|| {
        let mut found = looks::looks(texts.iter().copied(), SHARED_ROWS);
        if found.is_empty() {
            found = looks::looks(texts.iter().copied(), texts.len());
        }
        if found.is_empty() {
            found.push(TextLook::plain());
        }
        IdPattern::Looks { looks: found }
    })
}

/// A number between two texts, if that fits all texts.
fn numbered(texts: &[&str]) -> Option<IdPattern> {
    let first = texts.first()?;
    let digits = |character: char| character.is_ascii_digit();
    let suffix_start = first.rfind(digits).map_or(first.len(), |last| last + 1);
    let suffix = &first[suffix_start..];
    let stem = &first[..suffix_start];
    let number_start = stem.rfind(|c| !digits(c)).map_or(0, |last| {
        last + stem[last..].chars().next().map_or(1, char::len_utf8)
    });
    let prefix = &stem[..number_start];
    if texts.len() < SHARED_ROWS && prefix.len().max(suffix.len()) > SHORT {
        return None;
    }
    let bodies: Vec<&str> = texts
        .iter()
        .map(|text| text.strip_prefix(prefix)?.strip_suffix(suffix))
        .collect::<Option<_>>()?;
    let number = |body: &&str| {
        let plain = !body.is_empty() && body.chars().all(digits);
        plain.then(|| body.parse().ok()).flatten()
    };
    let values: Vec<i64> = bodies.iter().map(number).collect::<Option<_>>()?;
    let same_width = bodies.iter().all(|body| body.len() == bodies[0].len());
    let padded = bodies
        .iter()
        .any(|body| body.len() > 1 && body.starts_with('0'));
    if !same_width && padded {
        return None;
    }
    let width = if same_width { bodies[0].len() } else { 0 };
    let residue = free_residue(&values, width);
    let IdPattern::Numbered {
        min, max, rising, ..
    } = numbers(values)
    else {
        unreachable!("numbers make a numbered pattern")
    };
    Some(IdPattern::Numbered {
        prefix: prefix.to_owned(),
        width,
        suffix: suffix.to_owned(),
        min,
        max,
        rising,
        beyond: true,
        residue,
    })
}

/// For numbers of a fixed width that leave little room above the largest: a remainder that none of
/// them leaves and that leaves room for twice as many, if there is one.
fn free_residue(values: &[i64], width: usize) -> Option<Residue> {
    let end = 10i64.checked_pow(u32::try_from(width).ok().filter(|&width| width > 0)?)?;
    let (min, max) = (values.iter().min()?, values.iter().max()?);
    let rows = values.len() as i64;
    if end - 1 - max >= AMPLE * rows {
        return None;
    }
    let mut modulus = 2;
    while modulus <= MAX_MODULUS && (max - min) / modulus >= 2 * rows {
        let mut used = vec![false; modulus as usize];
        values
            .iter()
            .for_each(|value| used[value.rem_euclid(modulus) as usize] = true);
        if let Some(free) = used.iter().position(|used| !used) {
            let remainder = free as i64;
            return Some(Residue { modulus, remainder });
        }
        modulus += 1 + modulus / 2;
    }
    None
}

impl IdPattern {
    /// This many different names.
    pub(super) fn draw(&self, rows: usize, rng: &mut Rng) -> Vec<String> {
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
                let pieces = vec![Piece::Places {
                    slots: slots.clone(),
                }];
                distinct(&[TextLook::of_pieces(pieces)], rows, rng)
            }
            Self::Looks { looks } => distinct(looks, rows, rng),
        }
    }

    /// This many different numbers; 1, 2, ... for a shape.
    fn draw_numbers(&self, rows: usize, rng: &mut Rng) -> Vec<i64> {
        let (min, max, rising, residue) = match *self {
            Self::Numbered {
                min,
                max,
                rising,
                beyond,
                residue,
                width,
                ..
            } => match (beyond, residue) {
                (false, _) => (min, max, rising, None),
                (true, Some(residue)) => (min, max, rising, Some(residue)),
                (true, None) => {
                    let (min, max) = above(min, max, width, rows);
                    (min, max, rising, None)
                }
            },
            Self::Shape { .. } | Self::Looks { .. } => (1, rows as i64, true, None),
        };
        let Some(Residue { modulus, remainder }) = residue.filter(|r| r.modulus > 1) else {
            return different_numbers(min, max, rising, rows, rng);
        };
        let first = min + (remainder - min).rem_euclid(modulus);
        different_numbers(0, (max - first) / modulus, rising, rows, rng)
            .iter()
            .map(|step| first + step * modulus)
            .collect()
    }
}

/// This many different numbers from a range, and from beyond its end if it has too few.
fn different_numbers(min: i64, max: i64, rising: bool, rows: usize, rng: &mut Rng) -> Vec<i64> {
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

/// Returns a range of numbers above the largest, about as dense as the real ones and of the same
/// width where there is room for so many rows.
fn above(min: i64, max: i64, width: usize, rows: usize) -> (i64, i64) {
    let Some(first) = max.checked_add(1) else {
        return (min, max);
    };
    let span = max.saturating_sub(min).max(rows.saturating_sub(1) as i64);
    let mut last = first.saturating_add(span);
    let end = u32::try_from(width).ok().filter(|&width| width > 0);
    if let Some(end) = end.and_then(|width| 10i64.checked_pow(width))
        && end > max
        && end - first >= rows as i64
    {
        last = last.min(end - 1);
    }
    (first, last)
}

/// Tries for a name that no other row has before digits are put behind it.
const TRIES: usize = 20;

/// This many different texts of these looks.
fn distinct(looks: &[TextLook], rows: usize, rng: &mut Rng) -> Vec<String> {
    let total: u64 = looks.iter().map(|look| look.rows.max(1) as u64).sum();
    let mut seen = HashSet::with_capacity(rows);
    let mut fresh = || {
        let mut at = rng.below(total.max(1));
        let look = looks.iter().find(|look| {
            let own = look.rows.max(1) as u64;
            let here = at < own;
            at = at.saturating_sub(own);
            here
        });
        let mut name = String::new();
        for tries in 0.. {
            if tries < TRIES {
                name = look.map_or_else(String::new, |look| look.draw(rng));
            } else {
                name.push(Slot::Digit.draw(rng));
            }
            if seen.insert(name.clone()) {
                break;
            }
        }
        name
    };
    (0..rows).map(|_| fresh()).collect()
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
    fn names_look_like_those_of_the_source_and_are_none_of_them() {
        check(&["001", "002", "003"], &["004", "005", "006"]);
        check(&["P1x", "P2x", "P3x"], &["P4x", "P5x", "P6x"]);
        check(&["8", "9", "10"], &["11", "12", "13", "14"]);
        let few = pattern(&["AB-3c", "AX-9d", "AQ-1k"]);
        let many: Vec<String> = (0..30)
            .map(|row| format!("A{}-{}c", ["B", "X", "Q"][row % 3], row % 10))
            .collect();
        let many = pattern(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let slots = |pattern: &IdPattern| match pattern {
            IdPattern::Looks { looks } => match looks[0].pieces.as_slice() {
                [Piece::Places { slots: a }, _, Piece::Places { slots: b }] => {
                    [a.clone(), b.clone()].concat()
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let classes = [Slot::Upper, Slot::Upper, Slot::Digit, Slot::Lower];
        assert_eq!(slots(&few), classes, "three rows share no character");
        let shared = [Slot::Fixed('A'), Slot::Upper, Slot::Digit, Slot::Fixed('c')];
        assert_eq!(slots(&many), shared);
    }

    #[test]
    fn numbers_without_room_above_leave_another_remainder_than_the_real_ones() {
        let real: Vec<String> = (0..400)
            .map(|row| format!("{:05}", row * 247 + 1_100))
            .collect();
        let last = real.last().cloned().expect("not empty");
        assert_eq!(last, "99653");
        let fresh = pattern(&real.iter().map(String::as_str).collect::<Vec<_>>())
            .draw(400, &mut Seed::from_u64(3).rng());
        let real: HashSet<&String> = real.iter().collect();
        assert!(
            fresh
                .iter()
                .all(|name| name.len() == 5 && !real.contains(name))
        );
        assert_eq!(fresh.iter().collect::<HashSet<_>>().len(), 400);
    }

    #[test]
    fn a_fit_that_may_not_look_counts_from_one() {
        let field = Field::new("id", Kind::Text);
        let names = FreshIds::numbered(field)
            .pattern
            .draw(3, &mut Seed::from_u64(1).rng());
        assert_eq!(names, ["1", "2", "3"]);
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
