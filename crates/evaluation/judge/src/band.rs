//! Bands A to D, and the limits that assign them to numbers.

use serde::{Deserialize, Serialize};

/// How good a number is, from A (best) to D.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Band {
    /// No difference that matters.
    A,
    /// Small differences; fine for most purposes.
    B,
    /// Differences an analyst would notice, or a risk that needs a decision.
    C,
    /// Not usable for this purpose, or dangerous.
    D,
}

/// The limits of the bands of one metric. Each band is closed on the left: a number that equals a
/// limit belongs to the band that begins there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BandLimits {
    /// Smaller is better: A below the first, B below the second, C below the third. Ascending.
    Rising([f64; 3]),
    /// Larger is better: A from the first on, B from the second, C from the third. Descending.
    Falling([f64; 3]),
    /// A only at 0 and below, B below the first, C below the second. Ascending, above 0.
    ZeroOr([f64; 2]),
}

impl BandLimits {
    /// Returns the band of a number.
    #[must_use]
    pub fn band(self, number: f64) -> Band {
        let [a, b, c] = match self {
            Self::Rising([a, b, c]) => [number < a, number < b, number < c],
            Self::Falling([a, b, c]) => [number >= a, number >= b, number >= c],
            Self::ZeroOr([b, c]) => [number <= 0.0, number < b, number < c],
        };
        match (a, b, c) {
            (true, ..) => Band::A,
            (_, true, _) => Band::B,
            (_, _, true) => Band::C,
            _ => Band::D,
        }
    }

    /// Whether all limits are numbers and in order.
    pub(crate) fn in_order(self) -> bool {
        let (limits, falling): (&[f64], bool) = match &self {
            Self::Rising(limits) => (limits, false),
            Self::Falling(limits) => (limits, true),
            Self::ZeroOr(limits) => (limits, false),
        };
        let above_zero = !matches!(self, Self::ZeroOr([first, _]) if first <= 0.0);
        let ordered = |pair: &[f64]| {
            if falling {
                pair[0] > pair[1]
            } else {
                pair[0] < pair[1]
            }
        };
        above_zero && limits.iter().all(|limit| limit.is_finite()) && limits.windows(2).all(ordered)
    }

    /// Returns the limits in words: `A below 0.01, B below 0.05, C below 0.1`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Rising([a, b, c]) => format!("A below {a}, B below {b}, C below {c}"),
            Self::Falling([a, b, c]) => format!("A from {a}, B from {b}, C from {c}"),
            Self::ZeroOr([b, c]) => format!("A at 0, B below {b}, C below {c}"),
        }
    }
}

impl Band {
    /// Returns the letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// Returns the word for fidelity and utility.
    #[must_use]
    pub const fn quality(self) -> &'static str {
        match self {
            Self::A => "good",
            Self::B => "acceptable",
            Self::C => "poor",
            Self::D => "very poor",
        }
    }

    /// Returns the word for privacy. The best is not "safe": these measurements can show a leak,
    /// not exclude one.
    #[must_use]
    pub const fn danger(self) -> &'static str {
        match self {
            Self::A => "no leak found",
            Self::B => "slight",
            Self::C => "worrying",
            Self::D => "dangerous",
        }
    }

    /// Returns [`Band::danger`] for privacy and [`Band::quality`] for the other goals.
    #[must_use]
    pub const fn word(self, privacy: bool) -> &'static str {
        if privacy {
            self.danger()
        } else {
            self.quality()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_band_is_closed_on_the_left() {
        let shares = BandLimits::Rising([0.01, 0.05, 0.10]);
        for (number, band) in [
            (0.0, Band::A),
            (0.01, Band::B),
            (0.05, Band::C),
            (0.10, Band::D),
        ] {
            assert_eq!(shares.band(number), band);
        }
        let overlap = BandLimits::Falling([0.8, 0.6, 0.3]);
        for (number, band) in [
            (0.8, Band::A),
            (0.79, Band::B),
            (0.6, Band::B),
            (-3.0, Band::D),
        ] {
            assert_eq!(overlap.band(number), band);
        }
        let copies = BandLimits::ZeroOr([0.001, 0.01]);
        for (number, band) in [
            (0.0, Band::A),
            (-0.2, Band::A),
            (1e-9, Band::B),
            (0.01, Band::D),
        ] {
            assert_eq!(copies.band(number), band);
        }
    }

    #[test]
    fn limits_out_of_order_are_noticed() {
        assert!(!BandLimits::Rising([0.1, 0.05, 0.2]).in_order());
        assert!(!BandLimits::Falling([0.1, 0.5, 0.9]).in_order());
        assert!(!BandLimits::ZeroOr([0.0, 0.1]).in_order());
        assert!(!BandLimits::Rising([0.1, f64::NAN, 0.2]).in_order());
        assert!(BandLimits::Falling([1.0, 0.99, 0.95]).in_order());
    }
}
