//! Real answers on a grid of whole numbers, with the sensitivity enlarged by the rounding.

use super::MechanismError;

/// A grid whose step is a power of two, so that division by the step is exact.
///
/// Noise for real answers is drawn on a grid because floating-point noise leaks: the set of numbers
/// that a sum of doubles can hit depends on the answer (Mironov 2012). Two answers at distance `d`
/// may be rounded to grid points further apart, by less than one step for each value that differs;
/// the methods below give the sensitivity that holds after rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DyadicGrid {
    step: f64,
}

impl DyadicGrid {
    /// The finest grid with steps of at least this size, up to the next power of two.
    ///
    /// # Errors
    ///
    /// [`MechanismError::OutOfRange`] unless the step is between `2^-900` and `2^900`.
    pub fn new(step: f64) -> Result<Self, MechanismError> {
        if !(2.0_f64.powi(-900)..=2.0_f64.powi(900)).contains(&step) {
            return Err(MechanismError::OutOfRange {
                mechanism: "grid",
                parameter: "step",
                value: step,
                rule: "between 2^-900 and 2^900",
            });
        }
        let mut exact = 2.0_f64.powi(step.log2().ceil() as i32);
        while exact < step {
            exact *= 2.0;
        }
        Ok(Self { step: exact })
    }

    /// Distance of two grid points.
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// Nearest grid point, in steps. NaN goes to 0, and what is out of range to its end, so that no
    /// value is an error that an onlooker could see.
    pub fn round(&self, value: f64) -> i64 {
        // Halves always go up: rounding them away from zero would move -1/2 and 1/2 two steps
        // apart. The fraction is exact.
        let steps = value / self.step;
        let floor = steps.floor();
        let nearest = if steps - floor >= 0.5 {
            floor + 1.0
        } else {
            floor
        };
        // Saturating by the rules of `as`.
        nearest as i64
    }

    /// A grid point as a real number.
    pub fn value(&self, steps: i64) -> f64 {
        steps as f64 * self.step
    }

    /// Largest move of a single rounded value, in steps, when the value itself moves by at most
    /// `sensitivity`.
    pub fn sensitivity(&self, sensitivity: f64) -> u64 {
        (sensitivity / self.step).ceil() as u64
    }

    /// L1 sensitivity in steps of a vector of which at most `changed` values differ.
    pub fn l1_sensitivity(&self, sensitivity: f64, changed: usize) -> u64 {
        ((sensitivity / self.step).ceil() as u64).saturating_add(changed as u64)
    }

    /// Squared L2 sensitivity in steps of a vector of which at most `changed` values differ:
    /// `(sensitivity / step + sqrt(changed))^2`, rounded up.
    pub fn l2_sensitivity_squared(&self, sensitivity: f64, changed: usize) -> u64 {
        let steps = sensitivity / self.step + (changed as f64).sqrt();
        (steps * steps * (1.0 + 4.0 * f64::EPSILON)).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_powers_of_two() {
        assert_eq!(DyadicGrid::new(0.3).unwrap().step(), 0.5);
        assert_eq!(DyadicGrid::new(0.25).unwrap().step(), 0.25);
        assert!(DyadicGrid::new(f64::NAN).is_err());
        assert!(DyadicGrid::new(0.0).is_err());
    }

    #[test]
    fn rounding_never_moves_answers_further_apart_than_declared() {
        let grid = DyadicGrid::new(0.125).unwrap();
        for sensitivity in [0.01, 0.125, 0.2, 1.0, 3.3] {
            for i in 0..4000 {
                let x = f64::from(i) * 0.003_7 - 7.0;
                let moved = grid.round(x).abs_diff(grid.round(x + sensitivity));
                assert!(moved <= grid.sensitivity(sensitivity), "{x} {sensitivity}");
            }
        }
    }

    #[test]
    fn strange_values_stay_on_the_grid() {
        let grid = DyadicGrid::new(1.0).unwrap();
        assert_eq!(grid.round(f64::NAN), 0);
        assert_eq!(grid.round(f64::INFINITY), i64::MAX);
    }
}
