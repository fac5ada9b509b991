//! Learning one sequence of trees: all rows, or those of one stratum.

use std::sync::Arc;

use parable_core::{FitError, Observer, Progress};
use parable_seed::Seed;
use parable_table::Table;

use crate::calibrate::{Goal, calibrate};
use crate::config::CartConfig;
use crate::edges::forget_unused_edges;
use crate::model::{Common, LevelModel, Sequence, Stage};
use crate::plan::Plan;
use crate::rake;

/// Who watches a fit, and which part of it this is.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    observer: &'a dyn Observer,
    part: u64,
    parts: u64,
}

impl<'a> Watch<'a> {
    /// One of so many equal parts (from 0).
    pub(crate) fn new(observer: &'a dyn Observer, part: usize, parts: usize) -> Self {
        Self {
            observer,
            part: part as u64,
            parts: parts as u64,
        }
    }

    /// Tells how far the part is.
    pub(crate) fn tick(&self, done: u64, total: u64) -> Result<(), FitError> {
        let progress = Progress::new("fit", self.part * total + done, self.parts * total);
        match self.observer.progress(progress) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        }
    }
}

/// Grows and calibrates.
///
/// - `order`: the columns in the order in which they are made
pub(crate) fn fit(
    table: &Table,
    config: &CartConfig,
    common: &Arc<Common>,
    order: &[usize],
    seed: &Seed,
    watch: &Watch<'_>,
) -> Result<Sequence, FitError> {
    let plan = Plan::of(table, config, &common.bound, order)?;
    let (stages, goals): (Vec<Stage>, Vec<Goal>) = plan
        .grow_all(config, &seed.stream("cart/grow"), watch)?
        .into_iter()
        .unzip();
    let levels = plan
        .levels
        .into_iter()
        .enumerate()
        .map(|(index, level)| LevelModel {
            row_counts: match index {
                0 => Vec::new(),
                _ => rake::row_counts(table, &level),
            },
            column: level.column,
            labels: level.labels,
            patterns: level.absences.patterns,
            reasons: level.absences.reasons,
        });
    let mut model = Sequence {
        common: Arc::clone(common),
        rows: table.rows(),
        levels: levels.collect(),
        features: plan.features,
        arms: plan.arms,
        stages,
    };
    forget_unused_edges(&mut model);
    if !model.levels.is_empty() {
        let seed = seed.stream("cart/calibrate");
        calibrate(&mut model, &goals, &seed, watch)?;
    }
    Ok(model)
}
