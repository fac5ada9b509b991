//! Gaussian differential privacy: the cost of a release as the shift of a normal number, discrete
//! noise included.
//!
//! A mechanism that can be computed from one draw of `N(mu, 1)` or `N(0, 1)`, by which of two
//! neighbouring tables it was given, costs `mu^2 / 2` here. A sequence of such mechanisms, each
//! chosen after looking at the results of those before it, can be computed from a Brownian motion
//! with drift 1 or 0 on `[0, sum of mu^2]`: its increments are independent, so that the next
//! stretch of length `mu^2`, fixed by what was seen, serves the next mechanism. The motion up to a
//! fixed time `T` is as good as its end, and that is `N(T, T)` against `N(0, T)`. A running sum
//! that is stopped at `T` therefore has the exact curve of one Gaussian with `mu^2 = T` (Smith &
//! Thakurta 2022; Koskela, Tobaben & Honkela 2023).
//!
//! **Discrete noise.** Draw `X` from `N(x, sigma^2 - r^2)` around a whole number `x`, and then a
//! whole number around `X` with probabilities proportional to `exp(-(z - X)^2 / 2 r^2)` (randomised
//! rounding, Peikert 2010). Poisson's summation formula gives the normalising sum as `r sqrt(2 pi)
//! (1 +- e)` with `e = 2 sum_k exp(-2 pi^2 r^2 k^2)`, whatever `X` is, so that the result has the
//! probabilities of a discrete Gaussian of parameter `sigma` up to a factor within `(1 - e) / (1 +
//! e)` and its inverse. Coordinates in which neighbours agree have the same law under both and need
//! no such factor, and at most as many differ as the squared sensitivity says, since answers are
//! whole. So a discrete Gaussian costs `squared / 2 (sigma^2 - r^2)`, and the odds of the
//! transcript differ from those of one that obeys the curve by at most the product of the factors.
//!
//! `r` is chosen by [`smoothing`] so that the logarithm of that product is at most [`MISMATCH`]
//! times the loss. With a loss of at most `rho` in all, a transcript with the curve
//! `delta(epsilon)` has `(epsilon + 2 MISMATCH rho, e^(MISMATCH rho) delta(epsilon))` with discrete
//! noise.

use crate::accounting::analytic_gaussian;
use crate::accounting::composition::{Composition, Release, Unsupported};
use crate::math::normal;
use crate::math::root;
use crate::number::{Delta, Epsilon, ParameterError, Rho, Sigma};

/// Bound on the logarithm of the factor by which odds can differ, per unit of loss; see
/// [`smoothing`].
pub(crate) const MISMATCH: f64 = 2e-3;

/// Relative rounding error of a loss or a limit.
const ROUNDING: f64 = 1e-11;

/// The variance of the randomised rounding that a discrete Gaussian is taken to end with.
///
/// The logarithm of the factor of one coordinate is `log((1 + e) / (1 - e)) <= 4.0001 exp(-2 pi^2
/// r^2)`, and the loss of one coordinate is more than `1 / (2 sigma^2)`. Their ratio grows with
/// `sigma` as long as `r` stays: below 8 with `r^2 = 0.64` it is at most 1.67e-3, below 32 with
/// 0.81 at most 9.3e-4, below 64 with 1 at most 8.8e-5; beyond, `r` grows with `sigma` and the
/// ratio falls.
fn smoothing(sigma: f64) -> f64 {
    if sigma < 8.0 {
        0.64
    } else if sigma < 32.0 {
        0.81
    } else {
        (sigma / 64.0).powi(2).max(1.0)
    }
}

/// Loss `mu^2 / 2` of a composition, rounded up.
pub(crate) fn loss(composition: &Composition) -> Result<f64, Unsupported> {
    let mut sum = 0.0;
    for (release, count) in &composition.parts {
        sum += *count as f64 * one(release)?;
    }
    Ok(sum * (1.0 + ROUNDING))
}

fn one(release: &Release) -> Result<f64, Unsupported> {
    let refuse = |why| Err(Unsupported::new("gaussian", release.tag(), why));
    match release {
        Release::Gaussian { mu_squared } => Ok(0.5 * mu_squared),
        Release::DiscreteGaussian { sigma, squared } => {
            let variance = sigma * sigma - smoothing(*sigma);
            if *squared == 0 {
                Ok(0.0)
            } else if variance > 0.0 {
                Ok(*squared as f64 * 0.5 / variance)
            } else {
                Ok(f64::INFINITY)
            }
        }
        Release::BoundedRange { range } => Ok(of_range(*range)),
        Release::Nothing => Ok(f64::INFINITY),
        Release::SampledGaussian { .. } => {
            refuse("a sampled Gaussian has another curve than a Gaussian")
        }
        Release::Concentrated { .. } | Release::Curve { .. } => {
            refuse("a Renyi divergence does not bound the curve by that of a Gaussian")
        }
        _ => {
            let epsilon = release.pure_epsilon();
            if epsilon < f64::INFINITY {
                // A pure loss is a bounded range of twice its size.
                Ok(of_range(2.0 * epsilon))
            } else {
                refuse("no curve of a Gaussian is known to bound it")
            }
        }
    }
}

/// Loss of a mechanism of bounded range: log-likelihood ratios between `t - range` and `t` for some
/// `t`.
///
/// For each `t` such a mechanism is at most as telling as one of two outcomes, with these two
/// ratios (Dong, Durfee & Rogers 2020). Its trade-off curve consists of two straight pieces and
/// lies above the convex curve of a Gaussian if their common point does: `mu >= quantile(p) -
/// quantile(q)`, where the log-odds of `p` and `q` differ by the range. The quantile as a function
/// of log-odds is steepest at 0, so that `log-odds = +- range / 2` is the worst.
fn of_range(range: f64) -> f64 {
    let half = score_of_log_odds(0.5 * range);
    2.0 * half * half
}

/// The range whose loss this is, rounded down: `range = 2 log(below(x) / above(x))` with `x =
/// sqrt(rho / 2)`.
pub(crate) fn range_for(rho: Rho) -> f64 {
    let x = (0.5 * rho.get() * (1.0 - 4.0 * ROUNDING)).sqrt();
    2.0 * (normal::below(x).ln() - normal::log_above(x))
}

/// Where the standard normal has these log-odds of being below, for log-odds from 0 on.
fn score_of_log_odds(log_odds: f64) -> f64 {
    if log_odds == f64::INFINITY {
        return f64::INFINITY;
    }
    // log below - log above <= log-odds; above(x) <= exp(-x^2 / 2), so that x^2 / 2 never exceeds
    // log-odds + log 2.
    let high = (2.0 * (log_odds + 1.0)).sqrt();
    root::increasing(0.0, high, (0.6 * log_odds).min(0.9 * high), |x| {
        let (below, above) = (normal::below(x), normal::log_above(x));
        let density = normal::density(x);
        let slope = density / below + density / above.exp().max(f64::MIN_POSITIVE);
        (below.ln() - above - log_odds, slope)
    })
}

/// The largest loss within the promise, mismatch of discrete noise included; `None` where no curve
/// of a Gaussian is within it (no failure probability, or no finite loss).
pub(crate) fn limit(epsilon: Epsilon, delta: Delta) -> Option<f64> {
    let finite = epsilon.get() > 0.0 && epsilon.get() < f64::INFINITY;
    if !(finite && delta.get() > 0.0 && delta.get() < 1.0) {
        return None;
    }
    let loss_at = |epsilon: f64, delta: f64| {
        let (epsilon, delta) = (Epsilon::new(epsilon).ok()?, Delta::new(delta).ok()?);
        let z = analytic_gaussian::gaussian_noise_multiplier(epsilon, delta).get();
        Some(0.5 / (z * z) * (1.0 - ROUNDING))
    };
    // More than can be spent in any case, and so is the mismatch.
    let most = loss_at(epsilon.get(), delta.get())?;
    let mismatch = MISMATCH * most;
    let left = epsilon.get() - 2.0 * mismatch;
    if left <= 0.0 {
        return None;
    }
    // Less by what `epsilon` rounds up, so that a budget spent to its end is not said to be
    // exceeded.
    let limit = loss_at(left, delta.get() * (-mismatch).exp() * (1.0 - ROUNDING))?;
    Some(limit * (1.0 - 100.0 * ROUNDING))
}

/// The `epsilon` of a loss at `delta`, mismatch included, rounded up.
pub(crate) fn epsilon(loss: f64, delta: Delta) -> f64 {
    if loss == 0.0 {
        return 0.0;
    }
    let mismatch = MISMATCH * loss;
    let delta = delta.get() * (-mismatch).exp() * (1.0 - ROUNDING);
    let curve = analytic_gaussian::epsilon((2.0 * loss).sqrt(), delta);
    (curve + 2.0 * mismatch) * (1.0 + ROUNDING)
}

/// The least noise of a discrete Gaussian that costs at most `rho`.
pub(crate) fn sigma_for(rho: Rho, squared: u64) -> Result<Sigma, ParameterError> {
    let base = squared as f64 * 0.5 / (rho.get() * (1.0 - 2.0 * ROUNDING));
    let mut sigma = [0.64, 0.81, 1.0]
        .into_iter()
        .map(|r| (base + r).sqrt() * (1.0 + 2.0 * f64::EPSILON))
        .find(|&sigma| base + smoothing(sigma) <= sigma * sigma)
        .unwrap_or((base / (1.0 - 1.0 / 4096.0)).sqrt());
    while sigma < f64::INFINITY && base + smoothing(sigma) > sigma * sigma {
        sigma *= 1.0 + ROUNDING;
    }
    Sigma::new(sigma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::unit::PrivacyUnit;
    use crate::{Accountant as _, Best};
    use std::f64::consts::PI;

    fn discrete(sigma: f64, squared: u64) -> Event {
        Event::DiscreteGaussian {
            sigma: Sigma::new(sigma).unwrap(),
            sensitivity_squared: squared,
        }
    }

    fn loss_of(event: &Event) -> f64 {
        loss(&Composition::new(event, &PrivacyUnit::one_row()).unwrap()).unwrap()
    }

    #[test]
    fn rounding_after_a_continuous_gaussian_is_as_close_as_claimed() {
        for sigma in [1.0f64, 2.0, 7.9, 8.0, 31.9, 32.0, 63.0, 80.0, 500.0] {
            let variance = smoothing(sigma);
            let claimed = 4.0001 * (-2.0 * PI * PI * variance).exp();
            // The normalising sum of the rounding at the worst places, 0 and one half.
            let sum = |centre: f64| -> f64 {
                let reach = (9.0 * variance.sqrt()).ceil() as i64 + 1;
                (-reach..=reach)
                    .map(|z| (-0.5 * (z as f64 - centre).powi(2) / variance).exp())
                    .sum()
            };
            let scale = (2.0 * PI * variance).sqrt();
            let (most, least) = (sum(0.0) / scale, sum(0.5) / scale);
            assert!((most / least).ln() <= claimed + 1e-14, "{sigma}");
            // Broken on purpose: with half the variance the same bound would not hold.
            if variance < 1.0 {
                let less = 0.5 * variance;
                let scale = (2.0 * PI * less).sqrt();
                let at = |c: f64| -> f64 {
                    (-20..=20)
                        .map(|z| (-0.5 * (f64::from(z) - c).powi(2) / less).exp())
                        .sum::<f64>()
                        / scale
                };
                assert!((at(0.0) / at(0.5)).ln() > claimed);
            }
            // Mismatch of one coordinate over its loss.
            let ratio = claimed / loss_of(&discrete(sigma, 1));
            assert!(ratio <= MISMATCH, "{sigma}: {ratio}");
        }
    }

    #[test]
    fn the_exact_curve_of_discrete_noise_lies_below() {
        // Plans with fixed parameters have an exact answer by other means: the charge must not be
        // less than that.
        let unit = PrivacyUnit::one_row();
        for (sigma, squared, times) in [
            (3.0, 1, 4),
            (6.0, 1, 60),
            (12.5, 2, 9),
            (40.0, 1, 200),
            (90.0, 91, 3),
        ] {
            let event = discrete(sigma, squared).repeated(times);
            let delta = Delta::new(1e-9).unwrap();
            let exact = Best.epsilon(&event, &unit, delta).unwrap();
            let charged = epsilon(loss_of(&event), delta);
            assert!(charged >= exact.lower.get(), "{sigma}: {charged} {exact:?}");
            assert!(
                charged <= exact.upper.get() * 1.06,
                "{sigma}: {charged} {exact:?}"
            );
        }
    }

    #[test]
    fn a_bounded_range_is_bounded_at_every_threshold() {
        for range in [0.01f64, 0.3, 1.0, 4.0, 12.0] {
            let mu = (2.0 * of_range(range)).sqrt();
            for step in -400..=400 {
                // Log-odds of the two outcomes of the worst mechanisms with this range.
                let middle = f64::from(step) * 0.05;
                let point = |log_odds: f64| {
                    if log_odds >= 0.0 {
                        score_of_log_odds(log_odds)
                    } else {
                        -score_of_log_odds(-log_odds)
                    }
                };
                let needed = point(middle + 0.5 * range) - point(middle - 0.5 * range);
                assert!(needed <= mu * (1.0 + 1e-9), "{range} {middle}");
            }
            let back = range_for(Rho::new(of_range(range)).unwrap());
            assert!(
                back <= range && back > range * (1.0 - 1e-8),
                "{range} {back}"
            );
        }
        // For small ranges mu is range sqrt(2 pi) / 4, so that the loss is pi range^2 / 16.
        let small = of_range(1e-3);
        assert!((small / (PI * 1e-6 / 16.0) - 1.0).abs() < 1e-5);
        assert_eq!(of_range(0.0), 0.0);
    }

    #[test]
    fn limits_are_kept_and_nearly_reached() {
        for (eps, del) in [
            (0.01, 1e-9),
            (0.1, 1e-5),
            (1.0, 1e-9),
            (10.0, 1e-9),
            (30.0, 1e-6),
        ] {
            let (e, d) = (Epsilon::new(eps).unwrap(), Delta::new(del).unwrap());
            let most = limit(e, d).unwrap();
            let back = epsilon(most, d);
            assert!(back <= eps && back > eps * 0.995, "{eps} {back}");
        }
        let limit_at = |e: f64, d: f64| limit(Epsilon::new(e).unwrap(), Delta::new(d).unwrap());
        // The exact bound of a Gaussian at (1, 1e-9) is 0.016557; by zero-concentrated loss it is
        // 0.014973.
        let most = limit_at(1.0, 1e-9).unwrap();
        assert!((0.016_54..0.016_557_5).contains(&most), "{most}");
        assert!(limit_at(1.0, 0.0).is_none() && limit_at(f64::INFINITY, 1e-9).is_none());
        assert!(limit_at(0.0, 1e-9).is_none());
    }

    #[test]
    fn noise_for_a_loss_costs_no_more() {
        for rho in [1e-9, 1e-5, 1e-4, 2.4e-4, 1e-3, 0.01, 0.1, 0.5] {
            for squared in [1, 2, 91, 630] {
                let rho = Rho::new(rho).unwrap();
                let sigma = sigma_for(rho, squared).unwrap();
                let cost = loss_of(&discrete(sigma.get(), squared));
                assert!(cost <= rho.get(), "{rho:?} {squared} {cost}");
                assert!(cost > (1.0 - 1e-9) * rho.get(), "{rho:?} {squared} {cost}");
            }
        }
    }
}
