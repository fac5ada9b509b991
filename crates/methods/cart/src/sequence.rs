//! Learning one sequence of trees: all rows, or those of one stratum.

use std::sync::Arc;

use parable_core::{FitError, Observer, Progress};
use parable_seed::Seed;
use parable_table::{Role, Table};

use crate::calibrate::calibrate;
use crate::config::CartConfig;
use crate::edges::forget_unused_edges;
use crate::joint::Joint;
use crate::likeness::Nesting;
use crate::model::{Common, LevelModel, Part, Sequence};
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

/// What was learnt.
pub(crate) struct Fitted {
    pub(crate) model: Sequence,
    /// The columns no relation of which held up in unseen rows, as far as that was asked.
    pub(crate) unforeseen: Vec<usize>,
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
) -> Result<Fitted, FitError> {
    let plan = Plan::of(table, config, &common.bound, order)?;
    let (mut stages, mut goals, mut unforeseen) = (Vec::new(), Vec::new(), Vec::new());
    for grown in plan.grow_all(config, &seed.stream("cart/grow"), watch)? {
        if let (Part::Value(column), Some(false)) = (grown.stage.part, grown.held_up)
            && table.schema().fields()[column].role != Role::Treatment
        {
            unforeseen.push(column);
        }
        stages.push(grown.stage);
        goals.push(grown.goal);
    }
    let clusters: Vec<usize> = plan.levels.iter().map(|level| level.labels.len()).collect();
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
            joint: Joint::default(),
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
        let mut above: Vec<Vec<&[u32]>> = Vec::with_capacity(plan.groups.len());
        for groups in &plan.groups {
            above.push(groups.iter().map(|(of, _)| of.as_slice()).collect());
        }
        let nesting = Nesting { above, clusters };
        calibrate(&mut model, goals, &nesting, &seed, watch)?;
    }
    Ok(Fitted { model, unforeseen })
}
