//! Treatment effects, as an evaluator of a trial would estimate them from each table.

use serde::{Deserialize, Serialize};

use super::Sides;
use crate::{Interval, Undefined};

/// What a trial's analysis gives on the real and on the synthetic table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrialSection {
    /// The column that holds the arm.
    pub treatment: String,
    /// The arm the others are compared with.
    pub control: String,
    /// The cluster column the robust standard errors use (the coarsest one), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// All covariates of the adjusted effects; each effect lists its own.
    pub covariates: Vec<String>,
    /// How the covariates were chosen, in words.
    pub covariates_chosen_by: String,
    /// How many rows each arm has.
    pub arms: Vec<ArmShare>,
    /// One entry for each outcome and each arm but the control.
    pub effects: Vec<TrialEffect>,
    /// How the arms differ in what was measured before the trial.
    pub balance: Vec<BalanceRow>,
    /// Outcomes for which no effect was estimated, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<(String, String)>,
}

/// The size of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmShare {
    /// The arm.
    pub arm: String,
    /// Rows in it.
    pub rows: Sides<u64>,
    /// Rows in it as a share of the rows with an arm.
    pub share: Sides<Option<f64>>,
}

/// The effect of one arm, against the control arm, on one outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrialEffect {
    /// The outcome.
    pub outcome: String,
    /// The arm.
    pub arm: String,
    /// The covariates of its adjusted effect.
    #[serde(default)]
    pub covariates: Vec<String>,
    /// Difference of the means, in units of the outcome; standard error with a variance per arm
    /// (Welch), 95 % normal interval.
    pub mean_difference: EffectPair,
    /// The same with cluster-robust standard errors (CR1, t interval with clusters - 1 degrees of
    /// freedom).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_difference_robust: Option<EffectPair>,
    /// Hedges' g: the difference in pooled standard deviations, corrected for small samples.
    pub hedges_g: EffectPair,
    /// The coefficient of the arm in a least-squares fit with the covariates, in units of the
    /// outcome; classical errors, 95 % normal interval.
    pub adjusted: EffectPair,
    /// The same with cluster-robust standard errors (CR1, t interval with clusters - 1 degrees of
    /// freedom).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_robust: Option<EffectPair>,
    /// The adjusted effect (robust if there are clusters) divided by the pooled unadjusted standard
    /// deviation of the rows it used.
    pub adjusted_effect_size: EffectPair,
}

/// The same effect estimated from both tables, and how the two agree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EffectPair {
    /// From the real table.
    pub real: Option<EffectEstimate>,
    /// From the synthetic table.
    pub synthetic: Option<EffectEstimate>,
    /// Synthetic minus real value.
    pub difference: Option<f64>,
    /// The difference in standard errors of the real estimate.
    pub standardised_difference: Option<f64>,
    /// Overlap of the two intervals: mean of the shared length over each length. 1 is identical,
    /// negative is disjoint.
    pub overlap: Option<f64>,
    /// Whether both have the same sign.
    pub same_sign: Option<bool>,
    /// Whether both or neither interval excludes 0.
    pub same_significance: Option<bool>,
    /// Why an estimate is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}

/// One estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectEstimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// Its 95 % interval.
    pub ci: Interval,
    /// Rows of the arm that were used.
    pub treated_rows: u64,
    /// Rows of the control arm that were used.
    pub control_rows: u64,
    /// Clusters among these rows, for robust errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<u64>,
}

/// How one arm differs from the control arm in one baseline column, in pooled standard deviations.
///
/// Columns of levels give one row per level, about the share of that level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceRow {
    /// The baseline column.
    pub column: String,
    /// The level, for columns of levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The arm.
    pub arm: String,
    /// The standardised mean difference; `None` where it is undefined (no rows, no variation).
    pub standardised_difference: Sides<Option<f64>>,
}
