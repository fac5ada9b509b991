//! Durations: a first part that may be more than a day or an hour holds, then a time.

use jiff::civil::Time;
use jiff::fmt::strtime;

/// A format that starts with hours or minutes without an upper end: `%[H]:%M`, `%-[M]:%S`.
pub(super) struct Format<'a> {
    seconds: i64,
    padded: bool,
    rest: &'a str,
    /// Completes `rest` to a time of day.
    before: (&'static str, &'static str),
}

/// Most digits of the first part: hours of ten thousand years.
const MAX_DIGITS: usize = 9;

impl<'a> Format<'a> {
    /// The format, if it is one of durations.
    pub(super) fn of(format: &'a str) -> Option<Self> {
        let (padded, inner) = match format.strip_prefix("%[") {
            Some(inner) => (true, inner),
            None => (false, format.strip_prefix("%-[")?),
        };
        let (seconds, rest, before) = match inner.strip_prefix("H]") {
            Some(rest) => (3600, rest, ("%H", "00")),
            None => (60, inner.strip_prefix("M]")?, ("%H:%M", "00:00")),
        };
        Some(Self {
            seconds,
            padded,
            rest,
            before,
        })
    }

    /// Seconds and nanoseconds.
    pub(super) fn parse(&self, text: &str) -> Option<(i64, i64)> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=MAX_DIGITS).contains(&digits) {
            return None;
        }
        let count: i64 = text[..digits].parse().ok()?;
        let format = format!("{}{}", self.before.0, self.rest);
        let rest = format!("{}{}", self.before.1, &text[digits..]);
        let (seconds, nanoseconds) = of_time(Time::strptime(format, rest).ok()?);
        Some((count * self.seconds + seconds, nanoseconds))
    }

    /// The text; durations below zero are spelled as zero.
    pub(super) fn spell(&self, seconds: i64, nanoseconds: i64) -> Option<String> {
        let seconds = seconds.max(0);
        let time = at(seconds % self.seconds, nanoseconds);
        let rest = strtime::format(self.rest, time).ok()?;
        let width = if self.padded { 2 } else { 1 };
        Some(format!("{:0width$}{rest}", seconds / self.seconds))
    }
}

/// Seconds since midnight and nanoseconds.
pub(super) fn of_time(time: Time) -> (i64, i64) {
    let seconds =
        (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    (seconds, i64::from(time.subsec_nanosecond()))
}

/// The time so many seconds (less than a day) after midnight.
pub(super) fn at(seconds: i64, nanoseconds: i64) -> Time {
    jiff::civil::time(
        (seconds / 3600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        nanoseconds as i32,
    )
}
