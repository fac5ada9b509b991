//! Models trained on synthetic rows and tested on real ones.

use serde::{Deserialize, Serialize};

use crate::Undefined;

/// How well one column can be predicted after training on real and on synthetic rows, tested on the
/// same real rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PredictionSection {
    /// The column that is predicted.
    pub target: String,
    /// `classification` or `regression`.
    pub task: String,
    /// The real classes; empty for a regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The columns models predict from.
    pub features: Vec<String>,
    /// `holdout` if models are tested on the holdout table, else `split`: a fifth of the real rows,
    /// drawn anew for each split.
    pub tested_on: String,
    /// How often the real rows were split.
    pub splits: u32,
    /// Real rows trained on.
    pub real_rows: u64,
    /// Synthetic rows trained on.
    pub synthetic_rows: u64,
    /// Real rows tested on.
    pub test_rows: u64,
    /// One entry per model.
    pub models: Vec<PredictionModel>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}

/// One kind of model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PredictionModel {
    /// `logistic` or `linear`, `tree`, `forest`, `svm`.
    pub model: String,
    /// One entry per measure: `f1`, `precision`, `recall`, `balanced_accuracy`, `auc`; `r2`,
    /// `rmse`. The first is the one that is summed up.
    pub measures: Vec<PredictionMeasure>,
    /// Rows it was trained on at most, where that is fewer than there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_at_most: Option<u64>,
}

/// One measure of one kind of model, on the test rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PredictionMeasure {
    /// Its name.
    pub measure: String,
    /// Trained on real rows.
    pub real: Spread,
    /// Trained on synthetic rows.
    pub synthetic: Spread,
    /// Trained on both together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub both: Option<Spread>,
    /// Always the most frequent real class, or the real mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub majority: Option<Spread>,
    /// Real minus synthetic, split by split. Positive: training on synthetic rows loses that much
    /// (for `rmse`, negative does).
    pub difference: Spread,
}

/// A number over the splits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; `None` for a single split.
    pub sd: Option<f64>,
}
