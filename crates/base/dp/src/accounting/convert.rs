//! From one measure of privacy loss to another: Renyi and zero-concentrated to approximate, and
//! back.
//!
//! Everything is written in `a = order - 1` and in logarithms, so that nothing cancels near order 1
//! or underflows at tiny `delta`. The formulas are proposition 12 and corollary 13 of Canonne,
//! Kamath & Steinke 2020 (arXiv 2004.00010).

use crate::math::root;
use crate::number::{Delta, Epsilon, Order, Rho};

/// Smallest `epsilon` that follows from a Renyi loss at one order, with the rule that a small
/// divergence alone bounds the total variation: `delta^2 + expm1(-loss) > 0` gives `epsilon = 0`.
///
/// Differs from the reference packages in never being negative.
pub fn renyi_to_epsilon(order: Order, loss: Epsilon, delta: Delta) -> Epsilon {
    Epsilon::new(epsilon_at(order.get(), loss.get(), delta.get()))
        .expect("a loss is never negative or NaN")
}

/// Smallest `delta` that follows from a Renyi loss at one order.
pub fn renyi_to_delta(order: Order, loss: Epsilon, epsilon: Epsilon) -> Delta {
    Delta::new(
        log_delta_at(order.get(), loss.get(), epsilon.get())
            .exp()
            .min(1.0),
    )
    .expect("a probability")
}

/// Smallest `epsilon` that follows from zero-concentrated loss `rho` at this `delta`.
pub fn zcdp_to_epsilon(rho: Rho, delta: Delta) -> Epsilon {
    let (rho, delta) = (rho.get(), delta.get());
    let epsilon = if rho == 0.0 || delta >= 1.0 {
        0.0
    } else if delta == 0.0 || rho == f64::INFINITY {
        f64::INFINITY
    } else {
        // Stationary in the order: a^2 rho = -log(delta (1 + a)), with one solution between 0 and
        // 1/delta - 1.
        let log_delta = delta.ln();
        let a = root::increasing(0.0, 1.0 / delta - 1.0, (-log_delta / rho).sqrt(), |a| {
            (
                a * a * rho + log_delta + a.ln_1p(),
                2.0 * a * rho + 1.0 / (1.0 + a),
            )
        });
        (rho * (1.0 + a) + conversion(a, log_delta)).max(0.0)
    };
    Epsilon::new(epsilon).expect("a loss is never negative or NaN")
}

/// Logarithm of the smallest `delta` that follows from zero-concentrated loss `rho` at this
/// `epsilon`.
pub fn zcdp_to_log_delta(rho: Rho, epsilon: Epsilon) -> f64 {
    let (rho, epsilon) = (rho.get(), epsilon.get());
    if rho == 0.0 || epsilon == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    if rho == f64::INFINITY {
        return 0.0;
    }
    // Stationary: (1 + 2a) rho - epsilon + log(a / (1 + a)) = 0, increasing in a. Solved for log a,
    // since a may be tiny.
    let high = (((epsilon / rho + 1.0) * 2.0) + 4.0 / rho).ln().max(1.0);
    let low = (rho - epsilon).min(0.0) - 1e3 - rho;
    let start = if epsilon > rho {
        (0.5 * (epsilon / rho - 1.0)).ln()
    } else {
        epsilon - rho
    };
    let log_a = root::increasing(low, high, start, |x| {
        let a = x.exp();
        (
            (1.0 + 2.0 * a) * rho - epsilon + x - a.ln_1p(),
            2.0 * a * rho + 1.0 / (1.0 + a),
        )
    });
    let a = log_a.exp();
    (a * ((1.0 + a) * rho - epsilon) + a * log_a - (1.0 + a) * a.ln_1p()).min(0.0)
}

/// Smallest `delta` that follows from zero-concentrated loss `rho` at this `epsilon`.
pub fn zcdp_to_delta(rho: Rho, epsilon: Epsilon) -> Delta {
    Delta::new(zcdp_to_log_delta(rho, epsilon).exp()).expect("a probability")
}

/// Largest zero-concentrated loss that fits into `(epsilon, delta)`.
pub fn zcdp_from_approx(epsilon: Epsilon, delta: Delta) -> Rho {
    let whole = delta;
    let (epsilon, delta) = (epsilon.get(), delta.get());
    let rho = if epsilon == f64::INFINITY || delta >= 1.0 {
        f64::INFINITY
    } else if delta == 0.0 {
        0.0
    } else {
        // At the best order rho = -log(delta (1 + a)) / a^2; put into epsilon = rho (1 + a) +
        // conversion this falls in a.
        let log_delta = delta.ln();
        let at = |x: f64| {
            let a = x.exp();
            let log = -(log_delta + a.ln_1p());
            log * (1.0 + 2.0 * a) / (a * a) + x - a.ln_1p()
        };
        let high = (1.0 / delta - 1.0).ln();
        if at(high) >= epsilon {
            // Even rho = 0 at order 1/delta needs more: only the limit of no loss remains.
            0.0
        } else {
            let x = root::increasing(
                (-700.0_f64).min(high - 1.0),
                high,
                (-log_delta / (1.0 + epsilon)).ln(),
                |x| {
                    let a = x.exp();
                    let log = -(log_delta + a.ln_1p());
                    // Derivative of `at` by x = log a.
                    let slope = log * (2.0 / a - 2.0 * (1.0 + 2.0 * a) / (a * a))
                        - (1.0 + 2.0 * a) / (a * (1.0 + a))
                        + 1.0 / (1.0 + a);
                    (epsilon - at(x), -slope)
                },
            );
            let a = x.exp();
            (-(log_delta + a.ln_1p()) / (a * a)).max(0.0)
        }
    };
    // Rounding must not hand out more than was asked for: near a delta of 1 little is left of the
    // digits of the logarithm.
    let (mut rho, mut step) = (rho, f64::EPSILON);
    let loss = |rho| Rho::new(rho).expect("a loss is never negative or NaN");
    while rho > 0.0 && rho < f64::INFINITY && zcdp_to_epsilon(loss(rho), whole).get() > epsilon {
        rho *= 1.0 - step;
        step = (4.0 * step).min(0.5);
    }
    loss(rho)
}

/// The summand that converts a Renyi loss at order `1 + a` to `(epsilon, delta)`:
/// `log(1 - 1/order) - log(delta order) / (order - 1)`.
pub(crate) fn conversion(a: f64, log_delta: f64) -> f64 {
    if a == f64::INFINITY {
        return 0.0;
    }
    a.ln() - a.ln_1p() - (log_delta + a.ln_1p()) / a
}

/// `epsilon` from a Renyi loss at one order; order infinity passes the pure loss through.
pub(crate) fn epsilon_at(order: f64, loss: f64, delta: f64) -> f64 {
    if order == f64::INFINITY {
        return loss;
    }
    if delta > 0.0 && delta * delta + (-loss).exp_m1() >= 0.0 {
        return 0.0;
    }
    if delta == 0.0 || order == 1.0 {
        return if loss == 0.0 { 0.0 } else { f64::INFINITY };
    }
    (loss + conversion(order - 1.0, delta.ln())).max(0.0)
}

/// Logarithm of `delta` from a Renyi loss at one order, with the total-variation rule.
pub(crate) fn log_delta_at(order: f64, loss: f64, epsilon: f64) -> f64 {
    if loss == 0.0 {
        return f64::NEG_INFINITY;
    }
    if order == f64::INFINITY {
        return if epsilon >= loss {
            f64::NEG_INFINITY
        } else {
            (-(epsilon - loss).exp_m1()).ln().min(0.0)
        };
    }
    let variation = 0.5 * (-(-loss).exp_m1()).ln();
    let a = order - 1.0;
    let moments = a * (loss - epsilon) - a.ln() + (1.0 + a) * (a.ln() - a.ln_1p());
    // An infinite loss less an infinite epsilon says nothing.
    if moments.is_nan() {
        variation
    } else {
        moments.min(variation).min(0.0)
    }
}
