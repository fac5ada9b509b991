//! The grids on which numbers lie.

use serde::{Deserialize, Serialize};

/// The grid on which the values of a numeric column lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Grid {
    /// Multiples of 10 to the power of minus this (0 to 17).
    Decimals(u8),
    /// `origin + k * step` for whole `k`; `step` is above 0.
    Step {
        /// Distance of neighbours.
        step: f64,
        /// One point of the grid.
        origin: f64,
    },
}

impl Grid {
    /// The nearest point of the grid (halves away from zero).
    #[must_use]
    pub fn round(&self, value: f64) -> f64 {
        match *self {
            // Dividing by a power of ten gives the double nearest to the decimal number,
            // multiplying by its inverse would not.
            Self::Decimals(decimals) => round_decimals(value, decimals),
            Self::Step { step, origin } => {
                let point = origin + ((value - origin) / step).round() * step;
                match decimals_of(step, origin) {
                    Some(decimals) => round_decimals(point, decimals),
                    None => point,
                }
            }
        }
    }

    /// Distance of neighbouring points.
    #[must_use]
    pub fn step(&self) -> f64 {
        match *self {
            Self::Decimals(decimals) => 10f64.powi(-i32::from(decimals)),
            Self::Step { step, .. } => step,
        }
    }

    /// Whether step and origin say a grid: a finite step above 0, at most 17 decimals.
    #[must_use]
    pub(crate) fn is_valid(&self) -> bool {
        match *self {
            Self::Decimals(decimals) => decimals <= 17,
            Self::Step { step, origin } => step > 0.0 && step.is_finite() && origin.is_finite(),
        }
    }

    /// Whether every point of the grid is a whole number.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        match *self {
            Self::Decimals(decimals) => decimals == 0,
            Self::Step { step, origin } => step.fract() == 0.0 && origin.fract() == 0.0,
        }
    }
}

fn round_decimals(value: f64, decimals: u8) -> f64 {
    let scale = 10f64.powi(i32::from(decimals));
    let scaled = (value * scale).round();
    if scaled.is_finite() && scaled.abs() < 9e15 {
        scaled / scale
    } else {
        value
    }
}

/// Most decimals of a step whose multiples are written as decimal numbers.
const STEP_DECIMALS: u8 = 9;

/// The fewest decimals that write both step and origin, so that multiples of 0.05 read 0.15 and
/// not 0.15000000000000002.
fn decimals_of(step: f64, origin: f64) -> Option<u8> {
    (0..=STEP_DECIMALS).find(|&decimals| {
        round_decimals(step, decimals) == step && round_decimals(origin, decimals) == origin
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_round_to_the_double_nearest_to_the_decimal() {
        assert_eq!(Grid::Decimals(1).round(0.30000000000000004), 0.3);
        assert_eq!(Grid::Decimals(2).round(2.675), 2.68);
        assert_eq!(Grid::Decimals(0).round(-2.5), -3.0);
        assert_eq!(Grid::Decimals(8).round(1e300), 1e300);
    }

    #[track_caller]
    fn check_step(step: f64, origin: f64, value: f64, expected: f64) {
        assert_eq!(Grid::Step { step, origin }.round(value), expected);
    }

    #[test]
    fn steps_round_to_the_decimal_number_too() {
        check_step(0.25, 0.0, 7.13, 7.25);
        check_step(0.05, 0.0, 0.16, 0.15);
        check_step(1.0, 0.99, 12.3, 11.99);
        check_step(25.0, 0.0, 4724.0, 4725.0);
        check_step(1.0 / 3.0, 0.0, 0.65, 2.0 / 3.0);
    }
}
