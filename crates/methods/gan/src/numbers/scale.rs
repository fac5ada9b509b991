//! Encoding of the numbers of one column: as single values that many rows share, or as a mode
//! and the position within it.
//!
//! This is the mode-specific normalisation of Xu, Skoularidou, Cuesta-Infante & Veeramachaneni
//! (2019): one unit says the mode, one number the distance from its mean in four standard
//! deviations. Other than there, values that many rows share have units of their own, numbers on a
//! grid are spread evenly over their cell while a network looks at them, and a mode reaches no
//! further than the column.

use parable_learn::{GaussianComponent as Mode, fit_gaussian_mixture};
use parable_seed::Rng;
use parable_table::Grid;
use serde::{Deserialize, Serialize};

use super::position::Stretch;

/// Standard deviations of a mode in a position of 1.
const REACH: f64 = 4.0;
/// A value that this share of the rows have may be a spike, if it has so many times the rows of its
/// surroundings.
const SPIKE: f64 = 0.002;
const ABOVE_OTHERS: f64 = 4.0;
/// The surroundings of a value hold this share of the rows on either side.
const SURROUNDINGS: f64 = 0.01;
/// Most spikes of a column.
const MOST_SPIKES: usize = 64;
/// Narrowest mode: in steps of the grid, as a share of the middle half of the rows, and as a share
/// of the range.
const STEPS: f64 = 0.5;
const SHARE_OF_HALF: f64 = 1e-3;
const SHARE_OF_RANGE: f64 = 1e-12;
/// Standard deviations that a number is away from the others for a network, at most.
const FARTHEST: f64 = 8.0;
/// Weight of the mode that reaches what no other does, at least.
const LEAST_WEIGHT: f64 = 1e-6;

/// Encoding of the numbers of a column. Its units are the single values, ascending, then the
/// modes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) facts: ScaleFacts,
    /// Smallest and largest number.
    range: (f64, f64),
    grid: Option<Grid>,
}

/// Stored facts of an encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScaleFacts {
    /// Values with units of their own, ascending.
    pub(crate) spikes: Vec<f64>,
    /// Modes of the others.
    pub(crate) modes: Vec<Mode>,
}

impl Scale {
    /// The scale of these numbers, ascending, unless they have no more than `few` different values,
    /// or a range that is no number.
    pub(crate) fn observed(sorted: &[f64], grid: Option<Grid>, few: usize) -> Option<Self> {
        let runs: Vec<(f64, usize)> = sorted
            .chunk_by(|a, b| a == b)
            .map(|run| (unsigned_zero(run[0]), run.len()))
            .collect();
        if runs.len() <= few.max(1) {
            return None;
        }
        let range = (runs[0].0, runs[runs.len() - 1].0);
        if !(range.1 - range.0).is_finite() {
            return None;
        }
        let step = grid.map(|grid| grid.step());
        let spikes = spikes(&runs, step, sorted.len());
        let others = sorted.iter().map(|&x| unsigned_zero(x));
        let others: Vec<f64> = others.filter(|&x| find(&spikes, x).is_none()).collect();
        let quarter = |part: usize| others.get(part * others.len() / 4).copied();
        let half = quarter(3).unwrap_or(0.0) - quarter(1).unwrap_or(0.0);
        let narrowest = (STEPS * step.unwrap_or(0.0))
            .max(SHARE_OF_HALF * half)
            .max(SHARE_OF_RANGE * (range.1 - range.0));
        let modes = fit_gaussian_mixture(&others, narrowest);
        let mut scale = Self {
            facts: ScaleFacts { spikes, modes },
            range,
            grid,
        };
        scale.reach_all(&others);
        Some(scale)
    }

    /// The scale of stored facts; nothing if they cannot be those of such a column.
    pub(crate) fn of(facts: ScaleFacts, range: (f64, f64), grid: Option<Grid>) -> Option<Self> {
        let inside = |x: f64| range.0 <= x && x <= range.1;
        let ascend = facts.spikes.windows(2).all(|pair| pair[0] < pair[1]);
        let sound = |mode: &Mode| {
            let numbers = mode.sd > 0.0 && mode.weight > 0.0 && mode.weight <= 1.0;
            inside(mode.mean) && numbers && (REACH * mode.sd).is_finite()
        };
        let fits = range.0 < range.1
            && (range.1 - range.0).is_finite()
            && facts.spikes.iter().all(|&spike| inside(spike))
            && ascend
            && facts.modes.iter().all(sound);
        fits.then_some(Self { facts, range, grid })
    }

    /// Adds a mode over all numbers, if some are out of the reach of all.
    fn reach_all(&mut self, others: &[f64]) {
        let is_far = |&&x: &&f64| !self.facts.modes.iter().any(|mode| reaches(mode, x));
        let far = others.iter().filter(is_far).count();
        if far == 0 {
            return;
        }
        let (low, high) = self.range;
        let weight = (far as f64 / others.len() as f64).max(LEAST_WEIGHT);
        for mode in &mut self.facts.modes {
            mode.weight *= 1.0 - weight;
        }
        self.facts.modes.retain(|mode| mode.weight > 0.0);
        self.facts.modes.push(Mode {
            mean: 0.5 * low + 0.5 * high,
            // A little more than half of the range, so that both ends are inside.
            sd: (0.5 * high - 0.5 * low) / REACH * (1.0 + 1e-9),
            weight,
        });
    }

    /// Smallest and largest number.
    pub(crate) fn range(&self) -> (f64, f64) {
        self.range
    }

    /// Units of single values, which stand before those of modes.
    pub(crate) fn spikes(&self) -> usize {
        self.facts.spikes.len()
    }

    /// Units of single values and of modes.
    pub(crate) fn units(&self) -> usize {
        self.facts.spikes.len() + self.facts.modes.len()
    }

    /// Half of the distance of neighbouring numbers; 0 without a grid.
    fn half_step(&self) -> f64 {
        self.grid.map_or(0.0, |grid| 0.5 * grid.step())
    }

    /// Of each unit the number in the middle of it, and what a position of 1 adds, in standard
    /// deviations of all modes from their mean.
    pub(crate) fn values(&self) -> Vec<[f32; 2]> {
        let modes = &self.facts.modes;
        let mean: f64 = modes.iter().map(|mode| mode.weight * mode.mean).sum();
        let square = |mode: &Mode| (mode.mean - mean).powi(2) + mode.sd.powi(2);
        let variance: f64 = modes.iter().map(|mode| mode.weight * square(mode)).sum();
        let scaled = |x: f64| (x / variance.sqrt()).clamp(-FARTHEST, FARTHEST) as f32;
        let spikes = self.facts.spikes.iter();
        let spikes = spikes.map(|spike| [scaled(spike - mean), 0.0]);
        let modes = modes.iter();
        let modes = modes.map(|mode| [scaled(mode.mean - mean), scaled(REACH * mode.sd)]);
        spikes.chain(modes).collect()
    }

    /// Positions that a mode can have.
    pub(crate) fn stretch(&self, mode: usize) -> Stretch {
        let half = self.half_step();
        let low = self.position(mode, self.range.0 - half);
        let high = self.position(mode, self.range.1 + half);
        Stretch {
            low: low.max(-1.0),
            high: high.min(1.0),
        }
    }

    /// Returns the position of a number within a mode.
    pub(crate) fn position(&self, mode: usize, value: f64) -> f64 {
        let mode = &self.facts.modes[mode];
        (value - mode.mean) / (REACH * mode.sd)
    }

    /// The unit of a number and its position, 0 where the unit is no mode. A number that several
    /// modes may have made gets one of them by chance.
    pub(crate) fn write(&self, value: f64, rng: &mut Rng) -> (usize, f64) {
        if let Some(spike) = self.spike(value) {
            return (spike, 0.0);
        }
        let value = value.clamp(self.range.0, self.range.1);
        let value = value + (2.0 * rng.uniform() - 1.0) * self.half_step();
        let modes = &self.facts.modes;
        let logs: Vec<f64> = modes
            .iter()
            .map(|mode| match reaches(mode, value) {
                true => mode.log_weight(value),
                false => f64::NEG_INFINITY,
            })
            .collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mode = if most == f64::NEG_INFINITY {
            let off = |at: usize| self.position(at, value).abs();
            (0..modes.len()).min_by(|&a, &b| off(a).total_cmp(&off(b)))
        } else {
            let sums = logs.iter().scan(0.0, |sum, log| {
                *sum += (log - most).exp();
                Some(*sum)
            });
            rng.weighted(&sums.collect::<Vec<f64>>())
        };
        match mode {
            Some(mode) => {
                let Stretch { low, high } = self.stretch(mode);
                let position = self.position(mode, value).clamp(low, high);
                (self.spikes() + mode, position)
            }
            None => (0, 0.0),
        }
    }

    /// The number of a unit and a position.
    pub(crate) fn read(&self, unit: usize, position: f64) -> f64 {
        let Some(mode) = unit.checked_sub(self.spikes()) else {
            return self.facts.spikes[unit];
        };
        let mode = &self.facts.modes[mode];
        let value = mode.mean + REACH * mode.sd * position;
        let value = self.grid.map_or(value, |grid| grid.round(value));
        value.clamp(self.range.0, self.range.1)
    }

    /// The single value that a number is, if it is one; where there are no modes, the nearest.
    pub(crate) fn spike(&self, value: f64) -> Option<usize> {
        let spikes = &self.facts.spikes;
        if !self.facts.modes.is_empty() {
            return find(spikes, unsigned_zero(value));
        }
        let after = spikes.partition_point(|&spike| spike < value);
        let last = spikes.len().checked_sub(1)?;
        let before = after.saturating_sub(1);
        let off = |at: usize| (spikes[at] - value).abs();
        Some(if after <= last && off(after) < off(before) {
            after
        } else {
            before
        })
    }

    /// The positions within a mode that are read as a number: between two, or at one where there is
    /// no grid.
    pub(crate) fn cell(&self, mode: usize, value: f64) -> (f64, f64) {
        let half = self.half_step();
        (
            self.position(mode, value - half),
            self.position(mode, value + half),
        )
    }

    /// Returns the length of a unit of positions, in units of numbers.
    pub(crate) fn reach(&self, mode: usize) -> f64 {
        REACH * self.facts.modes[mode].sd
    }
}

/// The place of a value among ascending ones.
fn find(values: &[f64], value: f64) -> Option<usize> {
    values.binary_search_by(|x| x.total_cmp(&value)).ok()
}

/// Returns the number, with one zero instead of two.
fn unsigned_zero(value: f64) -> f64 {
    value + 0.0
}

fn reaches(mode: &Mode, value: f64) -> bool {
    (value - mode.mean).abs() <= REACH * mode.sd
}

/// Values that many rows have and their surroundings do not, ascending, from values with their
/// rows.
fn spikes(runs: &[(f64, usize)], step: Option<f64>, rows: usize) -> Vec<f64> {
    let least = SPIKE * rows as f64;
    let around = SURROUNDINGS * rows as f64;
    // Rows per step of the grid on one side of a value.
    let density = |step: f64, from: f64, side: &mut dyn Iterator<Item = &(f64, usize)>| {
        let (mut sum, mut end) = (0.0, from);
        for &(value, count) in side {
            (sum, end) = (sum + count as f64, value);
            if sum >= around {
                break;
            }
        }
        sum / ((end - from).abs() / step).round().max(1.0)
    };
    let mut found: Vec<(f64, usize)> = Vec::new();
    for (at, &(value, count)) in runs.iter().enumerate() {
        if count < 2 || (count as f64) < least {
            continue;
        }
        // Without a grid no two rows are expected to be equal.
        let others = step.map_or(0.0, |step| {
            let before = density(step, value, &mut runs[..at].iter().rev());
            let after = density(step, value, &mut runs[at + 1..].iter());
            before.max(after)
        });
        if count as f64 >= ABOVE_OTHERS * others {
            found.push((value, count));
        }
    }
    found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.total_cmp(&b.0)));
    found.truncate(MOST_SPIKES);
    let mut values: Vec<f64> = found.into_iter().map(|(value, _)| value).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    const WHOLE: Option<Grid> = Some(Grid::Decimals(0));

    /// Whole numbers around 40 and 90, and 0 in a third of the rows.
    fn numbers() -> Vec<f64> {
        let mut rng = Seed::from_u64(1).rng();
        let mut numbers: Vec<f64> = (0..9_000)
            .map(|row| match row % 3 {
                0 => 0.0,
                1 => (40.0 + 6.0 * rng.normal()).round(),
                _ => (90.0 + 4.0 * rng.normal()).round(),
            })
            .collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    #[test]
    fn single_values_and_modes_are_told_apart() {
        let scale = Scale::observed(&numbers(), WHOLE, 16).expect("many values");
        assert_eq!(scale.facts.spikes, [0.0]);
        let means: Vec<f64> = scale.facts.modes.iter().map(|mode| mode.mean).collect();
        assert_eq!(means.len(), 2, "{means:?}");
        assert!((means[0] - 40.0).abs() < 1.0 && (means[1] - 90.0).abs() < 1.0);
        // Few values are levels, and a mode's own top is no spike.
        assert_eq!(Scale::observed(&[1.0, 2.0, 2.0, 3.0], WHOLE, 16), None);
        let smooth: Vec<f64> = numbers().into_iter().filter(|&x| x > 0.0).collect();
        let scale = Scale::observed(&smooth, WHOLE, 16).expect("many values");
        assert!(scale.facts.spikes.is_empty(), "{:?}", scale.facts.spikes);
    }

    #[test]
    fn numbers_come_back_from_units_and_positions() {
        let mut rng = Seed::from_u64(2).rng();
        let mut wide: Vec<f64> = (0..4_000).map(|_| (8.0 * rng.normal()).exp()).collect();
        wide.sort_by(f64::total_cmp);
        let quarters = Some(Grid::Step {
            step: 0.25,
            origin: 0.1,
        });
        let mut stepped: Vec<f64> = (0..4_000)
            .map(|_| 0.1 + 0.25 * rng.below(900) as f64)
            .collect();
        stepped.sort_by(f64::total_cmp);
        let mut outlying = numbers();
        outlying.push(3e9);
        let cases = [
            (numbers(), WHOLE),
            (outlying, WHOLE),
            (stepped, quarters),
            (wide, None),
        ];
        for (sorted, grid) in cases {
            let scale = Scale::observed(&sorted, grid, 16).expect("many values");
            for &value in &sorted {
                let (unit, position) = scale.write(value, &mut rng);
                let back = scale.read(unit, position);
                let mode = unit.checked_sub(scale.spikes());
                // What sums and products of numbers as large as the reach of the mode lose.
                let size = mode.map_or(0.0, |at| {
                    let Mode { mean, sd, .. } = scale.facts.modes[at];
                    mean.abs() + REACH * sd
                });
                let room = if grid.is_some() {
                    1e-9
                } else {
                    4.0 * f64::EPSILON * size
                };
                assert!((back - value).abs() <= room, "{back} for {value}");
                if let Some(mode) = mode {
                    let Stretch { low, high } = scale.stretch(mode);
                    assert!((low..=high).contains(&position));
                    // Without a grid it is the cell of one position.
                    let (from, to) = scale.cell(mode, value);
                    let room = 1e-12 * position.abs().max(1.0);
                    assert!(from - room <= position && position <= to + room);
                } else {
                    assert_eq!(position, 0.0);
                }
            }
            let stored = scale.facts.clone();
            assert_eq!(Scale::of(stored, scale.range, grid), Some(scale));
        }
    }

    #[test]
    fn without_modes_every_number_is_the_nearest_single_value() {
        let facts = ScaleFacts {
            spikes: vec![1.0, 4.0, 6.0],
            modes: vec![],
        };
        let scale = Scale::of(facts, (1.0, 6.0), WHOLE).expect("possible facts");
        let mut rng = Seed::from_u64(4).rng();
        for (value, unit) in [(-9.0, 0), (1.0, 0), (2.0, 0), (3.0, 1), (5.5, 2), (99.0, 2)] {
            assert_eq!(scale.write(value, &mut rng), (unit, 0.0), "{value}");
        }
    }

    #[test]
    fn modes_are_drawn_by_their_share_of_a_number() {
        let mode = |mean, weight| Mode {
            mean,
            sd: 1.0,
            weight,
        };
        let facts = ScaleFacts {
            spikes: vec![],
            modes: vec![mode(0.0, 0.25), mode(2.0, 0.75), mode(9.0, 1e-3)],
        };
        let scale = Scale::of(facts, (-5.0, 15.0), None).expect("possible facts");
        let mut rng = Seed::from_u64(3).rng();
        let mut counts = [0.0f64; 3];
        for _ in 0..10_000 {
            let (unit, position) = scale.write(1.0, &mut rng);
            assert!((scale.read(unit, position) - 1.0).abs() < 1e-12);
            counts[unit] += 1.0;
        }
        // In the middle of both the shares are those of the modes: 2,500 of 10,000, sd 43; five of
        // them. The third does not reach so far.
        assert!(
            (counts[0] - 2_500.0).abs() < 217.0 && counts[2] == 0.0,
            "{counts:?}"
        );
    }

    #[test]
    fn stored_facts_that_fit_no_column_are_refused() {
        let of = |spikes: &[f64], mean: f64, sd: f64, weight: f64| {
            let facts = ScaleFacts {
                spikes: spikes.to_vec(),
                modes: vec![Mode { mean, sd, weight }],
            };
            Scale::of(facts, (0.0, 10.0), WHOLE)
        };
        assert!(of(&[1.0, 2.0], 5.0, 1.0, 1.0).is_some());
        assert!(of(&[2.0, 1.0], 5.0, 1.0, 1.0).is_none());
        assert!(of(&[f64::NAN], 5.0, 1.0, 1.0).is_none());
        assert!(of(&[11.0], 5.0, 1.0, 1.0).is_none());
        assert!(of(&[], 11.0, 1.0, 1.0).is_none());
        assert!(of(&[], 5.0, 0.0, 1.0).is_none());
        assert!(of(&[], 5.0, f64::INFINITY, 1.0).is_none());
        assert!(of(&[], 5.0, 1.0, f64::NAN).is_none());
    }
}
