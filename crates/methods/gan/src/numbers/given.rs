//! Probabilities of given numbers in the components of a mixture.
//!
//! A component gives a number of a column the sum over all units of its share of the unit times the
//! probability of the number within it: 1 for the single value that the number is, and for a mode
//! the probability of the cell of the grid around it. Without a grid it is the density, and a
//! single value, which has a probability, outweighs all densities.

use super::heads::Head;
use super::position::Position;
use super::scale::Scale;

/// One column of a mixture of components.
pub(crate) struct Givens<'m> {
    scale: &'m Scale,
    head: Option<&'m Head>,
    /// Of each component, the distributions within all modes.
    positions: Vec<Position>,
}

/// A number as the units of its column see it.
pub(crate) struct Aim {
    spike: Option<usize>,
    parts: Vec<Part>,
}

struct Part {
    mode: usize,
    low: f64,
    high: f64,
    /// Units of numbers in a unit of positions.
    reach: f64,
}

impl Aim {
    /// A number, taken for the end of the range if it lies outside.
    fn at(scale: &Scale, value: f64) -> Self {
        let (low, high) = scale.range();
        let value = value.clamp(low, high);
        let spike = scale.spike(value);
        let parts = (0..scale.units() - scale.spikes()).filter_map(|mode| {
            let (low, high) = scale.cell(mode, value);
            let stretch = scale.stretch(mode);
            let touches = low <= stretch.high && stretch.low <= high;
            // Without a grid single values have all of the probability.
            let counts = touches && (low < high || spike.is_none());
            let reach = scale.reach(mode);
            counts.then_some(Part {
                mode,
                low,
                high,
                reach,
            })
        });
        Self {
            spike,
            parts: parts.collect(),
        }
    }
}

impl<'m> Givens<'m> {
    /// The column with these modes, for components of which the generator says so much.
    pub(crate) fn new<'s>(
        scale: &'m Scale,
        head: Option<&'m Head>,
        parameters: impl Iterator<Item = &'s [f32]>,
    ) -> Self {
        let positions = match head {
            Some(head) => parameters
                .flat_map(|parameters| {
                    (0..head.levels().len()).map(|mode| head.position(mode, parameters))
                })
                .collect(),
            None => Vec::new(),
        };
        Self {
            scale,
            head,
            positions,
        }
    }

    /// A number as the units of the column see it.
    pub(crate) fn aim(&self, value: f64) -> Aim {
        Aim::at(self.scale, value)
    }

    /// The logarithm of the probability or density of a number in a component that has these shares
    /// of the levels of the column.
    pub(crate) fn log(&self, component: usize, shares: &[f32], aim: &Aim) -> f64 {
        let share = |level: usize| f64::from(shares[level]);
        let spike = aim.spike.map_or(0.0, share);
        let Some(head) = self.head else {
            return spike.ln();
        };
        let modes = head.levels();
        let of = &self.positions[component * modes.len()..][..modes.len()];
        let parts = aim.parts.iter();
        let parts = parts.filter(|part| share(modes.start + part.mode) > 0.0);
        let logs = parts.map(|part| {
            let own = share(modes.start + part.mode).ln();
            let position = &of[part.mode];
            if part.low < part.high {
                own + position.log_mass(part.low, part.high)
            } else {
                own + position.log_density(part.low) - part.reach.ln()
            }
        });
        let logs: Vec<f64> = logs.chain([spike.ln()]).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY {
            return most;
        }
        most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;
    use parable_table::Grid;

    use super::*;
    use crate::numbers::heads::Heads;
    use crate::numbers::scale::ScaleFacts;
    use parable_learn::GaussianComponent as Mode;

    fn scale(grid: Option<Grid>) -> Scale {
        let mode = |mean, sd| Mode {
            mean,
            sd,
            weight: 0.5,
        };
        let facts = ScaleFacts {
            spikes: vec![20.0],
            modes: vec![mode(10.0, 3.0), mode(24.0, 2.0)],
        };
        Scale::of(facts, (0.0, 40.0), grid).expect("possible facts")
    }

    /// Shares of the value 20, of both modes and of a missing reason.
    const SHARES: [f32; 4] = [0.1, 0.5, 0.3, 0.1];
    const SAID: [f32; 4] = [0.3, 0.5, -0.4, 0.2];

    #[test]
    fn probabilities_are_those_of_numbers_that_are_made() {
        let scale = scale(Some(Grid::Decimals(0)));
        let heads = Heads::of(&[Some(scale.clone())]);
        let head = heads.column(0).expect("modes");
        let givens = Givens::new(&scale, Some(head), [&SAID[..]].into_iter());
        let masses: Vec<f64> = (0..=40)
            .map(|value| givens.log(0, &SHARES, &givens.aim(f64::from(value))).exp())
            .collect();
        // All numbers and the missing reason are all there is.
        let total = masses.iter().sum::<f64>();
        assert!((total - 0.9).abs() < 1e-6, "{total}");
        let mut rng = Seed::from_u64(4).rng();
        let mut counts = vec![0.0f64; 41];
        let rows = 100_000.0;
        for _ in 0..rows as usize {
            let level = rng.weighted(&[0.1, 0.6, 0.9, 1.0]).expect("shares");
            let value = match (level, head.mode(level)) {
                (3, _) => continue,
                (level, None) => scale.read(level, 0.0),
                (level, Some(mode)) => {
                    let position = head.position(mode, &SAID).quantile(rng.uniform_open());
                    scale.read(level, position)
                }
            };
            counts[value as usize] += 1.0;
        }
        // Counts of independent draws; five standard deviations and a row.
        for (count, mass) in counts.iter().zip(&masses) {
            let sd = (rows * mass * (1.0 - mass)).sqrt();
            assert!(
                (count - rows * mass).abs() <= 5.0 * sd + 1.0,
                "{count} {mass}"
            );
        }
    }

    #[test]
    fn without_a_grid_it_is_a_density_and_a_single_value_outweighs_it() {
        let scale = scale(None);
        let heads = Heads::of(&[Some(scale.clone())]);
        let givens = Givens::new(&scale, heads.column(0), [&SAID[..]].into_iter());
        let at = |value: f64| givens.log(0, &SHARES, &givens.aim(value)).exp();
        let step = 1e-3;
        let total: f64 = (0..40_000)
            .map(|n| at((f64::from(n) + 0.5) * step) * step)
            .sum();
        assert!((total - 0.8).abs() < 1e-3, "{total}");
        assert!((at(20.0) - 0.1).abs() < 1e-6);
        // Beyond the range it is the end.
        assert_eq!(at(-5.0), at(0.0));
    }

    #[test]
    fn far_numbers_keep_their_logarithms() {
        let scale = scale(Some(Grid::Decimals(0)));
        let heads = Heads::of(&[Some(scale.clone())]);
        // Narrow, far from 10: probabilities that no number of double precision holds.
        let parameters = [2.0, -9.0, 2.0, -9.0];
        let givens = Givens::new(&scale, heads.column(0), [&parameters[..]].into_iter());
        let log = givens.log(0, &SHARES, &givens.aim(4.0));
        assert!(log.is_finite() && log < -100.0, "{log}");
    }
}
