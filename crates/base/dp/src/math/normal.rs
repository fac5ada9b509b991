//! The normal distribution far into its tails, and the divergence of two shifted normals.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// `1 / sqrt(2 pi)`.
pub(crate) const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;

/// Nodes (on `[-1, 1]`, positive half) and weights of the eight-point Gauss-Legendre rule.
pub(crate) const GAUSS_LEGENDRE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// Integral of `f` over `[low, high]` by one eight-point Gauss-Legendre panel.
pub(crate) fn panel(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (half, middle) = (0.5 * (high - low), 0.5 * (high + low));
    let mut sum = 0.0;
    for (node, weight) in GAUSS_LEGENDRE {
        sum += weight * (f(middle - half * node) + f(middle + half * node));
    }
    half * sum
}

/// Density of the standard normal.
pub(crate) fn density(x: f64) -> f64 {
    DENSITY_AT_ZERO * (-0.5 * x * x).exp()
}

/// Probability below `x`. Relative accuracy about `1e-15 (1 + x^2)` in the lower tail.
pub(crate) fn below(x: f64) -> f64 {
    above(-x)
}

/// Probability above `x`, accurate in the upper tail.
pub(crate) fn above(x: f64) -> f64 {
    if x < 0.0 {
        1.0 - above(-x)
    } else if x > 40.0 {
        0.0
    } else {
        density(x) * mills_ratio(x)
    }
}

/// Logarithm of the probability above `x`, at any `x`.
pub(crate) fn log_above(x: f64) -> f64 {
    if x > 5.0 {
        -0.5 * x * x - 0.5 * (2.0 * PI).ln() + mills(x).0.ln()
    } else {
        above(x).ln()
    }
}

/// Mills ratio `R(x) = above(x) / density(x)` and `1 - x R(x)` (minus its derivative), for `x >
/// -37`.
fn mills(x: f64) -> (f64, f64) {
    if x < 5.0 {
        let ratio = if x < 0.0 {
            1.0 / density(x) - mills_ratio(-x)
        } else {
            mills_ratio(x)
        };
        (ratio, 1.0 - x * ratio)
    } else {
        let first = fraction(x, 60);
        (1.0 / (x + first), first / (x + first))
    }
}

/// `1 / (x + 2 / (x + 3 / (x + ...)))` of Laplace's continued fraction `R = 1 / (x + 1 / (x + 2 /
/// (x + ...)))`.
fn fraction(x: f64, levels: u32) -> f64 {
    let mut rest = x;
    for level in (2..levels).rev() {
        rest = x + f64::from(level) / rest;
    }
    1.0 / rest
}

/// Points of the table of Mills ratios: `x = k / 16` for `k` from 0 to 640.
const TABLE: usize = 641;

/// Mills ratio for `0 <= x <= 40`: Taylor's series at the nearest point of a table. All derivatives
/// follow from `R' = x R - 1` and `R^(n+1) = x R^(n) + n R^(n-1)`.
fn mills_ratio(x: f64) -> f64 {
    static RATIOS: LazyLock<Vec<f64>> = LazyLock::new(|| {
        (0..TABLE)
            .map(|k| {
                let x = k as f64 / 16.0;
                if x >= 2.0 {
                    return 1.0 / (x + fraction(x, 400));
                }
                // above(x) = 1/2 - density(x) (x + x^3/3 + x^5/15 + ...), all terms of one sign.
                let (mut term, mut sum, mut odd) = (x, 0.0, 1.0);
                while term > 1e-20 {
                    sum += term;
                    odd += 2.0;
                    term *= x * x / odd;
                }
                0.5 / density(x) - sum
            })
            .collect()
    });
    let nearest = (x * 16.0).round();
    let at = nearest / 16.0;
    let h = x - at;
    let mut previous = RATIOS[nearest as usize];
    let mut derivative = at * previous - 1.0;
    let mut sum = previous;
    let mut factor = h;
    for order in 1..=10 {
        sum += derivative * factor;
        let order = f64::from(order);
        (previous, derivative) = (derivative, at * derivative + order * previous);
        factor *= h / (order + 1.0);
    }
    sum
}

/// Logarithm of `delta(epsilon)` of the Gaussian mechanism: the hockey-stick divergence of `N(mu,
/// 1)` and `N(0, 1)`, `Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)` (Balle & Wang
/// 2018, theorem 8), without cancellation. Any real `epsilon`; `mu > 0` and finite.
pub(crate) fn log_hockey_stick(mu: f64, epsilon: f64) -> f64 {
    let u = epsilon / mu - 0.5 * mu;
    let v = epsilon / mu + 0.5 * mu;
    if u > 1e8 {
        return -0.5 * u * u;
    }
    // e^epsilon density(v) is density(u): both terms share the factor density(u).
    if u < -3.0 {
        // Near 1: the complement has two positive terms, `below(u) + density(u) R(v)`.
        let second = if v > -30.0 {
            density(u) * mills(v).0
        } else {
            (epsilon + log_above(v)).exp()
        };
        return (-(below(u) + second)).ln_1p();
    }
    let difference = if mu < 0.1 {
        panel(0.0, mu, |x| mills(u + x).1)
    } else {
        mills(u).0 - mills(v).0
    };
    -0.5 * u * u - 0.5 * (2.0 * PI).ln() + difference.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(value: f64, expected: f64, relative: f64) {
        assert!(
            (value - expected).abs() <= relative * expected.abs(),
            "{value} is not {expected}"
        );
    }

    #[test]
    fn tails_agree_with_tables() {
        // Made with mpmath, 40 digits.
        close(above(1.0), 0.158_655_253_931_457_05, 1e-15);
        close(above(3.0), 1.349_898_031_630_094_5e-3, 1e-14);
        close(above(10.0), 7.619_853_024_160_527e-24, 1e-13);
        close(log_above(10.0), -53.23128515051247, 1e-14);
        close(above(4.999_999), above(5.000_001), 2e-5);
        close(log_above(40.0), -804.6084420137538, 1e-12);
    }

    #[test]
    fn branches_of_the_divergence_meet() {
        for epsilon in [0.0, 0.5, 2.0, 10.0] {
            close(
                log_hockey_stick(0.099_999_999, epsilon),
                log_hockey_stick(0.1, epsilon),
                1e-5,
            );
        }
        for mu in [7.0, 20.0, 60.0] {
            let edge = mu * (0.5 * mu - 3.0);
            close(
                log_hockey_stick(mu, edge - 1e-9),
                log_hockey_stick(mu, edge + 1e-9),
                1e-6,
            );
        }
    }

    #[test]
    fn divergence_is_symmetric() {
        // delta(-epsilon) = 1 - e^-epsilon + e^-epsilon delta(epsilon), since the normal is.
        for (mu, epsilon) in [(0.05_f64, 0.01_f64), (0.7, 0.3), (3.0, 2.0)] {
            let forward = log_hockey_stick(mu, epsilon).exp();
            let backward = log_hockey_stick(mu, -epsilon).exp();
            close(
                backward,
                1.0 - (-epsilon).exp() + (-epsilon).exp() * forward,
                1e-13,
            );
        }
    }
}
