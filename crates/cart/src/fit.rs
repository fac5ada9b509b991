//! Learning: which trees there are, what each is grown on, all of them grown at once.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parable_core::{Capabilities, FitContext, FitError, FitRecord, Progress, Synthesizer};
use parable_table::{Column, Field, Role, Table, Values};
use rayon::prelude::*;

use crate::calibrate::{Goal, calibrate, likeness};
use crate::config::{CartConfig, VisitOrder, setting_error};
use crate::effects::{Groups, arm_means, estimate};
use crate::feature::{Coding, Scale};
use crate::grow::{Grown, Limits, Predictor, Response, as_numbers, grow};
use crate::hierarchy::{self, ClusterLevel};
use crate::model::{Book, CartModel, Feature, LevelModel, Part, Source, Stage};
use crate::ordering::{Cells, principal_scores};
use crate::rake;
use crate::tree::{Node, Rule, Tree};
use crate::values::{ValueCells, grid_of};

pub(crate) const NAME: &str = "cart";

/// Sequential synthesis with classification and regression trees. Not private.
///
/// Every column is predicted from those before it by a tree; a synthetic row takes its value from the leaf it falls into. Missing values
/// are drawn with their reasons before values, frequent numbers before the others, and clusters (columns of role
/// [`ClusterId`](parable_table::Role::ClusterId)) before their members, so that an arm stays constant in a school and members of a cluster
/// stay alike. See `docs/methods/cart.md`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cart {
    config: CartConfig,
}

impl Cart {
    /// A synthesizer with these settings; they are checked by the fit.
    #[must_use]
    pub fn new(config: CartConfig) -> Self {
        Self { config }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &CartConfig {
        &self.config
    }
}

/// More arms than this are a category like any other.
const MAX_ARMS: usize = 8;
/// A column with fewer other distinct numbers has no spikes: all its numbers are frequent.
const MIN_DISTINCT_BESIDE_SPIKES: usize = 12;
/// Bins that members see of a number of their cluster hold at least this many clusters, or a tree could tell each cluster by it.
const MIN_CLUSTERS_PER_BIN: usize = 8;
/// Clusters on each side of a question that members ask about their clusters.
const MIN_CLUSTERS_PER_SIDE: usize = 6;
/// Clusters in a bin of sizes.
const MIN_CLUSTERS_PER_SIZE: usize = 3;
const MAX_CLUSTER_BINS: usize = 16;
/// Questions one after the other that may explain which clusters lack columns, and the share of the Gini impurity they must remove: far more
/// than three questions remove by chance.
const ABSENCE_QUESTIONS: usize = 3;
const ABSENCE_EXPLAINED: f64 = 0.5;

impl Synthesizer for Cart {
    type Model = CartModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_clusters()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<CartModel, FitError> {
        let _receipt = context.charge_non_private("trees are grown on the rows as they are")?;
        self.config.check()?;
        if table.rows() == 0 || table.schema().is_empty() {
            return Err(FitError::Empty {
                rows: table.rows(),
                columns: table.schema().len(),
            });
        }
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            if matches!(column.values(), Values::Text(_)) {
                return Err(FitError::Unsupported {
                    method: NAME,
                    column: field.name.clone(),
                    kind: field.kind.name(),
                });
            }
        }
        let plan = Plan::of(table, &self.config)?;
        let (stages, goals): (Vec<Stage>, Vec<Goal>) =
            plan.grow_all(&self.config, context)?.into_iter().unzip();
        let record = FitRecord::non_private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            table,
            context,
        );
        let mut model = CartModel {
            record,
            rows: table.rows(),
            draws: self.config.draws,
            levels: plan
                .levels
                .into_iter()
                .enumerate()
                .map(|(index, level)| LevelModel {
                    row_counts: if index > 0 {
                        rake::row_counts(table, &level)
                    } else {
                        Vec::new()
                    },
                    column: level.column,
                    labels: level.labels,
                    patterns: level.absences.patterns,
                    reasons: level.absences.reasons,
                })
                .collect(),
            features: plan.features,
            arms: plan.arms,
            stages,
        };
        forget_unused_edges(&mut model);
        if !model.levels.is_empty() {
            calibrate(&mut model, &goals, &context.seed.stream("cart/calibrate"));
            context.progress(1, 1)?;
        }
        Ok(model)
    }
}

/// Everything that is known before a tree is grown.
struct Plan<'a> {
    table: &'a Table,
    levels: Vec<ClusterLevel>,
    features: Vec<Feature>,
    arms: Option<usize>,
    /// For each level the bins of every feature its trees may ask for.
    bins: Vec<Vec<Option<Cow<'a, [u16]>>>>,
    /// For each level the coarser cluster of each unit and the number of clusters, coarsest first.
    groups: Vec<Vec<(Vec<u32>, usize)>>,
    /// For each level and column made there, one cell per unit.
    columns: Vec<Vec<(usize, Cow<'a, Column>)>>,
    tasks: Vec<Task>,
}

/// A tree to grow; features below `known` have been made before it.
struct Task {
    level: usize,
    part: Part,
    known: usize,
}

/// What a tree is grown on.
struct Work {
    rows: Vec<u32>,
    response: Response,
    /// What each unit holds, in codes of the book.
    codes: Vec<u32>,
    book: Book,
    nominal: bool,
}

impl<'a> Plan<'a> {
    fn of(table: &'a Table, config: &CartConfig) -> Result<Self, FitError> {
        let levels = hierarchy::find(table);
        let mut plan = Self {
            table,
            features: Vec::new(),
            arms: None,
            bins: vec![Vec::new(); levels.len() + 1],
            groups: (0..=levels.len())
                .map(|level| groups_of(&levels, level))
                .collect(),
            columns: Vec::new(),
            tasks: Vec::new(),
            levels,
        };
        let order = order_of(table, config)?;
        let treatment = table.schema().with_role(|role| *role == Role::Treatment);
        let base = plan.levels.len();
        for level in 0..=base {
            let own: Vec<(usize, Cow<'a, Column>)> = match plan.levels.get(level) {
                Some(clusters) => order
                    .iter()
                    .filter_map(|&c| clusters.columns.iter().find(|(column, _)| *column == c))
                    .map(|(column, rows)| (*column, Cow::Owned(table.column(*column).take(rows))))
                    .collect(),
                None => order
                    .iter()
                    .filter(|&&c| {
                        !plan
                            .levels
                            .iter()
                            .any(|l| l.column == c || l.columns.iter().any(|(o, _)| *o == c))
                    })
                    .map(|&column| (column, Cow::Borrowed(table.column(column))))
                    .collect(),
            };
            if level < base {
                plan.add_sizes(level);
            }
            for (position, column) in &own {
                plan.add_parts(level, *position, column, config);
                plan.add_column_features(level, *position, column, config);
                if treatment.first() == Some(position) {
                    let feature = plan
                        .features
                        .iter()
                        .position(|f| f.source == Source::Column(*position));
                    plan.arms = feature.filter(|&f| plan.features[f].coding.bins() <= MAX_ARMS);
                }
            }
            plan.columns.push(own);
            if level < base && !plan.levels[level].absences.patterns.is_empty() {
                plan.tasks.push(Task {
                    level,
                    part: Part::Absences,
                    known: plan.features.len(),
                });
            }
        }
        Ok(plan)
    }

    fn units(&self, level: usize) -> usize {
        self.levels
            .get(level)
            .map_or(self.table.rows(), |level| level.labels.len())
    }

    /// Finer clusters of each cluster.
    fn children(&self, level: usize) -> Vec<u32> {
        let mut children = vec![0; self.units(level)];
        self.levels[level + 1]
            .parent
            .iter()
            .for_each(|&parent| children[parent as usize] += 1);
        children
    }

    /// The size of clusters: drawn first, then known to the cluster's columns and to the sizes of finer clusters.
    fn add_sizes(&mut self, level: usize) {
        let finest = self.levels.len() - 1;
        let mut sizes = vec![(Part::Rows, Source::Rows, self.levels[level].rows.clone())];
        if level < finest {
            sizes.push((Part::Children, Source::Children, self.children(level)));
        }
        for (part, source, counts) in sizes {
            self.tasks.push(Task {
                level,
                part,
                known: self.features.len(),
            });
            let numbers: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let coding = Coding {
                scale: Coding::numbers(&sorted, MAX_CLUSTER_BINS, MIN_CLUSTERS_PER_SIZE),
                reasons: 0,
            };
            let bins: Vec<u16> = numbers
                .iter()
                .map(|&number| coding.bin_of_number(number))
                .collect();
            let feature = Feature {
                source,
                level,
                from: level,
                to: (level + 1).min(finest),
                coding,
            };
            self.add_feature(feature, bins);
        }
    }

    fn add_column_features(
        &mut self,
        level: usize,
        position: usize,
        column: &Column,
        config: &CartConfig,
    ) {
        let field = &self.table.schema().fields()[position];
        let base = self.levels.len();
        let bins = if self.table.rows() <= config.exact_rows {
            crate::feature::MAX_BINS - 300
        } else {
            config.max_bins
        };
        let source = Source::Column(position);
        if let Some(coding) = Coding::of(field, column, bins, 1) {
            let encoded = coding.encode(column);
            self.add_feature(
                Feature {
                    source,
                    level,
                    from: level,
                    to: level,
                    coding,
                },
                encoded,
            );
        }
        if level < base
            && let Some(coding) = Coding::of(field, column, MAX_CLUSTER_BINS, MIN_CLUSTERS_PER_BIN)
        {
            let encoded = coding.encode(column);
            self.add_feature(
                Feature {
                    source,
                    level,
                    from: level + 1,
                    to: base,
                    coding,
                },
                encoded,
            );
        }
    }

    fn add_feature(&mut self, feature: Feature, made: Vec<u16>) {
        for level in 0..self.bins.len() {
            let bins = if level < feature.from || level > feature.to {
                None
            } else if level == feature.level {
                Some(Cow::Owned(made.clone()))
            } else {
                let (cluster, _) = &self.groups[level][feature.level];
                Some(Cow::Owned(
                    cluster
                        .iter()
                        .map(|&cluster| made[cluster as usize])
                        .collect(),
                ))
            };
            self.bins[level].push(bins);
        }
        self.features.push(feature);
    }

    /// The trees of a column: why values are missing, then spikes, then the other values.
    fn add_parts(&mut self, level: usize, position: usize, column: &Column, config: &CartConfig) {
        let known = self.features.len();
        let forced = self.forced(level, position);
        let unexplained = (0..column.len())
            .any(|row| column.is_missing(row) && !forced.as_ref().is_some_and(|f| f[row]));
        let present = column.missing_count() < column.len();
        let mut parts = Vec::new();
        if unexplained {
            parts.push(Part::Reason(position));
        }
        if present {
            if !spikes(column, config.spike_share).is_empty() {
                parts.push(Part::Spike(position));
            }
            parts.push(Part::Value(position));
        }
        self.tasks
            .extend(parts.into_iter().map(|part| Task { level, part, known }));
    }

    /// The units of this level whose value is missing because their whole cluster has none.
    fn forced(&self, level: usize, position: usize) -> Option<Vec<bool>> {
        if level < self.levels.len() {
            return None;
        }
        let mut forced: Option<Vec<bool>> = None;
        for clusters in self
            .levels
            .iter()
            .filter(|l| l.absences.reasons.contains_key(&position))
        {
            let whole: Vec<bool> = clusters
                .absences
                .patterns
                .iter()
                .map(|p| p.contains(&position))
                .collect();
            let forced = forced.get_or_insert_with(|| vec![false; self.table.rows()]);
            for (forced, &cluster) in forced.iter_mut().zip(&clusters.of_row) {
                *forced |= whole[clusters.absences.of_cluster[cluster as usize] as usize];
            }
        }
        forced
    }

    /// Grows all trees, in parallel: given the real rows they do not depend on each other.
    fn grow_all(
        &self,
        config: &CartConfig,
        context: &FitContext<'_>,
    ) -> Result<Vec<(Stage, Goal)>, FitError> {
        let observer = context.observer;
        let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        let total = self.tasks.len() as u64;
        let grow_one = |task: &Task| -> Result<(Stage, Goal), FitError> {
            if stopped.load(Ordering::Relaxed) {
                return Err(FitError::Cancelled);
            }
            let stage = self.grow_stage(task, config);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if observer
                .progress(Progress::new("fit", done, total))
                .is_break()
            {
                stopped.store(true, Ordering::Relaxed);
                return Err(FitError::Cancelled);
            }
            Ok(stage)
        };
        self.tasks
            .par_iter()
            .with_max_len(1)
            .map(grow_one)
            .collect()
    }

    fn grow_stage(&self, task: &Task, config: &CartConfig) -> (Stage, Goal) {
        let Task { level, part, known } = *task;
        let work = self.work(task, config);
        let usable = |feature: usize| {
            Some(Predictor {
                feature: feature as u16,
                coding: &self.features[feature].coding,
                bins: self.bins[level][feature].as_deref()?,
                min_rows: self.min_rows(level, feature),
            })
        };
        let mut predictors: Vec<Predictor<'_>> = (0..known).filter_map(usable).collect();
        let limits = Limits {
            min_leaf: config.min_leaf_rows,
            min_split: config.min_split_rows,
            max_depth: config.max_depth,
        };
        let response = as_numbers(work.response);
        // Whole clusters mostly go missing rarely and for reasons the table does not show: then only the arm, if any, is known to
        // matter. Where a few questions tell nearly all of them (a class of a later intake has no score of an earlier year), all are asked.
        if part == Part::Absences {
            let few = Limits {
                max_depth: ABSENCE_QUESTIONS,
                ..limits
            };
            let probe = grow(&predictors, work.rows.clone(), &response, few);
            if explained(&probe, &work.codes, work.book.codes()) < ABSENCE_EXPLAINED {
                let arm = self.arm_column();
                predictors.retain(|p| arm == Some(self.features[usize::from(p.feature)].source));
            }
        }
        let grown = grow(&predictors, work.rows, &response, limits);
        let arms = self.arms_at(level, known);
        let clusters = &self.groups[level];
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
        if let (Some((arms, count)), false) = (&arms, work.nominal) {
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
                nodes: grown.nodes,
                leaves,
            },
            effects,
        };
        (stage, goal)
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

    fn work(&self, task: &Task, config: &CartConfig) -> Work {
        let units = self.units(task.level);
        let column = |position: usize| {
            let own = &self.columns[task.level];
            let found = own.iter().find(|(column, _)| *column == position);
            found.map_or_else(
                || self.table.column(position),
                |(_, column)| column.as_ref(),
            )
        };
        match task.part {
            Part::Rows | Part::Children => {
                let counts = if task.part == Part::Rows {
                    self.levels[task.level].rows.clone()
                } else {
                    self.children(task.level)
                };
                let numbers: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
                number_work(
                    (0..units as u32).collect(),
                    numbers,
                    Some(parable_table::Grid::Decimals(0)),
                    config,
                )
            }
            Part::Absences => {
                let absences = &self.levels[task.level].absences;
                let codes = absences.of_cluster.clone();
                class_work(
                    (0..units as u32).collect(),
                    codes,
                    Book::Codes(absences.patterns.len()),
                    true,
                )
            }
            Part::Reason(position) => {
                let column = column(position);
                let forced = self.forced(task.level, position);
                let rows: Vec<u32> = (0..units as u32)
                    .filter(|&row| !forced.as_ref().is_some_and(|f| f[row as usize]))
                    .collect();
                let byte = |row: usize| {
                    column
                        .missing(row)
                        .map_or(0, parable_table::Missing::to_byte)
                };
                let mut bytes: Vec<u8> = rows.iter().map(|&row| byte(row as usize)).collect();
                bytes.sort_unstable();
                bytes.dedup();
                let of = |row: usize| bytes.partition_point(|&known| known < byte(row)) as u32;
                let codes = (0..units)
                    .map(|row| of(row).min(bytes.len() as u32 - 1))
                    .collect();
                class_work(rows, codes, Book::Reasons(bytes.clone()), false)
            }
            Part::Spike(position) => {
                let column = column(position);
                let spikes = spikes(column, config.spike_share);
                let code = |row: usize| {
                    let number = column.number(row)?;
                    let place = spikes.iter().position(|&spike| spike == number);
                    Some(place.map_or(0, |place| place as u32 + 1))
                };
                let codes = (0..units).map(|row| code(row).unwrap_or(0)).collect();
                class_work(present(column), codes, Book::Spikes(spikes.clone()), false)
            }
            Part::Value(position) => {
                let column = column(position);
                let field = &self.table.schema().fields()[position];
                if let Values::Codes(codes) = column.values() {
                    let levels = field.kind.levels().map_or(0, parable_table::Levels::len);
                    let nominal = matches!(field.kind, parable_table::Kind::Nominal { .. });
                    return class_work(
                        present(column),
                        codes.clone(),
                        Book::Codes(levels),
                        nominal,
                    );
                }
                let spikes = spikes(column, config.spike_share);
                let mut rows = present(column);
                rows.retain(|&row| {
                    column
                        .number(row as usize)
                        .is_some_and(|number| !spikes.contains(&number))
                });
                let numbers: Vec<f64> = (0..units)
                    .map(|row| column.number(row).unwrap_or(0.0))
                    .collect();
                let mut sorted: Vec<f64> = rows.iter().map(|&row| numbers[row as usize]).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                number_work(rows, numbers, grid_of(field, &sorted), config)
            }
        }
    }
}

fn present(column: &Column) -> Vec<u32> {
    (0..column.len() as u32)
        .filter(|&row| !column.is_missing(row as usize))
        .collect()
}

fn class_work(rows: Vec<u32>, codes: Vec<u32>, book: Book, nominal: bool) -> Work {
    Work {
        rows,
        response: Response::Classes {
            codes: codes.clone(),
            count: book.codes(),
        },
        codes,
        book,
        nominal,
    }
}

fn number_work(
    rows: Vec<u32>,
    numbers: Vec<f64>,
    grid: Option<parable_table::Grid>,
    config: &CartConfig,
) -> Work {
    let mut sorted: Vec<f64> = rows.iter().map(|&row| numbers[row as usize]).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (cells, of) = ValueCells::of(&sorted, grid, config.min_shared_rows, config.smoothing);
    let mut codes = vec![0; numbers.len()];
    for &row in &rows {
        let number = numbers[row as usize];
        let place = of.partition_point(|(known, _)| *known < number);
        codes[row as usize] = of[place.min(of.len() - 1)].1;
    }
    Work {
        rows,
        response: Response::Number(numbers),
        codes,
        book: Book::Numbers(cells),
        nominal: false,
    }
}

/// The numbers that more than this share of the present rows has, if enough other numbers remain; ascending.
fn spikes(column: &Column, share: f64) -> Vec<f64> {
    let mut numbers: Vec<f64> = (0..column.len())
        .filter_map(|row| column.number(row))
        .collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let least = share * numbers.len() as f64;
    let (mut spikes, mut others) = (Vec::new(), 0);
    for same in numbers.chunk_by(|a, b| a == b) {
        if same.len() as f64 > least {
            spikes.push(same[0]);
        } else {
            others += 1;
        }
    }
    if others < MIN_DISTINCT_BESIDE_SPIKES {
        Vec::new()
    } else {
        spikes
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

/// For the units of a level: their cluster at each coarser level.
fn groups_of(levels: &[ClusterLevel], level: usize) -> Vec<(Vec<u32>, usize)> {
    let up = |of: &[u32], parent: &[u32]| {
        of.iter()
            .map(|&cluster| parent[cluster as usize])
            .collect::<Vec<u32>>()
    };
    let mut groups: Vec<(Vec<u32>, usize)> = Vec::new();
    for outer in (0..level).rev() {
        let of = match groups.last() {
            Some((finer, _)) => up(finer, &levels[outer + 1].parent),
            None => match levels.get(level) {
                Some(own) => own.parent.clone(),
                None => levels[outer].of_row.clone(),
            },
        };
        groups.push((of, levels[outer].labels.len()));
    }
    groups.reverse();
    groups
}

/// Leaves each predictor only the edges at which trees cut it.
fn forget_unused_edges(model: &mut CartModel) {
    for index in 0..model.features.len() {
        let coding = &mut model.features[index].coding;
        let values = coding.values();
        if !matches!(coding.scale, Scale::Numbers { .. }) || model.arms == Some(index) {
            continue;
        }
        let cuts = model
            .stages
            .iter_mut()
            .flat_map(|stage| &mut stage.tree.nodes)
            .filter_map(|node| match node {
                Node::Split {
                    feature,
                    rule: Rule::Cut { last, .. },
                    ..
                } if usize::from(*feature) == index => Some(last),
                _ => None,
            });
        let mut cuts: Vec<&mut u16> = cuts.collect();
        // A cut behind the last bin separates values from missing reasons and needs no edge.
        let mut used: Vec<u16> = cuts
            .iter()
            .map(|last| **last)
            .filter(|&last| usize::from(last) + 1 < values)
            .collect();
        used.sort_unstable();
        used.dedup();
        for last in &mut cuts {
            **last = used.partition_point(|&bin| bin < **last) as u16;
        }
        coding.keep_edges(&used);
    }
}

/// The columns in the order in which they are made.
fn order_of(table: &Table, config: &CartConfig) -> Result<Vec<usize>, FitError> {
    let fields = table.schema().fields();
    let group = |field: &Field| match field.role {
        Role::Treatment => 0,
        Role::Outcome => 2,
        Role::Descriptor { .. } => 3,
        _ => 1,
    };
    let mut order: Vec<usize> = (0..fields.len()).collect();
    match &config.visit_order {
        VisitOrder::Schema => order.sort_by_key(|&column| group(&fields[column])),
        VisitOrder::FewestLevelsFirst => {
            let distinct: Vec<usize> = (0..fields.len())
                .map(|column| {
                    match Coding::of(&fields[column], table.column(column), usize::MAX, 1) {
                        Some(Coding {
                            scale: Scale::Numbers { centres, .. },
                            ..
                        }) => centres.len(),
                        Some(coding) => coding.values(),
                        None => usize::MAX,
                    }
                })
                .collect();
            order.sort_by_key(|&column| (group(&fields[column]), distinct[column]));
        }
        VisitOrder::Given(names) => {
            let mut first = Vec::with_capacity(fields.len());
            for name in names {
                let column = table.schema().position(name).ok_or_else(|| {
                    setting_error("visit_order", format!("the table has no column `{name}`"))
                })?;
                if first.contains(&column) {
                    return Err(setting_error(
                        "visit_order",
                        format!("column `{name}` stands twice"),
                    ));
                }
                first.push(column);
            }
            order.sort_by_key(|&column| group(&fields[column]));
            order.retain(|column| !first.contains(column));
            first.extend(order);
            order = first;
        }
    }
    Ok(order)
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
