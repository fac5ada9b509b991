//! Scales and the round numbers on them.

use crate::number;

/// A linear map from numbers to pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Maps `low` to the pixel `from` and `high` to the pixel `to`. A range without width is
    /// widened by 0.5 on both sides.
    pub(crate) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let (low, high) = match (low.is_finite(), high.is_finite()) {
            (true, true) if high > low => (low, high),
            (true, true) => (low.min(high) - 0.5, low.max(high) + 0.5),
            _ => (0.0, 1.0),
        };
        Self {
            low,
            high,
            from,
            to,
        }
    }

    /// The pixel of a number; numbers beyond the range take its ends.
    pub(crate) fn at(&self, number: f64) -> f64 {
        let share = ((number - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// About so many round numbers inside the range, each with its text.
    pub(crate) fn ticks(&self, about: usize) -> Vec<(f64, String)> {
        ticks(self.low, self.high, about)
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, ascending, within the range.
fn ticks(low: f64, high: f64, about: usize) -> Vec<(f64, String)> {
    let width = high - low;
    if !(width > 0.0 && width.is_finite()) {
        return Vec::new();
    }
    let raw = width / about.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= raw * 0.75)
        .unwrap_or(10.0 * power);
    // Digits needed to tell neighbours apart; steps are 1, 2 or 5 in their last digit.
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    if !(first.is_finite() && last - first < 1_000.0) {
        return Vec::new();
    }
    (0..=(last - first) as usize)
        .map(|index| {
            let at = (first + index as f64) * step;
            (at, number::fixed(at, decimals))
        })
        .collect()
}

/// Returns the date so many days after 1970-01-01, as `2026-11-21` (proleptic Gregorian calendar).
#[must_use]
pub fn day(days: f64) -> String {
    // Days are counted from 1 March of year 0, in cycles of 400 years.
    let days = days.clamp(-1e9, 1e9).floor() as i64 + 719_468;
    let cycle = days.div_euclid(146_097);
    let in_cycle = days.rem_euclid(146_097);
    let year = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", year + cycle * 400 + carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, about: usize, expected: &[&str]) {
        let found: Vec<String> = ticks(low, high, about)
            .into_iter()
            .map(|(_, text)| text.replace('\u{2212}', "-"))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        check(0.0, 1.0, 5, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(-0.31, 0.29, 3, &["-0.2", "0.0", "0.2"]);
        check(3.0, 97.0, 4, &["20", "40", "60", "80"]);
        check(80.0, 120.0, 4, &["80", "90", "100", "110", "120"]);
        check(1.0, 1.0, 4, &[]);
        check(f64::NAN, 1.0, 4, &[]);
    }

    #[test]
    fn a_range_without_width_still_maps() {
        let scale = Scale::new((2.0, 2.0), (0.0, 10.0));
        assert_eq!(scale.at(2.0), 5.0);
        assert_eq!(scale.at(100.0), 10.0);
        assert!(Scale::new((f64::NAN, 1.0), (0.0, 10.0)).at(0.5) == 5.0);
    }

    #[test]
    fn days_have_their_names() {
        for (days, name) in [
            (0.0, "1970-01-01"),
            (-1.0, "1969-12-31"),
            (11_016.0, "2000-02-29"),
            (20_778.5, "2026-11-21"),
        ] {
            assert_eq!(day(days), name);
        }
    }
}
