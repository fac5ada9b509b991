//! Spelling of the numbers of a column: decimals, signs, powers of ten.

use super::profile::Counted;
use parable_table::parse::number::Number;
use parable_table::{Exponent, NumberFormat};

pub(super) type Numbers<'a> = [(Counted<'a>, Number)];

/// So many distinct numbers with the same number of decimals and no trailing zero among them are
/// not padded.
const UNPADDED: usize = 30;
/// Numbers with more decimals carry the noise of floating-point arithmetic behind these digits.
const NOISY_DECIMALS: u8 = 10;
const SIGNIFICANT_DIGITS: usize = 12;
/// So many percent of the rows say the decimals of a column.
const NEARLY_ALL: usize = 99;
/// The same where the other numbers have this many decimals more, as noise does.
const NEARLY_ALL_BUT_NOISE: usize = 95;
const NOISE_DECIMALS: u8 = 4;
/// Most decimals a grid may have.
const MAX_DECIMALS: u8 = 17;

/// Completes the format by what the texts have in common.
pub(super) fn complete(format: &mut NumberFormat, numbers: &Numbers<'_>) {
    let rows = |fits: &dyn Fn(&Number) -> bool| -> usize {
        let fitting = numbers.iter().filter(|(_, number)| fits(number));
        fitting.map(|((_, rows), _)| rows).sum()
    };
    let most = |part: usize, whole: usize| part > 0 && part * 2 > whole;
    format.plus = most(rows(&|n| n.plus), rows(&|n| n.value > 0.0));
    let below_one = |n: &Number| n.value != 0.0 && n.value.abs() < 1.0 && !n.exponent;
    format.bare_fraction = most(rows(&|n| below_one(n) && n.bare_fraction), rows(&below_one));
    format.exponent = exponent(numbers);
    let always = format.exponent.is_some_and(|exponent| exponent.always);
    format.fixed_decimals = fixed_decimals(numbers, always);
    format.min_decimals = match format.fixed_decimals {
        Some(_) => 0,
        None => min_decimals(numbers, always),
    };
}

fn exponent(numbers: &Numbers<'_>) -> Option<Exponent> {
    let with: Vec<&str> = numbers
        .iter()
        .filter(|(_, number)| number.exponent)
        .map(|((text, _), _)| *text)
        .collect();
    let powers: Vec<&str> = with
        .iter()
        .filter_map(|text| text.split(['e', 'E']).nth(1))
        .collect();
    let digits = powers.iter().map(|power| {
        let digits = power.trim_start_matches(['+', '-']);
        digits.bytes().take_while(u8::is_ascii_digit).count()
    });
    let digits = digits.min()?.clamp(1, 4) as u8;
    let upper = with.iter().filter(|text| text.contains('E')).count() * 2 > with.len();
    let plus = powers.iter().any(|power| power.starts_with('+'))
        || !powers
            .iter()
            .any(|power| power.starts_with(|c: char| c.is_ascii_digit()))
            && digits == 2;
    let always = with.len() * 20 > numbers.len() * 19;
    Some(Exponent::new(upper, plus, digits, always))
}

/// The number of decimals if all numbers are written with the same, some of them padded with zeros.
fn fixed_decimals(numbers: &Numbers<'_>, powers: bool) -> Option<u8> {
    let decimals = numbers.first()?.1.written_decimals;
    let padded = |n: &Number| n.written_decimals > n.decimals || powers;
    let same = decimals > 0
        && numbers
            .iter()
            .all(|(_, n)| n.written_decimals == decimals && (powers || !n.exponent));
    (same && (numbers.len() < UNPADDED || numbers.iter().any(|(_, n)| padded(n))))
        .then_some(decimals)
}

/// The fewest decimals that all numbers are written with, if some are padded to them.
fn min_decimals(numbers: &Numbers<'_>, powers: bool) -> u8 {
    let plain = || numbers.iter().filter(|(_, n)| powers || !n.exponent);
    let least = plain().map(|(_, n)| n.written_decimals).min().unwrap_or(0);
    let padded = plain().any(|(_, n)| n.written_decimals == least && n.decimals < least);
    if padded || powers { least } else { 0 }
}

/// Decimals of a number without the noise of arithmetic: 2 for 41.190000000000005.
pub(super) fn quiet_decimals(number: &Number) -> u8 {
    if number.decimals <= NOISY_DECIMALS {
        return number.decimals;
    }
    let rounded = format!("{:.*e}", SIGNIFICANT_DIGITS - 1, number.value);
    let Some((mantissa, power)) = rounded.split_once('e') else {
        return number.decimals;
    };
    let digits = mantissa
        .trim_end_matches('0')
        .split_once('.')
        .map_or(0, |(_, f)| f.len());
    let power: i64 = power.parse().unwrap_or(0);
    let needed = (digits as i64 - power).clamp(0, 255) as u8;
    // A number that needs all digits is no short one with noise.
    if digits + 2 < SIGNIFICANT_DIGITS {
        needed
    } else {
        number.decimals
    }
}

/// The decimals of nearly all rows, and in how many rows numbers have more.
pub(super) fn usual_decimals(numbers: &Numbers<'_>) -> Option<(u8, usize)> {
    let mut counts = [0usize; 256];
    for ((_, rows), number) in numbers {
        counts[usize::from(quiet_decimals(number))] += rows;
    }
    let total: usize = counts.iter().sum();
    let most = (0..=255u8).rev().find(|&d| counts[usize::from(d)] > 0)?;
    let mut below = 0;
    for decimals in 0..=most {
        below += counts[usize::from(decimals)];
        let next = (decimals + 1..=most).find(|&d| counts[usize::from(d)] > 0);
        let noise = next.is_some_and(|next| next >= decimals.saturating_add(NOISE_DECIMALS));
        let enough = if noise {
            NEARLY_ALL_BUT_NOISE
        } else {
            NEARLY_ALL
        };
        if below == total || (below * 100 >= total * enough && total >= 100) {
            return (decimals <= MAX_DECIMALS).then_some((decimals, total - below));
        }
    }
    None
}

/// Whether texts that are equal as numbers are told apart by their spelling, as versions `1.1` and
/// `1.10` are, in a column of few texts that rows share.
pub(super) fn tells_equal_numbers_apart(numbers: &Numbers<'_>) -> bool {
    let rows: usize = numbers.iter().map(|((_, rows), _)| rows).sum();
    if rows < 2 * numbers.len() {
        return false;
    }
    let mut sorted: Vec<&Number> = numbers.iter().map(|(_, number)| number).collect();
    sorted.sort_by(|a, b| {
        a.value
            .total_cmp(&b.value)
            .then(a.written_decimals.cmp(&b.written_decimals))
    });
    let twin = |pair: &[&Number]| {
        pair[0].value == pair[1].value
            && pair[0].written_decimals != pair[1].written_decimals
            && !pair[0].exponent
            && !pair[1].exponent
    };
    // `5` beside `5.0` is a matter of programs where many numbers are told apart by their value.
    let few = numbers.len() <= UNPADDED;
    sorted
        .windows(2)
        .any(|pair| twin(pair) && (few || pair[0].written_decimals > 0))
}
