//! `delta(epsilon)` of a composition by inverting the moment generating function of its privacy
//! loss along a line through the saddle point: nearly exact at any `delta`, without a grid of
//! losses.
//!
//! With `M(s) = E e^(s L)` the composed moment generating function and any `c > 0`,
//!
//! ```text
//! delta(epsilon) = (1 / 2 pi) * integral of M(s) e^(-s epsilon) / (s (s + 1)) dt,   s = c + i t
//! ```
//!
//! (cf. the saddle-point accountant of Alghamdi et al. 2023 and the characteristic functions of
//! Zhu, Dong & Wang 2022). All errors of the computed sum are bounded, so that the interval
//! returned is certified up to the rounding model stated last:
//!
//! 1. *Step `h` in `t`.* By Poisson summation the trapezoid sum is `sum over k of delta(epsilon + 2
//!    pi k / h) e^(2 pi k c / h)`: the sum over all `t` errs upwards only. Terms `k < 0` are at
//!    most `e^(-2 pi |k| c / h)`, since `delta <= 1`; terms `k > 0` are bounded by Chernoff's
//!    `delta(e) <= M(c') e^(-c' e)` at some `c' > c`.
//! 2. *End `T` in `t`.* If the tilted loss of one release has density at least `d` on an interval
//!    of length `w`, it is with probability `p = d w` uniform there, and its characteristic
//!    function is at most `1 - p (1 - S(t w / 2))`, where `S(x) = sin x / x` before the first lobe
//!    and a decreasing majorant of its modulus behind. The product over all releases times `1 / (pi
//!    T)` bounds what is cut off.
//! 3. *Integral over the noise* of a sampled Gaussian: the trapezoid rule in a strip of half-width
//!    `a < pi sigma` errs by at most `2 A / (e^(2 pi a / step) - 1)`, where `A` is `e^(a^2/2 + t a
//!    / sigma)` times the moment on the line, because `|1 - q + q e^(u + i v)|` lies between its
//!    value at `v = 0` and that times `cos(v / 2)`, and its argument below `v`. The step is chosen
//!    to make this `1e-17`. Tails more than 50 nats below the peak are cut.
//! 4. *Rounding.* Every exponent is taken to be right to four units in the last place of its
//!    largest term.

mod contour;
mod cumulants;

pub(crate) use contour::Interval;

use contour::Contour;
use cumulants::cumulants;

use crate::accounting::composition::{Composition, Release, Scheme};
use crate::accounting::sampled_gaussian::Direction;
use crate::accounting::tilted_noise::Cumulants;

/// Whether every part has a smooth loss with a known moment generating function.
pub(crate) fn supports(composition: &Composition) -> bool {
    !composition.parts.is_empty()
        && composition.parts.iter().all(|(release, _)| match release {
            Release::Gaussian { mu_squared } => *mu_squared > 0.0 && *mu_squared < 1e200,
            Release::SampledGaussian {
                scheme: Scheme::Poisson,
                sigma,
                ..
            } => *sigma > 1e-4 && *sigma < 1e100,
            Release::BoundedRange { range } => *range > 0.0 && *range < 1e3,
            _ => false,
        })
}

/// The directions that differ.
pub(crate) fn directions(composition: &Composition) -> &'static [Direction] {
    let sampled = composition.parts.iter().any(|(release, _)| {
        matches!(
            release,
            Release::SampledGaussian {
                scheme: Scheme::Poisson,
                ..
            } | Release::SampledLaplace { .. }
        )
    });
    if sampled {
        &[Direction::Remove, Direction::Add]
    } else {
        &[Direction::Remove]
    }
}

/// Interval of `log delta(epsilon)`; absent when the inversion does not resolve it.
pub(crate) fn log_delta(
    composition: &Composition,
    direction: Direction,
    epsilon: f64,
) -> Option<Interval> {
    let state = |x: f64| {
        let c = x.exp();
        let cumulants = cumulants(composition, direction, c)?;
        let value = cumulants.mean - epsilon - 1.0 / c - 1.0 / (c + 1.0);
        Some((c, cumulants, value))
    };
    let found = bracket(start(composition, direction, 10.0)?, state)?;
    let contour = Contour::new(composition, direction, found.0, &found.1, epsilon)?;
    contour.log_delta(epsilon)
}

/// Interval of `epsilon(delta)`, which may lie below 0; absent when the inversion does not resolve
/// it.
pub(crate) fn epsilon(
    composition: &Composition,
    direction: Direction,
    delta: f64,
) -> Option<Interval> {
    let target = delta.ln();
    let centre = |c: f64, cumulants: &Cumulants| cumulants.mean - 1.0 / c - 1.0 / (c + 1.0);
    let state = |x: f64| {
        let c = x.exp();
        let cumulants = cumulants(composition, direction, c)?;
        // The saddle-point approximation of log delta at the epsilon to which c belongs; it falls
        // with c.
        let curvature = cumulants.variance + 1.0 / (c * c) + 1.0 / ((c + 1.0) * (c + 1.0));
        let log_delta = cumulants.value
            - c * centre(c, &cumulants)
            - (c * (c + 1.0)).ln()
            - 0.5 * (2.0 * std::f64::consts::PI * curvature).ln();
        Some((c, cumulants, target - log_delta))
    };
    let found = bracket(start(composition, direction, -target)?, state)?;
    let near = centre(found.0, &found.1);
    let contour = Contour::new(composition, direction, found.0, &found.1, near)?;
    Some(Interval {
        low: contour.epsilon(target, false)?,
        high: contour.epsilon(target, true)?,
    })
}

/// Logarithm of a tilt of the right size: where a normal loss of the same variance would have its
/// saddle.
fn start(composition: &Composition, direction: Direction, nats: f64) -> Option<f64> {
    let variance = cumulants(composition, direction, 1e-3)?.variance;
    (variance > 0.0 && variance < f64::INFINITY)
        .then(|| 0.5 * (2.0 * nats.max(1.0) / variance).ln())
}

/// Walks and then cuts to a tilt where an increasing function of its logarithm is about 0. Any tilt
/// near it serves.
fn bracket<T: Clone>(start: f64, state: impl Fn(f64) -> Option<(f64, T, f64)>) -> Option<(f64, T)> {
    let mut x = start;
    let mut at = state(x)?;
    let up = at.2 < 0.0;
    let mut step = 0.5;
    let mut last = (x, at.2);
    for _ in 0..60 {
        let next = if up { x + step } else { x - step };
        if !(-45.0..45.0).contains(&next) {
            return None;
        }
        last = (x, at.2);
        x = next;
        at = state(x)?;
        if (at.2 < 0.0) != up {
            break;
        }
        step *= 1.6;
    }
    let mut now = (x, at.2);
    for _ in 0..12 {
        if (now.0 - last.0).abs() < 0.03 || now.1.abs() < 0.02 {
            break;
        }
        // Regula falsi, kept away from the ends.
        let share = (last.1 / (last.1 - now.1)).clamp(0.1, 0.9);
        let middle = last.0 + share * (now.0 - last.0);
        at = state(middle)?;
        if (at.2 < 0.0) == (now.1 < 0.0) {
            now = (middle, at.2);
        } else {
            (last, now) = (now, (middle, at.2));
        }
    }
    Some((at.0, at.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(mu: f64) -> Composition {
        Composition {
            parts: vec![(
                Release::Gaussian {
                    mu_squared: mu * mu,
                },
                1,
            )],
            loose: false,
        }
    }

    #[test]
    fn inverts_the_gaussian() {
        for mu in [0.01, 0.3, 1.0, 5.0] {
            for nats in [0.5, 3.0, 11.5, 100.0, 600.0] {
                let delta = f64::exp(-nats);
                let exact = crate::accounting::analytic_gaussian::epsilon(mu, delta);
                if exact == 0.0 {
                    continue;
                }
                let found =
                    epsilon(&gaussian(mu), Direction::Remove, delta).expect("a Gaussian is smooth");
                assert!(
                    found.low <= exact * (1.0 + 1e-12) && exact <= found.high * (1.0 + 1e-12),
                    "{mu} {nats} {exact} {found:?}"
                );
                assert!(
                    found.high - found.low <= 1e-9 * exact,
                    "{mu} {nats} {exact} {found:?}"
                );
            }
        }
    }

    #[test]
    fn inverts_bounded_range() {
        // 40 selections of range 0.3: the closed form of one, convolved on a grid, is what PLD
        // does; here the moments alone.
        let composition = Composition {
            parts: vec![(Release::BoundedRange { range: 0.3 }, 40)],
            loose: false,
        };
        let found =
            epsilon(&composition, Direction::Remove, 1e-6).expect("bounded range is smooth");
        assert!(found.high - found.low < 1e-8, "{found:?}");
        assert!(found.high < 40.0 * 0.3);
    }
}
