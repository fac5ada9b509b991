//! Setting how alike cluster mates are drawn, by drawing.
//!
//! What a leaf's rows have in common with their cluster mates understates what a column has: a grown tree has also moved chance and part of
//! the cluster effects into the choice of leaves, and there the two look the same. So the model is sampled a few times, the likeness of
//! cluster mates in each tree's draws is compared with that in the real rows, and the common parts are moved until they agree.

use parable_core::{FitError, Unobserved};
use parable_seed::Seed;

use crate::effects::MAX_COMMON;
use crate::model::Sequence;
use crate::sample::probe;
use crate::sequence::Watch;

/// How alike cluster mates are: for each level of clusters the correlation over pairs of units in one cluster of that level and not in one
/// finer cluster, coarsest level first. `None` where there is no such pair or nothing varies.
///
/// - `worths`: one number per unit
/// - `clusters`: for each level the cluster of each unit
pub(crate) fn likeness(worths: &[f64], clusters: &[&[u32]]) -> Vec<Option<f64>> {
    let count = worths.len() as f64;
    let mean = worths.iter().sum::<f64>() / count;
    let variance = worths
        .iter()
        .map(|worth| (worth - mean).powi(2))
        .sum::<f64>()
        / count;
    let pairs: Vec<(f64, f64)> = clusters
        .iter()
        .map(|of| {
            let known = of.iter().max().map_or(0, |&last| last as usize + 1);
            let mut sums = vec![(0.0, 0.0); known];
            let mut own = 0.0;
            for (&cluster, worth) in of.iter().zip(worths) {
                let sum = &mut sums[cluster as usize];
                *sum = (sum.0 + worth - mean, sum.1 + 1.0);
                own += (worth - mean).powi(2);
            }
            let all = sums.iter().fold((0.0, 0.0), |all, sum| {
                (all.0 + sum.0 * sum.0, all.1 + sum.1 * sum.1)
            });
            (all.0 - own, all.1 - count)
        })
        .collect();
    (0..pairs.len())
        .map(|level| {
            let finer = pairs.get(level + 1).copied().unwrap_or_default();
            let (product, number) = (pairs[level].0 - finer.0, pairs[level].1 - finer.1);
            (number > 0.0 && variance > 0.0).then(|| product / number / variance)
        })
        .collect()
}

/// What a tree's draws are to agree with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Goal {
    /// What each code counts for; empty if the tree has no clusters above it.
    pub(crate) worths: Vec<f64>,
    pub(crate) likeness: Vec<Option<f64>>,
}

/// Rounds with one and the same seed, between which the gain of each tree shows, and rounds with fresh seeds after them, whose steps get
/// shorter so that no seed's chance is learnt.
const ROUNDS: usize = 4;
const FRESH_ROUNDS: usize = 5;
/// Rows drawn in a round: as many as the table has, within these.
const MOST_ROWS: usize = 30_000;
const ENOUGH_ROWS: usize = 20_000;
/// How far likeness moves per unit of common part, until two rounds have shown it; and within which limits it is believed.
const FIRST_GAIN: f64 = 0.5;
const LEAST_GAIN: f64 = 0.15;
const MOST_GAIN: f64 = 1.5;

/// Moves the common parts of all trees until draws are as alike within clusters as real rows are. Can be cancelled between samples.
pub(crate) fn calibrate(
    model: &mut Sequence,
    goals: &[Goal],
    seed: &Seed,
    watch: &Watch<'_>,
) -> Result<(), FitError> {
    let rows = model.rows.min(MOST_ROWS);
    let copies = (ENOUGH_ROWS / rows.max(1)).clamp(1, 4);
    let mut last: Vec<Vec<(f64, f64)>> = vec![Vec::new(); goals.len()];
    let mut gains: Vec<Vec<f64>> = model
        .stages
        .iter()
        .map(|stage| vec![FIRST_GAIN; stage.effects.clusters.len()])
        .collect();
    for round in 0..ROUNDS + FRESH_ROUNDS {
        let fresh = (round + 1).saturating_sub(ROUNDS);
        let step = 1.0 / (fresh + 1) as f64;
        let seed = seed.index(fresh as u64);
        let mut reached: Vec<Vec<Vec<Option<f64>>>> = Vec::with_capacity(copies);
        for copy in 0..copies {
            let seed = seed.index(copy as u64);
            reached.extend(probe(model, rows, &seed, goals, &Unobserved).ok());
            watch.tick(1, 1)?;
        }
        for (index, goal) in goals.iter().enumerate() {
            let parts = &mut model.stages[index].effects.clusters;
            let mut before = 0.0;
            let mut moved = Vec::with_capacity(parts.len());
            for level in 0..parts.len() {
                let known: Vec<f64> = reached
                    .iter()
                    .filter_map(|copy| copy[index].get(level).copied().flatten())
                    .collect();
                let total = before + parts[level];
                before = total;
                let (Some(goal), false) = (
                    goal.likeness.get(level).copied().flatten(),
                    known.is_empty(),
                ) else {
                    moved.push((total, total, 0.0));
                    continue;
                };
                let now = known.iter().sum::<f64>() / known.len() as f64;
                let gain = &mut gains[index][level];
                if let Some(&(common, likeness)) = last[index].get(level)
                    && fresh == 0
                    && (total - common).abs() > 0.005
                {
                    *gain = ((now - likeness) / (total - common)).clamp(LEAST_GAIN, MOST_GAIN);
                }
                moved.push((total, total + step * (goal - now) / *gain, now));
            }
            last[index] = moved
                .iter()
                .map(|&(common, _, likeness)| (common, likeness))
                .collect();
            let mut sum = 0.0;
            for (part, (_, total, _)) in parts.iter_mut().zip(moved) {
                *part = (total - sum).clamp(0.0, MAX_COMMON - sum);
                sum += *part;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_one_for_clones_and_splits_by_level() {
        let schools = [0, 0, 0, 0, 1, 1, 1, 1];
        let classes = [0, 0, 1, 1, 2, 2, 3, 3];
        let of_class = [1.0, 1.0, 3.0, 3.0, 1.0, 1.0, 3.0, 3.0];
        let of_school = [1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0];
        assert_eq!(
            likeness(&of_class, &[&schools, &classes]),
            [Some(-1.0), Some(1.0)]
        );
        assert_eq!(
            likeness(&of_school, &[&schools, &classes]),
            [Some(1.0), Some(1.0)]
        );
        assert_eq!(likeness(&[2.0; 8], &[&schools]), [None]);
    }
}
