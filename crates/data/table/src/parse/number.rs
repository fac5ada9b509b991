//! Numbers as sources spell them.

use std::fmt::Write;

use crate::NumberFormat;

/// A number as it was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The value.
    pub value: f64,
    /// The same as a whole number, if it is one and its digits fit.
    pub whole: Option<i64>,
    /// Digits written after the decimal mark.
    pub written_decimals: u8,
    /// Decimals the value needs: the same without trailing zeros, shifted by an exponent.
    pub decimals: u8,
    /// Digits written before the decimal mark without need, as in `007`.
    pub leading_zero: bool,
    /// Written with marks between groups of digits.
    pub grouped: bool,
    /// Written with an exponent.
    pub exponent: bool,
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNumber {
    /// It is spelled otherwise.
    Spelling,
    /// It says infinity, or is too large for a double.
    Infinite,
    /// It says "not a number", as several programs write a missing value.
    NotANumber,
}

/// Reads a number: an optional sign, digits in groups of three if the format has a thousands mark
/// (or none at all), an optional fraction and an optional power of ten. Spaces around it are
/// ignored.
pub fn parse(text: &str, format: &NumberFormat) -> Result<Number, NotNumber> {
    let text = text.trim_matches(' ');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == format.decimal_mark) {
        return Err(match unsigned.to_ascii_lowercase().as_str() {
            "inf" | "infinity" | "infinite" | "1.#inf" => NotNumber::Infinite,
            "nan" => NotNumber::NotANumber,
            _ => NotNumber::Spelling,
        });
    }
    let (mantissa, power) = match unsigned.find(['e', 'E']) {
        Some(at) => {
            let power: i32 = unsigned[at + 1..]
                .parse()
                .map_err(|_| NotNumber::Spelling)?;
            (&unsigned[..at], Some(power))
        }
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once(format.decimal_mark) {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    let mut plain = String::with_capacity(text.len() + 1);
    if text.starts_with('-') {
        plain.push('-');
    }
    let first_digit = plain.len();
    let grouped = push_whole(&mut plain, whole, format.thousands_mark)?;
    let whole_digits = plain.len() - first_digit;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit())
        || (whole_digits == 0 && fraction.is_empty())
    {
        return Err(NotNumber::Spelling);
    }
    let leading_zero = whole_digits > 1 && plain.as_bytes()[first_digit] == b'0';
    let needed = fraction.trim_end_matches('0').len();
    let integer = match power {
        None if needed == 0 => plain
            .parse::<i64>()
            .ok()
            .or((whole_digits == 0).then_some(0)),
        _ => None,
    };
    if !fraction.is_empty() {
        plain.push('.');
        plain.push_str(fraction);
    }
    if let Some(power) = power {
        // Writing to a `String` cannot fail.
        let _ = write!(plain, "e{power}");
    }
    let value: f64 = plain.parse().map_err(|_| NotNumber::Spelling)?;
    if !value.is_finite() {
        return Err(NotNumber::Infinite);
    }
    let decimals = i64::try_from(needed).unwrap_or(i64::MAX) - i64::from(power.unwrap_or(0));
    Ok(Number {
        // No column keeps a negative zero apart from zero.
        value: value + 0.0,
        whole: integer,
        written_decimals: fraction.len().min(255) as u8,
        decimals: decimals.clamp(0, 255) as u8,
        leading_zero,
        grouped,
        exponent: power.is_some(),
    })
}

/// Adds the digits in front of the decimal mark; says whether they were written in groups.
fn push_whole(plain: &mut String, whole: &str, mark: Option<char>) -> Result<bool, NotNumber> {
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits_only(whole) {
        plain.push_str(whole);
        return Ok(false);
    }
    let Some(mark) = mark else {
        return Err(NotNumber::Spelling);
    };
    for (index, group) in whole.split(mark).enumerate() {
        let fits = match index {
            0 => (1..=3).contains(&group.len()),
            _ => group.len() == 3,
        };
        if !fits || !digits_only(group) {
            return Err(NotNumber::Spelling);
        }
        plain.push_str(group);
    }
    Ok(true)
}

/// Spells a whole number.
pub fn spell_integer(out: &mut String, value: i64, format: &NumberFormat) {
    let start = out.len();
    let _ = write!(out, "{value}");
    if let Some(decimals) = format.fixed_decimals.filter(|&decimals| decimals > 0) {
        out.push('.');
        out.extend(std::iter::repeat_n('0', usize::from(decimals)));
    }
    apply_marks(out, start, format);
}

/// Spells a finite real number with the fewest decimals that read back as the same number, or with
/// the fixed number of the format.
pub fn spell_real(out: &mut String, value: f64, format: &NumberFormat) {
    let start = out.len();
    let value = value + 0.0;
    match format.fixed_decimals {
        Some(decimals) => {
            let _ = write!(out, "{value:.*}", usize::from(decimals));
            let all_zero = out[start..]
                .bytes()
                .all(|byte| matches!(byte, b'-' | b'0' | b'.'));
            if all_zero && out[start..].starts_with('-') {
                out.remove(start);
            }
        }
        None => {
            let _ = write!(out, "{value}");
        }
    }
    apply_marks(out, start, format);
}

/// Puts the marks of the format into a number spelled plainly from `start` on.
fn apply_marks(out: &mut String, start: usize, format: &NumberFormat) {
    if format.decimal_mark == '.' && format.thousands_mark.is_none() {
        return;
    }
    let plain = out.split_off(start);
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.as_str()),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    out.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.extend(format.thousands_mark);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(format.decimal_mark);
        out.push_str(fraction);
    }
}

/// The format in words, for messages: what a text had to look like.
pub fn describe(format: &NumberFormat) -> String {
    let mut words = format!("decimal mark `{}`", format.decimal_mark);
    match format.thousands_mark {
        Some(mark) => {
            let _ = write!(words, ", thousands mark `{mark}`");
        }
        None => words.push_str(", no thousands mark"),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: char, thousands: Option<char>, fixed: Option<u8>) -> NumberFormat {
        NumberFormat {
            decimal_mark: decimal,
            thousands_mark: thousands,
            fixed_decimals: fixed,
        }
    }

    #[track_caller]
    fn check(text: &str, format: &NumberFormat, expected: Option<(f64, Option<i64>, u8)>) {
        let found = parse(text, format)
            .ok()
            .map(|n| (n.value, n.whole, n.decimals));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers_are_read_as_their_format_spells_them() {
        let plain = NumberFormat::default();
        check("12", &plain, Some((12.0, Some(12), 0)));
        check("-0.250", &plain, Some((-0.25, None, 2)));
        check(" 7 ", &plain, Some((7.0, Some(7), 0)));
        check("+3.0", &plain, Some((3.0, Some(3), 0)));
        check(".5", &plain, Some((0.5, None, 1)));
        check("5.", &plain, Some((5.0, Some(5), 0)));
        check("1.5e3", &plain, Some((1500.0, None, 0)));
        check("1e-3", &plain, Some((0.001, None, 3)));
        check("-0.0", &plain, Some((0.0, Some(0), 0)));
        check(
            "9223372036854775808",
            &plain,
            Some((9.223_372_036_854_776e18, None, 0)),
        );
        let german = format(',', Some('.'), None);
        check("1.234.567,5", &german, Some((1_234_567.5, None, 1)));
        check("1234,5", &german, Some((1234.5, None, 1)));
        check("12.34", &german, None);
        let english = format('.', Some(','), None);
        check("1,234", &english, Some((1234.0, Some(1234), 0)));
        check("1,23", &english, None);
        check(",234", &english, None);
    }

    #[test]
    fn other_texts_are_not_numbers() {
        let plain = NumberFormat::default();
        for text in [
            "", "-", ".", "1,234", "1,5", "0x10", "1e", "12a", "--1", "1 2", "e5", "１２",
        ] {
            assert_eq!(parse(text, &plain), Err(NotNumber::Spelling), "{text}");
        }
    }

    #[test]
    fn infinities_and_nan_are_told_apart_from_wrong_spellings() {
        let plain = NumberFormat::default();
        assert_eq!(parse("-Inf", &plain), Err(NotNumber::Infinite));
        assert_eq!(parse("1e999", &plain), Err(NotNumber::Infinite));
        assert_eq!(parse("NaN", &plain), Err(NotNumber::NotANumber));
    }

    #[test]
    fn leading_zeros_are_noticed() {
        let plain = NumberFormat::default();
        assert!(parse("007", &plain).unwrap().leading_zero);
        assert!(!parse("0.7", &plain).unwrap().leading_zero);
        assert!(!parse("0", &plain).unwrap().leading_zero);
    }

    #[track_caller]
    fn spelled(value: f64, format: &NumberFormat, expected: &str) {
        let mut out = String::new();
        spell_real(&mut out, value, format);
        assert_eq!(out, expected);
    }

    #[test]
    fn numbers_are_spelled_as_their_format_says() {
        spelled(0.1, &NumberFormat::default(), "0.1");
        spelled(-0.0, &NumberFormat::default(), "0");
        spelled(1e21, &NumberFormat::default(), "1000000000000000000000");
        spelled(1234567.5, &format(',', Some('.'), Some(2)), "1.234.567,50");
        spelled(-0.001, &format('.', None, Some(2)), "0.00");
        spelled(-999.5, &format('.', Some(','), None), "-999.5");
        let mut out = String::new();
        spell_integer(&mut out, -1_000_000, &format('.', Some(','), Some(1)));
        assert_eq!(out, "-1,000,000.0");
    }
}
