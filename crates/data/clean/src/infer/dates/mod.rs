//! Columns of days, moments, times of day and durations.
//!
//! The format is read off the texts: each text is cut into parts, texts of the same parts make a
//! shape, and what stands at each place of a shape says which formats fit. The shape of most rows
//! gives the format of the column; other shapes that are dates are read as well.

mod format;
mod shape;

use std::collections::BTreeMap;

use self::format::{Family, Place, Shape};
use self::shape::Part;
use super::profile::Counted;
use super::{Bounds, Guess, Known, Note, leftovers};
use parable_table::parse::date;
use parable_table::{Kind, TimeUnit};

/// Most distinct texts from which formats are read; all others are read in these formats.
const SAMPLE: usize = 5_000;
/// In a share of at least this many percent of the rows of its shape a format fits; the others are
/// days that do not exist.
const FITTING_PERCENT: usize = 90;
/// Dates are at least this share of the rows, in percent; less suffices where many different dates
/// stand beside a few reasons: a day of death beside `alive`.
const DATES_PERCENT: usize = 50;
const FEW_DATES_PERCENT: usize = 10;
const FEW_REASONS: usize = 3;
/// Fewest distinct dates where other texts stand between them, and where they are the lesser part.
const MIXED_DATES: usize = 5;
const MANY_DATES: usize = 15;
/// Years of months and of days written as eight digits.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i64> = 1800..=2199;

/// A format and what it reads.
#[derive(Clone)]
struct Reading {
    format: String,
    family: Family,
    /// Digits of fractions of seconds.
    digits: usize,
    /// Rows of the sample that it reads, of those of its shape.
    read: usize,
    rows: usize,
    /// The same in distinct texts.
    distinct: (usize, usize),
    /// Another format that reads as many.
    other: Option<String>,
}

impl Reading {
    fn value(&self, text: &str, family: Family, unit: TimeUnit) -> Option<i64> {
        match family {
            Family::Day => date::parse_date(text, &self.format),
            Family::Moment | Family::Clock => date::parse_date_time(text, &self.format, unit),
        }
    }

    fn month_first(&self) -> bool {
        month_first(&self.format)
    }
}

fn month_first(format: &str) -> bool {
    let at = |letter: char| format.find(letter);
    matches!((at('m'), at('d')), (Some(month), Some(day)) if month < day)
}

/// The type of the column if its values are days, moments, times of day or durations.
pub(super) fn guess(present: &[Counted<'_>], note: &mut Note) -> Option<Guess> {
    let mut readings = readings(present);
    let total: usize = present.iter().map(|(_, rows)| rows).sum();
    let first = readings.iter().position(|reading| {
        reading.read * 100 >= reading.rows * FITTING_PERCENT
            || reading.distinct.0 * 100 >= reading.distinct.1 * FITTING_PERCENT
    })?;
    let main = readings.remove(first);
    let (main, also) = together(main, readings);
    let digits = also.iter().map(|reading| reading.digits).max();
    let unit = TimeUnit::of_digits(main.digits.max(digits.unwrap_or(0)))?;
    let mut values: Vec<i64> = Vec::with_capacity(present.len());
    let (mut rows, mut others, mut respelled) = (0, 0, 0);
    let mut rest: Vec<Counted<'_>> = Vec::new();
    for &(text, count) in present {
        let value = main.value(text, main.family, unit);
        let spelled = match (value, main.family) {
            (Some(value), Family::Day) => date::spell_date(value, &main.format),
            (Some(value), _) => date::spell_date_time(value, &main.format, unit),
            (None, _) => None,
        };
        let read = also
            .iter()
            .find_map(|other| other.value(text, main.family, unit));
        match value.or(read) {
            Some(value) => {
                values.push(value);
                rows += count;
                others += if spelled.is_none() { count } else { 0 };
                respelled += usize::from(spelled.is_some_and(|spelled| spelled != text));
            }
            None => rest.push((text, count)),
        }
    }
    let beside_reasons = rest.len() <= FEW_REASONS && values.len() >= MANY_DATES;
    let percent = if beside_reasons {
        FEW_DATES_PERCENT
    } else {
        DATES_PERCENT
    };
    if rows * 100 < total * percent || (!rest.is_empty() && values.len() < MIXED_DATES) {
        return None;
    }
    if school_years(present, &main.format) || !plausible(&values, &main, unit) {
        return None;
    }
    let what = match main.family {
        Family::Day => "dates",
        Family::Moment => "moments",
        Family::Clock if date::has_day(&main.format) => "moments",
        Family::Clock if main.format.contains('[') => "durations",
        Family::Clock => "times of day",
    };
    // A day that does not exist is a slip, unless it is written as no slip is: `0000-00-00`.
    let slip = |text: &str| {
        let mut digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        digits.sort_unstable();
        digits.dedup();
        digits.len() > 1 && shape::parts(text).is_some()
    };
    let leftovers = leftovers::settle(&rest, total, |_| false, slip, what, note)?;
    note.reason(match rest.is_empty() && others == 0 {
        true => format!("every value is one of {what} spelled `{}`", main.format),
        false => format!("nearly all values are {what} spelled `{}`", main.format),
    });
    if let Some(other) = &main.other {
        note.alternative(format!("{what} spelled `{other}`"));
        note.warning(format!(
            "no value says whether the day or the month comes first; read as `{}`",
            main.format
        ));
    }
    if others > 0 {
        let formats: Vec<String> = also.iter().map(|r| format!("`{}`", r.format)).collect();
        note.warning(format!(
            "{others} of {total} rows are spelled {} and will be written as `{}`",
            formats.join(" or "),
            main.format
        ));
    }
    if respelled > 0 {
        note.reason(format!(
            "{respelled} of {} distinct values will be spelled otherwise on writing",
            values.len()
        ));
    }
    let (min, max) = (values.iter().min().copied()?, values.iter().max().copied()?);
    let bounds = Some(Known::observed(Bounds { min, max }));
    let (format, also) = (main.format, also.into_iter().map(|r| r.format).collect());
    Some(Guess {
        kind: match main.family {
            Family::Day => Kind::Date {
                format,
                also,
                bounds,
            },
            Family::Moment | Family::Clock => Kind::DateTime {
                format,
                also,
                unit,
                bounds,
            },
        },
        missing_codes: leftovers.codes,
        absent: leftovers.absent,
    })
}

/// The best format of each shape of a sample of the texts, that of most rows first.
fn readings(present: &[Counted<'_>]) -> Vec<Reading> {
    type Group<'a> = (Vec<Place>, Vec<Counted<'a>>);
    let mut shapes: BTreeMap<Vec<Part>, Group<'_>> = BTreeMap::new();
    let stride = present.len().div_ceil(SAMPLE).max(1);
    let (mut seen, mut dated) = (0usize, 0usize);
    for &(text, rows) in present.iter().step_by(stride) {
        seen += 1;
        if let Some(found) = shape::parts(text) {
            dated += 1;
            let (parts, tokens): (Vec<Part>, Vec<&str>) = found.into_iter().unzip();
            let group = shapes
                .entry(parts)
                .or_insert_with(|| (vec![Place::default(); tokens.len()], Vec::new()));
            for (place, token) in group.0.iter_mut().zip(tokens) {
                place.add(token, rows);
            }
            group.1.push((text, rows));
        }
        // Free text is left alone soon.
        if seen >= 50 && (dated * 10 < seen || shapes.len() * 2 > seen) {
            return Vec::new();
        }
    }
    let mut readings: Vec<Reading> = shapes
        .iter()
        .filter_map(|(parts, (places, texts))| best(parts, places, texts))
        .collect();
    readings.sort_by(|a, b| b.read.cmp(&a.read).then_with(|| a.format.cmp(&b.format)));
    readings
}

/// The format of a shape that reads most rows.
fn best(parts: &[Part], places: &[Place], texts: &[Counted<'_>]) -> Option<Reading> {
    let (family, mut formats) = Shape { parts, places }.formats()?;
    // Clocks of twelve hours and the month in front go together.
    if formats
        .iter()
        .any(|format| format.contains("%p") || format.contains("%P"))
    {
        formats.sort_by_key(|format| !month_first(format));
    }
    let digits = parts
        .iter()
        .zip(places)
        .filter(|(part, _)| **part == Part::Fraction);
    let digits = digits.map(|(_, place)| place.max_width).max().unwrap_or(0);
    let unit = TimeUnit::of_digits(digits)?;
    let mut found: Option<Reading> = None;
    for format in formats {
        let mut reading = Reading {
            format,
            family,
            digits,
            read: 0,
            rows: texts.iter().map(|(_, rows)| rows).sum(),
            distinct: (0, texts.len()),
            other: None,
        };
        for (text, rows) in texts {
            if reading.value(text, family, unit).is_some() {
                reading.read += rows;
                reading.distinct.0 += 1;
            }
        }
        match &mut found {
            Some(best) if best.read >= reading.read => {
                if best.read == reading.read && best.read > 0 {
                    best.other.get_or_insert(reading.format);
                }
            }
            best => *best = Some(reading),
        }
    }
    found.filter(|reading| reading.read > 0)
}

/// The format of the column, and those of other shapes that can be read as the same type.
fn together(mut main: Reading, others: Vec<Reading>) -> (Reading, Vec<Reading>) {
    let mut also = Vec::new();
    for mut other in others {
        let fits = match main.family {
            Family::Clock => other.family == Family::Clock,
            _ => other.family != Family::Clock,
        };
        if !fits || other.format == main.format {
            continue;
        }
        if let Some(second) = other.other.take()
            && other.month_first() != main.month_first()
            && month_first(&second) == main.month_first()
        {
            other.format = second;
        }
        also.push(other);
    }
    // Programs leave a fraction out where it is nothing.
    let open = |format: &str| {
        let at = format.find(".%")?;
        let digits = format[at + 2..].find('f')?;
        let rest = &format[at + 2..at + 2 + digits];
        rest.bytes().all(|byte| byte.is_ascii_digit()).then(|| {
            (
                format[..at].to_owned(),
                format[at + 3 + digits..].to_owned(),
            )
        })
    };
    if let Some((before, after)) = open(&main.format) {
        let without = format!("{before}{after}");
        if let Some(at) = also.iter().position(|other| other.format == without)
            && also[at].read * 20 > main.read
        {
            main.format = format!("{before}%.f{after}");
            also.remove(at);
        }
    }
    (main, also)
}

/// Whether texts such as `2001-02` are school years rather than months: each second number follows
/// the first.
fn school_years(present: &[Counted<'_>], format: &str) -> bool {
    let marks = ["%Y-%m", "%Y/%m", "%Y-%-m", "%Y/%-m"];
    marks.contains(&format)
        && present.iter().all(|(text, _)| {
            let mut numbers = text.split(['-', '/']).map(|part| part.parse::<u32>().ok());
            matches!((numbers.next().flatten(), numbers.next().flatten()),
                (Some(first), Some(second)) if (first + 1) % 100 == second)
        })
}

/// Digits alone, or a year and one more number, are dates only of years that people write about.
fn plausible(values: &[i64], main: &Reading, unit: TimeUnit) -> bool {
    let bare = [
        "%Y%m%d",
        "%Y%m%d%H%M%S",
        "%Y%m%d%H%M",
        "%Y-%j",
        "%m/%Y",
        "%Y-%m",
    ];
    if main.family == Family::Clock || !bare.contains(&main.format.as_str()) {
        return true;
    }
    values.iter().all(|&value| {
        let year = match main.family {
            Family::Day => date::spell_date(value, "%Y"),
            _ => date::spell_date_time(value, "%Y", unit),
        };
        year.and_then(|year| year.parse().ok())
            .is_some_and(|year| PLAUSIBLE_YEARS.contains(&year))
    })
}

/// Distinct texts of digits alone before these are taken for days: fewer are numbers that look like
/// days by chance.
const DIGIT_DATES: usize = 10;

/// The type if the numbers of a column, all of eight, twelve or fourteen digits, are days or
/// moments.
pub(super) fn of_digits(
    present: &[Counted<'_>],
    called_date: bool,
    note: &mut Note,
) -> Option<Guess> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = |text: &str| matches!(text.len(), 8 | 12 | 14) && digits(text);
    let rows = |fits: &dyn Fn(&str) -> bool| -> usize {
        let fitting = present.iter().filter(|(text, _)| fits(text));
        fitting.map(|(_, rows)| rows).sum()
    };
    let fits = rows(&dated) * 100 >= rows(&|_| true) * FITTING_PERCENT
        && (called_date || present.len() >= DIGIT_DATES);
    if !fits {
        return None;
    }
    let guess = guess(present, note)?;
    note.alternative("integer");
    Some(guess)
}
