//! Privacy loss distributions: certified bounds on both sides, for any mechanism with a known
//! dominating pair.
//!
//! The loss of each release is put on a grid of spacing `h` and the grid distributions are
//! convolved by fast Fourier transforms.
//!
//! - **Upper bound.** The probability `(p, q)` that a cell holds under the two distributions goes
//!   to the two ends of the cell so that both sums are kept: the hockey-stick curve becomes its
//!   chord in `e^epsilon` ("connect the dots", Doroshenko, Ghazi, Kamath, Kumar & Manurangsi 2022).
//! - **Lower bound.** All outcomes of a cell around a grid point are merged into one, which is
//!   post-processing: its loss is `log(p / q)`. Where that lies below the grid point by at most
//!   `D`, a fraction of `h^2`, the mass stays there and the whole sum is shifted down by `D` for
//!   each release; where it lies lower, the mass moves down one cell.
//! - **Transforms.** Masses are tilted by `e^(c loss)` with `c` near the saddle point of the target
//!   before they are transformed, so that rounding is relative to the tail that is asked for, not
//!   to 1. The rounding error of the transform, of the powers and of the tails of the laws, the
//!   mass that wraps around (by Chernoff's bound) and what is cut off are all added to the upper
//!   and taken from the lower bound: "certified" is true at `delta = 1e-12` too, under the model
//!   that a transform of length `N` errs by at most `8 log2(N)` units in the last place in the
//!   Euclidean norm.
//!
//! The spacing follows from the range of the composed loss, at most `2^17` points and in extreme
//! cases `2^20`: memory does not grow with epsilon.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::accounting::composition::Composition;
use crate::accounting::loss_law::LossLaw;
use crate::accounting::sampled_gaussian::Direction;

/// Points of the longest transform.
const MOST_POINTS: usize = 1 << 17;
/// Points of the shortest one: finer grids cost nothing below it.
const LEAST_POINTS: usize = 1 << 14;
/// Cells of the rough grid on which the tilt and the window are chosen.
const ROUGH_CELLS: f64 = 1500.0;
/// Longest grid of one release.
const MOST_CELLS: f64 = 1e6;

/// Which side of the truth a grid distribution is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Upper,
    Lower,
}

/// A question to a loss distribution.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    /// The loss at this `delta`.
    Epsilon { delta: f64 },
    /// The failure probability at this `epsilon`.
    Delta { epsilon: f64 },
}

/// Laws of all parts in one direction.
pub(crate) struct Laws {
    parts: Vec<(LossLaw, u64)>,
    infinite: f64,
}

impl Laws {
    /// Absent when some part has no known dominating pair.
    pub(crate) fn of(composition: &Composition, direction: Direction) -> Option<Self> {
        let mut parts = Vec::with_capacity(composition.parts.len());
        let mut infinite = 0.0;
        for (release, count) in &composition.parts {
            let (law, lost, copies) = LossLaw::of(release, direction)?;
            infinite += lost * *count as f64 * (1.0 + 4.0 * f64::EPSILON);
            let count = count.checked_mul(copies)?;
            if count > 0 {
                parts.push((law, count));
            }
        }
        Some(Self { parts, infinite })
    }

    /// Certified bound for one question: `epsilon`, or `delta`.
    pub(crate) fn answer(&self, question: Question, side: Side) -> Option<f64> {
        let budget = match question {
            Question::Epsilon { delta } if delta <= self.infinite => {
                return (side == Side::Upper).then_some(f64::INFINITY);
            }
            Question::Epsilon { delta } => delta - self.infinite,
            Question::Delta { .. } => 1.0,
        };
        let total: f64 = self.parts.iter().map(|(_, count)| *count as f64).sum();
        // First guess of the delta that matters, refined below when an epsilon is given.
        let mut lost = match question {
            Question::Epsilon { .. } => 1e-11 * budget / total,
            Question::Delta { .. } => 1e-14 / total,
        };
        let mut plan = self.plan(question, lost)?;
        if let Question::Delta { .. } = question {
            for _ in 0..3 {
                let wanted = (1e-11 * plan.log_delta.exp() / total).max(1e-290);
                if wanted >= lost {
                    break;
                }
                lost = wanted;
                plan = self.plan(question, lost)?;
            }
        }
        let grids: Vec<(Grid, u64)> = self
            .parts
            .iter()
            .map(|(law, count)| Some((Grid::new(law, plan.spacing, lost, side)?, *count)))
            .collect::<Option<_>>()?;
        let sum = Convolved::new(&grids, &plan)?;
        match (question, side) {
            (Question::Epsilon { delta }, Side::Upper) => sum.epsilon_above(delta - self.infinite),
            (Question::Epsilon { delta }, Side::Lower) => sum.epsilon_below(delta),
            (Question::Delta { epsilon }, Side::Upper) => {
                Some((sum.delta_above(epsilon)? + self.infinite).min(1.0))
            }
            (Question::Delta { epsilon }, Side::Lower) => Some(sum.delta_below(epsilon)),
        }
    }

    /// Chooses tilt, window and spacing on rough grids.
    fn plan(&self, question: Question, lost: f64) -> Option<Plan> {
        let rough: Vec<(Grid, u64)> = self
            .parts
            .iter()
            .map(|(law, count)| {
                let (low, high) = support(law, lost)?;
                Some((
                    Grid::new(
                        law,
                        (high - low).max(1e-12) / ROUGH_CELLS,
                        lost,
                        Side::Upper,
                    )?,
                    *count,
                ))
            })
            .collect::<Option<_>>()?;
        let at = |c: f64| composed(&rough, c);
        let variance = at(0.0).2;
        if variance <= 0.0 || variance.is_nan() {
            return None;
        }
        // The saddle: for an epsilon directly, for a delta by the saddle-point approximation. Any
        // tilt is valid.
        let value = |x: f64| {
            let c = x.exp();
            let (k, mean, variance) = at(c);
            let centre = mean - 1.0 / c - 1.0 / (c + 1.0);
            let curvature = variance + 1.0 / (c * c) + 1.0 / ((c + 1.0) * (c + 1.0));
            let log_delta = k
                - c * centre
                - (c * (c + 1.0)).ln()
                - 0.5 * (std::f64::consts::TAU * curvature).ln();
            match question {
                Question::Epsilon { delta } => {
                    (log_delta - (delta - self.infinite).ln(), log_delta, centre)
                }
                Question::Delta { epsilon } => (epsilon - centre, log_delta, centre),
            }
        };
        // Beyond 60 deviations the tilt sits on the highest atoms and more of it tells nothing new.
        let top = (60.0 / variance.sqrt()).ln();
        let (mut low, mut high) = (top - 25.0, top);
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            if value(middle).0 > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let x = 0.5 * (low + high);
        let (_, log_delta, _) = value(x);
        let c = x.exp();
        let (k, mean, variance) = at(c);
        // Window: tilted tails by Chernoff's bound at other tilts, to e^-45 of the whole on either
        // side. A tilt may leave a single atom; the window is never narrower than part of one
        // release.
        let widest = rough
            .iter()
            .map(|(grid, _)| grid.range().1 - grid.range().0)
            .fold(0.0, f64::max);
        let deviation = variance.sqrt().max(0.05 * widest);
        let (mut top, mut bottom) = (f64::INFINITY, f64::NEG_INFINITY);
        for share in [0.25, 0.5, 1.0, 2.0, 4.0, 7.0, 12.0] {
            let more = share / deviation;
            top = top.min((at(c + more).0 - k + 45.0) / more);
            bottom = bottom.max(-(at(c - more).0 - k + 45.0) / more);
        }
        // Sums cannot leave the range of the grids.
        let reach = range_of(&rough);
        let top = top.min(reach.1).max(mean);
        let bottom = bottom.max(reach.0).min(mean);
        let width = (top - bottom) * 1.02 + 1e-300;
        // Spreading a cell adds at most h^2 / 4 of variance to a release, which moves epsilon by c
        // / 2 times that.
        let total: f64 = self.parts.iter().map(|(_, count)| *count as f64).sum();
        let fine = (1e-6 * 8.0 * (mean.abs() + 1e-3 / c) / (c * total)).sqrt();
        let points = ((width / fine) as usize)
            .clamp(LEAST_POINTS, MOST_POINTS)
            .next_power_of_two()
            .min(MOST_POINTS);
        let mut points = points;
        // A loss of one release that is narrower than the spacing: more than 3e-4 of excess is
        // worth a longer transform.
        while width / points as f64 > 17.0 * fine && points < 4 * MOST_POINTS {
            points *= 2;
        }
        let mut spacing = width / (points as f64 - 64.0);
        for (law, _) in &self.parts {
            if let Some((_, gap)) = law.lattice() {
                // Atoms on grid points stay where they are.
                let cells = (gap / spacing).floor();
                if cells >= 1.0 {
                    spacing = gap / cells;
                }
                break;
            }
        }
        let points = ((width / spacing) as usize + 64)
            .next_power_of_two()
            .min(2 * MOST_POINTS);
        Some(Plan {
            c,
            spacing,
            bottom,
            points,
            log_delta,
            deviation,
        })
    }
}

/// Tilt, window and spacing.
struct Plan {
    c: f64,
    spacing: f64,
    bottom: f64,
    points: usize,
    log_delta: f64,
    /// Size of the steps of the tilt in Chernoff's bounds.
    deviation: f64,
}

/// Losses between which all but `lost` of the first distribution lies, above and below.
fn support(law: &LossLaw, lost: f64) -> Option<(f64, f64)> {
    let find = |inside: &dyn Fn(f64) -> bool, sign: f64| {
        let mut far = sign * 1e-6;
        while !inside(far) {
            far *= 2.0;
            if far.abs() > 1e9 {
                return None;
            }
        }
        let (mut near, mut out) = (if far.abs() > 1e-6 { 0.5 * far } else { 0.0 }, far);
        for _ in 0..30 {
            let middle = 0.5 * (near + out);
            if inside(middle) {
                out = middle
            } else {
                near = middle
            }
        }
        Some(out)
    };
    let high = find(&|loss| law.sides(loss).p_above <= lost, 1.0)?;
    let low = find(&|loss| law.sides(loss).p_below <= lost, -1.0)?;
    Some((low, high))
}

/// A distribution on `offset + k spacing`.
struct Grid {
    offset: f64,
    spacing: f64,
    masses: Vec<f64>,
    /// Mass that was cut off above (upper side: an infinite loss).
    infinite: f64,
    /// Downward shift of each release (lower side).
    shift: f64,
}

impl Grid {
    fn new(law: &LossLaw, spacing: f64, lost: f64, side: Side) -> Option<Self> {
        let (low, high) = support(law, lost)?;
        let anchor = law.lattice().map_or(0.0, |(anchor, _)| anchor);
        let first = ((low - anchor) / spacing).floor() - 1.0;
        let count = ((high - anchor) / spacing).ceil() + 1.0 - first;
        if count > MOST_CELLS || count.is_nan() {
            return None;
        }
        let count = count as usize;
        let offset = anchor + first * spacing;
        match side {
            Side::Upper => Some(Self::upper(law, offset, spacing, count)),
            Side::Lower => Some(Self::lower(law, offset, spacing, count)),
        }
    }

    fn upper(law: &LossLaw, offset: f64, spacing: f64, count: usize) -> Self {
        let mut masses = vec![0.0; count + 1];
        let mut sides = law.sides(offset);
        masses[0] = sides.p_below;
        let ratio = -(-spacing).exp_m1();
        for cell in 0..count {
            let low = offset + cell as f64 * spacing;
            let next = law.sides(offset + (cell + 1) as f64 * spacing);
            let (p, q, p_error, q_error) = sides.between(next);
            let p = p + p_error;
            if p > 0.0 {
                // a + b = p and a e^-low + b e^-high = q, with less of the second distribution than
                // was computed.
                let scaled = (q - q_error).max(0.0) * low.exp();
                let b = if scaled.is_finite() {
                    ((p - scaled) / ratio).clamp(0.0, p)
                } else {
                    0.0
                };
                masses[cell] += p - b;
                masses[cell + 1] += b;
            }
            sides = next;
        }
        let infinite = sides.p_above * (1.0 + 512.0 * f64::EPSILON);
        Self {
            offset,
            spacing,
            masses,
            infinite,
            shift: 0.0,
        }
    }

    fn lower(law: &LossLaw, offset: f64, spacing: f64, count: usize) -> Self {
        // Merged outcomes of the cells between boundaries in the middle, moved by `moves[cell]`
        // (upper boundary).
        let merge = |moves: &dyn Fn(usize) -> f64| {
            let mut cells = Vec::with_capacity(count + 1);
            let mut sides = law.sides(offset - 0.5 * spacing);
            for cell in 0..=count {
                let point = offset + cell as f64 * spacing;
                let next = law.sides(point + 0.5 * spacing + moves(cell));
                let (p, q, p_error, q_error) = sides.between(next);
                let p = (p - p_error).max(0.0);
                // How far the merged outcome lies below the grid point; without mass or digits,
                // nothing is known.
                let merged = (p / (q + q_error)).ln();
                let known = p > 0.0 && merged.is_finite();
                cells.push((p, if known { point - merged } else { f64::INFINITY }));
                sides = next;
            }
            cells
        };
        let centred = merge(&|_| 0.0);
        // Moving a boundary by e moves the merged outcomes on both sides of it by e / 2: with these
        // moves all outcomes lie on their grid points to first order. The moves alternate and do
        // not grow, since the deficits vary slowly.
        let mut moves = vec![0.0; count + 1];
        let mut last = 0.0;
        for (cell, (_, below)) in centred.iter().enumerate() {
            let next: f64 = -last + 2.0 * below;
            last = if law.lattice().is_none() && next.abs() < 0.4 * spacing {
                next
            } else {
                0.0
            };
            moves[cell] = last;
        }
        let mut cells = merge(&|cell| moves[cell]);
        for cell in &mut cells {
            cell.1 = cell.1.clamp(0.0, spacing);
        }
        // The mass above the last cell counts as if it were in it.
        let end = offset + (count as f64 + 0.5) * spacing + moves[count];
        cells[count].0 += law.sides(end).p_above * (1.0 - 512.0 * f64::EPSILON);
        let square = spacing * spacing;
        let cost = |shift: f64| {
            shift
                + spacing
                    * cells
                        .iter()
                        .filter(|c| c.1 > shift)
                        .map(|c| c.0)
                        .sum::<f64>()
        };
        let shift = [
            0.0,
            square / 24.0,
            square / 12.0,
            square / 4.0,
            square,
            4.0 * square,
            spacing / 16.0,
            spacing / 4.0,
        ]
        .into_iter()
        .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
        .unwrap_or(0.0);
        let mut masses = vec![0.0; count + 1];
        for (cell, (p, below)) in cells.into_iter().enumerate() {
            if below <= shift {
                masses[cell] += p;
            } else if cell > 0 {
                masses[cell - 1] += p;
            }
        }
        Self {
            offset,
            spacing,
            masses,
            infinite: 0.0,
            shift: shift * (1.0 + 1e-9) + 1e-18,
        }
    }

    fn range(&self) -> (f64, f64) {
        (
            self.offset,
            self.offset + (self.masses.len() - 1) as f64 * self.spacing,
        )
    }

    /// Logarithm of the moment at a tilt, with mean and variance of the tilted loss.
    fn moments(&self, c: f64) -> (f64, f64, f64) {
        let (low, high) = self.range();
        let most = (c * low).max(c * high);
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        let centre = if c >= 0.0 { high } else { low };
        for (cell, mass) in self.masses.iter().enumerate() {
            if *mass > 0.0 {
                let loss = low + cell as f64 * self.spacing;
                let weight = mass * (c * loss - most).exp();
                sum += weight;
                first += weight * (loss - centre);
                second += weight * (loss - centre) * (loss - centre);
            }
        }
        let mean = first / sum;
        (
            most + sum.ln(),
            centre + mean,
            (second / sum - mean * mean).max(0.0),
        )
    }
}

/// Cumulants of the sum of all parts.
fn composed(grids: &[(Grid, u64)], c: f64) -> (f64, f64, f64) {
    grids.iter().fold((0.0, 0.0, 0.0), |sum, (grid, count)| {
        let (k, mean, variance) = grid.moments(c);
        let count = *count as f64;
        (
            sum.0 + count * k,
            sum.1 + count * mean,
            sum.2 + count * variance,
        )
    })
}

/// Lowest and highest sum of all parts.
fn range_of(grids: &[(Grid, u64)]) -> (f64, f64) {
    grids.iter().fold((0.0, 0.0), |(low, high), (grid, count)| {
        let (a, b) = grid.range();
        (low + a * *count as f64, high + b * *count as f64)
    })
}

/// The convolved distribution, tilted: `delta` at its grid points.
struct Convolved {
    /// Logarithm of the moment at the tilt.
    value: f64,
    c: f64,
    bottom: f64,
    spacing: f64,
    /// Tilted tail sums `sum over k > j of t_k e^(-c h (k-j)) (1 - e^(-h (k-j)))`.
    tails: Vec<f64>,
    /// Bound on the error of a tail sum.
    error: f64,
    /// Mass with infinite loss.
    infinite: f64,
    /// Downward shift of the loss (lower side).
    shift: f64,
}

impl Convolved {
    fn new(grids: &[(Grid, u64)], plan: &Plan) -> Option<Self> {
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

    fn point(&self, j: usize) -> f64 {
        self.bottom + j as f64 * self.spacing
    }

    fn upper_at(&self, j: usize) -> f64 {
        let scale = (self.value - self.c * self.point(j)).exp();
        let tail = (self.tails[j] + self.error) * scale;
        // Where the scale overflows nothing is known.
        if tail.is_nan() {
            1.0
        } else {
            (tail + self.infinite).min(1.0)
        }
    }

    fn lower_at(&self, j: usize) -> f64 {
        let tail = (self.tails[j] - self.error) * (self.value - self.c * self.point(j)).exp();
        if tail.is_nan() {
            0.0
        } else {
            tail.clamp(0.0, 1.0)
        }
    }

    fn epsilon_above(&self, delta: f64) -> Option<f64> {
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

    fn epsilon_below(&self, delta: f64) -> Option<f64> {
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

    fn delta_above(&self, epsilon: f64) -> Option<f64> {
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

    fn delta_below(&self, epsilon: f64) -> f64 {
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
