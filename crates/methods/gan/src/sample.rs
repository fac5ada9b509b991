//! Rows from the mixture that a generator is.
//!
//! Given a component, columns are independent. So rows are spread over the components as evenly as
//! whole numbers allow, and within a component each column's levels are drawn in a systematic
//! sample and shuffled: every row follows the model, and counts scatter less than those of
//! independent rows. Values that are given choose the component by Bayes' rule.

use std::collections::HashMap;

use parable_domain::{Codes, Domain};
use parable_seed::{Rng, Seed};
use rayon::prelude::*;

use crate::forward::{Forward, Latent, Sizes};
use crate::numbers::coding::Wish;
use crate::numbers::given::Givens;
use crate::numbers::heads::Heads;
use crate::numbers::scale::Scale;

/// Components drawn for a sample when the model has no fixed ones, at most.
const DRAWN: usize = 8_192;

/// Components whose probabilities one thread computes, at least.
const SPLIT: usize = 256;

/// Wishes for the values of a column.
#[derive(Clone)]
pub(crate) struct Given<'g> {
    pub(crate) column: usize,
    /// Encoding of its numbers, if not by bins.
    pub(crate) scale: Option<&'g Scale>,
    /// For each row.
    pub(crate) wishes: Vec<Wish>,
}

impl Given<'_> {
    /// Selects rows.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        Self {
            wishes: rows.iter().map(|&row| self.wishes[row]).collect(),
            ..*self
        }
    }
}

/// Rows that were drawn. In given columns they have the given levels, and nothing of given numbers.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) codes: Codes,
    /// Of each column with modes, in order, where the rows lie within them.
    pub(crate) positions: Vec<Vec<f64>>,
}

/// A key that differs between rows with different wishes.
fn key(wish: Wish) -> (bool, u64) {
    match wish {
        Wish::Level(level) => (false, u64::from(level)),
        Wish::Number(value) => (true, value.to_bits()),
    }
}

/// A combination of given levels that no component has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Impossible;

/// The mixture: of each component the shares of levels and the mode parameters, `[components,
/// outputs]`.
pub(crate) struct Mixture {
    outputs: Vec<f32>,
    levels: Vec<usize>,
    starts: Vec<usize>,
    /// Units of all levels, before the mode parameters.
    width: usize,
    parameters: usize,
    heads: Heads,
    components: usize,
}

impl Mixture {
    /// The components of a model: its fixed ones, or as many as rows from this seed.
    pub(crate) fn new(forward: &Forward, latent: &Latent, rows: usize, seed: &Seed) -> Self {
        let sizes = forward.sizes();
        let inputs = latent.inputs(sizes, rows.clamp(1, DRAWN), seed);
        Self::of(forward.outputs(&inputs), sizes)
    }

    /// Components with these outputs, row by row.
    fn of(outputs: Vec<f32>, sizes: &Sizes) -> Self {
        let mut width = 0;
        let starts = sizes
            .levels
            .iter()
            .map(|&count| {
                let start = width;
                width += count;
                start
            })
            .collect();
        Self {
            components: outputs.len() / sizes.outputs().max(1),
            outputs,
            levels: sizes.levels.clone(),
            starts,
            width,
            parameters: sizes.modes,
            heads: Heads::default(),
        }
    }

    /// Sets the modes of numbers among the levels.
    pub(crate) fn with_heads(mut self, heads: Heads) -> Self {
        self.heads = heads;
        self
    }

    /// Shares of the levels of a column.
    fn shares(&self, component: usize, column: usize) -> &[f32] {
        let start = component * (self.width + self.parameters) + self.starts[column];
        &self.outputs[start..start + self.levels[column]]
    }

    /// Returns the mode parameters.
    fn parameters(&self, component: usize) -> &[f32] {
        let end = (component + 1) * (self.width + self.parameters);
        &self.outputs[end - self.parameters..end]
    }

    /// Rows of the components that wishes leave them.
    pub(crate) fn draw(
        &self,
        domain: &Domain,
        rows: usize,
        given: &[Given<'_>],
        seed: &Seed,
    ) -> Result<Drawn, Impossible> {
        let rows_of = if given.is_empty() {
            self.spread(rows, &mut seed.stream("gan/component").rng())
        } else {
            self.matching(rows, given, &mut seed.stream("gan/component").rng())?
        };
        let seed = seed.stream("gan/column");
        let columns: Vec<(Vec<u32>, Option<Vec<f64>>)> = (0..self.levels.len())
            .into_par_iter()
            .map(
                |column| match given.iter().find(|own| own.column == column) {
                    Some(own) => {
                        let levels = own.wishes.iter().map(|wish| match wish {
                            Wish::Level(level) => *level,
                            Wish::Number(_) => 0,
                        });
                        let positions = self.heads.column(column).map(|_| vec![0.0; rows]);
                        (levels.collect(), positions)
                    }
                    None => {
                        self.column(column, rows, &rows_of, &mut seed.index(column as u64).rng())
                    }
                },
            )
            .collect();
        let (codes, positions): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Ok(Drawn {
            codes: Codes::new(domain.clone(), codes).expect("levels of the domain"),
            positions: positions.into_iter().flatten().collect(),
        })
    }

    /// Rows of each component: as many for each as whole numbers allow, which is up to chance.
    fn spread(&self, rows: usize, rng: &mut Rng) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..rows as u32).collect();
        rng.shuffle(&mut order);
        let mut components: Vec<u32> = (0..self.components as u32).collect();
        rng.shuffle(&mut components);
        let mut rows_of = vec![Vec::new(); self.components];
        for (index, row) in order.into_iter().enumerate() {
            let turn = index * self.components / rows;
            rows_of[components[turn] as usize].push(row);
        }
        rows_of
    }

    /// Rows of each component when some columns are given: the component of a row has the
    /// probability that the given values leave it.
    fn matching(
        &self,
        rows: usize,
        given: &[Given<'_>],
        rng: &mut Rng,
    ) -> Result<Vec<Vec<u32>>, Impossible> {
        let mut alike: HashMap<Vec<(bool, u64)>, Vec<u32>> = HashMap::new();
        let mut order: Vec<u32> = Vec::new();
        let key_of = |row: u32| given.iter().map(move |own| key(own.wishes[row as usize]));
        for row in 0..rows as u32 {
            let places = alike.entry(key_of(row).collect()).or_default();
            if places.is_empty() {
                order.push(row);
            }
            places.push(row);
        }
        let parameters = || (0..self.components).map(|component| self.parameters(component));
        let numbers: Vec<Option<Givens>> = given
            .iter()
            .map(|own| {
                let head = self.heads.column(own.column);
                own.scale
                    .map(|scale| Givens::new(scale, head, parameters()))
            })
            .collect();
        let mut rows_of = vec![Vec::new(); self.components];
        for first in order {
            let key: Vec<_> = key_of(first).collect();
            let mut places = alike.remove(&key).expect("a key of the map");
            let mut logs = vec![0.0f64; self.components];
            for (own, numbers) in given.iter().zip(&numbers) {
                let shares = |component| self.shares(component, own.column);
                let each = logs.par_iter_mut().enumerate().with_min_len(SPLIT);
                match (own.wishes[first as usize], numbers) {
                    (Wish::Number(value), Some(numbers)) => {
                        let aim = numbers.aim(value);
                        each.for_each(|(component, log)| {
                            *log += numbers.log(component, shares(component), &aim);
                        });
                    }
                    (Wish::Level(level), _) => each.for_each(|(component, log)| {
                        *log += f64::from(shares(component)[level as usize]).ln();
                    }),
                    (Wish::Number(_), None) => logs.fill(f64::NEG_INFINITY),
                }
            }
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most == f64::NEG_INFINITY {
                return Err(Impossible);
            }
            let weights: Vec<f32> = logs.iter().map(|log| (log - most).exp() as f32).collect();
            rng.shuffle(&mut places);
            systematic(&weights, places.len(), rng, |index, component| {
                rows_of[component].push(places[index]);
            });
        }
        Ok(rows_of)
    }

    /// Levels of a column, and positions if it has modes.
    fn column(
        &self,
        column: usize,
        rows: usize,
        rows_of: &[Vec<u32>],
        rng: &mut Rng,
    ) -> (Vec<u32>, Option<Vec<f64>>) {
        let head = self.heads.column(column);
        let mut positions = head.map(|_| vec![0.0; rows]);
        let mut codes = vec![0u32; rows];
        let mut places = Vec::new();
        for (component, rows) in rows_of.iter().enumerate() {
            if rows.is_empty() {
                continue;
            }
            places.clone_from(rows);
            rng.shuffle(&mut places);
            let shares = self.shares(component, column);
            systematic(shares, places.len(), rng, |index, level| {
                codes[places[index] as usize] = level as u32;
            });
            let (Some(head), Some(positions)) = (head, &mut positions) else {
                continue;
            };
            let parameters = self.parameters(component);
            for &place in &places {
                if let Some(mode) = head.mode(codes[place as usize] as usize) {
                    let position = head.position(mode, parameters);
                    positions[place as usize] = position.quantile(rng.uniform_open());
                }
            }
        }
        (codes, positions)
    }
}

/// `count` draws with probabilities in proportion to the weights, each outcome as often as expected
/// up to rounding: points at equal distances with a random start.
fn systematic(weights: &[f32], count: usize, rng: &mut Rng, mut draw: impl FnMut(usize, usize)) {
    let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
    let scale = count as f64 / total;
    let offset = rng.uniform();
    let (mut sum, mut done, mut last) = (0.0, 0, 0);
    for (outcome, &weight) in weights.iter().enumerate() {
        if weight > 0.0 {
            last = outcome;
        }
        sum += f64::from(weight) * scale;
        while done < count && (done as f64) + offset < sum {
            draw(done, outcome);
            done += 1;
        }
    }
    // What rounding left over.
    for index in done..count {
        draw(index, last);
    }
}

#[cfg(test)]
mod tests {
    use parable_domain::{AttrSet, MarginalSource};
    use parable_table::Grid;

    use super::*;
    use crate::numbers::scale::ScaleFacts;
    use parable_learn::GaussianComponent as Mode;

    /// Two components: the first makes `a` = 0 and mostly `b` = 0, the second `a` = 1 and mostly
    /// `b` = 2.
    fn mixture() -> (Mixture, Domain) {
        let shares = vec![1.0, 0.0, 0.8, 0.2, 0.0, 0.0, 1.0, 0.0, 0.4, 0.6];
        let domain = Domain::new([("a", 2), ("b", 3)]).expect("two names");
        (Mixture::of(shares, &sizes(&[2, 3], 0)), domain)
    }

    fn sizes(levels: &[usize], parameters: usize) -> Sizes {
        Sizes {
            latent: 1,
            conditional: false,
            hidden: vec![1],
            levels: levels.to_vec(),
            modes: parameters,
        }
    }

    fn levels(column: usize, levels: &[u32]) -> Given<'static> {
        Given {
            column,
            scale: None,
            wishes: levels.iter().map(|&level| Wish::Level(level)).collect(),
        }
    }

    /// Two components of a level with two codes and a number with two modes, from 0 to 100 on whole
    /// numbers: the first component has 0 and numbers near 20 more often.
    fn numbers() -> (Mixture, Domain, Scale) {
        let mode = |mean| Mode {
            mean,
            sd: 10.0,
            weight: 0.5,
        };
        let facts = ScaleFacts {
            spikes: vec![],
            modes: vec![mode(30.0), mode(70.0)],
        };
        let scale = Scale::of(facts, (0.0, 100.0), Some(Grid::Decimals(0))).expect("possible");
        let outputs = [
            [1.0, 0.0, 0.8, 0.2, -0.3, 0.2, 0.1, 0.6],
            [0.0, 1.0, 0.4, 0.6, 0.2, 0.5, 0.4, -0.3],
        ];
        let heads = Heads::of(&[None, Some(scale.clone())]);
        let mixture = Mixture::of(outputs.concat(), &sizes(&[2, 2], 4)).with_heads(heads);
        let domain = Domain::new([("a", 2), ("x", 2)]).expect("two names");
        (mixture, domain, scale)
    }

    #[test]
    fn given_numbers_choose_the_component_by_bayes() {
        let (mixture, domain, scale) = numbers();
        let rows = 400_000;
        let drawn = mixture.draw(&domain, rows, &[], &Seed::from_u64(5));
        let drawn = drawn.expect("nothing is given");
        // Rows by number and by the component, which the first column names.
        let mut counts = vec![[0.0f64; 2]; 101];
        for row in 0..rows {
            let level = drawn.codes.column(1)[row] as usize;
            let value = scale.read(level, drawn.positions[0][row]);
            counts[value as usize][drawn.codes.column(0)[row] as usize] += 1.0;
        }
        let asked = 1_000;
        for value in [11, 24, 48, 52, 73] {
            let own = Given {
                column: 1,
                scale: Some(&scale),
                wishes: vec![Wish::Number(f64::from(value)); asked],
            };
            let drawn = mixture.draw(&domain, asked, &[own], &Seed::from_u64(6));
            let drawn = drawn.expect("possible");
            let first = drawn.codes.column(0).iter().filter(|&&a| a == 0).count();
            let [one, other] = counts[value as usize];
            let (all, share) = (one + other, one / (one + other));
            // The share among `all` rows that have the number by chance has sd sqrt(p (1 - p) /
            // all); the given ones are systematic, off by one row.
            let room = 5.0 * (share * (1.0 - share) / all).sqrt() + 1.0 / asked as f64;
            let off = first as f64 / asked as f64 - share;
            assert!(all > 100.0 && off.abs() < room, "{value}: {off} of {share}");
        }
        // Numbers that no row has get what is least unlikely.
        let far = Given {
            column: 1,
            scale: Some(&scale),
            wishes: vec![Wish::Number(-1e9); 10],
        };
        assert!(
            mixture
                .draw(&domain, 10, &[far], &Seed::from_u64(7))
                .is_ok()
        );
    }

    #[test]
    fn rows_follow_the_mixture() {
        let (mixture, domain) = mixture();
        let codes = mixture
            .draw(&domain, 10_000, &[], &Seed::from_u64(1))
            .expect("nothing given")
            .codes;
        let counts = codes.counts(&[AttrSet::new([0, 1])]).expect("counts");
        let expected: [u64; 6] = [4_000, 1_000, 0, 0, 2_000, 3_000];
        // Systematic samples are off by one draw at most.
        for (count, expected) in counts[0].cells().iter().zip(expected) {
            assert!(count.abs_diff(expected) <= 1, "{count} for {expected}");
        }
    }

    #[test]
    fn single_rows_follow_the_mixture_as_well() {
        let (mixture, domain) = mixture();
        let mut counts = [0.0f64; 6];
        for seed in 0..6_000 {
            let codes = mixture
                .draw(&domain, 1, &[], &Seed::from_u64(seed))
                .expect("nothing given")
                .codes;
            counts[(codes.column(0)[0] * 3 + codes.column(1)[0]) as usize] += 1.0;
        }
        // A count of 6,000 draws has sd at most sqrt(6000 / 4) = 38.7; five of them.
        for (count, share) in counts.iter().zip([0.4, 0.1, 0.0, 0.0, 0.2, 0.3]) {
            assert!((count - 6_000.0 * share).abs() < 194.0, "{counts:?}");
        }
    }

    #[test]
    fn given_levels_choose_the_component_by_bayes() {
        let (mixture, domain) = mixture();
        // b = 1 comes from the first component with probability 0.2 / 0.6.
        let given = vec![levels(1, &[1; 9_000])];
        let codes = mixture
            .draw(&domain, 9_000, &given, &Seed::from_u64(2))
            .expect("possible")
            .codes;
        assert!(codes.column(1).iter().all(|&code| code == 1));
        let first = codes.column(0).iter().filter(|&&code| code == 0).count();
        assert!(first.abs_diff(3_000) <= 1, "{first}");
        let never = vec![levels(0, &[0, 0]), levels(1, &[0, 2])];
        let refused = mixture.draw(&domain, 2, &never, &Seed::from_u64(3));
        assert_eq!(refused.err(), Some(Impossible));
    }
}
