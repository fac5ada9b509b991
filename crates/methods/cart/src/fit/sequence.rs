//! Fitting one sequence of trees: all rows, or those of one stratum.

use std::sync::Arc;

use parable_core::FitError;
use parable_seed::Seed;
use parable_table::{Role, Table};

use crate::clusters::effect_covariance::EffectCovariance;
use crate::clusters::icc::Nesting;
use crate::clusters::raking;
use crate::config::CartConfig;
use crate::fit::calibrate::calibrate;
use crate::fit::edges::forget_unused_edges;
use crate::fit::plan::Plan;
use crate::fit::watch::Watch;
use crate::model::{Common, LevelModel, Part, Sequence};

/// A fitted sequence.
pub(crate) struct Fitted {
    pub(crate) model: Sequence,
    /// Columns without a relation that held up in held-out rows, as far as cross-fitting was asked
    /// for.
    pub(crate) unpredicted: Vec<usize>,
}

/// Grows and calibrates the trees.
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
    let plan = Plan::of(table, config, &common.resolved, order)?;
    let (mut stages, mut goals, mut unpredicted) = (Vec::new(), Vec::new(), Vec::new());
    for grown in plan.grow_all(config, &seed.stream("cart/grow"), watch)? {
        if let (Part::Value(column), Some(false)) = (grown.stage.part, grown.held_up)
            && table.schema().fields()[column].role != Role::Treatment
        {
            unpredicted.push(column);
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
                _ => raking::row_counts(table, &level),
            },
            column: level.column,
            labels: level.labels,
            patterns: level.absences.patterns,
            reasons: level.absences.reasons,
            covariance: EffectCovariance::default(),
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
    Ok(Fitted { model, unpredicted })
}
