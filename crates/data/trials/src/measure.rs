//! From latent quantities to scores: discrete, skewed and clipped, as tests are.

use crate::draws::Draws;

/// `1 / (1 + exp(-x))`.
#[inline]
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Rounds to the nearest multiple of one part in `parts` (10 for one decimal, 4 for quarters),
/// halves away from zero.
#[inline]
pub(crate) fn round_to(value: f64, parts: f64) -> f64 {
    // Dividing by the number of parts gives the double nearest to the decimal number; multiplying
    // by its inverse would not.
    (value * parts).round() / parts
}

/// Returns how many of the ascending thresholds the value has reached.
#[inline]
pub(crate) fn cut(value: f64, cuts: &[f64]) -> usize {
    cuts.iter().filter(|&&cut| value >= cut).count()
}

/// The sinh-arcsinh transform of Jones & Pewsey (2009, Biometrika 96), skewness parameter only,
/// scaled so that a standard normal number gets mean 0 and SD 1. Skewed to the left for `e < 0`, to
/// the right for `e > 0`; increasing in `z`.
///
/// With `Z` standard normal, `sinh(asinh(Z) + e) = Z cosh e + sqrt(1 + Z^2) sinh e` has mean `c
/// sinh e` where `c = E sqrt(1 + Z^2)`, and mean square `cosh^2 e + 2 sinh^2 e`.
#[inline]
pub(crate) fn skewed(z: f64, e: f64) -> f64 {
    // E sqrt(1 + Z^2), by Simpson's rule on 400,000 intervals of [-12, 12].
    const MEAN_ROOT: f64 = 1.354_530_806_481_16;
    let (sinh, cosh) = (e.sinh(), e.cosh());
    let mean = MEAN_ROOT * sinh;
    let sd = (cosh * cosh + 2.0 * sinh * sinh - mean * mean).sqrt();
    ((z.asinh() + e).sinh() - mean) / sd
}

/// Two beta-binomial scores out of `items`, with these two means and one precision, from one draw.
///
/// Drawn as Polya's urn: after `i` items with `s` right the next is right with probability `(mean *
/// precision + s) / (precision + i)`. Both scores meet the same uniform numbers, item by item, so
/// each has exactly its beta-binomial distribution, the one with the larger mean is never below the
/// other, and equal means give equal scores.
#[inline]
pub(crate) fn beta_binomial_pair(
    draws: &mut Draws,
    items: usize,
    means: [f64; 2],
    precision: f64,
) -> [f64; 2] {
    let shapes = means.map(|mean| mean * precision);
    let mut right = [0.0; 2];
    for item in 0..items {
        let point = draws.uniform() * (precision + item as f64);
        for arm in 0..2 {
            if point < shapes[arm] + right[arm] {
                right[arm] += 1.0;
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::draws::Streams;

    #[test]
    fn cuts_count_from_zero_and_include_the_cut_itself() {
        let cuts = [-1.0, 0.0, 2.0];
        assert_eq!([-2.0, -1.0, 0.5, 2.0].map(|v| cut(v, &cuts)), [0, 1, 2, 3]);
    }

    #[test]
    fn rounding_gives_the_nearest_decimal() {
        assert_eq!(round_to(0.30000000000000004, 10.0), 0.3);
        assert_eq!(round_to(47.37, 4.0), 47.25);
        assert_eq!(round_to(-2.5, 1.0), -3.0);
    }

    #[test]
    fn skewing_a_normal_number_keeps_mean_and_variance() {
        // Against quadrature (trapezoid rule, exact to rounding for analytic functions that vanish
        // at both ends).
        for e in [-0.35, -0.22, 0.0, 0.25] {
            let step = 0.01;
            let (mut mass, mut mean, mut square, mut cube) = (0.0, 0.0, 0.0, 0.0);
            for point in -1_200..=1_200 {
                let z = f64::from(point) * step;
                let weight = (-0.5 * z * z).exp();
                let value = skewed(z, e);
                mass += weight;
                mean += weight * value;
                square += weight * value * value;
                cube += weight * value.powi(3);
            }
            assert!((mean / mass).abs() < 1e-9, "{e}: {}", mean / mass);
            assert!((square / mass - 1.0).abs() < 1e-9, "{e}: {}", square / mass);
            assert!(e == 0.0 || (cube / mass).signum() == e.signum());
        }
    }

    #[test]
    fn beta_binomial_scores_have_their_moments_and_keep_their_order() {
        // n = 60, m = 0.6, k = 80: mean 36, variance 60 * 0.24 * (80 + 60) / 81 = 24.89. Of 100,000
        // draws the mean has SD 0.0158 and the variance (nearly normal) SD 24.89 sqrt(2 / n) =
        // 0.111; 5.5 SD each.
        let rows = 100_000;
        let streams = Streams::new(Seed::from_u64(11));
        let scores = streams.both("score", rows, |draws, _| {
            beta_binomial_pair(draws, 60, [0.6, 0.62], 80.0)
        });
        let mean = scores.control.iter().sum::<f64>() / rows as f64;
        let variance = scores
            .control
            .iter()
            .map(|score| (score - mean) * (score - mean))
            .sum::<f64>()
            / rows as f64;
        assert!((mean - 36.0).abs() < 5.5 * 0.0158, "{mean}");
        assert!((variance - 24.89).abs() < 5.5 * 0.111 + 0.01, "{variance}");
        assert!((0..rows).all(|row| scores.control[row] <= scores.treated[row]));
        let mean = scores.treated.iter().sum::<f64>() / rows as f64;
        assert!((mean - 37.2).abs() < 5.5 * 0.0158, "{mean}");
    }
}
