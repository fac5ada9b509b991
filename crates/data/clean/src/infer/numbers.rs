//! Columns of numbers: spelling, type, and texts in between that mean a missing value.

use super::missing::{self, CountedNumber, NUMBER_CODES};
use super::profile::{Counted, Profile};
use super::{Bounds, Grid, Guess, InferOptions, Known, Note, names, observed_levels};
use parable_table::parse::number::{self, NotNumber, Number};
use parable_table::parse::{date, order};
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

/// Most distinct texts in a column of numbers that are none.
const MAX_ODD_TEXTS: usize = 3;
/// Without a spelling known as a code, so many distinct numbers say that a column is one of
/// numbers.
const SURE_NUMBERS: usize = 20;
/// Most decimals a grid may have.
const MAX_DECIMALS: u8 = 17;

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
    let reading = read(profile, present, note)?;
    if reading
        .numbers
        .iter()
        .any(|(_, number)| number.leading_zero)
    {
        note.reason("leading zeros are kept, so the values are names and not numbers");
        return None;
    }
    let too_long = |n: &Number| n.whole.is_none() && n.decimals == 0 && !n.exponent;
    if reading.numbers.iter().any(|(_, number)| too_long(number)) {
        note.reason("numbers have more digits than a whole number holds, so they are names");
        return None;
    }
    if let Some(kind) = compact_dates(profile, &reading, note) {
        return Some(kind.into());
    }
    let mut codes: Vec<String> = reading
        .odd
        .iter()
        .map(|(text, _)| (*text).to_owned())
        .collect();
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
            codes.extend(coded.iter().map(|code| code.text.to_owned()));
        }
    }
    let kind = kind(profile, &numbers, reading.format, options, role, note);
    Some(Guess {
        kind,
        missing_codes: codes,
    })
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
    let mut readings = candidates
        .iter()
        .filter_map(|&(decimal_mark, thousands_mark)| {
            read_as(
                present,
                NumberFormat::with_marks(decimal_mark, thousands_mark),
            )
        });
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

fn read_as<'a>(present: &[Counted<'a>], format: NumberFormat) -> Option<Reading<'a>> {
    let mut reading = Reading {
        format,
        numbers: Vec::with_capacity(present.len()),
        odd: Vec::new(),
    };
    let mut infinite = 0;
    for &(text, count) in present {
        match number::parse(text, &format) {
            Ok(number) => reading.numbers.push(((text, count), number)),
            Err(fault) => {
                infinite += usize::from(fault == NotNumber::Infinite);
                reading.odd.push((text, count));
                if reading.odd.len() > MAX_ODD_TEXTS {
                    return None;
                }
            }
        }
    }
    let listed = |(text, _): &Counted<'_>| NUMBER_CODES.contains(text);
    let wordlike = |(text, _): &Counted<'_>| {
        text.len() <= 12 && !text.bytes().any(|byte| byte.is_ascii_digit())
    };
    let numbers = reading.numbers.len();
    let fits = match reading.odd.len() - infinite {
        _ if numbers == 0 => false,
        0 => true,
        _ => {
            (numbers >= 2 && reading.odd.iter().all(listed))
                || (numbers >= SURE_NUMBERS && reading.odd.iter().all(wordlike))
        }
    };
    (fits && marks_are_used_well(&reading)).then_some(reading)
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

/// Days written as eight digits, in a column that is called a date.
fn compact_dates(profile: &Profile<'_>, reading: &Reading<'_>, note: &mut Note) -> Option<Kind> {
    const FORMAT: &str = "%Y%m%d";
    if !names::has(&profile.words, &["date", "dob", "day", "birthdate"]) || !reading.odd.is_empty()
    {
        return None;
    }
    let days: Option<Vec<i64>> = reading
        .numbers
        .iter()
        .map(|((text, _), _)| match text.len() {
            8 => date::parse_date(text, FORMAT),
            _ => None,
        })
        .collect();
    let days = days?;
    note.reason("eight digits that are days, in a column called a date");
    note.alternative("integer");
    Some(Kind::Date {
        format: FORMAT.to_owned(),
        bounds: bounds(days.into_iter()),
    })
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
        if let Some(kind) = categories(profile, numbers, &format, options, role, note) {
            return kind;
        }
        format.fixed_decimals = fixed_decimals(numbers);
        note.reason(match format.fixed_decimals {
            Some(_) => "whole numbers, written with decimals",
            None => "whole numbers",
        });
        note_respelling(numbers, note, |out, number| {
            number::spell_integer(out, number.whole.unwrap_or(0), &format);
        });
        return Kind::Integer {
            bounds: bounds(values()),
            format,
        };
    }
    let decimals = numbers
        .iter()
        .map(|(_, number)| number.decimals)
        .max()
        .unwrap_or(0);
    format.fixed_decimals = fixed_decimals(numbers);
    note.reason(match format.fixed_decimals {
        Some(fixed) => format!("numbers with always {fixed} decimals"),
        None => format!("numbers with up to {decimals} decimals"),
    });
    note_respelling(numbers, note, |out, number| {
        number::spell_real(out, number.value, &format);
    });
    Kind::Continuous {
        bounds: bounds(numbers.iter().map(|(_, number)| number.value)),
        grid: (decimals <= MAX_DECIMALS).then_some(Known::observed(Grid::Decimals(decimals))),
        format,
    }
}

/// So many distinct numbers with the same number of decimals and no trailing zero among them are
/// not padded.
const UNPADDED: usize = 30;

/// The number of decimals if all numbers are written with the same, some of them padded with zeros.
fn fixed_decimals(numbers: &[(Counted<'_>, Number)]) -> Option<u8> {
    let decimals = numbers.first()?.1.written_decimals;
    let padded = |n: &Number| n.written_decimals > n.decimals;
    let same = decimals > 0
        && numbers
            .iter()
            .all(|(_, n)| n.written_decimals == decimals && !n.exponent);
    (same && (numbers.len() < UNPADDED || numbers.iter().any(|(_, n)| padded(n))))
        .then_some(decimals)
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

/// Words in names of columns whose numbers are codes of categories.
const CODE_WORDS: [&str; 54] = [
    "type",
    "cat",
    "category",
    "code",
    "class",
    "status",
    "region",
    "race",
    "ethnic",
    "ethnicity",
    "sex",
    "gender",
    "marital",
    "occupation",
    "occp",
    "industry",
    "state",
    "county",
    "country",
    "zip",
    "zipcode",
    "postcode",
    "religion",
    "language",
    "nationality",
    "citizenship",
    "sector",
    "diagnosis",
    "icd",
    "naics",
    "indp",
    "soc",
    "socp",
    "isco",
    "isced",
    "fips",
    "puma",
    "rac1p",
    "hisp",
    "msp",
    "mar",
    "arm",
    "treatment",
    "condition",
    "area",
    "zone",
    "province",
    "department",
    "relationship",
    "rent",
    "tenure",
    "cow",
    "dis",
    "strata",
];
/// Words that say that numbers are quantities, whatever else the name says: `class_size`.
const QUANTITY_WORDS: [&str; 22] = [
    "size",
    "count",
    "score",
    "years",
    "age",
    "income",
    "pct",
    "percent",
    "percentage",
    "rate",
    "ratio",
    "hours",
    "days",
    "amount",
    "total",
    "mean",
    "average",
    "num",
    "number",
    "share",
    "index",
    "price",
];
/// Two small whole numbers in so many rows are codes.
const TWO_CODES_ROWS: usize = 20;

/// The type if the whole numbers are codes of categories rather than quantities.
fn categories(
    profile: &Profile<'_>,
    numbers: &[(Counted<'_>, Number)],
    format: &NumberFormat,
    options: &InferOptions,
    role: &Role,
    note: &mut Note,
) -> Option<Kind> {
    let plain = *format == NumberFormat::default()
        && numbers.iter().all(|((text, _), _)| !text.contains(' '));
    let mut levels: Vec<&str> = numbers.iter().map(|((text, _), _)| *text).collect();
    order::sort_levels(&mut levels);
    if levels == ["0", "1"] {
        note.reason("the values are 0 and 1");
        return Some(Kind::boolean(observed_levels(levels)));
    }
    if !plain || *role == Role::UnitId || *role == Role::Weight {
        return None;
    }
    let single_digit = levels.iter().all(|level| level.len() == 1);
    let rows: usize = numbers.iter().map(|((_, count), _)| count).sum();
    let reason = if matches!(role, Role::ClusterId | Role::Treatment) {
        "the numbers name groups"
    } else if levels.len() == 2 && single_digit && rows >= TWO_CODES_ROWS {
        "two small whole numbers are codes"
    } else if names::has(&profile.words, &CODE_WORDS)
        && !names::has(&profile.words, &QUANTITY_WORDS)
        && levels.len() > 1
        && levels.len() <= options.max_levels
    {
        note.alternative("integer");
        "the name says that the numbers are codes of categories"
    } else {
        return None;
    };
    note.reason(reason);
    Some(Kind::nominal(observed_levels(levels)))
}
