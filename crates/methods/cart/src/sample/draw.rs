//! Draws from a tree: the leaf, the share of it, and effects of arms, clusters and linear terms.

use std::borrow::Cow;

use rayon::prelude::*;

use super::hierarchical_shrinkage::HierarchicalShrinkage;
use super::sampler::{Drawn, Frame, Sampler};
use crate::clusters::icc::Series;
use crate::clusters::nominal_effects::NominalDraws;
use crate::clusters::random_effects::arm_means;
use crate::config::Draws;
use crate::config::resolved::Making;
use crate::model::{Part, Sequence, Stage};
use crate::values::balance::{BLOCK, even_scores, even_shares, in_order, independent_shares};
use crate::values::normal::{phi, probit};

impl<'a> Sampler<'a> {
    /// Draws from a stage's tree for some units of a level; `forced` holds missing bytes of units
    /// that are settled already.
    pub(super) fn draw(
        &mut self,
        level: usize,
        index: usize,
        units: &[u32],
        forced: Option<&Vec<u8>>,
    ) -> Drawn {
        let model: &'a Sequence = self.model;
        let stage = &model.stages[index];
        let frame = &self.frames[level];
        let seed = self.seed.stream("draw").index(index as u64);
        let leaves = self.leaves(index, level, units);
        let arms: Option<Vec<u8>> = frame
            .arms
            .as_ref()
            .map(|arms| units.iter().map(|&unit| arms[unit as usize]).collect());
        let mut shares = match self.model.common.draws {
            // Few clusters drawn on their own would leave arms and regions to chance.
            Draws::Independent if level == self.model.levels.len() => {
                independent_shares(units.len(), &seed)
            }
            Draws::Independent | Draws::Balanced => {
                let tie = if stage.part == Part::Absences {
                    // Which clusters lack columns is spread over large and small ones, so that the
                    // share of rows is kept too.
                    Some(frame.rows.clone())
                } else {
                    self.siblings(stage, frame, units)
                };
                even_shares(&leaves, arms.as_deref(), tie.as_deref(), &seed)
            }
        };
        if let Some(raw) = self.own_scores(index, level) {
            let raw: Vec<f64> = units.iter().map(|&unit| raw[unit as usize]).collect();
            in_order(&mut shares, &leaves, arms.as_deref(), &raw);
        }
        let score_shift = self.score_shift(index, level, units);
        let arms = arms.filter(|_| !stage.effects.arms.is_empty());
        if score_shift.is_some() || arms.is_some() {
            let scores: Vec<f64> = match &score_shift {
                None => shares.par_iter().map(|&share| probit(share)).collect(),
                Some(score_shift) => shares
                    .par_iter()
                    .zip(&score_shift.common)
                    .map(|(&share, common)| score_shift.own * probit(share) + common)
                    .collect(),
            };
            let mut found = None;
            if let Some(arms) = arms.as_deref() {
                let settled = forced
                    .map(|forced| (forced.as_slice(), frame.arms.as_deref().unwrap_or_default()));
                let known = self.shifts[index].clone();
                found =
                    Some(known.unwrap_or_else(|| shifts(stage, &leaves, arms, &scores, settled)));
            }
            let shift = |place: usize| match (&found, arms.as_deref()) {
                (Some(shifts), Some(arms)) => shifts[usize::from(arms[place])],
                _ => 0.0,
            };
            shares
                .par_iter_mut()
                .enumerate()
                .for_each(|(place, share)| *share = phi(scores[place] + shift(place)));
            self.shifts[index] = found;
        }
        let mut codes = vec![0; units.len()];
        let mut within = vec![0.0; units.len()];
        if stage.effects.nominal.is_some() {
            let balance = self.balances[index].take();
            let nominal = self.nominal_draws(index, level, units);
            if let Some(nominal) = &nominal {
                let balance = balance.unwrap_or_else(|| nominal.balance(&leaves));
                codes = nominal.draw(&leaves, &shares, &balance);
                self.balances[index] = Some(balance);
            }
        } else {
            let places = codes
                .par_chunks_mut(BLOCK)
                .zip(within.par_chunks_mut(BLOCK))
                .enumerate();
            places.for_each(|(block, (codes, within))| {
                for (offset, (code, within)) in codes.iter_mut().zip(within).enumerate() {
                    let place = block * BLOCK + offset;
                    (*code, *within) = stage.tree.leaves.at(leaves[place] as usize, shares[place]);
                }
            });
        }
        if let Some(goal) = self.goals.get(index) {
            let held = |code_values: &Vec<f64>| {
                let drawn = codes.iter().map(|&code| code_values[code as usize]);
                let held = units.iter().copied().zip(drawn);
                Series::of(level, self.frames[level].units(), held)
            };
            self.series[index] = goal.code_values.iter().map(held).collect();
        }
        Drawn { codes, within }
    }

    /// A normal score for each cluster of a level, in what members have in common in a direction of
    /// a tree, or for a column of the clusters themselves.
    fn scores(&self, outer: usize, stage: usize, direction: usize) -> Vec<f64> {
        let clusters = &self.frames[outer];
        let seed = self.seed.stream("clusters");
        let covariance = &self.model.levels[outer].covariance;
        let raw: Cow<'_, [f64]> = match covariance.position(stage, direction) {
            Some(place) => {
                let seed = seed.stream("together").index(outer as u64);
                let raws =
                    self.raws[outer].get_or_init(|| covariance.draw(clusters.units(), &seed));
                Cow::Borrowed(raws.row(place).to_slice().expect("rows are contiguous"))
            }
            None => {
                let seed = seed.index(stage as u64).index(outer as u64);
                let mut rng = seed.index(direction as u64).rng();
                Cow::Owned((0..clusters.units()).map(|_| rng.normal()).collect())
            }
        };
        even_scores(clusters.arms.as_deref(), &clusters.rows, &raw)
    }

    /// The scores of the units of a level of clusters in a column of their own, if it is drawn
    /// together with others.
    fn own_scores(&self, stage: usize, level: usize) -> Option<Vec<f64>> {
        let covariance = &self.model.levels.get(level)?.covariance;
        covariance.position(stage, 0)?;
        Some(self.scores(level, stage, 0))
    }

    /// What arms and clusters add for units of a tree whose codes have no order; `None` if they
    /// have one.
    pub(super) fn nominal_draws(
        &self,
        index: usize,
        level: usize,
        units: &[u32],
    ) -> Option<NominalDraws<'a>> {
        let model: &'a Sequence = self.model;
        let stage = &model.stages[index];
        let nominal = stage.effects.nominal.as_ref()?;
        let frame = &self.frames[level];
        let of_units = |of: &[u32]| units.iter().map(|&unit| of[unit as usize]).collect();
        let arms = frame.arms.as_ref();
        let arms = arms.map(|arms| units.iter().map(|&unit| arms[unit as usize]).collect());
        let (mut of, mut tilt) = (Vec::new(), Vec::new());
        if let Some(finest) = level.checked_sub(1)
            && (0..level).any(|outer| nominal.alike(outer))
        {
            of = of_units(&frame.above[finest]);
            let mut logs = vec![vec![0.0; nominal.codes.len()]; self.frames[finest].units()];
            for (outer, spread) in nominal.spread.iter().enumerate() {
                for (place, &spread) in spread.iter().enumerate() {
                    if spread == 0.0 {
                        continue;
                    }
                    let scores = self.scores(outer, index, place);
                    for (cluster, logs) in logs.iter_mut().enumerate() {
                        let outer = match outer == finest {
                            true => cluster,
                            false => self.frames[finest].above[outer][cluster] as usize,
                        };
                        logs[place] += spread * scores[outer];
                    }
                }
            }
            let exp = |logs: Vec<f64>| logs.into_iter().map(f64::exp).collect();
            tilt = logs.into_iter().map(exp).collect();
        }
        Some(NominalDraws::new(
            nominal,
            &stage.tree.leaves,
            arms,
            of,
            tilt,
        ))
    }

    /// The leaf of each unit; where a column has several trees, in one of them by chance, and where
    /// leaves borrow, the one that is lent.
    pub(super) fn leaves(&self, index: usize, level: usize, units: &[u32]) -> Vec<u32> {
        let stage = &self.model.stages[index];
        let tree = &stage.tree;
        let seed = self.seed.stream("tree").index(index as u64);
        let mut leaves = vec![0; units.len()];
        if tree.nodes.len() == 1 {
            return leaves;
        }
        let bins: Vec<&[u16]> = self.frames[level]
            .bins
            .iter()
            .map(|bins| bins.as_deref().unwrap_or_default())
            .collect();
        let own = stage
            .part
            .column()
            .map(|column| &self.model.common.resolved.columns[column]);
        let lent =
            own.filter(|own| own.shrinkage > 0.0 && !matches!(own.making, Making::Saturated));
        let shrinkage = lent.map(|own| HierarchicalShrinkage::of(tree, own.shrinkage));
        leaves
            .par_chunks_mut(BLOCK)
            .enumerate()
            .for_each(|(block, leaves)| {
                let mut rng = seed.index(block as u64).rng();
                for (offset, leaf) in leaves.iter_mut().enumerate() {
                    let root = match tree.roots.as_slice() {
                        [only] => *only,
                        several => several[rng.below(several.len() as u64) as usize],
                    };
                    let unit = units[block * BLOCK + offset] as usize;
                    *leaf = tree.leaf(root, &bins, &self.values, unit);
                    if let Some(shrinkage) = &shrinkage {
                        *leaf = shrinkage.leaf(*leaf, &mut rng);
                    }
                }
            });
        leaves
    }

    /// An order that keeps the clusters of one coarser cluster together, where they have nothing in
    /// common: a school has its classes in each grade, and drawing each class on its own would give
    /// some schools none. `None` for rows, and where siblings are alike.
    fn siblings(&self, stage: &Stage, frame: &Frame, units: &[u32]) -> Option<Vec<u32>> {
        let outer = stage.level.checked_sub(1)?;
        if stage.effects.alike(outer) || stage.level == self.model.levels.len() {
            return None;
        }
        let mut place: Vec<u32> = (0..self.frames[outer].rows.len() as u32).collect();
        self.seed
            .stream("siblings")
            .index(outer as u64)
            .rng()
            .shuffle(&mut place);
        let parents = &frame.above[outer];
        Some(
            units
                .iter()
                .map(|&unit| place[parents[unit as usize] as usize])
                .collect(),
        )
    }

    /// What moves each unit's score besides chance: what members of its clusters have in common,
    /// and linear terms; `None` if nothing does.
    pub(super) fn score_shift(
        &self,
        index: usize,
        level: usize,
        units: &[u32],
    ) -> Option<ScoreShift> {
        let (stage, frame) = (&self.model.stages[index], &self.frames[level]);
        let parts = stage
            .effects
            .clusters
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, part)| *part > 0.0);
        let mut common = vec![0.0; units.len()];
        let mut shared = 0.0;
        for (outer, part) in parts {
            let scores = self.scores(outer, index, 0);
            for (common, &unit) in common.iter_mut().zip(units) {
                *common += part.sqrt() * scores[frame.above[outer][unit as usize] as usize];
            }
            shared += part;
        }
        let mut own = (1.0 - shared).max(0.0).sqrt();
        if let Some(linear) = &stage.effects.linear {
            common.iter_mut().for_each(|common| *common *= linear.own);
            own *= linear.own;
            for term in &linear.terms {
                let feature = usize::from(term.feature);
                let bins = frame.bins[feature].as_deref().unwrap_or_default();
                for (common, &unit) in common.iter_mut().zip(units) {
                    let bin = bins.get(unit as usize).copied().unwrap_or_default();
                    *common += term.of(bin, self.values[feature]);
                }
            }
        }
        (shared > 0.0 || stage.effects.linear.is_some()).then_some(ScoreShift { common, own })
    }
}

/// What moves scores: a part for each unit, and the weight of what is left to chance.
pub(super) struct ScoreShift {
    pub(super) common: Vec<f64>,
    pub(super) own: f64,
}

/// Rounds of the search for shifts; the mean of an arm is all but linear in its shift.
const ROUNDS: usize = 3;
/// The first step of the search, and the farthest a shift may go: an arm that differs by more than
/// that is not to be reached by a shift.
const STEP: f64 = 0.05;
const FARTHEST: f64 = 0.7;

/// The shift of each arm with which its rows have the mean of the real arm, by the secant method.
///
/// `settled`: missing bytes of all units of the level and their arms, where missing values drawn
/// before count too.
fn shifts(
    stage: &Stage,
    leaves: &[u32],
    arms: &[u8],
    scores: &[f64],
    settled: Option<(&[u8], &[u8])>,
) -> Vec<f64> {
    let count = stage.effects.arms.len();
    let code_values = stage.book.code_values();
    let means = |shifts: &[f64]| {
        let drawn: Vec<(u8, f64)> = (0..leaves.len())
            .into_par_iter()
            .map(|place| {
                let share = phi(scores[place] + shifts[usize::from(arms[place])]);
                let (code, _) = stage.tree.leaves.at(leaves[place] as usize, share);
                (arms[place], code_values[code as usize])
            })
            .collect();
        let (missing, arms) = settled.unwrap_or_default();
        let settled = missing
            .iter()
            .zip(arms)
            .filter(|(byte, _)| **byte > 0)
            .map(|(_, &arm)| (arm, 1.0));
        arm_means(drawn.into_iter().chain(settled), count)
    };
    let mut before = vec![0.0; count];
    let mut reached = means(&before);
    let off = |mean: Option<f64>, arm: usize| {
        mean.zip(stage.effects.arms[arm])
            .map_or(0.0, |(mean, goal)| mean - goal)
    };
    let mut shifts: Vec<f64> = (0..count)
        .map(|arm| -STEP * off(reached[arm], arm).signum())
        .collect();
    for _ in 0..ROUNDS {
        let now = means(&shifts);
        for arm in 0..count {
            let (error, last) = (off(now[arm], arm), off(reached[arm], arm));
            let step = if (last - error).abs() > 1e-12 * last.abs() && error != 0.0 {
                error * (shifts[arm] - before[arm]) / (last - error)
            } else {
                0.0
            };
            before[arm] = shifts[arm];
            shifts[arm] = (shifts[arm] + step).clamp(-FARTHEST, FARTHEST);
        }
        reached = now;
    }
    shifts
}
