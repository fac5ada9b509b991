//! The plan of a fit: levels of clusters, predictors and their bins, and the trees to grow.

use std::borrow::Cow;

use ndarray::Array2;
use parable_core::FitError;
use parable_table::{Column, Field, Role, Table};
use parable_tree::{Binning, MAX_BINS, Predictor, Scale};

use crate::clusters::hierarchy::{self, ClusterLevel};
use crate::config::resolved::{Making, Resolved};
use crate::config::{CartConfig, setting_error};
use crate::fit::mutual_information::shared_information;
use crate::model::{Feature, Part, Source};
use crate::values::binning::{binning_of, encode};
use crate::values::spikes::{spike_share, spikes};

/// Most arms; a treatment with more levels is a column like any other.
const MAX_ARMS: usize = 8;
/// Fewest clusters in a bin of a cluster column that members' trees split on, so that no tree can
/// identify a cluster by it.
const MIN_CLUSTERS_PER_BIN: usize = 8;
/// Clusters in a bin of sizes.
const MIN_CLUSTERS_PER_SIZE: usize = 3;
const MAX_CLUSTER_BINS: usize = 16;

/// The plan of a fit: everything that is known before a tree is grown.
pub(crate) struct Plan<'a> {
    pub(crate) table: &'a Table,
    pub(crate) resolved: &'a Resolved,
    pub(crate) levels: Vec<ClusterLevel>,
    pub(crate) features: Vec<Feature>,
    pub(crate) arms: Option<usize>,
    /// For each level the bins of every feature its trees may ask for.
    pub(crate) bins: Vec<Vec<Option<Cow<'a, [u16]>>>>,
    /// For each level the coarser cluster of each unit and the number of clusters, coarsest first.
    pub(crate) groups: Vec<Vec<(Vec<u32>, usize)>>,
    /// For each level and column made there, one cell per unit.
    pub(crate) columns: Vec<Vec<(usize, Cow<'a, Column>)>>,
    pub(crate) tasks: Vec<Task>,
    /// Most predictors of a column, and the information that each pair of columns shares, where
    /// there are more.
    max_predictors: usize,
    information: Option<Array2<f64>>,
}

/// A tree to grow; features below `known` have been made before it.
pub(crate) struct Task {
    pub(crate) level: usize,
    pub(crate) part: Part,
    pub(crate) known: usize,
}

impl<'a> Plan<'a> {
    /// - `order`: the columns in the order in which they are made
    pub(crate) fn of(
        table: &'a Table,
        config: &CartConfig,
        resolved: &'a Resolved,
        order: &[usize],
    ) -> Result<Self, FitError> {
        let mut levels = hierarchy::find(table);
        settle(&mut levels, table, resolved)?;
        let mut plan = Self {
            table,
            resolved,
            features: Vec::new(),
            arms: None,
            bins: vec![Vec::new(); levels.len() + 1],
            groups: (0..=levels.len())
                .map(|level| groups_of(&levels, level))
                .collect(),
            columns: Vec::new(),
            tasks: Vec::new(),
            max_predictors: config.max_predictors,
            information: (table.schema().len() > config.max_predictors)
                .then(|| shared_information(table)),
            levels,
        };
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
                // A constant predicts nothing, and the real column may hold what the synthetic one
                // will not.
                if !matches!(resolved.columns[*position].making, Making::Constant(_)) {
                    plan.add_column_features(level, *position, column, config);
                }
                if treatment.first() == Some(position) {
                    let feature = plan
                        .features
                        .iter()
                        .position(|f| f.source == Source::Column(*position));
                    plan.arms = feature.filter(|&f| plan.features[f].binning.bins() <= MAX_ARMS);
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

    /// Keeps the predictors that share most information with a column; the arm and the sizes of
    /// clusters always stay.
    pub(crate) fn screen<'p>(
        &self,
        target: usize,
        predictors: Vec<Predictor<'p>>,
    ) -> Vec<Predictor<'p>> {
        let Some(information) = &self.information else {
            return predictors;
        };
        if predictors.len() <= self.max_predictors {
            return predictors;
        }
        let score = |position: &usize| {
            let feature = usize::from(predictors[*position].feature);
            match self.features[feature].source {
                Source::Column(column) if self.arms != Some(feature) => {
                    information[[target, column]]
                }
                _ => f64::INFINITY,
            }
        };
        let mut best: Vec<usize> = (0..predictors.len()).collect();
        best.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        best.truncate(self.max_predictors);
        best.sort_unstable();
        best.into_iter()
            .map(|position| predictors[position])
            .collect()
    }

    pub(crate) fn units(&self, level: usize) -> usize {
        self.levels
            .get(level)
            .map_or(self.table.rows(), |level| level.labels.len())
    }

    /// Finer clusters of each cluster.
    pub(crate) fn children(&self, level: usize) -> Vec<u32> {
        let mut children = vec![0; self.units(level)];
        self.levels[level + 1]
            .parent
            .iter()
            .for_each(|&parent| children[parent as usize] += 1);
        children
    }

    /// Adds the sizes of clusters, which are drawn before the clusters' columns and the sizes of
    /// finer clusters.
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
            let binning = Binning {
                scale: Scale::of_sorted(&sorted, MAX_CLUSTER_BINS, MIN_CLUSTERS_PER_SIZE),
                missing: 0,
            };
            let bins: Vec<u16> = numbers
                .iter()
                .map(|&number| binning.bin_of_number(number))
                .collect();
            let feature = Feature {
                source,
                level,
                from: level,
                to: (level + 1).min(finest),
                binning,
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
            MAX_BINS - 300
        } else {
            config.max_bins
        };
        let source = Source::Column(position);
        if let Some(binning) = binning_of(field, column, bins, 1) {
            let encoded = encode(&binning, column);
            self.add_feature(
                Feature {
                    source,
                    level,
                    from: level,
                    to: level,
                    binning,
                },
                encoded,
            );
        }
        if level < base
            && let Some(binning) = binning_of(field, column, MAX_CLUSTER_BINS, MIN_CLUSTERS_PER_BIN)
        {
            let encoded = encode(&binning, column);
            self.add_feature(
                Feature {
                    source,
                    level,
                    from: level + 1,
                    to: base,
                    binning,
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

    /// Adds the trees of a column: missing reasons, then spikes, then other values.
    fn add_parts(&mut self, level: usize, position: usize, column: &Column, config: &CartConfig) {
        let known = self.features.len();
        let own = &self.resolved.columns[position];
        let mut parts = Vec::new();
        if !matches!(own.making, Making::Formula(_) | Making::Constant(_)) {
            let (settled, ruled) = (self.settled(level, position), self.ruled(level, position));
            let free =
                |row: usize, flags: &Option<Vec<bool>>| !flags.as_ref().is_some_and(|f| f[row]);
            if (0..column.len()).any(|row| column.is_missing(row) && free(row, &settled)) {
                parts.push(Part::Reason(position));
            }
            if (0..column.len()).any(|row| !column.is_missing(row) && free(row, &ruled)) {
                if !spikes(column, spike_share(own, config)).is_empty() {
                    parts.push(Part::Spike(position));
                }
                parts.push(Part::Value(position));
            }
        }
        if parts.is_empty() {
            parts.push(Part::Formula(position));
        }
        self.tasks
            .extend(parts.into_iter().map(|part| Task { level, part, known }));
    }

    /// The units of this level whose value a rule gives.
    pub(crate) fn ruled(&self, level: usize, position: usize) -> Option<Vec<bool>> {
        let own = &self.resolved.columns[position];
        let columns = self.table.columns();
        let holds = |row: usize| own.ruled(&columns, row).is_some();
        (!own.rules.is_empty()).then(|| match self.levels.get(level) {
            None => (0..self.table.rows()).map(holds).collect(),
            Some(clusters) => {
                // Columns of the rule do not vary within the clusters: any row will do.
                let mut row_of = vec![0; clusters.labels.len()];
                for (row, &cluster) in clusters.of_row.iter().enumerate() {
                    row_of[cluster as usize] = row;
                }
                row_of.into_iter().map(holds).collect()
            }
        })
    }

    /// The units of this level whose value, or its absence, a rule or their whole cluster decides.
    pub(crate) fn settled(&self, level: usize, position: usize) -> Option<Vec<bool>> {
        match (self.forced(level, position), self.ruled(level, position)) {
            (Some(mut forced), Some(ruled)) => {
                forced
                    .iter_mut()
                    .zip(ruled)
                    .for_each(|(forced, ruled)| *forced |= ruled);
                Some(forced)
            }
            (forced, ruled) => forced.or(ruled),
        }
    }

    /// The units of this level whose value is missing because their whole cluster has none.
    pub(crate) fn forced(&self, level: usize, position: usize) -> Option<Vec<bool>> {
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

/// Checks that columns which need others find them made: a rule or a nested column cannot look from
/// a cluster into its members. A column with a formula over members' columns varies among members
/// itself and is made with them.
fn settle(levels: &mut [ClusterLevel], table: &Table, resolved: &Resolved) -> Result<(), FitError> {
    let fields = table.schema().fields();
    let mut moved = true;
    while std::mem::take(&mut moved) {
        moved = settle_once(levels, fields, resolved)?;
    }
    Ok(())
}

/// One round of [`settle`]; whether a column was moved.
fn settle_once(
    levels: &mut [ClusterLevel],
    fields: &[Field],
    resolved: &Resolved,
) -> Result<bool, FitError> {
    let mut moved = false;
    for (position, own) in resolved.columns.iter().enumerate() {
        let setting = || format!("columns.{}", fields[position].name);
        let names_clusters = |column: usize| levels.iter().any(|level| level.column == column);
        let special =
            own.making != Making::Tree || !own.needs.is_empty() || own.predictors.is_some();
        if special && names_clusters(position) {
            return Err(setting_error(
                &setting(),
                "the column names clusters, which are made by themselves",
            ));
        }
        if let Some(&need) = own.needs.iter().find(|&&need| names_clusters(need)) {
            let problem = format!(
                "it depends on `{}`, whose values name clusters and are dealt out last",
                fields[need].name
            );
            return Err(setting_error(&setting(), problem));
        }
        let level_of = |levels: &[ClusterLevel], column: usize| {
            let holds = |level: &ClusterLevel| level.columns.iter().any(|(own, _)| *own == column);
            levels.iter().position(holds).unwrap_or(levels.len())
        };
        let own_level = level_of(levels, position);
        if own
            .needs
            .iter()
            .any(|&need| level_of(levels, need) > own_level)
        {
            if !matches!(own.making, Making::Formula(_)) || !own.rules.is_empty() {
                return Err(setting_error(
                    &setting(),
                    "it belongs to clusters and depends on a column that varies within them",
                ));
            }
            levels[own_level]
                .columns
                .retain(|(column, _)| *column != position);
            moved = true;
        }
    }
    Ok(moved)
}
