//! Growing the trees of a plan.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parable_core::FitError;
use parable_seed::Seed;
use rayon::prelude::*;

use crate::bound::{BoundColumn, Making};
use crate::calibrate::{Goal, likeness};
use crate::config::CartConfig;
use crate::effects::{Groups, arm_means, estimate};
use crate::grow::{Grown, Limits, Predictor, as_numbers, grow};
use crate::model::{Feature, Part, Source, Stage};
use crate::ordering::{Cells, principal_scores};
use crate::plan::{Plan, Task};
use crate::saturate::saturate;
use crate::sequence::Watch;
use crate::tree::Tree;
use crate::work::Work;
use crate::{bootstrap, linear, prune};

/// Clusters on each side of a question that members ask about their clusters.
const MIN_CLUSTERS_PER_SIDE: usize = 6;
/// Questions one after the other that may explain which clusters lack columns, and the share of the Gini impurity they must remove: far more
/// than three questions remove by chance.
const ABSENCE_QUESTIONS: usize = 3;
const ABSENCE_EXPLAINED: f64 = 0.5;

impl Plan<'_> {
    /// Grows all trees, in parallel: given the real rows they do not depend on each other.
    pub(crate) fn grow_all(
        &self,
        config: &CartConfig,
        seed: &Seed,
        watch: &Watch<'_>,
    ) -> Result<Vec<(Stage, Goal)>, FitError> {
        let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        let total = self.tasks.len() as u64;
        let grow_one = |(index, task): (usize, &Task)| -> Result<(Stage, Goal), FitError> {
            if stopped.load(Ordering::Relaxed) {
                return Err(FitError::Cancelled);
            }
            let stage = self.grow_stage(task, config, &seed.index(index as u64));
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            watch
                .tick(done, total)
                .inspect_err(|_| stopped.store(true, Ordering::Relaxed))?;
            Ok(stage)
        };
        self.tasks
            .par_iter()
            .enumerate()
            .with_max_len(1)
            .map(grow_one)
            .collect()
    }

    fn grow_stage(&self, task: &Task, config: &CartConfig, seed: &Seed) -> (Stage, Goal) {
        let Task { level, part, known } = *task;
        if let Part::Formula(_) = part {
            return (Stage::of_formula(level, part), Goal::default());
        }
        let mut work = self.work(task, config);
        let own = part.column().map(|column| &self.bound.columns[column]);
        let predictors = self.predictors(task, own);
        let limits = Limits {
            min_leaf: own
                .and_then(|own| own.min_leaf_rows)
                .unwrap_or(config.min_leaf_rows),
            min_split: match own.and_then(|own| own.min_leaf_rows) {
                Some(rows) => 2 * rows,
                None => config.min_split_rows,
            },
            max_depth: config.max_depth,
        };
        work.response = as_numbers(work.response);
        let making = own.map_or(&Making::Tree, |own| &own.making);
        let mut linear = None;
        let (grown, roots) = match making {
            Making::Saturated => (saturate(&predictors, work.rows.clone()), vec![0]),
            Making::NormalRank if matches!(part, Part::Value(_)) => {
                linear = Some(linear::fit(
                    &predictors,
                    &work.rows,
                    &work.codes,
                    work.book.codes(),
                ));
                (saturate(&[], work.rows.clone()), vec![0])
            }
            _ => self.grow_trees(part, &work, predictors, limits, config, (level, seed)),
        };
        let arms = self.arms_at(level, known);
        let free = Vec::new();
        let clusters = match making {
            // Each row on its own means that cluster mates have nothing in common either.
            Making::Sample => &free,
            _ => &self.groups[level],
        };
        let rank = if work.nominal && work.book.codes() > 2 {
            rank_codes(
                &grown.rows,
                &work.codes,
                work.book.codes(),
                clusters.first(),
                arms.as_ref(),
            )
        } else {
            (0..work.book.codes() as u32).collect()
        };
        let groups = Groups {
            arms: arms.as_ref().map(|(arms, count)| (arms.as_slice(), *count)),
            clusters,
        };
        let (leaves, mut effects) = estimate(&grown, &work.codes, &rank, groups);
        effects.linear = linear;
        if let (Some((arms, count)), false) = (&arms, work.nominal || *making == Making::Sample) {
            let worths = work.book.worths();
            let drawn = grown.rows.iter().map(|&row| {
                (
                    arms[row as usize],
                    worths[work.codes[row as usize] as usize],
                )
            });
            // Rows whose whole cluster has no value are missing too.
            let forced = self
                .forced(level, part.column().unwrap_or_default())
                .filter(|_| matches!(part, Part::Reason(_)));
            let forced = forced
                .iter()
                .flatten()
                .zip(arms)
                .filter(|(forced, _)| **forced)
                .map(|(_, &arm)| (arm, 1.0));
            effects.arms = arm_means(drawn.chain(forced), *count);
        }
        let goal = if clusters.is_empty() {
            Goal::default()
        } else {
            // Codes without an order are drawn along their rank, so that is where cluster mates are alike.
            let worths: Vec<f64> = if work.nominal {
                rank.iter().map(|&rank| f64::from(rank)).collect()
            } else {
                work.book.worths()
            };
            let held: Vec<f64> = grown
                .rows
                .iter()
                .map(|&row| worths[work.codes[row as usize] as usize])
                .collect();
            let of: Vec<Vec<u32>> = clusters
                .iter()
                .map(|(of, _)| grown.rows.iter().map(|&row| of[row as usize]).collect())
                .collect();
            let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
            Goal {
                likeness: likeness(&held, &of),
                worths,
            }
        };
        let stage = Stage {
            level,
            part,
            book: work.book,
            tree: Tree {
                roots,
                nodes: grown.nodes,
                leaves,
            },
            effects,
        };
        (stage, goal)
    }

    /// What the tree of a task may ask about.
    fn predictors(&self, task: &Task, own: Option<&BoundColumn>) -> Vec<Predictor<'_>> {
        let usable = |feature: usize| {
            Some(Predictor {
                feature: feature as u16,
                coding: &self.features[feature].coding,
                bins: self.bins[task.level][feature].as_deref()?,
                min_rows: self.min_rows(task.level, feature),
            })
        };
        let all = (0..task.known).filter_map(usable);
        let Some(own) = own else { return all.collect() };
        if own.making == Making::Sample {
            return Vec::new();
        }
        let Some(allowed) = &own.predictors else {
            return all.collect();
        };
        let place = |p: &Predictor<'_>| match self.features[usize::from(p.feature)].source {
            Source::Column(column) => allowed.iter().position(|&known| known == column),
            Source::Rows | Source::Children => None,
        };
        let mut kept: Vec<(usize, Predictor<'_>)> =
            all.filter_map(|p| Some((place(&p)?, p))).collect();
        kept.sort_by_key(|(place, _)| *place);
        kept.into_iter().map(|(_, predictor)| predictor).collect()
    }

    /// One tree, or several on bootstrap samples; with the first node of each.
    fn grow_trees(
        &self,
        part: Part,
        work: &Work,
        mut predictors: Vec<Predictor<'_>>,
        limits: Limits,
        config: &CartConfig,
        (level, seed): (usize, &Seed),
    ) -> (Grown, Vec<u32>) {
        // Whole clusters mostly go missing rarely and for reasons the table does not show: then only the arm, if any, is known to
        // matter. Where a few questions tell nearly all of them (a class of a later intake has no score of an earlier year), all are asked.
        if part == Part::Absences {
            let few = Limits {
                max_depth: ABSENCE_QUESTIONS,
                ..limits
            };
            let probe = grow(&predictors, work.rows.clone(), &work.response, few);
            if explained(&probe, &work.codes, work.book.codes()) < ABSENCE_EXPLAINED {
                let arm = self.arm_column();
                predictors.retain(|p| arm == Some(self.features[usize::from(p.feature)].source));
            }
        }
        let one = |rows: Vec<u32>, seed: &Seed| {
            let grown = grow(&predictors, rows, &work.response, limits);
            let target = prune::Target {
                predictors: &predictors,
                response: &work.response,
                codes: &work.codes,
                count: work.book.codes(),
                limits,
            };
            prune::prune(grown, config.pruning, &target, seed)
        };
        if config.trees == 1 || part.column().is_none() {
            return (one(work.rows.clone(), seed), vec![0]);
        }
        let cluster = self.groups[level].first().map(|(of, _)| of.as_slice());
        let mut all = Grown::default();
        let mut roots = Vec::with_capacity(config.trees);
        for tree in 0..config.trees {
            let seed = seed.stream("bag").index(tree as u64);
            let grown = one(bootstrap::draw(&work.rows, cluster, &seed), &seed);
            roots.push(all.append(grown));
        }
        (all, roots)
    }

    /// A question about clusters needs clusters: a few of them on each side, so that no tree tells schools apart by their columns and then
    /// takes the chance differences of a few for a rule.
    fn min_rows(&self, level: usize, feature: usize) -> usize {
        let made = self.features[feature].level;
        if made == level {
            return 1;
        }
        (MIN_CLUSTERS_PER_SIDE * self.units(level)).div_ceil(self.units(made))
    }

    fn arm_column(&self) -> Option<Source> {
        self.arms.map(|feature| self.features[feature].source)
    }

    /// The arm of each unit of a level, once it is known.
    fn arms_at(&self, level: usize, known: usize) -> Option<(Vec<u8>, usize)> {
        let feature = self.arms.filter(|&feature| feature < known)?;
        let Feature {
            level: made,
            coding,
            ..
        } = &self.features[feature];
        let bins = self.bins[*made][feature].as_deref()?;
        let arms = if level == *made {
            bins.iter().map(|&bin| bin as u8).collect()
        } else {
            let (cluster, _) = self.groups[level].get(*made)?;
            cluster
                .iter()
                .map(|&cluster| bins[cluster as usize] as u8)
                .collect()
        };
        Some((arms, coding.bins()))
    }
}

/// An order for the codes of a nominal target in which neighbours stand in the same clusters (or arms), so that a common part of a cluster
/// moves its members towards one end.
fn rank_codes(
    rows: &[u32],
    codes: &[u32],
    count: usize,
    clusters: Option<&(Vec<u32>, usize)>,
    arms: Option<&(Vec<u8>, usize)>,
) -> Vec<u32> {
    let groups = match (clusters, arms) {
        (Some((_, count)), _) => *count,
        (None, Some((_, count))) => *count,
        (None, None) => return (0..count as u32).collect(),
    };
    let group_of = |row: u32| match (clusters, arms) {
        (Some((of, _)), _) => of[row as usize] as usize,
        (None, Some((of, _))) => usize::from(of[row as usize]),
        (None, None) => 0,
    };
    // Groups and classes trade places: classes are to be ordered by the groups they stand in.
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut total = vec![0.0; groups];
    for &row in rows {
        members[codes[row as usize] as usize].push(group_of(row) as u32);
        total[group_of(row)] += 1.0;
    }
    let held: Vec<usize> = (0..count)
        .filter(|&code| !members[code].is_empty())
        .collect();
    let mut cells = Cells::default();
    cells.fill(held.iter().map(|&code| members[code].as_slice()), groups);
    let (_, scores) = principal_scores(&mut cells, &total);
    let mut order: Vec<usize> = (0..held.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
    let mut rank = vec![0; count];
    let mut next = 0;
    for place in order {
        rank[held[place]] = next;
        next += 1;
    }
    for code in (0..count).filter(|&code| members[code].is_empty()) {
        rank[code] = next;
        next += 1;
    }
    rank
}

/// The share of the Gini impurity of the codes that a tree removes; 1 where there is none.
fn explained(grown: &Grown, codes: &[u32], count: usize) -> f64 {
    let impurity = |rows: &[u32]| {
        let mut counts = vec![0.0; count];
        rows.iter()
            .for_each(|&row| counts[codes[row as usize] as usize] += 1.0);
        let rows = rows.len() as f64;
        rows - counts.iter().map(|c| c * c).sum::<f64>() / rows.max(1.0)
    };
    let whole = impurity(&grown.rows);
    let left: f64 = (0..grown.leaf_ends.len())
        .map(|leaf| impurity(grown.leaf(leaf)))
        .sum();
    if whole > 0.0 { 1.0 - left / whole } else { 1.0 }
}
