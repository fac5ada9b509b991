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

use crate::accounting::composition::{Composition, Release, Scheme};
use crate::accounting::sampled_gaussian::Direction;
use crate::accounting::tilted_noise::{Nodes, Spin};

/// Largest number of products of one inversion, about 100 ms.
const MOST_PRODUCTS: f64 = 1e8;

/// Lower and upper bound of a logarithm of `delta`, or of an `epsilon`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

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

/// Value, mean and variance: the cumulant generating function and its derivatives at a real tilt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cumulants {
    pub(crate) value: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

fn cumulants(composition: &Composition, direction: Direction, c: f64) -> Option<Cumulants> {
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
fn range_cumulants(range: f64, c: f64) -> Cumulants {
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
fn lobe(x: f64) -> f64 {
    // The main lobe falls to 0.2172, the height of the first side lobe, before x = 2.58.
    if x < 2.58 {
        (x.sin() / x.max(1e-12)).clamp(0.217_234, 1.0)
    } else {
        0.217_234_f64.min(1.0 / x)
    }
}

/// A part of the composition at a tilt.
#[derive(Debug)]
enum Tilted {
    Gaussian {
        mu_squared: f64,
        tilt: f64,
    },
    Range {
        range: f64,
        b: f64,
    },
    Nodes {
        nodes: Nodes,
        parts: Vec<(f64, f64)>,
    },
}

impl Tilted {
    /// Logarithm of a bound on the modulus of the characteristic function at all arguments from `t`
    /// on.
    fn log_modulus(&self, t: f64) -> f64 {
        match self {
            Self::Gaussian { mu_squared, .. } => -0.5 * mu_squared * t * t,
            Self::Range { range, b } => {
                let x = b * range;
                let far = (b / b.hypot(t) / x.tanh()).min(1.0).ln();
                // Uniform part: twice the range at the least density of the exponential.
                let uniform = if x > 300.0 {
                    0.0
                } else {
                    x * (-x).exp() / x.sinh()
                };
                far.min((-uniform * (1.0 - lobe(t * range))).ln_1p())
            }
            Self::Nodes { parts, .. } => {
                let best = parts
                    .iter()
                    .map(|(p, length)| p * (1.0 - lobe(0.5 * t * length)))
                    .fold(0.0, f64::max);
                (-best).ln_1p()
            }
        }
    }
}

/// The integrand on the line `c + i k h`, ready for any `epsilon` near the one it was made for.
#[derive(Debug)]
struct Contour {
    c: f64,
    h: f64,
    value: f64,
    centre: f64,
    /// `phi(k h) e^(-i k h centre) / (s (s + 1))`, real and imaginary.
    terms: Vec<(f64, f64)>,
    /// Bound on all errors of the sum but the aliases from below, relative to `M(c) e^(-c
    /// epsilon)`.
    error: f64,
}

impl Contour {
    fn new(
        composition: &Composition,
        direction: Direction,
        c: f64,
        cumulants: &Cumulants,
        centre: f64,
    ) -> Option<Self> {
        let pi = std::f64::consts::PI;
        let variance = cumulants.variance + 1.0 / (c * c) + 1.0 / ((c + 1.0) * (c + 1.0));
        // About delta over M(c) e^(-c epsilon): what errors are compared with.
        let scale = 1.0 / (c * (c + 1.0) * (2.0 * pi * variance).sqrt());
        let log_scale = scale.ln();
        let log_delta = cumulants.value - c * centre + log_scale;
        // Aliases from below: e^(-2 pi c / h) at most 1e-13 of delta.
        let mut h = 2.0 * pi * c / (30.0 - log_delta.min(0.0));
        let (wider, above) = alias_from_above(
            composition,
            direction,
            c,
            cumulants,
            centre,
            h,
            1e-13 * scale,
        )?;
        h = wider;
        // Parts without reach first, for the end of the line.
        let mut parts = Vec::with_capacity(composition.parts.len());
        for (release, count) in &composition.parts {
            let tilted = match release {
                Release::Gaussian { mu_squared } => Tilted::Gaussian {
                    mu_squared: *mu_squared,
                    tilt: c + 0.5,
                },
                Release::BoundedRange { range } => Tilted::Range {
                    range: *range,
                    b: c + 0.5,
                },
                Release::SampledGaussian { rate, sigma, .. } => {
                    let nodes = Nodes::new(*rate, *sigma, direction, c, 0.0)?;
                    let parts = nodes.uniform_parts();
                    Tilted::Nodes { nodes, parts }
                }
                _ => return None,
            };
            parts.push((tilted, *count as f64));
        }
        let tail = |parts: &[(Tilted, f64)], end: f64| {
            let log: f64 = parts
                .iter()
                .map(|(part, count)| count * part.log_modulus(end))
                .sum();
            log - (pi * end).ln()
        };
        let goal = log_scale - 28.0;
        let mut end = 4.0 / variance.sqrt();
        while tail(&parts, end) > goal {
            end *= 1.15;
            if end > 1e9 * h {
                return None;
            }
        }
        let steps = (end / h).ceil();
        let mut products = steps;
        for (part, _) in &mut parts {
            if let Tilted::Nodes { nodes, .. } = part {
                *nodes = Nodes::new(nodes.rate, nodes.sigma, direction, c, steps * h)?;
                products += steps * nodes.weights.len() as f64;
            }
        }
        if products > MOST_PRODUCTS {
            return None;
        }
        let steps = steps as usize;
        let mut logs = vec![Characteristic::default(); steps + 1];
        for (part, count) in &parts {
            add_log_characteristic(part, *count, h, &mut logs);
        }
        let rounding = 4.0 * f64::EPSILON * (cumulants.value.abs() + (c * centre).abs() + 10.0);
        let mut total = 0.0;
        let terms: Vec<(f64, f64)> = logs
            .iter()
            .enumerate()
            .map(|(k, Characteristic { log, phase, error })| {
                let t = k as f64 * h;
                let (re, im) = (c * (c + 1.0) - t * t, (2.0 * c + 1.0) * t);
                let square = re * re + im * im;
                let angle = phase - t * centre;
                let (sin, cos) = angle.sin_cos();
                let size = log.exp();
                total += size / square.sqrt() * (error + rounding).exp_m1();
                (
                    size * (cos * re + sin * im) / square,
                    size * (sin * re - cos * im) / square,
                )
            })
            .collect();
        let value: f64 = parts
            .iter()
            .map(|(part, count)| count * part_value(part))
            .sum();
        let error = above + tail(&parts, steps as f64 * h).exp() + h / pi * total;
        error.is_finite().then_some(Self {
            c,
            h,
            value,
            centre,
            terms,
            error,
        })
    }

    /// The trapezoid sum over `M(c) e^(-c epsilon)`, and its derivative by `epsilon`.
    fn sum(&self, epsilon: f64) -> (f64, f64) {
        let shift = self.h * (epsilon - self.centre);
        let (mut value, mut slope) = (0.5 * self.terms[0].0, 0.0);
        for (k, (re, im)) in self.terms.iter().enumerate().skip(1) {
            let (sin, cos) = (k as f64 * shift).sin_cos();
            value += re * cos + im * sin;
            slope += k as f64 * self.h * (im * cos - re * sin);
        }
        let scale = self.h / std::f64::consts::PI;
        (scale * value, scale * slope)
    }

    /// Bound on the aliases from below, relative to `M(c) e^(-c epsilon)`.
    fn below(&self, epsilon: f64) -> f64 {
        let exponent = 2.0 * std::f64::consts::PI * self.c / self.h;
        (-exponent - self.value + self.c * epsilon).exp() / -(-exponent).exp_m1()
    }

    fn log_delta(&self, epsilon: f64) -> Option<Interval> {
        let (sum, _) = self.sum(epsilon);
        let base = self.value - self.c * epsilon;
        // The aliases from below make the sum too large, never too small.
        let low = sum - self.error - self.below(epsilon);
        let high = sum + self.error;
        // Less than two good digits are none.
        (low > 0.9 * high).then(|| Interval {
            low: (base + low.ln()).min(0.0),
            high: (base + high.ln()).min(0.0),
        })
    }

    /// Where the upper (or lower) bound of `log delta` meets the target.
    fn epsilon(&self, target: f64, upper: bool) -> Option<f64> {
        let bound = |epsilon: f64| {
            let (sum, slope) = self.sum(epsilon);
            let value = if upper {
                sum + self.error
            } else {
                sum - self.error - self.below(epsilon)
            };
            (value > 0.0).then(|| {
                (
                    self.value - self.c * epsilon + value.ln(),
                    -self.c + slope / value,
                )
            })
        };
        let mut epsilon = self.centre;
        for _ in 0..60 {
            let (log, slope) = bound(epsilon)?;
            if slope >= 0.0 || slope.is_nan() {
                return None;
            }
            let step = ((target - log) / slope).clamp(-2.0 / self.c, 2.0 / self.c);
            epsilon += step;
            if step.abs() <= 1e-15 * epsilon.abs() + 1e-17 / self.c {
                break;
            }
        }
        // Both bounds hold at the answer itself, which is moved until the upper one is met.
        if !upper {
            let (log, _) = bound(epsilon)?;
            return ((log - target).abs() < 1e-6)
                .then_some(epsilon - 1e-14 * (epsilon.abs() + 1.0 / self.c));
        }
        for _ in 0..50 {
            let interval = self.log_delta(epsilon)?;
            if interval.high <= target {
                return (interval.high > target - 1e-2).then_some(epsilon);
            }
            epsilon += (interval.high - target) / self.c + 1e-15 * epsilon.abs();
        }
        None
    }
}

fn part_value(part: &Tilted) -> f64 {
    match part {
        Tilted::Gaussian { mu_squared, tilt } => 0.5 * mu_squared * (tilt * tilt - 0.25),
        Tilted::Range { range, b } => range_cumulants(*range, b - 0.5).value,
        Tilted::Nodes { nodes, .. } => nodes.value,
    }
}

/// The step `h`, made smaller until Chernoff's bound on the aliases from above, relative to `M(c)
/// e^(-c epsilon)`, is below `goal`; and that bound. Any larger tilt gives a bound: a few are
/// tried, since losses with a rare far mode want a small one.
fn alias_from_above(
    composition: &Composition,
    direction: Direction,
    c: f64,
    at_c: &Cumulants,
    centre: f64,
    h: f64,
    goal: f64,
) -> Option<(f64, f64)> {
    let turn = 2.0 * std::f64::consts::PI;
    let unit = c.max(1.0 / at_c.variance.sqrt());
    let mut best: Option<(f64, f64)> = None;
    for share in [0.4, 1.6, 0.1, 0.03, 0.01, 0.003, 0.001] {
        let more = share * unit;
        let Some(further) = cumulants(composition, direction, c + more) else {
            continue;
        };
        let rise = further.value - at_c.value;
        // exp(rise - more (centre + period)) is to be the goal; the sum over all periods is
        // geometric.
        let period = ((rise - goal.ln() + 0.7) / more - centre).max(turn / h);
        let bound = (rise - more * (centre + period)).exp() / -(-more * period).exp_m1();
        if best.is_none_or(|(step, _)| turn / period > step) {
            best = Some((turn / period, bound));
        }
        if turn / period >= 0.999 * h {
            break;
        }
    }
    best.filter(|(_, bound)| *bound <= 4.0 * goal)
}

/// Logarithm of the characteristic function of the tilted, composed loss at one argument, and a
/// bound on its error.
#[derive(Clone, Copy, Debug, Default)]
struct Characteristic {
    log: f64,
    phase: f64,
    error: f64,
}

/// Adds `count * log phi(k h)` of a part to all terms.
fn add_log_characteristic(part: &Tilted, count: f64, h: f64, logs: &mut [Characteristic]) {
    let unit = f64::EPSILON;
    match part {
        Tilted::Gaussian { mu_squared, tilt } => {
            for (k, at) in logs.iter_mut().enumerate() {
                let t = k as f64 * h;
                at.log -= 0.5 * count * mu_squared * t * t;
                at.phase += count * mu_squared * tilt * t;
                at.error += 4.0 * unit * count * mu_squared * (t * t + tilt * t);
            }
        }
        Tilted::Range { range, b } => {
            // sinh((b + i t) range) / (b + i t) over the same at t = 0.
            let x = b * range;
            let decay = (-2.0 * x).exp();
            let norm = 0.5 * -(-2.0 * x).exp_m1();
            for (k, at) in logs.iter_mut().enumerate() {
                let t = k as f64 * h;
                let (sin, cos) = (t * range).sin_cos();
                let (re, im) = (norm * cos, 0.5 * (1.0 + decay) * sin);
                at.log += count * ((re.hypot(im) / norm).ln() - 0.5 * (t / b * (t / b)).ln_1p());
                at.phase += count * (im.atan2(re) - (t / b).atan());
                at.error += 16.0 * unit * count * (1.0 + norm / re.hypot(im));
            }
        }
        Tilted::Nodes { nodes, .. } => {
            let mean: f64 = nodes
                .weights
                .iter()
                .zip(&nodes.losses)
                .map(|(w, l)| w * l)
                .sum();
            let mut spin = Spin::new(nodes, mean, h);
            for (k, at) in logs.iter_mut().enumerate() {
                let (re, im) = spin.sum();
                spin.turn();
                let size = re.hypot(im).max(1e-300);
                at.log += count * size.ln();
                at.phase += count * (im.atan2(re) + k as f64 * h * mean);
                // Strip error, weights, value at the tilt, and one rounding in each turn.
                let error = 2e-17 + unit * (nodes.size + nodes.value.abs() + k as f64);
                at.error += count * error / size;
            }
        }
    }
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
