//! Columns of numbers: spelling, type, and texts in between that mean a missing value.

use super::grids::{self, CountedUnits};
use super::missing::{self, CountedNumber, NUMBER_CODES};
use super::profile::{Counted, Profile};
use super::units::{self, Unit};
use super::{
    Bounds, Grid, Guess, InferOptions, Known, Note, codes, dates, leftovers, names, spelling,
};
use parable_table::parse::number::{self, NotNumber, Number};
use parable_table::{Kind, NumberFormat, Role};

/// Spellings to try, in order of preference: decimal mark and thousands mark.
const ENGLISH_FIRST: [(char, Option<char>); 9] = [
    ('.', None),
    ('.', Some(',')),
    (',', None),
    ('.', Some(' ')),
    ('.', Some('\'')),
    (',', Some('.')),
    (',', Some(' ')),
    (',', Some('\u{a0}')),
    (',', Some('\u{202f}')),
];
/// With semicolons between fields a comma is a decimal mark before it is a thousands mark.
const CONTINENTAL_FIRST: [(char, Option<char>); 9] = [
    ('.', None),
    (',', None),
    (',', Some('.')),
    (',', Some(' ')),
    (',', Some('\u{a0}')),
    (',', Some('\u{202f}')),
    ('.', Some(',')),
    ('.', Some(' ')),
    ('.', Some('\'')),
];

/// Most distinct texts in a column of numbers that are none: this, and a share of the distinct
/// numbers.
const MAX_ODD_TEXTS: usize = 12;
const ODD_SHARE: usize = 10;
/// So many percent of the rows hold numbers where other texts than known codes stand between them;
/// more where these have digits, as codes such as `V12` have.
const NUMBER_PERCENT: usize = 80;
const NUMBER_PERCENT_DIGITS: usize = 95;
/// Whole numbers beyond this are not kept apart by a double.
const EXACT: u64 = 1 << 53;
/// Without a spelling known as a code, so many distinct numbers say that a column is one of
/// numbers.
const SURE_NUMBERS: usize = 20;
/// The distinct texts of a column under one spelling.
struct Reading<'a> {
    format: NumberFormat,
    numbers: Vec<(Counted<'a>, Number)>,
    odd: Vec<Counted<'a>>,
}

/// The type of the column if its values are numbers.
pub(super) fn guess(
    profile: &Profile<'_>,
    present: &[Counted<'_>],
    options: &InferOptions,
    role: &Role,
    note: &mut Note,
) -> Option<Guess> {
    if let Some(guess) = dates::of_digits(present, called_date(profile), note) {
        return Some(guess);
    }
    let reading = read(profile, present, note)?;
    if reading
        .numbers
        .iter()
        .any(|(_, number)| number.leading_zero)
    {
        note.reason("leading zeros are kept, so the values are names and not numbers");
        return None;
    }
    let too_long = |n: &Number| match n.whole {
        Some(whole) => whole.unsigned_abs() > EXACT,
        None => n.decimals == 0 && !n.exponent,
    };
    if reading.numbers.iter().any(|(_, number)| too_long(number)) {
        note.reason("whole numbers beyond 2^53 would lose digits as numbers, so they are names");
        return None;
    }
    if !matches!(role, Role::UnitId | Role::Weight)
        && reading.odd.is_empty()
        && spelling::tells_equal_numbers_apart(&reading.numbers)
    {
        note.reason("texts that are equal as numbers differ, so they are names of levels");
        return None;
    }
    let total: usize = present.iter().map(|(_, rows)| rows).sum();
    let known = |text: &str| {
        NUMBER_CODES.contains(&text)
            || number::parse(text, &reading.format) == Err(NotNumber::Infinite)
    };
    let settled = leftovers::settle(&reading.odd, total, known, |_| false, "numbers", note)?;
    let mut missing_codes = settled.codes;
    let mut numbers = reading.numbers;
    if options.number_codes && !matches!(role, Role::UnitId | Role::ClusterId) {
        let counted: Vec<CountedNumber<'_>> = numbers
            .iter()
            .map(|&((text, count), number)| CountedNumber {
                text,
                count,
                value: number.value,
            })
            .collect();
        let coded = missing::coded_numbers(&counted);
        if !coded.is_empty() {
            note.alternative("a column in which these are numbers");
            numbers.retain(|((text, _), _)| coded.iter().all(|code| code.text != *text));
            missing_codes.extend(coded.iter().map(|code| code.text.to_owned()));
        }
    }
    let kind = kind(profile, &numbers, reading.format, options, role, note);
    Some(Guess {
        kind,
        missing_codes,
        absent: settled.absent,
    })
}

fn called_date(profile: &Profile<'_>) -> bool {
    names::has(&profile.words, &["date", "dob", "day", "birthdate"])
}

/// The reading of all texts under the first spelling that fits.
fn read<'a>(
    profile: &Profile<'_>,
    present: &[Counted<'a>],
    note: &mut Note,
) -> Option<Reading<'a>> {
    let candidates = match profile.around.delimiter {
        ';' => CONTINENTAL_FIRST,
        _ => ENGLISH_FIRST,
    };
    let unit = units::find(present);
    let rows = |texts: &[Counted<'_>]| -> usize { texts.iter().map(|(_, rows)| rows).sum() };
    let mut readings: Vec<Reading<'_>> = Vec::new();
    for &(decimal_mark, thousands_mark) in &candidates {
        let marks = NumberFormat::with_marks(decimal_mark, thousands_mark);
        let Some(reading) = read_as(present, unit.of(marks), &unit) else {
            continue;
        };
        let (sure, plain) = (
            reading.odd.is_empty(),
            reading.format == NumberFormat::default(),
        );
        readings.push(reading);
        // A second reading is worth a note, but not beside plain numbers.
        if sure && (plain || readings.len() > 1) {
            break;
        }
    }
    // The first of those that leave fewest rows unread.
    readings.sort_by_key(|reading| rows(&reading.odd));
    let mut readings = readings.into_iter();
    let reading = readings.next()?;
    let plain = reading.format == NumberFormat::default();
    if !plain {
        note.reason(format!(
            "numbers are written with {}",
            number::describe(&reading.format)
        ));
        if let Some(other) = readings.next() {
            note.alternative(format!("numbers with {}", number::describe(&other.format)));
        }
    }
    Some(reading)
}

fn read_as<'a>(present: &[Counted<'a>], format: NumberFormat, unit: &Unit) -> Option<Reading<'a>> {
    let mut numbers = Vec::with_capacity(present.len());
    let mut odd: Vec<Counted<'_>> = Vec::new();
    let mut infinite = 0;
    let most = MAX_ODD_TEXTS + present.len() / ODD_SHARE;
    for &(text, count) in present {
        match number::parse(text, &format) {
            Ok(number) => numbers.push(((text, count), number)),
            Err(fault) => {
                infinite += usize::from(fault == NotNumber::Infinite);
                odd.push((text, count));
                if odd.len() > most {
                    return None;
                }
            }
        }
    }
    let listed = |(text, _): &Counted<'_>| NUMBER_CODES.contains(text);
    let has_digits = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let wordlike = |(text, _): &Counted<'_>| text.len() <= 12 && !has_digits(text);
    let fits = match odd.len() - infinite {
        _ if numbers.is_empty() => false,
        0 => true,
        _ if numbers.len() >= 2 && odd.iter().all(listed) => true,
        _ if numbers.len() >= SURE_NUMBERS && odd.len() <= 3 && odd.iter().all(wordlike) => true,
        _ => {
            let rows = |texts: &mut dyn Iterator<Item = usize>| -> usize { texts.sum() };
            let counted = rows(&mut numbers.iter().map(|((_, rows), _)| *rows));
            let total = counted + rows(&mut odd.iter().map(|(_, rows)| *rows));
            let letters = |text: &str| text.contains(char::is_alphabetic);
            let digits = odd
                .iter()
                .any(|(text, _)| has_digits(text) && letters(text));
            let percent = if digits {
                NUMBER_PERCENT_DIGITS
            } else {
                NUMBER_PERCENT
            };
            // Digits and letters side by side are codes of levels.
            let letter =
                |(text, _): &Counted<'_>| text.chars().count() == 1 && !NUMBER_CODES.contains(text);
            let one_digit = numbers.iter().all(|((text, _), _)| text.len() == 1);
            numbers.len() >= 3
                && counted * 100 >= total * percent
                && !(one_digit && odd.iter().any(letter))
        }
    };
    let reading = Reading {
        format,
        numbers,
        odd,
    };
    let reading = fits.then_some(reading)?;
    (marks_are_used_well(&reading) && (unit.is_none() || reading.numbers.len() > 1))
        .then_some(reading)
}

/// With a thousands mark, some number has it, every number of four digits and more has it, and none
/// of the groups starts with a zero. Without, nothing is asked.
fn marks_are_used_well(reading: &Reading<'_>) -> bool {
    reading.format.thousands_mark.is_none()
        || (reading.numbers.iter().any(|(_, number)| number.grouped)
            && reading.numbers.iter().all(|(_, number)| {
                !number.leading_zero && (number.grouped || number.value.abs() < 1000.0)
            }))
}

fn bounds<T: Copy + PartialOrd>(
    values: impl Iterator<Item = T> + Clone,
) -> Option<Known<Bounds<T>>> {
    let first = values.clone().next()?;
    let (min, max) = values.fold((first, first), |(min, max), value| {
        (
            if value < min { value } else { min },
            if value > max { value } else { max },
        )
    });
    Some(Known::observed(Bounds { min, max }))
}

fn kind(
    profile: &Profile<'_>,
    numbers: &[(Counted<'_>, Number)],
    mut format: NumberFormat,
    options: &InferOptions,
    role: &Role,
    note: &mut Note,
) -> Kind {
    let whole = numbers.iter().all(|(_, number)| number.whole.is_some());
    if whole {
        let values = || numbers.iter().filter_map(|(_, number)| number.whole);
        if let Some(kind) = codes::categories(profile, numbers, &format, options, role, note) {
            return kind;
        }
        spelling::complete(&mut format, numbers);
        note.reason(match format.fixed_decimals {
            Some(_) => "whole numbers, written with decimals",
            None => "whole numbers",
        });
        note_respelling(numbers, note, |out, number| {
            number::spell_integer(out, number.whole.unwrap_or(0), &format);
        });
        let units = numbers
            .iter()
            .filter_map(|((_, rows), number)| Some((number.whole?, *rows)));
        let powers = format.exponent.is_some_and(|exponent| exponent.always);
        let grid = match powers {
            true => None,
            false => steps(&units.collect::<Vec<_>>(), 0, role, note),
        };
        return Kind::Integer {
            bounds: bounds(values()),
            grid,
            format,
        };
    }
    spelling::complete(&mut format, numbers);
    // Numbers with powers of ten have significant digits rather than decimals.
    let powers = format.exponent.is_some_and(|exponent| exponent.always);
    let usual = spelling::usual_decimals(numbers).filter(|_| !powers);
    note.reason(match (format.fixed_decimals, usual) {
        (Some(fixed), _) => format!("numbers with always {fixed} decimals"),
        (None, Some((decimals, _))) => format!("numbers with up to {decimals} decimals"),
        (None, None) => "numbers on no grid of decimals".to_owned(),
    });
    if let Some((decimals, rows @ 1..)) = usual {
        note.warning(format!(
            "{rows} rows have more than {decimals} decimals; synthetic numbers are rounded to {decimals}"
        ));
    }
    note_respelling(numbers, note, |out, number| {
        number::spell_real(out, number.value, &format);
    });
    let grid = usual.map(|(decimals, _)| {
        let scale = 10f64.powi(i32::from(decimals));
        let scaled = || {
            numbers
                .iter()
                .map(|((_, rows), number)| (number.value * scale, *rows))
        };
        let small = scaled().all(|(units, _)| units.abs() < EXACT as f64 / 2.0);
        // Numbers between the decimals lie on no step; they were noted with the decimals.
        let on = |units: f64| (units - units.round()).abs() < 1e-6 * units.abs().max(1.0);
        let units = scaled().filter(|&(units, _)| on(units));
        let units: Vec<CountedUnits> = units
            .map(|(units, rows)| (units.round() as i64, rows))
            .collect();
        let steps = match small {
            true => steps(&units, decimals, role, note),
            false => None,
        };
        steps.unwrap_or(Known::observed(Grid::Decimals(decimals)))
    });
    Kind::Continuous {
        bounds: bounds(numbers.iter().map(|(_, number)| number.value)),
        grid,
        format,
    }
}

/// The steps of numbers in units of these decimals, if they are wider than one unit.
fn steps(
    units: &[CountedUnits],
    decimals: u8,
    role: &Role,
    note: &mut Note,
) -> Option<Known<Grid>> {
    if !matches!(role, Role::Covariate | Role::Outcome) {
        return None;
    }
    let step = grids::step(units)?;
    let grid = grids::grid(step, decimals);
    if let Grid::Step { step, origin } = grid {
        let from = if origin == 0.0 {
            String::new()
        } else {
            format!(" from {origin}")
        };
        note.reason(format!("nearly all in steps of {step}{from}"));
    }
    Some(Known::observed(grid))
}

/// Says so when writing the table will spell some numbers otherwise than the source does.
fn note_respelling(
    numbers: &[(Counted<'_>, Number)],
    note: &mut Note,
    spell: impl Fn(&mut String, &Number),
) {
    let mut spelled = String::new();
    let changed = numbers
        .iter()
        .filter(|((text, _), number)| {
            spelled.clear();
            spell(&mut spelled, number);
            spelled != **text
        })
        .count();
    if changed > 0 {
        note.reason(format!(
            "{changed} of {} distinct numbers will be spelled otherwise on writing, with the same value",
            numbers.len()
        ));
    }
}
