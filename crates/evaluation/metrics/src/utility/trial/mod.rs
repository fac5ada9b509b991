//! Treatment effects from both tables (specification 4.2, 4.3).

mod balance;
mod covariates;
mod effect;
mod score;

use parable_table::Role;

use crate::data::frame::{Frame, FrameColumn, Side};
use crate::utility::clusters::coarsest;
use crate::{
    Analysis, ArmShare, Cache, EvaluationOptions, EvaluationProgress, MetricError, Sides,
    TrialEffect, TrialSection,
};
use covariates::Covariates;
use effect::{Design, compare};

pub(crate) use effect::overlap;

pub use score::TrialScore;

/// The choices a trial section depends on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrialOptions {
    pub(crate) adjust_for: Vec<String>,
    pub(crate) control_arm: Option<String>,
}

impl TrialOptions {
    pub(crate) fn of(options: &EvaluationOptions) -> Self {
        Self {
            adjust_for: options.adjust_for.clone(),
            control_arm: options.control_arm.clone(),
        }
    }
}

impl Analysis for TrialOptions {
    type Output = Option<TrialSection>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Option<TrialSection>, MetricError> {
        section(&cache.frame(), self)
    }
}

/// What the analysis of a trial gives on both tables; `None` without a treatment column or with
/// fewer than two arms.
fn section(frame: &Frame, options: &TrialOptions) -> Result<Option<TrialSection>, MetricError> {
    let Some(treatment) = frame.columns.iter().find(|c| c.role == Role::Treatment) else {
        return Ok(None);
    };
    let (labels, codes) = treatment
        .codes()
        .expect("a treatment column is a column of levels");
    let control = control_arm(treatment, labels, options)?;
    if labels.len() < 2 {
        return Ok(None);
    }
    let count = |code: usize| Sides {
        real: codes.real.iter().filter(|&&c| c as usize == code).count() as u64,
        synthetic: codes
            .synthetic
            .iter()
            .filter(|&&c| c as usize == code)
            .count() as u64,
    };
    let rows: Vec<Sides<u64>> = (1..=labels.len()).map(count).collect();
    let total = Sides {
        real: rows.iter().map(|r| r.real).sum::<u64>(),
        synthetic: rows.iter().map(|r| r.synthetic).sum::<u64>(),
    };
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let arms = labels
        .iter()
        .zip(&rows)
        .map(|(arm, &rows)| ArmShare {
            arm: arm.clone(),
            rows,
            share: Sides {
                real: share(rows.real, total.real),
                synthetic: share(rows.synthetic, total.synthetic),
            },
        })
        .collect();
    let cluster = coarsest(frame);
    let mut effects = Vec::new();
    let mut left_out = Vec::new();
    let mut adjusted_for = Covariates::none();
    for outcome in frame.columns.iter().filter(|c| c.role == Role::Outcome) {
        if outcome.as_numbers(Side::Real).is_none() {
            left_out.push((
                outcome.name.clone(),
                "more than two levels without an order".to_owned(),
            ));
            continue;
        }
        let covariates = Covariates::choose(frame, outcome, &options.adjust_for)?;
        for arm in (1..=labels.len() as u32).filter(|&arm| arm != control) {
            let design = Design {
                outcome,
                treatment: codes,
                arm,
                control,
                covariates: &covariates.columns,
                cluster,
            };
            effects.push(effect_of(&design, outcome, &labels[arm as usize - 1]));
        }
        adjusted_for.add(covariates);
    }
    Ok(Some(TrialSection {
        treatment: treatment.name.clone(),
        control: labels[control as usize - 1].clone(),
        cluster: cluster.map(|column| column.name.clone()),
        covariates: adjusted_for
            .columns
            .iter()
            .map(|c| c.name.clone())
            .collect(),
        covariates_chosen_by: adjusted_for.chosen_by,
        arms,
        effects,
        balance: balance::balance(frame, labels, codes, control),
        left_out,
    }))
}

fn effect_of(design: &Design<'_>, outcome: &FrameColumn, arm: &str) -> TrialEffect {
    let sides = |estimate: &dyn Fn(Side) -> effect::Estimate| {
        compare(estimate(Side::Real), estimate(Side::Synthetic))
    };
    let robust = design.cluster.is_some();
    TrialEffect {
        outcome: outcome.name.clone(),
        arm: arm.to_owned(),
        covariates: design.covariates.iter().map(|c| c.name.clone()).collect(),
        mean_difference: sides(&|side| design.mean_difference(side)),
        mean_difference_robust: robust.then(|| sides(&|side| design.regression(side, &[], true))),
        hedges_g: sides(&|side| design.hedges_g(side)),
        adjusted: sides(&|side| design.regression(side, design.covariates, false)),
        adjusted_robust: robust
            .then(|| sides(&|side| design.regression(side, design.covariates, true))),
        adjusted_effect_size: sides(&|side| design.adjusted_effect_size(side, robust)),
    }
}

/// The code of the control arm.
pub(crate) fn control_arm(
    treatment: &FrameColumn,
    labels: &[String],
    options: &TrialOptions,
) -> Result<u32, MetricError> {
    let named = |test: &dyn Fn(&str) -> bool| labels.iter().position(|label| test(label));
    let position = match &options.control_arm {
        Some(wanted) => named(&|label| label == wanted).ok_or_else(|| MetricError::BadOption {
            option: "control_arm",
            column: treatment.name.clone(),
            rule: "it has no such arm",
        })?,
        None => named(&|label| label.to_lowercase().contains("control")).unwrap_or(0),
    };
    Ok(position as u32 + 1)
}
