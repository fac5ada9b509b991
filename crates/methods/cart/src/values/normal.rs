//! The normal distribution: its function, its quantiles, and mean scores of intervals.

use statrs::function::erf::erfc;

/// The standard normal distribution function.
pub(crate) fn phi(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal density.
fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() * 0.398_942_280_401_432_7
}

/// The standard normal quantile (Wichura 1988, AS 241, PPND7: about seven digits, which is more
/// than a draw needs).
///
/// `p` outside the open interval (0, 1) is taken as the nearest point inside.
pub(crate) fn probit(p: f64) -> f64 {
    let p = p.clamp(1e-300, 1.0 - 1.2e-16);
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q
            * (((59.109_374_72 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9)
            / (((67.187_563_6 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let x = if r <= 5.0 {
        let r = r - 1.6;
        (((0.170_238_21 * r + 1.306_728_481_6) * r + 2.756_815_39) * r + 1.423_437_277_7)
            / ((0.120_211_32 * r + 0.737_001_642_5) * r + 1.0)
    } else {
        let r = r - 5.0;
        (((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386) * r + 6.657_905_115)
            / ((0.012_258_202_635 * r + 0.241_978_943_25) * r + 1.0)
    };
    if q < 0.0 { -x } else { x }
}

/// The mean of a standard normal number that lies between the quantiles `low` and `high` (shares,
/// `low < high`).
pub(crate) fn interval_score(low: f64, high: f64) -> f64 {
    let edge = |share: f64| {
        if share <= 0.0 || share >= 1.0 {
            0.0
        } else {
            density(probit(share))
        }
    };
    (edge(low) - edge(high)) / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert_the_distribution_function() {
        for x in [-6.0, -3.1, -1.0, -0.2, 0.0, 0.7, 2.5, 5.0] {
            assert!(
                (probit(phi(x)) - x).abs() < 2e-5 * (1.0 + x * x),
                "{x}: {}",
                probit(phi(x))
            );
        }
        assert!((probit(0.975) - 1.959_964).abs() < 1e-6);
        assert!(probit(0.0).is_finite() && probit(1.0).is_finite());
    }

    #[test]
    fn scores_of_all_intervals_average_to_zero() {
        let cuts = [0.0, 0.1, 0.35, 0.8, 1.0];
        let mean: f64 = cuts
            .windows(2)
            .map(|w| interval_score(w[0], w[1]) * (w[1] - w[0]))
            .sum();
        assert!(mean.abs() < 1e-12);
        assert!((interval_score(0.5, 1.0) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-7);
    }
}
