//! Numbers as people read them: sensible digits, a true minus sign, separated thousands.

/// The dash in place of a number that does not exist.
pub const NONE: &str = "–";

const MINUS: char = '\u{2212}';
const THIN_SPACE: char = '\u{202f}';

/// Writes two significant digits and at least three decimals, as published tables of metrics do;
/// fewer decimals from 1,000 on.
#[must_use]
pub fn value(number: f64) -> String {
    if !number.is_finite() {
        return "infinite".to_owned();
    }
    let size = number.abs();
    if size == 0.0 {
        return fixed(0.0, 3);
    }
    if size < 1e-8 {
        return signed(number, format!("{size:.1e}").replacen('e', " × 10^", 1));
    }
    let decimals = match size {
        _ if size >= 10_000.0 => 0,
        _ if size >= 1_000.0 => 1,
        _ => (1.0 - size.log10().floor()).max(3.0) as usize,
    };
    fixed(number, decimals)
}

/// Writes a number in the units of its column: four significant digits.
#[must_use]
pub fn plain(number: f64) -> String {
    if !number.is_finite() {
        return "infinite".to_owned();
    }
    let size = number.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if size < 1e-6 {
        return value(number);
    }
    fixed(
        number,
        (3.0 - size.log10().floor()).clamp(0.0, 9.0) as usize,
    )
}

/// Writes a round number with only the decimals it has, nine at most.
#[must_use]
pub fn round(number: f64) -> String {
    let decimals = (0..9).find(|&decimals| {
        let scaled = number * 10f64.powi(decimals);
        (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1.0)
    });
    fixed(number, decimals.unwrap_or(9) as usize)
}

/// Writes a number with so many decimals and separated thousands.
#[must_use]
pub fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = group(whole);
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    let rounds_to_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if rounds_to_zero {
        grouped
    } else {
        signed(number, grouped)
    }
}

/// Writes a whole number with separated thousands.
#[must_use]
pub fn count(number: u64) -> String {
    group(&number.to_string())
}

/// Writes a share of 1 in percent: one decimal, more for small shares that are not zero.
#[must_use]
pub fn share(number: f64) -> String {
    if !number.is_finite() {
        return NONE.to_owned();
    }
    let percent = number * 100.0;
    let size = percent.abs();
    let decimals = match size {
        _ if size == 0.0 || size == 100.0 => 0,
        _ if size >= 0.95 => 1,
        _ if size >= 0.095 => 2,
        _ => 3,
    };
    if size > 0.0 && size < 0.0005 {
        return format!("below 0.001{THIN_SPACE}%");
    }
    format!("{}{THIN_SPACE}%", fixed(percent, decimals))
}

/// Writes two shares of 1 as a range in percent, with one decimal: `0.9 to 16.3 %`.
#[must_use]
pub fn share_range(low: f64, high: f64) -> String {
    if !(low.is_finite() && high.is_finite()) {
        return NONE.to_owned();
    }
    let percent = |share: f64| fixed(share * 100.0, 1);
    format!("{} to {}{THIN_SPACE}%", percent(low), percent(high))
}

/// Writes a number up to twelve as a word, and larger ones in digits.
#[must_use]
pub fn in_words(number: u64) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let word = usize::try_from(number).ok().and_then(|at| WORDS.get(at));
    word.map_or_else(|| count(number), |word| (*word).to_owned())
}

/// Writes a difference of shares in percentage points, always with its sign.
#[must_use]
pub fn points(number: f64) -> String {
    if !number.is_finite() {
        return NONE.to_owned();
    }
    let text = fixed(number * 100.0, 1);
    if number > 0.0 && !text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        format!("+{text}")
    } else {
        text
    }
}

/// Writes a span of time, given in seconds.
#[must_use]
pub fn seconds(number: f64) -> String {
    match number {
        _ if !number.is_finite() => NONE.to_owned(),
        _ if number < 0.0995 => format!("{}{THIN_SPACE}ms", fixed(number * 1e3, 1)),
        _ if number < 99.5 => format!(
            "{}{THIN_SPACE}s",
            fixed(number, if number < 9.95 { 2 } else { 1 })
        ),
        _ => {
            let whole = number.round() as u64;
            format!(
                "{}{THIN_SPACE}min {}{THIN_SPACE}s",
                count(whole / 60),
                whole % 60
            )
        }
    }
}

/// Writes an amount of memory.
#[must_use]
pub fn bytes(number: u64) -> String {
    let number = number as f64;
    if number >= 1e9 {
        format!("{}{THIN_SPACE}GB", fixed(number / 1e9, 2))
    } else {
        format!("{}{THIN_SPACE}MB", fixed(number / 1e6, 1))
    }
}

/// Returns the decimals that show the half-width of an interval with three significant digits: more
/// would be noise.
#[must_use]
pub fn decimals(low: f64, high: f64) -> usize {
    let half = (high - low).abs() / 2.0;
    if half > 0.0 && half.is_finite() {
        (2.0 - half.log10().floor()).clamp(0.0, 9.0) as usize
    } else {
        3
    }
}

/// Writes a number with `form`, or a dash where there is none.
#[must_use]
pub fn or_none(number: Option<f64>, form: fn(f64) -> String) -> String {
    number.map_or_else(|| NONE.to_owned(), form)
}

fn signed(number: f64, text: String) -> String {
    if number < 0.0 {
        format!("{MINUS}{text}")
    } else {
        text
    }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 2);
    for (index, digit) in digits.chars().enumerate() {
        // A number of four digits reads well without a separator.
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: String, expected: &str) {
        assert_eq!(found.replace(THIN_SPACE, " ").replace(MINUS, "-"), expected);
    }

    #[test]
    fn values_have_two_significant_digits_and_three_decimals() {
        check(value(0.0), "0.000");
        check(value(-0.0), "0.000");
        check(value(0.5), "0.500");
        check(value(-0.01234), "-0.012");
        check(value(0.001234), "0.0012");
        check(value(0.0000567), "0.000057");
        check(value(12.34567), "12.346");
        check(value(1234.567), "1234.6");
        check(value(-1_234_567.8), "-1,234,568");
        check(value(3.2e-12), "3.2 × 10^-12");
        check(value(f64::INFINITY), "infinite");
        check(value(f64::NAN), "infinite");
    }

    #[test]
    fn a_number_that_rounds_to_zero_has_no_sign() {
        check(fixed(-0.0004, 2), "0.00");
        check(points(-0.0001), "0.0");
        check(points(0.0123), "+1.2");
    }

    #[test]
    fn plain_numbers_have_four_significant_digits() {
        check(plain(0.123456), "0.1235");
        check(plain(51.7342), "51.73");
        check(plain(-48_731.2), "-48,731");
        check(plain(0.0), "0");
    }

    #[test]
    fn round_numbers_have_the_decimals_they_need() {
        check(round(10.0), "10");
        check(round(3.0 * 0.1), "0.3");
        check(round(-0.0025), "-0.0025");
        check(round(120_000.0), "120,000");
    }

    #[test]
    fn shares_never_round_a_case_away() {
        check(share(0.0), "0 %");
        check(share(1.0), "100 %");
        check(share(0.12345), "12.3 %");
        check(share(0.00012), "0.012 %");
        check(share_range(0.0087, 0.163), "0.9 to 16.3 %");
        check(share(1e-7), "below 0.001 %");
    }

    #[test]
    fn small_counts_are_words() {
        check(in_words(2), "two");
        check(in_words(12), "twelve");
        check(in_words(11_600), "11,600");
    }

    #[test]
    fn time_and_memory_have_fitting_units() {
        check(seconds(0.0123), "12.3 ms");
        check(seconds(1.234), "1.23 s");
        check(seconds(75.0), "75.0 s");
        check(seconds(3_725.0), "62 min 5 s");
        check(bytes(123_400_000), "123.4 MB");
        check(bytes(2_500_000_000), "2.50 GB");
    }
}
