//! One Gaussian release on a sample, in closed form.

use crate::accounting::composition::Scheme;
use crate::math::normal;

/// Which of two neighbours comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The mixture against the normal: the person is there, and was removed.
    Remove,
    /// The normal against the mixture.
    Add,
}

/// Logarithm of `delta(epsilon)` for `epsilon >= 0`. Both directions are Gaussian divergences at
/// another `epsilon` (Balle, Barthe & Gaboardi 2018, theorem 2, and its mirror image).
pub(crate) fn log_delta(
    scheme: Scheme,
    direction: Direction,
    rate: f64,
    sigma: f64,
    epsilon: f64,
) -> f64 {
    let mu = 1.0 / sigma;
    if scheme == Scheme::Exchange || direction == Direction::Remove {
        let inner = if epsilon > 500.0 {
            epsilon - rate.ln()
        } else {
            (epsilon.exp_m1() / rate).ln_1p()
        };
        return rate.ln() + normal::log_hockey_stick(mu, inner);
    }
    // 1 - (1 - rate) e^epsilon: the loss of this direction never exceeds -log(1 - rate).
    let room = -(epsilon + (-rate).ln_1p()).exp_m1();
    if room <= 0.0 {
        return f64::NEG_INFINITY;
    }
    room.ln() + normal::log_hockey_stick(mu, epsilon + rate.ln() - room.ln())
}
