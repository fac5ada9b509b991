//! Days, moments, times of day and durations as sources spell them, in the notation of `strftime`.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time, date};
use jiff::{ToSpan, fmt::strtime};

use super::elapsed::{self, at, of_time};
use crate::TimeUnit;

const SECONDS_PER_DAY: i64 = 86_400;
const NANOSECONDS: i64 = 1_000_000_000;
const EPOCH: Date = date(1970, 1, 1);

/// Days since 1970-01-01 of the first and the last day there is.
static RANGE: LazyLock<(i64, i64)> = LazyLock::new(|| (days(Date::MIN), days(Date::MAX)));

fn days(day: Date) -> i64 {
    // A difference of two days counted in days does not overflow and has no smaller unit.
    EPOCH
        .until((jiff::Unit::Day, day))
        .map_or(0, |span| i64::from(span.get_days()))
}

fn day(days: i64) -> Option<Date> {
    if !(RANGE.0..=RANGE.1).contains(&days) {
        return None;
    }
    EPOCH.checked_add(days.days()).ok()
}

/// The letters of the directives of a format, flags and widths left out.
fn directives(format: &str) -> impl Iterator<Item = u8> + '_ {
    let mut bytes = format.bytes();
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                continue;
            }
            let flag =
                |byte: &u8| matches!(byte, b'-' | b'_' | b'^' | b'#' | b'.' | b':' | b'0'..=b'9');
            if let Some(letter) = bytes.by_ref().find(|byte| !flag(byte)) {
                return Some(letter);
            }
        }
        None
    })
}

/// Whether a format spells a day or a part of one, rather than a time of day or a duration alone.
#[must_use]
pub fn has_day(format: &str) -> bool {
    directives(format).any(|letter| b"YyCmBbhdejFDGgVUWs".contains(&letter))
}

/// Text and format with the parts of a day that the format leaves out: the first day of the month
/// or the year, the Monday of a week.
fn completed<'a>(text: &'a str, format: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
    let has = |letters: &[u8]| directives(format).any(|letter| letters.contains(&letter));
    let (more_text, more_format) = match () {
        _ if has(b"dejFDs") => ("", ""),
        _ if has(b"GgVUW") => match has(b"uwaA") {
            true => ("", ""),
            false => (" 1", " %u"),
        },
        _ if has(b"mBbh") => (" 1", " %d"),
        _ => (" 1 1", " %m %d"),
    };
    if more_text.is_empty() {
        return (text.into(), format.into());
    }
    (
        format!("{text}{more_text}").into(),
        format!("{format}{more_format}").into(),
    )
}

/// Days since 1970-01-01; `None` if the text is spelled otherwise or the day does not exist.
///
/// A format without a day of the month, such as `%Y-%m`, means its first day; one of weeks without
/// a weekday the Monday.
pub fn parse_date(text: &str, format: &str) -> Option<i64> {
    let (text, format) = completed(text, format);
    Date::strptime(format.as_bytes(), text.as_bytes())
        .ok()
        .map(days)
}

/// Units since 1970-01-01 00:00:00 on the same clock; `None` if the text is spelled otherwise,
/// there is no such moment, or the unit does not hold its fractions.
///
/// A format without a day means a time of 1970-01-01, or a duration if it starts with `%[H]` or
/// `%[M]`.
pub fn parse_date_time(text: &str, format: &str, unit: TimeUnit) -> Option<i64> {
    if let Some(elapsed) = elapsed::Format::of(format) {
        let (seconds, nanoseconds) = elapsed.parse(text)?;
        return in_units(seconds, nanoseconds, unit);
    }
    let (day, time) = match has_day(format) {
        true => {
            let moment = DateTime::strptime(format, text).ok()?;
            (days(moment.date()), moment.time())
        }
        false => (0, Time::strptime(format, text).ok()?),
    };
    let (seconds, nanoseconds) = of_time(time);
    in_units(day * SECONDS_PER_DAY + seconds, nanoseconds, unit)
}

/// `None` if the unit is too coarse for the fraction: such a text is not of this type.
fn in_units(seconds: i64, nanoseconds: i64, unit: TimeUnit) -> Option<i64> {
    let step = NANOSECONDS / unit.per_second();
    if nanoseconds % step != 0 {
        return None;
    }
    seconds
        .checked_mul(unit.per_second())?
        .checked_add(nanoseconds / step)
}

/// The text of a day; `None` if the format is invalid or the day is out of range.
pub fn spell_date(value: i64, format: &str) -> Option<String> {
    strtime::format(format, day(value)?).ok()
}

/// The text of a moment; `None` if the format is invalid or the moment is out of range.
pub fn spell_date_time(value: i64, format: &str, unit: TimeUnit) -> Option<String> {
    let per_second = unit.per_second();
    let seconds = value.div_euclid(per_second);
    let nanoseconds = value.rem_euclid(per_second) * (NANOSECONDS / per_second);
    if let Some(elapsed) = elapsed::Format::of(format) {
        return elapsed.spell(seconds, nanoseconds);
    }
    let time = at(seconds.rem_euclid(SECONDS_PER_DAY), nanoseconds);
    let moment = day(seconds.div_euclid(SECONDS_PER_DAY))?.to_datetime(time);
    strtime::format(format, moment).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_date(text: &str, format: &str, expected: Option<i64>) {
        assert_eq!(parse_date(text, format), expected, "{text}");
        if let Some(days) = expected {
            assert_eq!(spell_date(days, format).as_deref(), Some(text));
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        check_date("1970-01-01", "%Y-%m-%d", Some(0));
        check_date("1969-12-31", "%Y-%m-%d", Some(-1));
        check_date("29/02/2000", "%d/%m/%Y", Some(11_016));
        check_date("1 January 2000", "%-d %B %Y", Some(10_957));
        check_date("31.12.1999", "%d.%m.%Y", Some(10_956));
        check_date("02 JAN, 70", "%d %^b, %y", Some(1));
    }

    #[test]
    fn parts_that_a_format_leaves_out_are_the_first_ones() {
        check_date("1970-02", "%Y-%m", Some(31));
        check_date("Feb 1970", "%b %Y", Some(31));
        check_date("1971", "%Y", Some(365));
        check_date("1970-W02", "%G-W%V", Some(4));
        check_date("1970-W02-3", "%G-W%V-%u", Some(6));
        check_date("1970-032", "%Y-%j", Some(31));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        check_date("2001-02-29", "%Y-%m-%d", None);
        check_date("2001-13-01", "%Y-%m-%d", None);
        check_date("31/04/2001", "%d/%m/%Y", None);
        check_date("2001-W54", "%G-W%V", None);
        check_date("", "%Y-%m-%d", None);
    }

    #[track_caller]
    fn check_moment(text: &str, format: &str, unit: TimeUnit, expected: Option<i64>) {
        assert_eq!(parse_date_time(text, format, unit), expected, "{text}");
        if let Some(value) = expected {
            assert_eq!(spell_date_time(value, format, unit).as_deref(), Some(text));
        }
    }

    #[test]
    fn moments_are_counted_in_seconds() {
        let check =
            |text, expected| check_moment(text, "%Y-%m-%d %H:%M:%S", TimeUnit::Seconds, expected);
        check("1970-01-02 00:00:01", Some(86_401));
        check("1969-12-31 23:59:59", Some(-1));
        check("1970-01-01 24:00:00", None);
    }

    #[test]
    fn fractions_need_a_unit_that_holds_them() {
        use TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};
        let format = "%Y-%m-%dT%H:%M:%S.%3fZ";
        check_moment("1970-01-01T00:00:01.250Z", format, Milliseconds, Some(1250));
        check_moment("1969-12-31T23:59:59.999Z", format, Milliseconds, Some(-1));
        check_moment("1970-01-01T00:00:01.250Z", format, Seconds, None);
        let micro = "%Y-%m-%d %H:%M:%S.%6f+00:00";
        check_moment(
            "1970-01-01 00:00:00.000001+00:00",
            micro,
            Microseconds,
            Some(1),
        );
        check_moment(
            "1970-01-01 00:00:00.000000001",
            "%Y-%m-%d %H:%M:%S.%9f",
            Nanoseconds,
            Some(1),
        );
        // A fraction that is left out where it is nothing.
        let open = "%H:%M:%S%.f";
        check_moment("00:00:02", open, Milliseconds, Some(2000));
        check_moment("00:00:02.5", open, Milliseconds, Some(2500));
    }

    #[test]
    fn times_of_day_and_durations_are_those_of_the_first_day() {
        let seconds = TimeUnit::Seconds;
        check_moment("08:54", "%H:%M", seconds, Some(32_040));
        check_moment("1:05 PM", "%-I:%M %p", seconds, Some(47_100));
        check_moment("24:00", "%H:%M", seconds, None);
        check_moment("70:32", "%[M]:%S", seconds, Some(4232));
        check_moment("5:07", "%-[M]:%S", seconds, Some(307));
        check_moment("105:00:01", "%[H]:%M:%S", seconds, Some(378_001));
        check_moment("05:61", "%[M]:%S", seconds, None);
        check_moment(
            "1:02.250",
            "%-[M]:%S.%3f",
            TimeUnit::Milliseconds,
            Some(62_250),
        );
    }

    #[test]
    fn what_cannot_be_spelled_is_none() {
        let seconds = TimeUnit::Seconds;
        assert_eq!(spell_date(i64::MAX, "%Y-%m-%d"), None);
        assert_eq!(spell_date_time(i64::MIN, "%Y", seconds), None);
        assert_eq!(spell_date(0, "%"), None);
        assert_eq!(spell_date(0, "%H"), None);
        assert_eq!(
            parse_date_time("99999999999999999999:00", "%[H]:%M", seconds),
            None
        );
    }
}
