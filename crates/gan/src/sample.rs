//! Rows from the mixture that a generator is.
//!
//! Given a component, columns are independent. So rows are spread over the components as evenly as whole numbers allow, and within a component each
//! column's levels are drawn in a systematic sample and shuffled: every row follows the model, and counts scatter less than those of independent rows.
//! Values that are given choose the component by Bayes' rule.

use std::collections::HashMap;

use parable_domain::{Codes, Domain};
use parable_seed::{Rng, Seed};
use rayon::prelude::*;

use crate::forward::{Forward, Latent};

/// Components drawn for a sample when the model has no fixed ones, at most.
const DRAWN: usize = 8_192;

/// Levels asked for: a column and one level per row.
pub(crate) type Given = (usize, Vec<u32>);

/// A combination of given levels that no component makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Impossible;

/// The mixture: shares of levels, `[components, width]`.
pub(crate) struct Mixture {
    shares: Vec<f32>,
    levels: Vec<usize>,
    starts: Vec<usize>,
    width: usize,
    components: usize,
}

impl Mixture {
    /// The components of a model: its fixed ones, or as many as rows from this seed.
    pub(crate) fn new(forward: &Forward, latent: &Latent, rows: usize, seed: &Seed) -> Self {
        let sizes = forward.sizes();
        let inputs = latent.inputs(sizes, rows.clamp(1, DRAWN), seed);
        Self::of(forward.shares(&inputs), &sizes.levels)
    }

    /// Components with these shares, row by row.
    pub(crate) fn of(shares: Vec<f32>, levels: &[usize]) -> Self {
        let mut width = 0;
        let starts = levels
            .iter()
            .map(|&count| {
                let start = width;
                width += count;
                start
            })
            .collect();
        Self {
            components: shares.len() / width.max(1),
            shares,
            levels: levels.to_vec(),
            starts,
            width,
        }
    }

    fn shares(&self, component: usize, column: usize) -> &[f32] {
        let start = component * self.width + self.starts[column];
        &self.shares[start..start + self.levels[column]]
    }

    /// Codes of rows, with the given levels where there are some.
    pub(crate) fn draw(
        &self,
        domain: &Domain,
        rows: usize,
        given: &[Given],
        seed: &Seed,
    ) -> Result<Codes, Impossible> {
        let rows_of = if given.is_empty() {
            self.spread(rows, &mut seed.stream("gan/component").rng())
        } else {
            self.matching(rows, given, &mut seed.stream("gan/component").rng())?
        };
        let seed = seed.stream("gan/column");
        let columns: Vec<Vec<u32>> = (0..self.levels.len())
            .into_par_iter()
            .map(|column| match given.iter().find(|(at, _)| *at == column) {
                Some((_, levels)) => levels.clone(),
                None => self.column(column, rows, &rows_of, &mut seed.index(column as u64).rng()),
            })
            .collect();
        Ok(Codes::new(domain.clone(), columns).expect("levels of the domain"))
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

    /// Rows of each component when some columns are given: the component of a row has the probability that the given levels leave it.
    fn matching(
        &self,
        rows: usize,
        given: &[Given],
        rng: &mut Rng,
    ) -> Result<Vec<Vec<u32>>, Impossible> {
        let mut alike: HashMap<Vec<u32>, Vec<u32>> = HashMap::new();
        let mut order: Vec<Vec<u32>> = Vec::new();
        for row in 0..rows {
            let key: Vec<u32> = given.iter().map(|(_, levels)| levels[row]).collect();
            let places = alike.entry(key.clone()).or_default();
            if places.is_empty() {
                order.push(key);
            }
            places.push(row as u32);
        }
        let mut rows_of = vec![Vec::new(); self.components];
        for key in order {
            let mut places = alike.remove(&key).expect("a key of the map");
            let logs: Vec<f64> = (0..self.components)
                .map(|component| {
                    let each = given.iter().zip(&key);
                    each.map(|((column, _), &level)| {
                        f64::from(self.shares(component, *column)[level as usize]).ln()
                    })
                    .sum()
                })
                .collect();
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

    fn column(&self, column: usize, rows: usize, rows_of: &[Vec<u32>], rng: &mut Rng) -> Vec<u32> {
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
        }
        codes
    }
}

/// `count` draws with probabilities in proportion to the weights, each outcome as often as expected up to rounding: points at equal distances with
/// a random start.
fn systematic(weights: &[f32], count: usize, rng: &mut Rng, mut told: impl FnMut(usize, usize)) {
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
            told(done, outcome);
            done += 1;
        }
    }
    // What rounding left over.
    for index in done..count {
        told(index, last);
    }
}

#[cfg(test)]
mod tests {
    use parable_domain::{AttrSet, MarginalSource};

    use super::*;

    /// Two components: the first makes `a` = 0 and mostly `b` = 0, the second `a` = 1 and mostly `b` = 2.
    fn mixture() -> (Mixture, Domain) {
        let shares = vec![1.0, 0.0, 0.8, 0.2, 0.0, 0.0, 1.0, 0.0, 0.4, 0.6];
        let domain = Domain::new([("a", 2), ("b", 3)]).expect("two names");
        (Mixture::of(shares, &[2, 3]), domain)
    }

    #[test]
    fn rows_follow_the_mixture() {
        let (mixture, domain) = mixture();
        let codes = mixture
            .draw(&domain, 10_000, &[], &Seed::from_u64(1))
            .expect("nothing given");
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
                .expect("nothing given");
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
        let given = vec![(1, vec![1; 9_000])];
        let codes = mixture
            .draw(&domain, 9_000, &given, &Seed::from_u64(2))
            .expect("possible");
        assert!(codes.column(1).iter().all(|&code| code == 1));
        let first = codes.column(0).iter().filter(|&&code| code == 0).count();
        assert!(first.abs_diff(3_000) <= 1, "{first}");
        let never = vec![(0, vec![0, 0]), (1, vec![0, 2])];
        let refused = mixture.draw(&domain, 2, &never, &Seed::from_u64(3));
        assert_eq!(refused.err(), Some(Impossible));
    }
}
