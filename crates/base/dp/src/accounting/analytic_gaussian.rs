//! The Gaussian mechanism exactly: `delta`, `epsilon` and noise multiplier from one another (Balle
//! & Wang 2018).

use crate::math::normal;
use crate::math::root;
use crate::number::{Delta, Epsilon, NoiseMultiplier};

/// Exact `delta` of one Gaussian release, as a logarithm: minus infinity where it is 0.
pub fn gaussian_log_delta(noise_multiplier: NoiseMultiplier, epsilon: Epsilon) -> f64 {
    log_delta(1.0 / noise_multiplier.get(), epsilon.get())
}

/// Exact `epsilon` of one Gaussian release at this `delta`.
pub fn gaussian_epsilon(noise_multiplier: NoiseMultiplier, delta: Delta) -> Epsilon {
    Epsilon::new(epsilon(1.0 / noise_multiplier.get(), delta.get()))
        .expect("a loss is never negative or NaN")
}

/// Smallest noise multiplier with which one Gaussian release is `(epsilon, delta)`-private;
/// infinite where none is.
///
/// The answer is checked with the exact formula and moved up until it holds.
pub fn gaussian_noise_multiplier(epsilon: Epsilon, delta: Delta) -> NoiseMultiplier {
    let (eps, del) = (epsilon.get(), delta.get());
    let value = if del >= 1.0 || eps == f64::INFINITY {
        0.0
    } else if del == 0.0 {
        f64::INFINITY
    } else {
        let target = del.ln();
        // Solved for log mu: delta grows with mu, with slope density(epsilon/mu - mu/2) in mu.
        let start = (eps / (2.0 * (1.0 / del).ln()).sqrt()).max(del).min(1e3);
        let x = root::increasing(-750.0, 40.0, start.ln(), |x| {
            let mu = x.exp();
            let log = log_delta(mu, eps);
            let u = eps / mu - 0.5 * mu;
            (
                log - target,
                normal::DENSITY_AT_ZERO * (-0.5 * u * u - log + x).exp(),
            )
        });
        let mut sigma = (-x).exp();
        while log_delta(1.0 / sigma, eps) > target {
            sigma *= 1.0 + 4.0 * f64::EPSILON;
        }
        sigma
    };
    NoiseMultiplier::new(value).expect("a noise multiplier is never negative or NaN")
}

/// Logarithm of `delta` for shift `mu` (1 over noise multiplier).
pub(crate) fn log_delta(mu: f64, epsilon: f64) -> f64 {
    if mu == 0.0 || epsilon == f64::INFINITY {
        f64::NEG_INFINITY
    } else if mu == f64::INFINITY {
        0.0
    } else {
        normal::log_hockey_stick(mu, epsilon)
    }
}

/// `epsilon` for shift `mu`.
pub(crate) fn epsilon(mu: f64, delta: f64) -> f64 {
    if mu == 0.0 || delta >= 1.0 {
        return 0.0;
    }
    if delta == 0.0 || mu == f64::INFINITY {
        return f64::INFINITY;
    }
    let target = delta.ln();
    if log_delta(mu, 0.0) <= target {
        return 0.0;
    }
    // Subgaussian tail of the privacy loss: mean mu^2/2, deviation mu.
    let high = mu * (0.5 * mu + (-2.0 * target).sqrt() + 1.0);
    root::increasing(0.0, high, 0.5 * high, |eps| {
        let log = log_delta(mu, eps);
        // d delta / d epsilon = -e^epsilon above(epsilon/mu + mu/2).
        let slope = (eps + normal::log_above(eps / mu + 0.5 * mu) - log).exp();
        (target - log, slope)
    })
}
