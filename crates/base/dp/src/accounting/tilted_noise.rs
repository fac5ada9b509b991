//! The loss of one sampled Gaussian, tilted, on a grid of noise values: moments, characteristic
//! function, and the intervals on which its density has a floor (points 2 and 3 of
//! [`saddle_point`](crate::accounting::saddle_point)).

use crate::accounting::renyi::log_ratio;
use crate::accounting::sampled_gaussian::Direction;
use crate::math::normal;

/// Value, mean and variance: the cumulant generating function and its derivatives at a real tilt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cumulants {
    pub(crate) value: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

/// The tilted loss of one sampled Gaussian on a grid of noise values.
#[derive(Debug)]
pub(crate) struct Nodes {
    /// Tilted probabilities; they sum to 1.
    pub(crate) weights: Vec<f64>,
    /// Losses.
    pub(crate) losses: Vec<f64>,
    /// Cumulant generating function at the tilt.
    pub(crate) value: f64,
    /// Size of the exponents that entered, for the rounding.
    pub(crate) size: f64,
    pub(crate) rate: f64,
    pub(crate) sigma: f64,
    power: f64,
    first: f64,
    step: f64,
}

impl Nodes {
    /// Nodes for characteristic functions up to argument `reach`.
    pub(crate) fn new(
        rate: f64,
        sigma: f64,
        direction: Direction,
        c: f64,
        reach: f64,
    ) -> Option<Self> {
        let nodes = Self::with_step(rate, sigma, direction, c, f64::INFINITY)?;
        if reach == 0.0 {
            return Some(nodes);
        }
        let step = nodes.step_for(reach);
        if step >= nodes.step {
            Some(nodes)
        } else {
            Self::with_step(rate, sigma, direction, c, step)
        }
    }

    /// Largest step with a strip error below `1e-17` for arguments up to `reach`. On the line at
    /// height `v` the integrand grows by `e^(v^2/2 + t arg) |rho|^power`, where `rho = 1 - w + w
    /// e^(i v / sigma)` and `w` is the share of the ratio that moves.
    fn step_for(&self, reach: f64) -> f64 {
        let shares: Vec<f64> = (0..self.weights.len())
            .map(|node| self.share(node))
            .collect();
        let mut best = 0.0_f64;
        for (a, angle) in strip_widths(self.sigma) {
            let (sin, cos) = angle.sin_cos();
            // Terms reach e^(pi reach): summed in logarithms.
            let logs: Vec<f64> = shares
                .iter()
                .zip(&self.weights)
                .map(|(w, weight)| {
                    let (re, im) = (1.0 - w + w * cos, w * sin);
                    weight.max(1e-300).ln()
                        + reach * im.atan2(re)
                        + self.power.min(0.0) * re.hypot(im).ln()
                })
                .collect();
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logs.iter().map(|log| (log - most).exp()).sum();
            let growth = 0.5 * a * a + most + sum.ln();
            best = best.max(2.0 * std::f64::consts::PI * a / (41.0 + growth.max(0.0)));
        }
        best
    }

    /// Share of the ratio that moves with the noise, `q e^shift / r`, at a node.
    fn share(&self, node: usize) -> f64 {
        let y = self.first + node as f64 * self.step;
        let shift = (y - 0.5 / self.sigma) / self.sigma;
        (self.rate.ln() + shift - log_ratio(self.rate, self.sigma, y))
            .exp()
            .min(1.0)
    }

    fn with_step(
        rate: f64,
        sigma: f64,
        direction: Direction,
        c: f64,
        most_step: f64,
    ) -> Option<Self> {
        // Moments are integrals of the normal density times a power of the ratio.
        let (power, sign) = match direction {
            Direction::Remove => (c + 1.0, 1.0),
            Direction::Add => (-c, -1.0),
        };
        let (low, high) = if power > 0.0 {
            (-10.0, power / sigma + 10.0)
        } else {
            (power / sigma - 10.0, 10.0)
        };
        let step = strip_step(sigma, power.min(0.0)).min(most_step);
        let count = ((high - low) / step).ceil();
        if count > 60_000.0 || count.is_nan() {
            return None;
        }
        let all: Vec<(f64, f64)> = (0..=count as usize)
            .map(|node| {
                let y = low + node as f64 * step;
                let ratio = log_ratio(rate, sigma, y);
                (-0.5 * y * y + power * ratio, ratio)
            })
            .collect();
        let most = all
            .iter()
            .fold(f64::NEG_INFINITY, |most, (exponent, _)| most.max(*exponent));
        let begin = all
            .iter()
            .position(|(exponent, _)| *exponent > most - 50.0)?;
        let end = all
            .iter()
            .rposition(|(exponent, _)| *exponent > most - 50.0)?;
        let first = low + begin as f64 * step;
        let mut weights = Vec::with_capacity(end + 1 - begin);
        let mut losses = Vec::with_capacity(end + 1 - begin);
        let mut sum = 0.0;
        for (exponent, ratio) in &all[begin..=end] {
            let weight = (exponent - most).exp();
            sum += weight;
            weights.push(weight);
            losses.push(sign * ratio);
        }
        for weight in &mut weights {
            *weight /= sum;
        }
        let value = most + (sum * step * normal::DENSITY_AT_ZERO).ln();
        let size = 10.0
            + most.abs()
            + power.abs()
                * losses
                    .iter()
                    .fold(0.0_f64, |m, l| m.max(l.abs()))
                    .min(100.0);
        Some(Self {
            weights,
            losses,
            value,
            size,
            rate,
            sigma,
            power,
            first,
            step,
        })
    }

    pub(crate) fn cumulants(&self) -> Cumulants {
        let mean: f64 = self
            .weights
            .iter()
            .zip(&self.losses)
            .map(|(w, l)| w * l)
            .sum();
        let variance = self
            .weights
            .iter()
            .zip(&self.losses)
            .map(|(w, l)| w * (l - mean) * (l - mean))
            .sum();
        Cumulants {
            value: self.value,
            mean,
            variance,
        }
    }

    /// Intervals on which the tilted loss has at least a known density: `(probability of the
    /// uniform part, length)`.
    pub(crate) fn uniform_parts(&self) -> Vec<(f64, f64)> {
        let n = self.weights.len();
        let y = |node: usize| self.first + node as f64 * self.step;
        let shares: Vec<f64> = (0..n).map(|node| self.share(node)).collect();
        // Density of the loss: tilted density of the noise over the slope of the loss.
        let densities: Vec<f64> = (0..n)
            .map(|node| self.weights[node] / self.step / (shares[node] / self.sigma).max(1e-300))
            .collect();
        // Least density within a cell: the logarithm has a slope between bounds that follow from
        // the ends of the cell.
        let floors: Vec<f64> = (0..n - 1)
            .map(|node| {
                let (a, b) = (shares[node], shares[node + 1]);
                let tilt = if self.power > 0.0 {
                    self.power * a
                } else {
                    self.power * b
                };
                let least = -y(node + 1) + (tilt - (1.0 - a)) / self.sigma;
                densities[node] * (self.step * least.min(0.0)).exp() * 0.999_999
            })
            .collect();
        let Some(peak) = (0..n - 1).max_by(|a, b| floors[*a].total_cmp(&floors[*b])) else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        for level in [0.8, 0.6, 0.45, 0.3, 0.2, 0.12, 0.07, 0.03, 0.01, 1e-3, 1e-5] {
            let least = level * floors[peak];
            let mut left = peak;
            while left > 0 && floors[left - 1] >= least {
                left -= 1;
            }
            let mut right = peak;
            while right + 1 < n - 1 && floors[right + 1] >= least {
                right += 1;
            }
            let length = (self.losses[right + 1] - self.losses[left]).abs();
            let bottom = floors[left..=right]
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min);
            parts.push(((bottom * length).min(1.0), length));
        }
        parts
    }
}

/// Largest step of the noise grid with a strip error below `1e-17` for arguments of no size (point
/// 3 of the module documentation).
fn strip_step(sigma: f64, negative_power: f64) -> f64 {
    strip_widths(sigma)
        .map(|(a, angle)| {
            let growth = 0.5 * a * a + negative_power * (0.5 * angle).cos().ln();
            2.0 * std::f64::consts::PI * a / (40.0 + growth)
        })
        .fold(0.0, f64::max)
        .min(0.5)
}

/// Half-widths of strips to try, below `pi sigma`, and the angles that they turn the exponential
/// by.
fn strip_widths(sigma: f64) -> impl Iterator<Item = (f64, f64)> {
    let widest = (3.05 * sigma).min(12.0);
    (0..14).map(move |k| {
        let a = widest * 0.78_f64.powi(k);
        (a, a / sigma)
    })
}

/// Weights turning in the plane, in lanes of four.
pub(crate) struct Spin {
    re: Vec<[f64; 4]>,
    im: Vec<[f64; 4]>,
    cos: Vec<[f64; 4]>,
    sin: Vec<[f64; 4]>,
}

impl Spin {
    pub(crate) fn new(nodes: &Nodes, mean: f64, h: f64) -> Self {
        let groups = nodes.weights.len().div_ceil(4);
        let zero = vec![[0.0; 4]; groups];
        let mut spin = Self {
            re: zero.clone(),
            im: zero.clone(),
            cos: zero.clone(),
            sin: zero,
        };
        for (node, (weight, loss)) in nodes.weights.iter().zip(&nodes.losses).enumerate() {
            let (sin, cos) = (h * (loss - mean)).sin_cos();
            let (group, lane) = (node / 4, node % 4);
            spin.re[group][lane] = *weight;
            spin.cos[group][lane] = cos;
            spin.sin[group][lane] = sin;
        }
        spin
    }

    pub(crate) fn sum(&self) -> (f64, f64) {
        let add = |parts: &[[f64; 4]]| {
            let mut sum = [0.0; 4];
            for part in parts {
                for lane in 0..4 {
                    sum[lane] += part[lane];
                }
            }
            sum[0] + sum[1] + sum[2] + sum[3]
        };
        (add(&self.re), add(&self.im))
    }

    pub(crate) fn turn(&mut self) {
        let turns = self.cos.iter().zip(&self.sin);
        for ((re, im), (cos, sin)) in self.re.iter_mut().zip(&mut self.im).zip(turns) {
            for lane in 0..4 {
                let (x, y) = (re[lane], im[lane]);
                re[lane] = x * cos[lane] - y * sin[lane];
                im[lane] = x * sin[lane] + y * cos[lane];
            }
        }
    }
}
