//! Renyi divergences of elementary releases, with relative accuracy down to divergences of `1e-300`
//! and at any order.
//!
//! Every divergence is written through the kernel `r^k - 1 - k (r - 1)` of the likelihood ratio
//! `r`. It is never negative, and its mean under the second distribution is the moment less 1,
//! since the ratio has mean 1: no cancellation is left. (The reference packages lose all digits at
//! small rates; see the tests.)

use crate::Unsupported;
use crate::accounting::composition::{Composition, Release, Scheme, response_epsilon};
use crate::accounting::convert;
use crate::accounting::sampling::amplified;
use crate::event::{Event, RenyiPoint};
use crate::math::normal;
use crate::math::root;
use crate::number::{Epsilon, Order};
use crate::unit::PrivacyUnit;

/// Renyi divergence of an event between neighbouring tables, in nats: the larger of the two
/// directions. Order 1 is the Kullback-Leibler divergence, infinite order the pure loss.
///
/// Exact for Gaussian, Laplace and their Poisson samples (Mironov, Talwar & Zhang 2019 for the
/// direction), for discrete noise, randomized response and bounded range (maximum over the
/// two-point family of Dong, Durfee & Rogers 2020); for a sample of fixed size, of the dominating
/// pair of Zhu, Dong & Wang 2022 (proposition 30), which is below the bound of Wang, Balle &
/// Kasiviswanathan 2019; an upper bound for tuning (Papernot & Steinke 2022).
///
/// # Errors
///
/// [`Unsupported`] when no bound is known.
pub fn renyi_divergence(
    event: &Event,
    unit: &PrivacyUnit,
    order: Order,
) -> Result<Epsilon, Unsupported> {
    let composition = Composition::new(event, unit)?;
    Ok(Epsilon::new(composition_at(&composition, order.get()))
        .expect("a divergence is never negative or NaN"))
}

/// Divergence of a composition, without the failure probabilities of its approximate parts.
pub(crate) fn composition_at(composition: &Composition, order: f64) -> f64 {
    let mut sum = 0.0;
    for (release, count) in &composition.parts {
        sum += at(release, order) * *count as f64;
    }
    // The pure loss bounds every order.
    sum.min(composition.pure_epsilon())
}

/// Sum of the failure probabilities of approximate parts, rounded up.
pub(crate) fn failure(composition: &Composition) -> f64 {
    let mut sum = 0.0;
    for (release, count) in &composition.parts {
        if let Release::Approximate { delta, .. } = release {
            sum += delta * *count as f64 * (1.0 + f64::EPSILON * 4.0);
        }
    }
    sum
}

/// Divergence of one release.
pub(crate) fn at(release: &Release, order: f64) -> f64 {
    if order == f64::INFINITY {
        return match release {
            Release::Approximate { epsilon, .. } => *epsilon,
            _ => release.pure_epsilon(),
        };
    }
    match release {
        Release::Gaussian { mu_squared } => 0.5 * order * mu_squared,
        Release::SampledGaussian {
            scheme,
            rate,
            sigma,
        } => sampled_gaussian(*scheme, *rate, *sigma, order),
        Release::Laplace { scale } => laplace(1.0 / scale, order),
        Release::SampledLaplace { rate, scale } => sampled_laplace(*rate, 1.0 / scale, order),
        Release::DiscreteGaussian { sigma, squared } => match squared {
            1 | 2 => *squared as f64 * discrete_gaussian(*sigma, 1.0, order),
            _ => 0.5 * order * *squared as f64 / sigma / sigma,
        },
        Release::DiscreteLaplace { scale, sensitivity } => {
            discrete_laplace(*scale, *sensitivity, order)
        }
        Release::RandomizedResponse { categories, noise } => exchange(
            response_epsilon(*categories, *noise),
            noise / f64::from(*categories),
            order,
        ),
        Release::BoundedRange { range } => bounded_range(*range, order),
        Release::Approximate { epsilon, .. } => {
            exchange(*epsilon, 1.0 / (1.0 + epsilon.exp()), order)
        }
        Release::Concentrated { rho } => order * rho,
        Release::Curve { points } => on_curve(points, order),
        Release::BestOfPoisson { mean, run } => {
            best_of(order, |order| best_of_poisson(*mean, run, order))
        }
        Release::BestOfNegativeBinomial {
            stopping,
            mean,
            shape,
            run,
        } => {
            let fixed = negative_binomial_excess(*stopping, *shape, run);
            best_of(order, |order| {
                composition_at(run, order) + fixed + mean.ln() / (order - 1.0)
            })
        }
        Release::Nothing => f64::INFINITY,
    }
}

/// `e^y - 1 - y` without cancellation.
fn exp_m2(y: f64) -> f64 {
    if y.abs() > 0.7 {
        return y.exp_m1() - y;
    }
    let mut term = 0.5 * y * y;
    let mut sum = 0.0;
    let mut k = 2.0;
    while term != 0.0 && term.abs() > 1e-18 * sum {
        sum += term;
        k += 1.0;
        term *= y / k;
    }
    sum
}

/// Divergence of order `order` from points `(log mass under the second distribution, log ratio)`
/// and the power `k` that belongs to the direction: `order` for the first over the second, `1 -
/// order` for the second over the first. Points at ratio 1 may be left out.
fn from_points(points: &[(f64, f64)], k: f64, order: f64) -> f64 {
    let highest = points
        .iter()
        .fold(0.0_f64, |most, (mass, ratio)| most.max(mass + k * ratio));
    if highest > 200.0 {
        // What was left out adds at most 1 to a moment above e^200.
        let sum: f64 = points
            .iter()
            .map(|(mass, ratio)| (mass + k * ratio - highest).exp())
            .sum();
        return (highest + sum.ln()) / (order - 1.0) * (1.0 + f64::EPSILON);
    }
    // Mass times e^y - 1 - y, where the exponential alone may overflow.
    let weigh = |mass: f64, y: f64| {
        if y > 0.7 {
            (mass + y).exp() - mass.exp() * (1.0 + y)
        } else {
            mass.exp() * exp_m2(y)
        }
    };
    if order == 1.0 {
        // Kullback-Leibler: r log r - (r - 1) for k = 1, and r - 1 - log r for k = 0.
        let mean = |(mass, ratio): &(f64, f64)| {
            if k == 1.0 {
                weigh(mass + ratio, -ratio)
            } else {
                weigh(*mass, *ratio)
            }
        };
        return points.iter().map(mean).sum();
    }
    let moment: f64 = points
        .iter()
        .map(|(mass, ratio)| weigh(*mass, k * ratio) - k * weigh(*mass, *ratio))
        .sum();
    moment.max(0.0).ln_1p() / (order - 1.0)
}

/// Log ratio of the sampled Gaussian at `y` standard deviations: `log(1 - rate + rate exp(y / sigma
/// - 1 / (2 sigma^2)))`.
pub(crate) fn log_ratio(rate: f64, sigma: f64, y: f64) -> f64 {
    let shift = (y - 0.5 / sigma) / sigma;
    if shift > 500.0 {
        shift + rate.ln() + ((1.0 - rate) / rate * (-shift).exp()).ln_1p()
    } else {
        (rate * shift.exp_m1()).ln_1p()
    }
}

fn sampled_gaussian(scheme: Scheme, rate: f64, sigma: f64, order: f64) -> f64 {
    if sigma == 0.0 {
        return f64::INFINITY;
    }
    if sigma > 1e150 {
        return 0.0;
    }
    let plain = 0.5 * order / sigma / sigma;
    let peak = order / sigma;
    if peak >= 2e4 || peak.is_nan() {
        // Convexity: the moment is at most (1 - rate) + rate exp((order - 1) plain). Within 1e-3
        // here, and never below.
        return (amplified(rate, (order - 1.0) * plain) / (order - 1.0)).min(plain);
    }
    let divergence = match scheme {
        Scheme::Poisson => poisson_gaussian(rate, sigma, order),
        Scheme::Exchange => exchanged_gaussian(rate, sigma, order),
    };
    divergence.min(plain)
}

/// The mixture against the normal, by the trapezoid rule on the part of the line that matters. The
/// integrand is analytic in a strip of half-width `pi sigma` (in standard deviations), and its
/// tails are Gaussian: the rule converges geometrically.
fn poisson_gaussian(rate: f64, sigma: f64, order: f64) -> f64 {
    let step = (0.28 * sigma).min(0.2);
    let exponent = |y: f64| -0.5 * y * y + order * log_ratio(rate, sigma, y).max(0.0);
    // Largest exponent and the stretch within e^-50 of it, on a coarse grid.
    let (low, high) = (-10.0_f64, order / sigma + 10.0);
    let coarse = 0.25_f64.min(0.5 * sigma).max((high - low) / 20_000.0);
    let cells = ((high - low) / coarse).ceil() as usize;
    let mut most = f64::NEG_INFINITY;
    for cell in 0..=cells {
        most = most.max(exponent(low + cell as f64 * coarse));
    }
    // Below the moment of 1 the kernel decides, not the power: keep the central part too.
    let keep = if most < 30.0 {
        most.min(0.0) - 50.0
    } else {
        most - 50.0
    };
    let (mut first, mut last) = (high, low);
    for cell in 0..=cells {
        let y = low + cell as f64 * coarse;
        if exponent(y) > keep {
            first = first.min(y - coarse);
            last = last.max(y + coarse);
        }
    }
    let nodes = ((last - first) / step).ceil() as usize;
    let points: Vec<(f64, f64)> = (0..=nodes)
        .map(|node| {
            let y = first + node as f64 * step;
            (
                (step * normal::DENSITY_AT_ZERO).ln() - 0.5 * y * y,
                log_ratio(rate, sigma, y),
            )
        })
        .collect();
    from_points(&points, order, order)
}

/// The dominating pair of exchanged persons: the mixture against the normal where the ratio is
/// above 1, its mirror image where it is below, an atom between. Both parts are integrals over `y`
/// above `1 / (2 sigma)`.
fn exchanged_gaussian(rate: f64, sigma: f64, order: f64) -> f64 {
    let start = 0.5 / sigma;
    let high = (order / sigma).max(start) + 12.0;
    let width = (0.4 * sigma).min(0.4);
    let panels = ((high - start) / width).ceil() as usize;
    let mut points = Vec::with_capacity(16 * panels);
    for panel in 0..panels {
        let middle = start + (panel as f64 + 0.5) * width;
        for (node, weight) in normal::GAUSS_LEGENDRE {
            for y in [middle - 0.5 * width * node, middle + 0.5 * width * node] {
                let ratio = log_ratio(rate, sigma, y);
                let log_mass = -0.5 * y * y + (0.5 * width * weight * normal::DENSITY_AT_ZERO).ln();
                points.push((log_mass, ratio));
                // Mirror image: mass r under the second distribution, ratio 1/r.
                points.push((log_mass + ratio, -ratio));
            }
        }
    }
    from_points(&points, order, order)
}

fn laplace(epsilon: f64, order: f64) -> f64 {
    if epsilon == f64::INFINITY {
        return f64::INFINITY;
    }
    if order == 1.0 {
        return exp_m2(-epsilon);
    }
    let a = order - 1.0;
    if a * epsilon > 500.0 {
        let second = a / order * (-(order + a) * epsilon).exp();
        return epsilon + ((order / (order + a)).ln() + second.ln_1p()) / a;
    }
    // Mironov 2017, proposition 6; the linear terms of the two exponentials cancel exactly.
    let moment = (order * exp_m2(a * epsilon) + a * exp_m2(-order * epsilon)) / (order + a);
    moment.ln_1p() / a
}

fn sampled_laplace(rate: f64, epsilon: f64, order: f64) -> f64 {
    if epsilon == f64::INFINITY {
        return f64::INFINITY;
    }
    if epsilon == 0.0 {
        return 0.0;
    }
    // Position x in [0, 1] between the two centres; atoms of the ratio on both sides.
    let ratio = |x: f64| (rate * ((2.0 * x - 1.0) * epsilon).exp_m1()).ln_1p();
    let mut points = vec![
        (0.5_f64.ln(), ratio(0.0)),
        (0.5_f64.ln() - epsilon, ratio(1.0)),
    ];
    // So many panels that the logarithm of the integrand moves by at most 3 within one.
    let panels = ((2.0 * order + 1.0) * epsilon / 3.0).ceil().max(2.0);
    if panels >= 5e4 || panels.is_nan() {
        // Convexity of the moment, as for the Gaussian.
        let plain = laplace(epsilon, order);
        return (amplified(rate, (order - 1.0) * plain) / (order - 1.0)).min(plain);
    }
    let panels = panels as usize;
    let width = 1.0 / panels as f64;
    for panel in 0..panels {
        let middle = (panel as f64 + 0.5) * width;
        for (node, weight) in normal::GAUSS_LEGENDRE {
            for x in [middle - 0.5 * width * node, middle + 0.5 * width * node] {
                points.push((
                    (0.25 * width * weight * epsilon).ln() - x * epsilon,
                    ratio(x),
                ));
            }
        }
    }
    let removed = from_points(&points, order, order);
    let added = from_points(&points, 1.0 - order, order);
    removed.max(added).min(laplace(epsilon, order))
}

/// Exact divergence of the discrete Gaussian for a whole shift: the Gaussian one and a ratio of
/// theta sums, at most 1, that depends on the fractional part of `order * shift` only.
pub(crate) fn discrete_gaussian(sigma: f64, shift: f64, order: f64) -> f64 {
    let gaussian = 0.5 * order * shift * shift / sigma / sigma;
    if order == 1.0 || sigma > 10.0 {
        // The ratio differs from 1 by less than e^(-2 pi^2 sigma^2) < 1e-800; at order 1 both
        // losses have the same mean.
        return gaussian;
    }
    // Logarithm of the sum, relative to its largest term (0 is the nearest whole number): for small
    // sigma every term underflows.
    let log_theta = |centre: f64| -> f64 {
        let reach = (9.0 * sigma).ceil() + 1.0;
        let top = 0.5 * (centre / sigma) * (centre / sigma);
        let mut sum = 0.0;
        let mut x = -reach;
        while x <= reach {
            let z = (x - centre) / sigma;
            sum += (top - 0.5 * z * z).exp();
            x += 1.0;
        }
        sum.ln() - top
    };
    let part = order * shift;
    let fraction = part - part.round();
    (gaussian + (log_theta(fraction) - log_theta(0.0)) / (order - 1.0)).min(gaussian)
}

fn discrete_laplace(scale: f64, sensitivity: u64, order: f64) -> f64 {
    let step = 1.0 / scale;
    if sensitivity > 100_000 {
        // The pure bound; the sum below would be long.
        let epsilon = sensitivity as f64 * step;
        return exchange(epsilon, 1.0 / (1.0 + epsilon.exp()), order);
    }
    let shift = sensitivity as f64;
    let outer = -(-step).exp().ln_1p();
    let centre = (-(-step).exp_m1()).ln() + outer;
    let mut points = vec![(outer, -shift * step), (outer - shift * step, shift * step)];
    for x in 1..sensitivity {
        let x = x as f64;
        points.push((centre - x * step, (2.0 * x - shift) * step));
    }
    from_points(&points, order, order)
}

/// Two answers exchanged, the rarer with probability `low` and log ratio `epsilon`; all others are
/// equally likely on both sides. The moment less 1 is `low (e^(order epsilon) - 1) (1 - e^((1 -
/// order) epsilon))`.
fn exchange(epsilon: f64, low: f64, order: f64) -> f64 {
    if epsilon == 0.0 || epsilon == f64::INFINITY {
        return epsilon;
    }
    let a = order - 1.0;
    if order == 1.0 {
        return low * epsilon * epsilon.exp_m1();
    }
    let log_low = if low > 0.0 { low.ln() } else { -epsilon };
    if order * epsilon > 500.0 {
        let exponent = log_low + order * epsilon + (-(-a * epsilon).exp_m1()).ln();
        return ((exponent + (-exponent).exp().ln_1p()) / a).min(epsilon);
    }
    ((low * (order * epsilon).exp_m1() * -(-a * epsilon).exp_m1()).ln_1p() / a).min(epsilon)
}

/// Largest divergence over the two-point family of bounded range: loss `t` with probability
/// `(1 - e^(t - range)) / (1 - e^-range)`, else `t - range`.
fn bounded_range(range: f64, order: f64) -> f64 {
    if range == 0.0 || range == f64::INFINITY {
        return range;
    }
    let a = order - 1.0;
    let total = -(-range).exp_m1();
    let moment = |t: f64| {
        let high = -(t - range).exp_m1() / total;
        let low = (t - range).exp() * -(-t).exp_m1() / total;
        if order == 1.0 {
            return high * exp_m2(-t) + low * exp_m2(range - t);
        }
        if a * t > 500.0 {
            return (a * t + (high + low * (-a * range).exp()).ln()) / a;
        }
        // The losses have mean one under e^-loss, so that the linear terms drop out.
        let less_one = high * (exp_m2(a * t) + a * exp_m2(-t))
            + low * (exp_m2(a * (t - range)) + a * exp_m2(range - t));
        less_one.ln_1p() / a
    };
    let (_, value) = root::valley(0.0, range, 70, |t| -moment(t));
    (-value).min(range).min(0.125 * order * range * range)
}

/// Bound from points of a curve: `(order - 1)` times the divergence is convex in the order and 0 at
/// order 1, so that it lies below the chord; and the divergence itself grows with the order.
fn on_curve(points: &[RenyiPoint], order: f64) -> f64 {
    let mut below = (1.0, 0.0);
    let mut above: Option<(f64, f64)> = None;
    let mut monotone = f64::INFINITY;
    for point in points {
        let (at, value) = (point.order.get(), point.epsilon.get());
        if at >= order {
            monotone = monotone.min(value);
            if at.is_finite() && above.is_none_or(|(best, _)| at < best) {
                above = Some((at, (at - 1.0) * value));
            }
        } else if at > below.0 {
            below = (at, (at - 1.0) * value);
        }
    }
    match above {
        Some((at, scaled)) if at > order && order > 1.0 => {
            let share = (order - below.0) / (at - below.0);
            monotone.min(
                (below.1 + share * (scaled - below.1)) / (order - 1.0) * (1.0 + 4.0 * f64::EPSILON),
            )
        }
        _ => monotone,
    }
}

/// Patience that scans all orders.
const ALL: u32 = u32::MAX;

/// Logarithm of `order - 1` at the lowest point of a function of it, and the value there: a coarse
/// scan from `low` to 23, then golden section. The scan ends after `patience` steps above the
/// lowest value: 2 serve a function with one valley.
pub(crate) fn best_log_order(low: f64, patience: u32, mut f: impl FnMut(f64) -> f64) -> (f64, f64) {
    let (mut best, mut lowest, mut worse) = (low, f64::INFINITY, 0);
    let mut x = low;
    while x < 23.0 && worse < patience {
        let value = f(x);
        if value < lowest {
            (best, lowest, worse) = (x, value, 0);
        } else if value > lowest {
            worse += 1;
        }
        x += 1.0;
    }
    let (x, value) = root::valley((best - 1.0).max(low), best + 1.0, 26, &mut f);
    if value <= lowest {
        (x, value)
    } else {
        (best, lowest)
    }
}

/// A divergence grows with the order, so that a bound at any higher order holds too.
fn best_of(order: f64, bound: impl Fn(f64) -> f64) -> f64 {
    let low = (order - 1.0).max(1e-6).ln();
    let here = if order > 1.0 {
        bound(order)
    } else {
        f64::INFINITY
    };
    here.min(best_log_order(low, ALL, |x| bound(1.0 + x.exp())).1)
}

/// Papernot & Steinke 2022, theorem 6: `loss(order) + mean * delta + log(mean) / (order - 1)`,
/// where one run is `(log(1 + 1/(order - 1)), delta)`-private.
pub(crate) fn best_of_poisson(mean: f64, run: &Composition, order: f64) -> f64 {
    let epsilon = (1.0 / (order - 1.0)).ln_1p();
    let (_, log_delta) = best_log_order(-9.0, ALL, |x| {
        convert::log_delta_at(1.0 + x.exp(), composition_at(run, 1.0 + x.exp()), epsilon)
    });
    composition_at(run, order) + mean * log_delta.exp() + mean.ln().max(0.0) / (order - 1.0)
}

/// The terms of Papernot & Steinke 2022, theorem 2, that do not depend on the order of the result,
/// at the best inner order.
fn negative_binomial_excess(stopping: f64, shape: f64, run: &Composition) -> f64 {
    let at =
        |inner: f64| negative_binomial_terms(stopping, shape, inner, composition_at(run, inner));
    best_log_order(-9.0, ALL, |x| at(1.0 + x.exp()))
        .1
        .min(at(1.0))
}

/// `(1 + shape) (1 - 1/inner) loss(inner) + (1 + shape) log(1/stopping) / inner`.
pub(crate) fn negative_binomial_terms(stopping: f64, shape: f64, inner: f64, loss: f64) -> f64 {
    let pull = if inner == 1.0 {
        0.0
    } else {
        (1.0 - 1.0 / inner) * loss
    };
    (1.0 + shape) * (pull - stopping.ln() / inner)
}
