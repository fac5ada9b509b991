//! Calibration of cluster effects, within each column and across columns, by sampling.
//!
//! The random effects that are estimated from leaves understate those of the column: a grown tree
//! has also turned chance and part of the cluster effects into the choice of leaves. So the model
//! is sampled a few times, the intraclass correlation of each tree's draws is compared with that of
//! the real rows, and the random effects are moved until they agree; so are the correlations
//! between the effects in one column and in another.

use std::collections::BTreeSet;

use ndarray::Array2;
use parable_core::{FitError, NoObserver};
use parable_seed::Seed;

use crate::clusters::effect_covariance::EffectCovariance;
use crate::clusters::icc::{Goal, Nesting, Series, icc};
use crate::clusters::random_effects::MAX_COMMON;
use crate::fit::watch::Watch;
use crate::model::{Sequence, Source};
use crate::sample::table::probe;

/// Rounds with one and the same seed, between which the gain of each tree shows, and rounds with
/// fresh seeds after them, whose steps get shorter so that no seed's chance is learnt.
const ROUNDS: usize = 4;
const FRESH_ROUNDS: usize = 6;
/// Rows drawn in a round: as many as the table has, within these.
const MOST_ROWS: usize = 30_000;
const ENOUGH_ROWS: usize = 20_000;
/// How far intraclass correlation moves per unit of common part, until two rounds have shown it;
/// and within which limits it is believed.
const FIRST_GAIN: f64 = 0.5;
const LEAST_GAIN: f64 = 0.15;
const MOST_GAIN: f64 = 1.5;
/// Change of the correlation of a cluster column per unit of the correlation of its score.
const OWN_GAIN: f64 = 0.6;
/// Share of the missing correlation that a round makes up.
const CAREFUL: f64 = 0.7;
/// Largest correlation of scores, and least product of effects that a correlation is divided by.
const MOST_CORRELATION: f64 = 0.95;
const LEAST_SCALE: f64 = 0.04;
/// Most scores that are drawn together at a level, and clusters needed for each.
const MOST_LATENTS: usize = 48;
const CLUSTERS_PER_LATENT: usize = 2;
const LEAST_CLUSTERS: usize = 16;
/// A intraclass correlation below this is none.
const LEAST_ICC: f64 = 0.005;
/// The largest standard deviation of the logarithm of a code's weight.
const MOST_SPREAD: f64 = 3.0;

/// One series of numbers per tree and direction.
struct Member {
    stage: usize,
    direction: usize,
    level: usize,
    /// Whether clusters of its own level have a score for it: it is a column of theirs, and none
    /// that is dealt out by design.
    own: bool,
    /// For each coarser level the part of the variance that clusters have in common; how far the
    /// intraclass correlation changes with it; and the last two totals and correlations.
    parts: Vec<f64>,
    gains: Vec<f64>,
    last: Vec<Option<(f64, f64)>>,
}

/// Scores of one level that are drawn together.
struct Together {
    members: Vec<usize>,
    wanted: Array2<f64>,
}

/// Moves the random effects of all trees and their correlations until draws are as correlated
/// within clusters as real rows are. Can be cancelled between samples.
///
/// - `nesting`: which real units belong together
pub(crate) fn calibrate(
    model: &mut Sequence,
    mut goals: Vec<Goal>,
    nesting: &Nesting<'_>,
    seed: &Seed,
    watch: &Watch<'_>,
) -> Result<(), FitError> {
    let mut series: Vec<Series> = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    for (stage, goal) in goals.iter_mut().enumerate() {
        for (direction, real) in std::mem::take(&mut goal.real).into_iter().enumerate() {
            members.push(Member::of(model, stage, direction, real.level));
            series.push(real);
        }
    }
    let alone: Vec<(usize, usize)> = (0..members.len()).map(|own| (own, own)).collect();
    let own = icc(&series, &alone, nesting);
    let mut together: Vec<Together> = (0..model.levels.len())
        .map(|level| Together::of(level, &members, &own, nesting))
        .collect();
    for (level, together) in model.levels.iter_mut().zip(&together) {
        let latent = |&member: &usize| (members[member].stage, members[member].direction);
        level.covariance = EffectCovariance::of(together.members.iter().map(latent).collect());
    }
    let pairs: Vec<(usize, usize)> = together
        .iter()
        .flat_map(Together::pairs)
        .chain(alone)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let goal = icc(&series, &pairs, nesting);
    drop(series);
    let place = |a: usize, b: usize| pairs.binary_search(&(a.max(b), a.min(b))).ok();
    for (member, own) in members.iter_mut().zip(&own) {
        member.begin(model, own);
    }
    let rows = model.rows.min(MOST_ROWS);
    let copies = (ENOUGH_ROWS / rows.max(1)).clamp(1, 4);
    for round in 0..ROUNDS + FRESH_ROUNDS {
        let fresh = (round + 1).saturating_sub(ROUNDS);
        let step = 1.0 / (fresh + 1) as f64;
        let seed = seed.index(fresh as u64);
        let mut reached: Vec<Vec<Vec<Option<f64>>>> = Vec::with_capacity(copies);
        for copy in 0..copies {
            let seed = seed.index(copy as u64);
            reached.extend(probe(model, rows, &seed, &goals, &pairs, &NoObserver).ok());
            watch.tick(1, 1)?;
        }
        let now = |pair: usize, level: usize| -> Option<f64> {
            let copies = reached.iter();
            let known: Vec<f64> = copies
                .filter_map(|copy| copy[pair].get(level).copied().flatten())
                .collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let wanted = |pair: usize, level: usize| goal[pair].get(level).copied().flatten();
        for (level, together) in together.iter_mut().enumerate() {
            let missed = |a: usize, b: usize| -> Option<f64> {
                let pair = place(a, b)?;
                let off = |level: usize| Some(wanted(pair, level)? - now(pair, level)?);
                // What a coarser level has in common, members of this level have too.
                let outer = level.checked_sub(1).and_then(off).unwrap_or(0.0);
                Some(off(level)? - outer)
            };
            together.learn(level, &members, step * CAREFUL, &missed);
            model.levels[level]
                .covariance
                .correlate(&mut together.wanted);
        }
        for (index, member) in members.iter_mut().enumerate() {
            if let Some(pair) = place(index, index) {
                member.learn(step, fresh == 0, &|l| wanted(pair, l), &|l| now(pair, l));
                member.write(model);
            }
        }
    }
    Ok(())
}

impl Member {
    fn of(model: &Sequence, stage: usize, direction: usize, level: usize) -> Self {
        let effects = &model.stages[stage].effects;
        let column = model.stages[stage].part.column();
        let arms = model.arms.map(|arms| model.features[arms].source);
        Self {
            stage,
            direction,
            level,
            own: column.is_some_and(|column| arms != Some(Source::Column(column))),
            parts: match &effects.nominal {
                Some(_) => vec![0.0; level],
                None => (0..level)
                    .map(|outer| effects.clusters.get(outer).copied().unwrap_or(0.0))
                    .collect(),
            },
            gains: vec![FIRST_GAIN; level],
            last: vec![None; level],
        }
    }

    /// Starts codes without an order with half of the intraclass correlation wanted: trees make
    /// some of it.
    fn begin(&mut self, model: &mut Sequence, own: &[Option<f64>]) {
        if model.stages[self.stage].effects.nominal.is_some() {
            let mut before = 0.0;
            for (part, own) in self.parts.iter_mut().zip(own) {
                let total = own.unwrap_or(0.0).max(0.0) / 2.0;
                *part = (total - before).max(0.0);
                before = total.max(before);
            }
            self.write(model);
        }
    }

    /// Moves the random effects towards the intraclass correlation wanted.
    fn learn(
        &mut self,
        step: f64,
        same_seed: bool,
        wanted: &dyn Fn(usize) -> Option<f64>,
        now: &dyn Fn(usize) -> Option<f64>,
    ) {
        let (mut before, mut sum) = (0.0, 0.0);
        for level in 0..self.parts.len() {
            let total = before + self.parts[level];
            before = total;
            let moved = match (wanted(level), now(level)) {
                (Some(wanted), Some(now)) => {
                    let gain = &mut self.gains[level];
                    if let Some((common, icc)) = self.last[level]
                        && same_seed
                        && (total - common).abs() > 0.005
                    {
                        *gain = ((now - icc) / (total - common)).clamp(LEAST_GAIN, MOST_GAIN);
                    }
                    self.last[level] = Some((total, now));
                    total + step * (wanted - now) / *gain
                }
                _ => total,
            };
            self.parts[level] = (moved - sum).clamp(0.0, MAX_COMMON - sum);
            sum += self.parts[level];
        }
    }

    fn write(&self, model: &mut Sequence) {
        let effects = &mut model.stages[self.stage].effects;
        match &mut effects.nominal {
            None => effects.clusters.copy_from_slice(&self.parts),
            Some(nominal) => {
                // The share of a code moves by p (1 - p) per unit of the logarithm of its weight.
                let share = nominal.share(self.direction);
                let slope = (share * (1.0 - share)).max(f64::MIN_POSITIVE);
                for (spread, part) in nominal.spread.iter_mut().zip(&self.parts) {
                    spread[self.direction] = (part / slope).sqrt().min(MOST_SPREAD);
                }
            }
        }
    }

    /// Change of the correlation of this member and another with the correlation of their scores at
    /// this level: its factor in it.
    fn reach(&self, level: usize) -> f64 {
        match self.parts.get(level) {
            Some(part) => (part * self.gains[level]).sqrt(),
            None => OWN_GAIN,
        }
    }
}

impl Together {
    /// Columns of the clusters themselves, and columns in which members are clearly alike.
    fn of(
        level: usize,
        members: &[Member],
        own: &[Vec<Option<f64>>],
        nesting: &Nesting<'_>,
    ) -> Self {
        let clusters = nesting.clusters[level];
        let most = MOST_LATENTS.min(clusters / CLUSTERS_PER_LATENT);
        let mut found: Vec<(f64, usize)> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if member.level == level {
                found.extend(member.own.then_some((1.0, index)));
            } else if member.level > level
                && let Some(Some(alike)) = own[index].get(level)
            {
                // The standard error of no correlation among about equal clusters: the root of two
                // over all pairs.
                let units = nesting.above[member.level][level].len() as f64;
                let chance = (2.0 * clusters as f64).sqrt() / units;
                if *alike > LEAST_ICC.max(2.0 * chance) {
                    found.push((*alike, index));
                }
            }
        }
        if clusters < LEAST_CLUSTERS {
            found.clear();
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(most);
        let mut members: Vec<usize> = found.into_iter().map(|(_, index)| index).collect();
        members.sort_unstable();
        Self {
            wanted: Array2::eye(members.len()),
            members,
        }
    }

    /// All pairs, the larger number first.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let members = &self.members;
        (0..members.len()).flat_map(move |a| (0..a).map(move |b| (members[a], members[b])))
    }

    /// Moves the correlations by what is missed.
    fn learn(
        &mut self,
        level: usize,
        members: &[Member],
        step: f64,
        missed: &dyn Fn(usize, usize) -> Option<f64>,
    ) {
        for a in 0..self.members.len() {
            for b in 0..a {
                let (first, second) = (self.members[a], self.members[b]);
                let Some(missed) = missed(first, second) else {
                    continue;
                };
                let scale = members[first].reach(level) * members[second].reach(level);
                let moved = self.wanted[[a, b]] + step * missed / scale.max(LEAST_SCALE);
                let moved = moved.clamp(-MOST_CORRELATION, MOST_CORRELATION);
                self.wanted[[a, b]] = moved;
                self.wanted[[b, a]] = moved;
            }
        }
    }
}
