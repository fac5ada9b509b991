//! Cumulants of a composed loss at a tilt.

use crate::accounting::composition::{Composition, Release};
use crate::accounting::sampled_gaussian::Direction;
use crate::accounting::tilted_noise::{Cumulants, Nodes};

pub(super) fn cumulants(
    composition: &Composition,
    direction: Direction,
    c: f64,
) -> Option<Cumulants> {
    let mut sum = Cumulants::default();
    for (release, count) in &composition.parts {
        let count = *count as f64;
        let one = match release {
            Release::Gaussian { mu_squared } => Cumulants {
                value: 0.5 * mu_squared * c * (c + 1.0),
                mean: mu_squared * (c + 0.5),
                variance: *mu_squared,
            },
            Release::BoundedRange { range } => range_cumulants(*range, c),
            Release::SampledGaussian { rate, sigma, .. } => {
                Nodes::new(*rate, *sigma, direction, c, 0.0)?.cumulants()
            }
            _ => return None,
        };
        sum.value += count * one.value;
        sum.mean += count * one.mean;
        sum.variance += count * one.variance;
    }
    sum.value.is_finite().then_some(sum)
}

/// The dominating loss of bounded range has density proportional to `e^(loss / 2)` on `[-range,
/// range]`: its moments are `sinh(b range) / b` with `b = s + 1/2`, over the same at `s = 0`.
pub(super) fn range_cumulants(range: f64, c: f64) -> Cumulants {
    let b = c + 0.5;
    let x = b * range;
    let log_sinh_ratio = |x: f64| {
        if x > 20.0 {
            x - (2.0 * x).ln()
        } else {
            (x.sinh() / x).ln()
        }
    };
    let (mean, variance) = if x < 0.05 {
        let square = x * x;
        (
            range * x * (1.0 / 3.0 - square / 45.0),
            range * range * (1.0 / 3.0 - square / 15.0),
        )
    } else {
        let coth = 1.0 / x.tanh();
        let csch = if x > 300.0 { 0.0 } else { 1.0 / x.sinh() };
        (
            range * (coth - 1.0 / x),
            range * range * (1.0 / (x * x) - csch * csch),
        )
    };
    Cumulants {
        value: log_sinh_ratio(x) - log_sinh_ratio(0.5 * range),
        mean,
        variance,
    }
}

/// Decreasing majorant of `|sin x / x|`.
pub(super) fn lobe(x: f64) -> f64 {
    // The main lobe falls to 0.2172, the height of the first side lobe, before x = 2.58.
    if x < 2.58 {
        (x.sin() / x.max(1e-12)).clamp(0.217_234, 1.0)
    } else {
        0.217_234_f64.min(1.0 / x)
    }
}
