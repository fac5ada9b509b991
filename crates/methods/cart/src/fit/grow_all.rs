//! Growing the trees of a plan in parallel.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parable_core::FitError;
use parable_seed::Seed;
use parable_tree::{
    GrowOptions, GrownTree, Predictor, Training, TreeSize, TreeSizeSearch, bootstrap, grow, prune,
    saturate,
};
use rayon::prelude::*;

use crate::clusters::icc::{Goal, Series};
use crate::clusters::nominal_effects::NominalEffects;
use crate::clusters::random_effects::{Groups, RandomEffects, arm_means, estimate};
use crate::config::resolved::{Making, ResolvedColumn};
use crate::config::{CartConfig, CrossFit, Pruning};
use crate::fit::plan::{Plan, Task};
use crate::fit::response::ResponseData;
use crate::fit::watch::Watch;
use crate::model::{Codebook, Feature, Part, Source, Stage};
use crate::tree::Tree;
use crate::values::normal_ranks;

/// Fewest clusters on each side of a split on a column of clusters.
const MIN_CLUSTERS_PER_SIDE: usize = 6;
/// Depth of a tree that may explain which clusters lack columns, and the share of the Gini impurity
/// it must remove: far more than three splits remove by chance.
const ABSENCE_QUESTIONS: usize = 3;
const ABSENCE_EXPLAINED: f64 = 0.5;

/// Below this many rows sizes of trees are found by cross-fitting, and a synthetic trial keeps
/// less; the record of the fit says what.
pub(super) const FEW_ROWS: usize = 2_000;

/// A grown tree, and the target of its calibration.
pub(crate) struct Grow {
    pub(crate) stage: Stage,
    pub(crate) goal: Goal,
    /// Whether cross-fitting found a relation of its column; `None` where it was not asked for.
    pub(crate) held_up: Option<bool>,
}

impl Plan<'_> {
    /// Grows all trees, in parallel: given the real rows they do not depend on each other.
    pub(crate) fn grow_all(
        &self,
        config: &CartConfig,
        seed: &Seed,
        watch: &Watch<'_>,
    ) -> Result<Vec<Grow>, FitError> {
        let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        let total = self.tasks.len() as u64;
        let grow_one = |(index, task): (usize, &Task)| -> Result<Grow, FitError> {
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

    fn grow_stage(&self, task: &Task, config: &CartConfig, seed: &Seed) -> Grow {
        let Task { level, part, known } = *task;
        if let Part::Formula(_) = part {
            return Grow {
                stage: Stage::of_formula(level, part),
                goal: Goal::default(),
                held_up: None,
            };
        }
        let mut data = self.response(task, config);
        let own = part.column().map(|column| &self.resolved.columns[column]);
        let predictors = self.predictors(task, own);
        let options = GrowOptions::default().with_max_depth(config.max_depth);
        let mut options = match own.and_then(|own| own.min_leaf_rows) {
            Some(rows) => options.with_min_leaf_rows(rows),
            None => options
                .with_min_leaf_rows(config.min_leaf_rows)
                .with_min_split_rows(config.min_split_rows),
        };
        data.response = data.response.two_classes_as_numbers();
        let making = own.map_or(&Making::Tree, |own| &own.making);
        let choice = self.cross_fit(task, &data, &predictors, config, seed);
        let mut pruning = config.pruning;
        if let (Some(choice), Some(own)) = (&choice, own)
            && own.min_leaf_rows.is_none()
            && self.cross_fitted(config)
            && level == self.levels.len()
        {
            // A tree of one leaf asks for more rows than there are.
            let rows = choice.map_or(data.rows.len().max(1), |size| size.min_leaf_rows);
            options = options.with_min_leaf_rows(rows);
            pruning = choice.map_or(pruning, |size| size.pruning);
        }
        let mut linear = None;
        let (grown, roots) = match making {
            Making::Saturated => (saturate(&predictors, data.rows.clone()), vec![0]),
            Making::NormalRank if matches!(part, Part::Value(_)) => {
                linear = Some(normal_ranks::fit(
                    &predictors,
                    &data.rows,
                    &data.codes,
                    data.book.codes(),
                ));
                (saturate(&[], data.rows.clone()), vec![0])
            }
            _ => {
                let size = (options, pruning);
                self.grow_trees(part, &data, predictors, size, config, (level, seed))
            }
        };
        let arms = self.arms_at(level, known);
        let free = Vec::new();
        let clusters = match making {
            // Each row on its own means that cluster mates have nothing in common either.
            Making::Sample => &free,
            _ => &self.groups[level],
        };
        let count = data.book.codes();
        let unordered = data.nominal && count > 2;
        let groups = Groups {
            arms: arms.as_ref().map(|(arms, count)| (arms.as_slice(), *count)),
            clusters: if unordered { &free } else { clusters },
        };
        let (leaves, mut effects) = estimate(&grown, &data.codes, groups);
        effects.linear = linear;
        let arms_differ = *making != Making::Sample && part != Part::Absences;
        if unordered && (!clusters.is_empty() || arms.is_some() && arms_differ) {
            let arm = |row: u32| arms.as_ref().map_or(0, |(arms, _)| arms[row as usize]);
            let drawn = data.rows.iter();
            let drawn = drawn.map(|&row| (arm(row), data.codes[row as usize]));
            let arms = arms.as_ref().map_or(1, |(_, count)| *count);
            effects.nominal = Some(NominalEffects::of(drawn, arms, count, clusters.len()));
        } else if let (Some((arms, count)), true) = (&arms, arms_differ && !unordered) {
            let code_values = data.book.code_values();
            let drawn = data.rows.iter().map(|&row| {
                (
                    arms[row as usize],
                    code_values[data.codes[row as usize] as usize],
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
        let goal = match making {
            Making::Sample => Goal::default(),
            _ => self.goal(level, &data, &effects),
        };
        let stage = Stage {
            level,
            part,
            book: data.book,
            tree: Tree {
                roots,
                nodes: grown.nodes,
                leaves,
            },
            effects,
        };
        Grow {
            stage,
            goal,
            held_up: choice.map(|choice| choice.is_some()),
        }
    }

    /// Whether sizes of trees are chosen by cross-fitting.
    fn cross_fitted(&self, config: &CartConfig) -> bool {
        match config.cross_fit {
            CrossFit::Never => false,
            CrossFit::SmallTables => {
                let plain = CartConfig::default();
                let asked =
                    config.min_leaf_rows != plain.min_leaf_rows || config.pruning != plain.pruning;
                self.table.rows() < FEW_ROWS && !asked
            }
            CrossFit::Always => true,
        }
    }

    /// The size of trees that predicts held-out rows best (`None` inside: a single leaf does), for
    /// columns that a tree draws. Computed where it is asked for, and in small tables, whose record
    /// names the columns without a relation.
    fn cross_fit(
        &self,
        task: &Task,
        data: &ResponseData,
        predictors: &[Predictor<'_>],
        config: &CartConfig,
        seed: &Seed,
    ) -> Option<Option<TreeSize>> {
        let column = task.part.column()?;
        let treed = matches!(
            self.resolved.columns[column].making,
            Making::Tree | Making::Groups(_)
        );
        let asked = self.cross_fitted(config) || self.table.rows() < FEW_ROWS;
        if !asked || !treed || predictors.is_empty() || data.rows.is_empty() {
            return None;
        }
        let search = TreeSizeSearch {
            predictors,
            rows: &data.rows,
            response: &data.response,
            codes: &data.codes,
            count: data.book.codes(),
            numbers: matches!(data.book, Codebook::Numbers(_)),
            cluster: self.groups[task.level].first().map(|(of, _)| of.as_slice()),
            max_depth: config.max_depth,
        };
        Some(search.best_size(seed))
    }

    /// The target of calibration: the real units of the tree's column; empty where there are no
    /// clusters.
    fn goal(&self, level: usize, data: &ResponseData, effects: &RandomEffects) -> Goal {
        let count = data.book.codes();
        let code_values = match &effects.nominal {
            _ if self.levels.is_empty() => Vec::new(),
            Some(_) if level == 0 => Vec::new(),
            Some(nominal) => {
                let indicator = |&own: &u32| {
                    let is = |code: u32| f64::from(u8::from(code == own));
                    (0..count as u32).map(is).collect()
                };
                nominal.codes.iter().map(indicator).collect()
            }
            None if data.nominal && count > 2 => Vec::new(),
            None => vec![data.book.code_values()],
        };
        let real = code_values.iter().map(|code_values: &Vec<f64>| {
            let rows = data.rows.iter();
            let held = rows.map(|&row| (row, code_values[data.codes[row as usize] as usize]));
            Series::of(level, self.units(level), held)
        });
        Goal {
            real: real.collect(),
            code_values,
        }
    }

    /// Predictors of a tree.
    fn predictors(&self, task: &Task, own: Option<&ResolvedColumn>) -> Vec<Predictor<'_>> {
        let usable = |feature: usize| {
            Some(Predictor {
                feature: feature as u16,
                binning: &self.features[feature].binning,
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
            return match task.part.column() {
                Some(column) => self.screen(column, all.collect()),
                None => all.collect(),
            };
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
        data: &ResponseData,
        mut predictors: Vec<Predictor<'_>>,
        (options, pruning): (GrowOptions<'_>, Pruning),
        config: &CartConfig,
        (level, seed): (usize, &Seed),
    ) -> (GrownTree, Vec<u32>) {
        // Whole clusters mostly go missing rarely and for reasons the table does not show: then
        // only the arm, if any, is known to matter. Where a few questions tell nearly all of them
        // (a class of a later intake has no score of an earlier year), all are asked.
        if part == Part::Absences {
            let few = options.with_max_depth(ABSENCE_QUESTIONS);
            let probe = grow(&predictors, data.rows.clone(), &data.response, &few);
            if explained(&probe, &data.codes, data.book.codes()) < ABSENCE_EXPLAINED {
                let arm = self.arm_column();
                predictors.retain(|p| arm == Some(self.features[usize::from(p.feature)].source));
            }
        }
        let one = |rows: Vec<u32>, seed: &Seed| {
            let grown = grow(&predictors, rows, &data.response, &options);
            let training = Training {
                predictors: &predictors,
                response: &data.response,
                codes: &data.codes,
                count: data.book.codes(),
                options,
            };
            prune(grown, pruning, &training, seed)
        };
        if config.trees == 1 || part.column().is_none() {
            return (one(data.rows.clone(), seed), vec![0]);
        }
        let cluster = self.groups[level].first().map(|(of, _)| of.as_slice());
        let mut all = GrownTree::default();
        let mut roots = Vec::with_capacity(config.trees);
        for tree in 0..config.trees {
            let seed = seed.stream("bag").index(tree as u64);
            let grown = one(bootstrap(&data.rows, cluster, &mut seed.rng()), &seed);
            roots.push(all.append(grown));
        }
        (all, roots)
    }

    /// Fewest rows on each side of a split on a predictor. A split on clusters needs a few of them
    /// on each side, so that no tree identifies schools by their columns and takes chance
    /// differences for a relation.
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
            binning,
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
        Some((arms, binning.bins()))
    }
}

/// The share of the Gini impurity of the codes that a tree removes; 1 where there is none.
fn explained(grown: &GrownTree, codes: &[u32], count: usize) -> f64 {
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
