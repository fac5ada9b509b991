//! The inversion integral on a line through the saddle.

use super::cumulants::{cumulants as at_tilt, lobe, range_cumulants};
use crate::accounting::composition::{Composition, Release};
use crate::accounting::sampled_gaussian::Direction;
use crate::accounting::tilted_noise::{Cumulants, Nodes, Spin};
/// Largest number of products of one inversion, about 100 ms.
const MOST_PRODUCTS: f64 = 1e8;

/// Lower and upper bound of a logarithm of `delta`, or of an `epsilon`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
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
pub(super) struct Contour {
    pub(super) c: f64,
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
    pub(super) fn new(
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
        let further = |c: f64| at_tilt(composition, direction, c);
        let saddle = (c, cumulants, centre);
        let (wider, above) = alias_from_above(further, saddle, h, 1e-13 * scale)?;
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

    pub(super) fn log_delta(&self, epsilon: f64) -> Option<Interval> {
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
    pub(super) fn epsilon(&self, target: f64, upper: bool) -> Option<f64> {
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
///
/// - `at_tilt`: the cumulants at a tilt, where they exist
/// - `saddle`: the tilt, its cumulants, and the centre of the sum
fn alias_from_above(
    at_tilt: impl Fn(f64) -> Option<Cumulants>,
    (c, at_c, centre): (f64, &Cumulants, f64),
    h: f64,
    goal: f64,
) -> Option<(f64, f64)> {
    let turn = 2.0 * std::f64::consts::PI;
    let unit = c.max(1.0 / at_c.variance.sqrt());
    let mut best: Option<(f64, f64)> = None;
    for share in [0.4, 1.6, 0.1, 0.03, 0.01, 0.003, 0.001] {
        let more = share * unit;
        let Some(further) = at_tilt(c + more) else {
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
