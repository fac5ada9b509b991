//! Composition by tilted transforms.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::grid::{Grid, composed, range_of};
/// Tilt, window and spacing.
pub(super) struct Plan {
    pub(super) c: f64,
    pub(super) spacing: f64,
    pub(super) bottom: f64,
    pub(super) points: usize,
    pub(super) log_delta: f64,
    /// Size of the steps of the tilt in Chernoff's bounds.
    pub(super) deviation: f64,
}

/// The convolved distribution, tilted: `delta` at its grid points.
pub(super) struct Convolved {
    /// Logarithm of the moment at the tilt.
    pub(super) value: f64,
    pub(super) c: f64,
    pub(super) bottom: f64,
    pub(super) spacing: f64,
    /// Tilted tail sums `sum over k > j of t_k e^(-c h (k-j)) (1 - e^(-h (k-j)))`.
    pub(super) tails: Vec<f64>,
    /// Bound on the error of a tail sum.
    pub(super) error: f64,
    /// Mass with infinite loss.
    pub(super) infinite: f64,
    /// Downward shift of the loss (lower side).
    pub(super) shift: f64,
}

impl Convolved {
    pub(super) fn new(grids: &[(Grid, u64)], plan: &Plan) -> Option<Self> {
        let (c, h) = (plan.c, plan.spacing);
        let n = plan.points;
        let mut planner = RealFftPlanner::<f64>::new();
        let forward = planner.plan_fft_forward(n);
        let backward = planner.plan_fft_inverse(n);
        let mut product = vec![Complex::new(1.0, 0.0); n / 2 + 1];
        let unit = f64::EPSILON;
        let transform_error = 8.0 * unit * (n as f64).log2();
        let (mut value, mut base, mut infinite, mut shift, mut relative) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        for (grid, count) in grids {
            let (k, _, _) = grid.moments(c);
            let mut tilted = vec![0.0; n];
            let mut square = 0.0;
            for (cell, mass) in grid.masses.iter().enumerate() {
                if *mass > 0.0 {
                    let weight = mass * (c * (grid.offset + cell as f64 * h) - k).exp();
                    tilted[cell % n] += weight;
                    square += weight * weight;
                }
            }
            let mut spectrum = forward.make_output_vec();
            forward.process(&mut tilted, &mut spectrum).ok()?;
            let times = *count as f64;
            for (have, new) in product.iter_mut().zip(&spectrum) {
                let size = new.norm();
                let log = if size > 0.0 {
                    size.ln() * times
                } else {
                    f64::NEG_INFINITY
                };
                *have *= Complex::from_polar(log.exp(), new.arg() * times);
            }
            // Per coefficient: the transform, then count-fold in the power.
            relative += times * (transform_error * (n as f64 * square).sqrt() + 16.0 * unit);
            value += times * k;
            base += times * grid.offset;
            infinite += times * grid.infinite;
            shift += times * grid.shift;
        }
        let weight: f64 = product.iter().map(|z| 2.0 * z.norm_sqr()).sum();
        // The powers of a coefficient near 1 dominate; what multiplies the error there is at most
        // e^(relative).
        let spectral = (relative.exp_m1() * weight.sqrt() + transform_error * weight.sqrt())
            / (n as f64).sqrt();
        product[0].im = 0.0;
        product[n / 2].im = 0.0;
        let mut tilted = backward.make_output_vec();
        backward.process(&mut product, &mut tilted).ok()?;
        // Turn the circle so that it starts at the window.
        let start = ((plan.bottom - base) / h).floor();
        let turn = start.rem_euclid(n as f64) as usize;
        tilted.rotate_left(turn);
        let scale = 1.0 / n as f64;
        for mass in &mut tilted {
            *mass = (*mass * scale).max(0.0);
        }
        let bottom = base + start * h;
        let top = bottom + (n - 1) as f64 * h;
        // Chernoff's bound on the tilted mass outside the window.
        let deviation = plan.deviation;
        // Nothing lies outside the range of the grids.
        let reach = range_of(grids);
        let mut above = if reach.1 <= top + 0.5 * h {
            0.0
        } else {
            f64::INFINITY
        };
        let mut below = if reach.0 >= bottom - 0.5 * h {
            0.0
        } else {
            f64::INFINITY
        };
        for part in [0.25, 0.5, 1.0, 2.0, 4.0, 7.0, 12.0] {
            let more = part / deviation;
            above = above.min((composed(grids, c + more).0 - value - more * top).exp());
            below = below.min((composed(grids, c - more).0 - value + more * bottom).exp());
        }
        let (decay, step) = ((-c * h).exp(), (-h).exp());
        let mut tails = vec![0.0; n];
        let (mut tail, mut rest) = (0.0, tilted[n - 1]);
        for j in (0..n - 1).rev() {
            tail = decay * (tail + (1.0 - step) * rest);
            tails[j] = tail;
            rest = tilted[j] + decay * step * rest;
        }
        let spread = 1.0 / (-(-2.0 * c * h).exp_m1()).sqrt();
        let rounding = 1e-13 + 4.0 * unit * (value.abs() + (c * top).abs().max((c * bottom).abs()));
        let size = tails.iter().copied().fold(0.0, f64::max);
        let error =
            (spectral * spread.min((n as f64).sqrt()) + above + below + rounding * size) * 1.01;
        let shift = shift + 8.0 * unit * (base.abs() + top.abs());
        error.is_finite().then_some(Self {
            value,
            c,
            bottom,
            spacing: h,
            tails,
            error,
            infinite,
            shift,
        })
    }

    pub(super) fn point(&self, j: usize) -> f64 {
        self.bottom + j as f64 * self.spacing
    }

    pub(super) fn upper_at(&self, j: usize) -> f64 {
        let scale = (self.value - self.c * self.point(j)).exp();
        let tail = (self.tails[j] + self.error) * scale;
        // Where the scale overflows nothing is known.
        if tail.is_nan() {
            1.0
        } else {
            (tail + self.infinite).min(1.0)
        }
    }

    pub(super) fn lower_at(&self, j: usize) -> f64 {
        let tail = (self.tails[j] - self.error) * (self.value - self.c * self.point(j)).exp();
        if tail.is_nan() {
            0.0
        } else {
            tail.clamp(0.0, 1.0)
        }
    }

    pub(super) fn epsilon_above(&self, delta: f64) -> Option<f64> {
        let last = self.tails.len() - 1;
        let at = (0..=last)
            .collect::<Vec<_>>()
            .partition_point(|&j| self.upper_at(j) > delta);
        if at > last {
            return None;
        }
        if at == 0 {
            return Some(self.point(0).max(0.0));
        }
        // Between grid points the curve is a chord in e^epsilon, and the error lies below it.
        let (high, low) = (self.upper_at(at - 1), self.upper_at(at));
        let share = ((high - delta) / (high - low)).clamp(0.0, 1.0);
        let epsilon = self.point(at - 1) + (share * self.spacing.exp_m1()).ln_1p();
        Some((epsilon + self.shift).max(0.0))
    }

    pub(super) fn epsilon_below(&self, delta: f64) -> Option<f64> {
        let last = self.tails.len() - 1;
        let at = (0..=last).collect::<Vec<_>>().partition_point(|&j| {
            self.point(j) - self.point(last) < 0.0 && self.lower_at(j) >= delta
        });
        if at == 0 {
            Some(0.0)
        } else {
            Some((self.point(at - 1) - self.shift).max(0.0))
        }
    }

    pub(super) fn delta_above(&self, epsilon: f64) -> Option<f64> {
        let place = (epsilon - self.shift - self.bottom) / self.spacing;
        if place < 0.0 {
            return None;
        }
        let j = place.floor() as usize;
        if j + 1 >= self.tails.len() {
            return Some(self.upper_at(self.tails.len() - 1));
        }
        let (high, low) = (self.upper_at(j), self.upper_at(j + 1));
        let share = ((epsilon - self.point(j)).exp_m1() / self.spacing.exp_m1()).clamp(0.0, 1.0);
        Some(high + share * (low - high))
    }

    pub(super) fn delta_below(&self, epsilon: f64) -> f64 {
        let place = ((epsilon + self.shift - self.bottom) / self.spacing)
            .ceil()
            .max(0.0) as usize;
        if place >= self.tails.len() {
            0.0
        } else {
            self.lower_at(place)
        }
    }
}
