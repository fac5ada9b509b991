//! Texts that mean a missing value.

use super::Note;
use super::profile::Counted;
use parable_table::{Field, Kind, MissingCode};

/// Spellings of a missing value that programs write on their own, whatever the column holds.
const SPELLINGS: [&str; 14] = [
    "", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "NaN", "nan", "NaT", ".", "?", "\\N",
];

/// Spellings that are a reason of their own in a column of numbers, as in public-use files.
pub(super) const NUMBER_CODES: [&str; 20] = [
    "N", "?", ".", "..", "-", "--", "*", "x", "X", "n", "DK", "RF", "NR", "REF", "PS", "M", "none",
    "None", "missing", "unknown",
];

/// The texts that are values, and those that mean a missing one.
pub(super) fn split<'a>(texts: &[Counted<'a>]) -> (Vec<Counted<'a>>, Vec<Counted<'a>>) {
    texts.iter().partition(|(text, _)| !is_spelling(text))
}

fn is_spelling(text: &str) -> bool {
    SPELLINGS.contains(&text.trim_matches(' '))
}

/// Writes into the field how its missing values are spelled.
///
/// An empty field always means absent, so where it occurs it is the mark, and every other spelling
/// is kept apart as a code; otherwise the spelling that occurs most often is the mark.
pub(super) fn declare(
    field: &mut Field,
    absent: &[Counted<'_>],
    mut codes: Vec<String>,
    note: &mut Note,
) {
    let mut spellings: Vec<Counted<'_>> = absent.to_vec();
    spellings.sort_by(|a, b| {
        let last = |text: &str| !text.is_empty();
        (last(a.0), b.1, a.0).cmp(&(last(b.0), a.1, b.0))
    });
    let number = matches!(field.kind, Kind::Integer { .. } | Kind::Continuous { .. });
    let mut rest = spellings.into_iter().peekable();
    // In a column of numbers `?` is a code of its own: see `NUMBER_CODES`.
    if let Some((text, _)) = rest.next_if(|(text, _)| !(number && NUMBER_CODES.contains(text))) {
        if !text.is_empty() {
            note.reason(format!("missing values are written `{text}`"));
        }
        text.clone_into(&mut field.absent);
    }
    codes.extend(rest.map(|(text, _)| text.to_owned()));
    if !codes.is_empty() {
        let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
        note.reason(format!("coded missing values {}", listed.join(", ")));
    }
    field.missing_codes = codes
        .into_iter()
        .map(|text| MissingCode {
            text,
            meaning: None,
        })
        .collect();
}

/// A number and what stands behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedNumber<'a> {
    pub(super) text: &'a str,
    pub(super) count: usize,
    pub(super) value: f64,
}

const NEGATIVE_CODES: [f64; 23] = [
    -1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0, -9.0, -66.0, -77.0, -88.0, -95.0, -96.0, -97.0,
    -98.0, -99.0, -777.0, -888.0, -997.0, -998.0, -999.0, -9999.0,
];
const POSITIVE_CODES: [f64; 8] = [99.0, 777.0, 888.0, 998.0, 999.0, 9998.0, 9999.0, 99999.0];
/// Most distinct negative codes in one column.
const MAX_NEGATIVE_CODES: usize = 4;
/// A code is no accident if it stands in this share of the rows with a number, and in some rows at
/// all.
const NEGATIVE_SHARE: f64 = 0.001;
const NEGATIVE_ROWS: usize = 3;
const POSITIVE_SHARE: f64 = 0.01;
const POSITIVE_ROWS: usize = 10;
/// How far above all other values a code of nines must lie.
const POSITIVE_GAP: f64 = 5.0;
/// A column needs this many other values before a number in it can be out of place.
const OTHER_VALUES: usize = 3;

/// The numbers of a column that are codes for missing values rather than numbers.
///
/// Negative: from the list survey programs use, in a column that otherwise has none below 0, and
/// apart from the other numbers: -8 beside 1 to 5, and not -1 and -2 beside 0 to 2.
///
/// Positive: one value of nines (or sevens, eights) at least five times the next largest and in a
/// hundredth of the rows.
pub(super) fn coded_numbers<'a>(numbers: &[CountedNumber<'a>]) -> Vec<CountedNumber<'a>> {
    let total: usize = numbers.iter().map(|n| n.count).sum();
    let (negative, other): (Vec<_>, Vec<_>) = numbers.iter().copied().partition(|n| n.value < 0.0);
    let often = |count: usize, share: f64, rows: usize| {
        count >= rows && count as f64 >= share * total as f64
    };
    let all_listed = negative.iter().all(|n| NEGATIVE_CODES.contains(&n.value));
    let rows: usize = negative.iter().map(|n| n.count).sum();
    let mut codes = Vec::new();
    if !negative.is_empty()
        && negative.len() <= MAX_NEGATIVE_CODES
        && all_listed
        && other.len() >= OTHER_VALUES
        && often(rows, NEGATIVE_SHARE, NEGATIVE_ROWS)
        && stand_apart(&negative, &other)
    {
        codes.extend(negative);
    } else if !negative.is_empty() {
        return codes;
    }
    let largest = |below: f64| {
        other
            .iter()
            .map(|n| n.value)
            .filter(|&value| value < below)
            .fold(0.0, f64::max)
    };
    let top = other.iter().max_by(|a, b| a.value.total_cmp(&b.value));
    if let Some(&top) = top.filter(|top| {
        POSITIVE_CODES.contains(&top.value)
            && other.len() > OTHER_VALUES
            && largest(top.value) * POSITIVE_GAP <= top.value
            && often(top.count, POSITIVE_SHARE, POSITIVE_ROWS)
    }) {
        codes.push(top);
    }
    codes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(b.text)));
    codes
}

/// A code next to the other numbers stands in so many times the rows of its neighbours, which reach
/// at least this far.
const CODE_PEAK: usize = 3;
const CODE_REACH: f64 = 10.0;

/// Whether negative numbers are no continuation of the others, nor their mirror image.
fn stand_apart(negative: &[CountedNumber<'_>], other: &[CountedNumber<'_>]) -> bool {
    let values = |numbers: &[CountedNumber<'_>]| -> Vec<f64> {
        let mut values: Vec<f64> = numbers.iter().map(|n| n.value).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (below, above) = (values(negative), values(other));
    let (Some(&nearest), Some(&least), Some(&most)) = (below.last(), above.first(), above.last())
    else {
        return false;
    };
    let mirrored = below.len() > 1
        && below.iter().all(|value| above.contains(&-value))
        && -below[0] * 2.0 > most;
    // The distance at which numbers of the column follow each other: whole numbers, fives.
    let step = above
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .fold(f64::INFINITY, f64::min)
        .max(f64::MIN_POSITIVE);
    let step = if above.iter().all(|value| value.fract() == 0.0) {
        step.max(1.0)
    } else {
        step
    };
    if mirrored {
        return false;
    }
    if least - nearest > step * 1.5 {
        return true;
    }
    // A number just below the others is a code where it towers over them.
    let rows: usize = negative.iter().map(|n| n.count).sum();
    let near = least + 3.0 * step;
    let beside = other
        .iter()
        .filter(|n| n.value <= near)
        .map(|n| n.count)
        .max();
    below.len() == 1 && most >= CODE_REACH && rows > CODE_PEAK * beside.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[(f64, usize)], expected: &[f64]) {
        let numbers: Vec<CountedNumber<'_>> = numbers
            .iter()
            .map(|&(value, count)| CountedNumber {
                text: "",
                count,
                value,
            })
            .collect();
        let found: Vec<f64> = coded_numbers(&numbers).iter().map(|n| n.value).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn conspicuous_negative_numbers_are_codes() {
        check(&[(0.0, 50), (1.0, 30), (2.0, 20), (-8.0, 9)], &[-8.0]);
        check(
            &[(0.0, 50), (1.0, 30), (2.0, 20), (-8.0, 9), (-9.0, 12)],
            &[-9.0, -8.0],
        );
    }

    #[test]
    fn negative_numbers_of_a_signed_column_are_numbers() {
        check(
            &[(0.0, 50), (1.0, 30), (2.0, 20), (-8.0, 9), (-17.0, 1)],
            &[],
        );
        check(
            &[
                (-3.0, 5),
                (-2.0, 5),
                (-1.0, 5),
                (-4.0, 5),
                (-5.0, 5),
                (1.0, 9),
                (2.0, 8),
                (3.0, 5),
            ],
            &[],
        );
    }

    #[test]
    fn numbers_that_continue_or_mirror_the_others_are_no_codes() {
        check(
            &[(-2.0, 9), (-1.0, 20), (0.0, 50), (1.0, 30), (2.0, 20)],
            &[],
        );
        check(
            &[(-2.0, 9), (-1.0, 20), (1.0, 30), (2.0, 20), (3.0, 4)],
            &[],
        );
        check(&[(-5.0, 9), (0.0, 30), (5.0, 20), (10.0, 4)], &[]);
        check(&[(-1.0, 9), (0.0, 30), (1.0, 20), (2.0, 4), (3.0, 4)], &[]);
        check(
            &[
                (1.0, 50),
                (2.0, 30),
                (3.0, 20),
                (4.0, 20),
                (5.0, 20),
                (-1.0, 9),
                (-2.0, 12),
            ],
            &[-2.0, -1.0],
        );
        let mut counts: Vec<(f64, usize)> = (0..40).map(|n| (f64::from(n), 5)).collect();
        counts.push((-1.0, 60));
        check(&counts, &[-1.0]);
    }

    #[test]
    fn a_single_negative_number_is_no_code() {
        check(&[(0.0, 5000), (1.0, 3000), (2.0, 2000), (-8.0, 1)], &[]);
    }

    #[test]
    fn nines_far_above_the_rest_are_a_code_and_top_values_are_not() {
        check(
            &[
                (10.0, 500),
                (20.0, 300),
                (30.0, 200),
                (40.0, 9),
                (999.0, 40),
            ],
            &[999.0],
        );
        check(
            &[(10.0, 500), (20.0, 300), (30.0, 200), (98.0, 9), (99.0, 40)],
            &[],
        );
        check(
            &[(10.0, 500), (20.0, 300), (30.0, 200), (40.0, 9), (999.0, 2)],
            &[],
        );
    }
}
