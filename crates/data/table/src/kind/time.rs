//! The unit in which moments are counted.

use serde::{Deserialize, Serialize};

/// The unit in which moments are counted from 1970-01-01 00:00:00.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second; the years 1678 to 2262.
    Nanoseconds,
}

impl TimeUnit {
    /// How many of the unit make a second.
    #[must_use]
    pub const fn per_second(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }

    /// The coarsest unit that counts fractions of so many digits; nothing beyond nine.
    #[must_use]
    pub const fn of_digits(digits: usize) -> Option<Self> {
        match digits {
            0 => Some(Self::Seconds),
            1..=3 => Some(Self::Milliseconds),
            4..=6 => Some(Self::Microseconds),
            7..=9 => Some(Self::Nanoseconds),
            _ => None,
        }
    }
}
