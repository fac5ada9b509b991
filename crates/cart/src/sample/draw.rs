//! Draws from a tree: which leaf, which share of it, leaning on arms, clusters and linear terms.

use rayon::prelude::*;

use super::{Drawn, Frame, Work};
use crate::balance::{BLOCK, even_scores, even_shares, independent_shares};
use crate::bound::Making;
use crate::calibrate::likeness;
use crate::climb::Climb;
use crate::config::Draws;
use crate::effects::arm_means;
use crate::model::{Part, Stage};
use crate::normal::{phi, probit};

impl Work<'_> {
    /// Draws from a stage's tree for some units of a level; `forced` holds missing bytes of units that are settled already.
    pub(super) fn draw(
        &mut self,
        level: usize,
        index: usize,
        units: &[u32],
        forced: Option<&Vec<u8>>,
    ) -> Drawn {
        let stage = &self.model.stages[index];
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
                    // Which clusters lack columns is spread over large and small ones, so that the share of rows is kept too.
                    Some(frame.rows.clone())
                } else {
                    self.siblings(stage, frame, units)
                };
                even_shares(&leaves, arms.as_deref(), tie.as_deref(), &seed)
            }
        };
        let leaning = self.leaning(index, level, units);
        let arms = arms.filter(|_| !stage.effects.arms.is_empty());
        if leaning.is_some() || arms.is_some() {
            let scores: Vec<f64> = match &leaning {
                None => shares.par_iter().map(|&share| probit(share)).collect(),
                Some(leaning) => shares
                    .par_iter()
                    .zip(&leaning.common)
                    .map(|(&share, common)| leaning.own * probit(share) + common)
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
        let frame = &self.frames[level];
        let stage = &self.model.stages[index];
        let mut codes = vec![0; units.len()];
        let mut within = vec![0.0; units.len()];
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
        if let Some(goal) = self.goals.get(index).filter(|goal| !goal.worths.is_empty()) {
            let worths: Vec<f64> = codes
                .iter()
                .map(|&code| goal.worths[code as usize])
                .collect();
            let of: Vec<Vec<u32>> = frame
                .above
                .iter()
                .map(|above| units.iter().map(|&unit| above[unit as usize]).collect())
                .collect();
            let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
            self.likeness[index] = likeness(&worths, &of);
        }
        Drawn { codes, within }
    }

    /// The leaf of each unit; where a column has several trees, in one of them by chance, and where leaves borrow, the one that is lent.
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
            .map(|column| &self.model.common.bound.columns[column]);
        let lent =
            own.filter(|own| own.shrinkage > 0.0 && !matches!(own.making, Making::Saturated));
        let climb = lent.map(|own| Climb::of(tree, own.shrinkage));
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
                    if let Some(climb) = &climb {
                        *leaf = climb.leaf(*leaf, &mut rng);
                    }
                }
            });
        leaves
    }

    /// An order that keeps the clusters of one coarser cluster together, where they have nothing in common: a school has its classes in each grade,
    /// and drawing each class on its own would give some schools none. `None` for rows, and where siblings are alike.
    fn siblings(&self, stage: &Stage, frame: &Frame, units: &[u32]) -> Option<Vec<u32>> {
        let outer = stage.level.checked_sub(1)?;
        let alike = stage
            .effects
            .clusters
            .get(outer)
            .is_some_and(|&part| part > 0.0);
        if alike || stage.level == self.model.levels.len() {
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

    /// What moves each unit's score besides chance: what members of its clusters have in common, and linear terms; `None` if nothing does.
    pub(super) fn leaning(&self, index: usize, level: usize, units: &[u32]) -> Option<Leaning> {
        let (stage, frame) = (&self.model.stages[index], &self.frames[level]);
        let parts = stage
            .effects
            .clusters
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, part)| *part > 0.0);
        let seed = self.seed.stream("clusters").index(index as u64);
        let mut common = vec![0.0; units.len()];
        let mut shared = 0.0;
        for (outer, part) in parts {
            let clusters = &self.frames[outer];
            let scores = even_scores(
                clusters.arms.as_deref(),
                &clusters.rows,
                &seed.index(outer as u64),
            );
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
        (shared > 0.0 || stage.effects.linear.is_some()).then_some(Leaning { common, own })
    }
}

/// What moves scores: a part for each unit, and the weight of what is left to chance.
pub(super) struct Leaning {
    pub(super) common: Vec<f64>,
    pub(super) own: f64,
}

/// Rounds of the search for shifts; the mean of an arm is all but linear in its shift.
const ROUNDS: usize = 3;
/// The first step of the search, and the farthest a shift may go: an arm that differs by more than that is not to be reached by leaning.
const STEP: f64 = 0.05;
const FARTHEST: f64 = 0.7;

/// The shift of each arm with which its rows have the mean of the real arm, by the secant method.
///
/// `settled`: missing bytes of all units of the level and their arms, where missing values drawn before count too.
fn shifts(
    stage: &Stage,
    leaves: &[u32],
    arms: &[u8],
    scores: &[f64],
    settled: Option<(&[u8], &[u8])>,
) -> Vec<f64> {
    let count = stage.effects.arms.len();
    let worths = stage.book.worths();
    let means = |shifts: &[f64]| {
        let drawn: Vec<(u8, f64)> = (0..leaves.len())
            .into_par_iter()
            .map(|place| {
                let share = phi(scores[place] + shifts[usize::from(arms[place])]);
                let (code, _) = stage.tree.leaves.at(leaves[place] as usize, share);
                (arms[place], worths[code as usize])
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
