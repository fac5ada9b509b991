//! How often attacks succeed, and what is left of it when the same attacks on people who were not
//! in the data are taken off (specification 5.6).

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A success rate with its 95 % interval of Wilson (1927): for `k` successes of `n` attacks the
/// centre is `(k + z²/2) / (n + z²)` and the half width `z / (n + z²) √(k (n - k) / n + z²/4)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SuccessRate {
    /// Attacks that were really made.
    pub attacks: u64,
    /// Those of them that succeeded; not whole where it is an expectation over samples of rows.
    pub successes: f64,
    /// The centre of the interval. 0 to 1; drawn towards 0.5, so never exactly 0 or 1.
    pub rate: f64,
    /// Half the width of the interval.
    pub half_width: f64,
}

impl SuccessRate {
    /// The rate of so many successes; `None` without an attack. Successes are cut to 0 and the
    /// number of attacks.
    #[must_use]
    pub fn wilson(successes: f64, attacks: u64) -> Option<Self> {
        if attacks == 0 || successes.is_nan() {
            return None;
        }
        let n = attacks as f64;
        let k = successes.clamp(0.0, n);
        Some(Self {
            attacks,
            successes: k,
            rate: (k + 0.5 * Z * Z) / (n + Z * Z),
            half_width: Z / (n + Z * Z) * (k * (n - k) / n + 0.25 * Z * Z).sqrt(),
        })
    }

    /// Successes over attacks.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.successes / self.attacks as f64
    }
}

/// What an attacker gains from the rows having been in the data: `ρ = (a - b) / (1 - b)` for the
/// success rates `a` on rows of the real table and `b` on holdout rows (Giomi et al. 2023, arXiv
/// 2211.10459). 0 is no gain, 1 every attack that fails on others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Risk {
    /// `ρ`, cut to 0 and 1.
    pub value: f64,
    /// `ρ - error`, cut to 0 and 1: the lower end of a 95 % interval.
    pub low: f64,
    /// `ρ + error`, cut to 0 and 1.
    pub high: f64,
    /// `ρ` as it is; negative where the attack does better on the holdout.
    pub unclamped: f64,
    /// Half the width of the interval: `√((e_a / (1 - b))² + (e_b (a - 1) / (1 - b)²)²)` for the
    /// half widths `e` of the rates.
    pub error: f64,
}

impl Risk {
    /// The risk of these rates.
    #[must_use]
    pub fn against(main: &SuccessRate, control: &SuccessRate) -> Self {
        let (a, b) = (main.rate, control.rate);
        let unclamped = (a - b) / (1.0 - b);
        let of_main = main.half_width / (1.0 - b);
        let of_control = control.half_width * (a - 1.0) / ((1.0 - b) * (1.0 - b));
        let error = of_main.hypot(of_control);
        Self {
            value: unclamped.clamp(0.0, 1.0),
            low: (unclamped - error).clamp(0.0, 1.0),
            high: (unclamped + error).clamp(0.0, 1.0),
            unclamped,
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_attack_there_is_no_rate() {
        assert_eq!(SuccessRate::wilson(0.0, 0), None);
        assert_eq!(SuccessRate::wilson(f64::NAN, 3), None);
    }

    #[test]
    fn a_risk_is_cut_and_kept_uncut() {
        let rate = |k| SuccessRate::wilson(k, 500).unwrap();
        let risk = Risk::against(&rate(40.0), &rate(60.0));
        assert_eq!((risk.value, risk.low, risk.high), (0.0, 0.0, 0.0));
        assert!((risk.unclamped + 0.045_256_985_402_531_17).abs() < 1e-12);
        let same = Risk::against(&rate(500.0), &rate(500.0));
        assert_eq!((same.value, same.low, same.high), (0.0, 0.0, 1.0));
    }
}
