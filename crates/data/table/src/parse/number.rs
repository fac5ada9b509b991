//! Numbers as sources spell them.

use std::fmt::Write;

use crate::{Exponent, Negative, NumberFormat};

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
    /// No digit before the decimal mark, as in `.5`.
    pub bare_fraction: bool,
    /// Written with marks between groups of digits.
    pub grouped: bool,
    /// Written with a `+` in front.
    pub plus: bool,
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

/// The sign of a number and its text without sign and unit.
struct Bare<'a> {
    digits: &'a str,
    negative: bool,
    plus: bool,
}

/// Takes sign, prefix and suffix off. A missing unit is no fault.
fn undress<'a>(text: &'a str, format: &NumberFormat) -> Bare<'a> {
    let mut rest = text.trim_matches(' ');
    let (mut negative, mut plus) = (false, false);
    let inner = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'));
    if let Some(inner) = inner.filter(|_| format.negative == Negative::Parentheses) {
        (negative, rest) = (true, inner);
    }
    let mut take_sign = |rest: &mut &'a str| {
        if negative || plus {
            return;
        }
        negative = rest.starts_with('-');
        plus = rest.starts_with('+');
        *rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    };
    take_sign(&mut rest);
    if !format.prefix.is_empty() {
        let tight = || rest.strip_prefix(format.prefix.trim_matches(' '));
        if let Some(without) = rest.strip_prefix(format.prefix.as_str()).or_else(tight) {
            rest = without.trim_start_matches(' ');
            take_sign(&mut rest);
        }
    }
    let mut take_trailing = |rest: &mut &'a str| {
        if format.negative == Negative::Trailing
            && !negative
            && let Some(without) = rest.strip_suffix('-')
        {
            (negative, *rest) = (true, without);
        }
    };
    take_trailing(&mut rest);
    if !format.suffix.is_empty() {
        let tight = || rest.strip_suffix(format.suffix.trim_matches(' '));
        if let Some(without) = rest.strip_suffix(format.suffix.as_str()).or_else(tight) {
            rest = without.trim_end_matches(' ');
            take_trailing(&mut rest);
        }
    }
    Bare {
        digits: rest,
        negative,
        plus,
    }
}

/// Reads a number: an optional sign and the unit of the format, digits in groups of three if the
/// format has a thousands mark (or none at all), an optional fraction and an optional power of ten.
/// Spaces around it are ignored.
pub fn parse(text: &str, format: &NumberFormat) -> Result<Number, NotNumber> {
    let Bare {
        digits: unsigned,
        negative,
        plus,
    } = undress(text, format);
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
    if negative {
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
        bare_fraction: whole_digits == 0,
        grouped,
        plus,
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
    if format.exponent.is_some_and(|exponent| exponent.always) {
        return spell_real(out, value as f64, format);
    }
    let start = out.len();
    let _ = write!(out, "{value}");
    let decimals = format.fixed_decimals.unwrap_or(format.min_decimals);
    if decimals > 0 {
        out.push('.');
        out.extend(std::iter::repeat_n('0', usize::from(decimals)));
    }
    dress(out, start, format);
}

/// Spells a finite real number with the fewest decimals that read back as the same number, or with
/// the fixed number of the format.
pub fn spell_real(out: &mut String, value: f64, format: &NumberFormat) {
    let start = out.len();
    let value = value + 0.0;
    let powers = format.exponent.filter(|exponent| {
        let size = value.abs();
        exponent.always || (size > 0.0 && size < 1e-4) || size >= 1e16
    });
    let _ = match (format.fixed_decimals, powers) {
        (Some(decimals), None) => write!(out, "{value:.*}", usize::from(decimals)),
        (None, None) => write!(out, "{value}"),
        (Some(decimals), Some(_)) => write!(out, "{value:.*e}", usize::from(decimals)),
        (None, Some(_)) => write!(out, "{value:e}"),
    };
    let power = powers.and_then(|exponent| take_power(out, start, exponent));
    let zero = |byte: u8| matches!(byte, b'-' | b'0' | b'.');
    if out[start..].starts_with('-') && out[start..].bytes().all(zero) {
        out.remove(start);
    }
    if format.fixed_decimals.is_none() && format.min_decimals > 0 {
        let written = out[start..].split_once('.').map_or(0, |(_, f)| f.len());
        if written == 0 {
            out.push('.');
        }
        let lacking = usize::from(format.min_decimals).saturating_sub(written);
        out.extend(std::iter::repeat_n('0', lacking));
    }
    if let Some(power) = power {
        out.push_str(&power);
    }
    dress(out, start, format);
}

/// Takes the power of ten off a number and respells it.
fn take_power(out: &mut String, start: usize, exponent: Exponent) -> Option<String> {
    let at = start + out[start..].find('e')?;
    let power: i32 = out[at + 1..].parse().ok()?;
    out.truncate(at);
    let letter = if exponent.upper { 'E' } else { 'e' };
    let sign = match power {
        ..0 => "-",
        _ if exponent.plus => "+",
        _ => "",
    };
    let digits = usize::from(exponent.digits);
    Some(format!("{letter}{sign}{:0digits$}", power.abs()))
}

/// Puts sign, unit and marks of the format around a number spelled plainly from `start` on.
fn dress(out: &mut String, start: usize, format: &NumberFormat) {
    if format.is_plain() {
        return;
    }
    let plain = out.split_off(start);
    let (negative, plain) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    let sign = match negative {
        true => format.negative,
        false => Negative::Minus,
    };
    match (negative, sign) {
        (true, Negative::Minus) => out.push('-'),
        (true, Negative::Parentheses) => out.push('('),
        (false, _) if format.plus && plain.bytes().any(|b| matches!(b, b'1'..=b'9')) => {
            out.push('+');
        }
        _ => {}
    }
    out.push_str(&format.prefix);
    if sign == Negative::AfterPrefix {
        out.push('-');
    }
    push_digits(out, plain, format);
    if sign == Negative::Trailing {
        out.push('-');
    }
    out.push_str(&format.suffix);
    if sign == Negative::Parentheses {
        out.push(')');
    }
}

/// Adds a number without a sign, with the marks of the format.
fn push_digits(out: &mut String, plain: &str, format: &NumberFormat) {
    let (mantissa, power) = match plain.find(['e', 'E']) {
        Some(at) => plain.split_at(at),
        None => (plain, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !(format.bare_fraction && whole == "0" && !fraction.is_empty()) {
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                out.extend(format.thousands_mark);
            }
            out.push(digit);
        }
    }
    if !fraction.is_empty() {
        out.push(format.decimal_mark);
        out.push_str(fraction);
    }
    out.push_str(power);
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
    for (place, unit) in [("before", &format.prefix), ("after", &format.suffix)] {
        if !unit.is_empty() {
            let _ = write!(words, ", `{unit}` {place} each number");
        }
    }
    words.push_str(match format.negative {
        Negative::Minus | Negative::AfterPrefix => "",
        Negative::Parentheses => ", negative numbers in parentheses",
        Negative::Trailing => ", a minus after negative numbers",
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: char, thousands: Option<char>, fixed: Option<u8>) -> NumberFormat {
        NumberFormat {
            fixed_decimals: fixed,
            ..NumberFormat::with_marks(decimal, thousands)
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

    #[track_caller]
    fn check_unit(format: &NumberFormat, value: f64, text: &str) {
        spelled(value, format, text);
        check(
            text,
            &NumberFormat {
                fixed_decimals: None,
                ..format.clone()
            },
            {
                let read = parse(text, format).ok();
                read.map(|number| (value, number.whole, number.decimals))
            },
        );
    }

    #[test]
    fn units_are_split_off_and_written_back() {
        let dollars = format('.', Some(','), Some(2)).with_unit("$", "");
        check_unit(&dollars, 1234.5, "$1,234.50");
        check_unit(&dollars, -1234.5, "-$1,234.50");
        check_unit(
            &dollars.clone().with_negative(Negative::AfterPrefix),
            -3.0,
            "$-3.00",
        );
        check_unit(
            &dollars.clone().with_negative(Negative::Parentheses),
            -3.0,
            "($3.00)",
        );
        let trailing = NumberFormat::default().with_negative(Negative::Trailing);
        check_unit(&trailing, -3.0, "3-");
        let euros = format(',', Some('.'), Some(2)).with_unit("", " €");
        check_unit(&euros, 1234.5, "1.234,50 €");
        check_unit(&NumberFormat::default().with_unit("", "%"), 10.3, "10.3%");
        // A number without the unit of its column is one all the same.
        check("5", &dollars, Some((5.0, Some(5), 0)));
        check("$", &dollars, None);
        check("€5", &dollars, None);
    }

    #[test]
    fn signs_points_and_powers_keep_the_spelling_of_the_column() {
        let plus = NumberFormat {
            plus: true,
            ..NumberFormat::default()
        };
        check_unit(&plus, 1.5, "+1.5");
        check_unit(&plus, -1.5, "-1.5");
        check_unit(&plus, 0.0, "0");
        let bare = NumberFormat {
            bare_fraction: true,
            ..NumberFormat::default()
        };
        check_unit(&bare, 0.87, ".87");
        check_unit(&bare, -0.87, "-.87");
        check_unit(&bare, 1.5, "1.5");
        let least = NumberFormat {
            min_decimals: 1,
            ..NumberFormat::default()
        };
        check_unit(&least, 5.0, "5.0");
        check_unit(&least, 2.75, "2.75");
        let powers = |exponent, fixed_decimals| NumberFormat {
            exponent: Some(exponent),
            fixed_decimals,
            ..NumberFormat::default()
        };
        check_unit(
            &powers(Exponent::new(true, true, 2, true), Some(2)),
            150_000.0,
            "1.50E+05",
        );
        check_unit(
            &powers(Exponent::new(false, false, 2, true), None),
            2e-7,
            "2e-07",
        );
        let rare = powers(Exponent::new(false, true, 2, false), None);
        check_unit(&rare, 0.000_012, "1.2e-05");
        check_unit(&rare, 0.5, "0.5");
        let mut out = String::new();
        spell_integer(
            &mut out,
            1200,
            &powers(Exponent::new(true, true, 2, true), None),
        );
        assert_eq!(out, "1.2E+03");
    }
}
