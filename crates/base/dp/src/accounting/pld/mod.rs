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

mod convolved;
mod grid;

pub(crate) use grid::Side;

use convolved::{Convolved, Plan};
use grid::{Grid, composed, range_of, support};

use crate::accounting::composition::Composition;
use crate::accounting::loss_law::LossLaw;
use crate::accounting::sampled_gaussian::Direction;

/// Points of the longest transform.
const MOST_POINTS: usize = 1 << 17;
/// Points of the shortest one: finer grids cost nothing below it.
const LEAST_POINTS: usize = 1 << 14;
/// Cells of the rough grid on which the tilt and the window are chosen.
const ROUGH_CELLS: f64 = 1500.0;

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
