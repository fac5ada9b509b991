//! Days and moments as sources spell them, in the notation of `strftime`.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, date};
use jiff::{ToSpan, fmt::strtime};

const SECONDS_PER_DAY: i64 = 86_400;
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

/// Days since 1970-01-01; `None` if the text is spelled otherwise or the day does not exist.
pub fn parse_date(text: &str, format: &str) -> Option<i64> {
    Date::strptime(format, text).ok().map(days)
}

/// Seconds since 1970-01-01 00:00:00 on the same clock; `None` if the text is spelled otherwise or
/// there is no such moment.
pub fn parse_date_time(text: &str, format: &str) -> Option<i64> {
    let moment = DateTime::strptime(format, text).ok()?;
    let time = moment.time();
    let seconds =
        (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    // A fraction of a second has no place in whole seconds: such a text is not of this type.
    (time.subsec_nanosecond() == 0).then(|| days(moment.date()) * SECONDS_PER_DAY + seconds)
}

/// The text of a day; `None` if the format is invalid or the day is out of range.
pub fn spell_date(value: i64, format: &str) -> Option<String> {
    strtime::format(format, day(value)?).ok()
}

/// The text of a moment; `None` if the format is invalid or the moment is out of range.
pub fn spell_date_time(value: i64, format: &str) -> Option<String> {
    let seconds = value.rem_euclid(SECONDS_PER_DAY);
    let moment = day(value.div_euclid(SECONDS_PER_DAY))?.at(
        (seconds / 3600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        0,
    );
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
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        check_date("2001-02-29", "%Y-%m-%d", None);
        check_date("2001-13-01", "%Y-%m-%d", None);
        check_date("31/04/2001", "%d/%m/%Y", None);
        check_date("", "%Y-%m-%d", None);
    }

    #[test]
    fn moments_are_counted_in_seconds() {
        let format = "%Y-%m-%d %H:%M:%S";
        assert_eq!(parse_date_time("1970-01-02 00:00:01", format), Some(86_401));
        assert_eq!(parse_date_time("1969-12-31 23:59:59", format), Some(-1));
        assert_eq!(
            spell_date_time(-1, format).as_deref(),
            Some("1969-12-31 23:59:59")
        );
        assert_eq!(parse_date_time("1970-01-01 24:00:00", format), None);
    }

    #[test]
    fn what_cannot_be_spelled_is_none() {
        assert_eq!(spell_date(i64::MAX, "%Y-%m-%d"), None);
        assert_eq!(spell_date_time(i64::MIN, "%Y"), None);
        assert_eq!(spell_date(0, "%"), None);
        assert_eq!(spell_date(0, "%H"), None);
    }
}
