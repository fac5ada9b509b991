//! How well a model can tell synthetic from real rows.

use serde::{Deserialize, Serialize};

use super::Sides;

/// Models that try to tell synthetic rows from real ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PropensitySection {
    /// One entry per model.
    pub models: Vec<PropensityModel>,
}

/// One model for the probability that a row is synthetic, fitted on all rows of both tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PropensityModel {
    /// `logit` (main effects), `logit_products` (main effects and all products of two) or `tree`.
    pub model: String,
    /// The columns it uses.
    pub columns: Vec<String>,
    /// Rows of both tables.
    pub rows: u64,
    /// Share of synthetic rows, `c`.
    pub synthetic_share: f64,
    /// Coefficients with the intercept, or leaves.
    pub parameters: u64,
    /// Mean squared distance of the fitted probabilities from `c`.
    pub pmse: f64,
    /// What it would be if the model told all rows apart: `c (1 - c)`.
    pub ceiling: f64,
    /// Its mean for a synthesis without fault: by formula for logit models, over permutations of
    /// the labels for the tree.
    pub null_mean: Option<f64>,
    /// The standard deviation that goes with it.
    pub null_sd: Option<f64>,
    /// Permutations behind the two, 0 for the formula.
    pub permutations: u32,
    /// `pmse` over `null_mean`.
    pub ratio: Option<f64>,
    /// `pmse` minus `null_mean`, in `null_sd`.
    pub standardised: Option<f64>,
    /// Kolmogorov-Smirnov distance of the fitted probabilities of real and synthetic rows.
    pub specks: f64,
    /// Percentage of rows on the right side of 0.5, minus 50; readable for tables of equal size.
    pub po50: f64,
    /// Area under the ROC curve on rows the model was not fitted on, mean over 5 folds; 0.5 is
    /// guessing.
    pub auc: Option<f64>,
    /// The standard deviation of the area over the folds.
    pub auc_sd: Option<f64>,
    /// Whether the fit tells all rows apart.
    pub separable: bool,
    /// Whether the iteration ended.
    pub converged: bool,
    /// Pairs of further tables of the synthesizer behind the next numbers, 0 without
    /// [`Pair::with_copies`](crate::Pair::with_copies).
    #[serde(default)]
    pub generator_pairs: u32,
    /// The mean of `pmse` over these pairs: what a correct synthesizer of this kind gives with this
    /// model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_mean: Option<f64>,
    /// Its standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_sd: Option<f64>,
    /// `pmse` over `generator_mean`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_ratio: Option<f64>,
    /// Fewer than ten further tables: the numbers before are rough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub few_generator_tables: bool,
    /// Shares of rows by fitted probability, 20 bins of equal width from 0 to 1.
    pub histogram: Sides<Vec<f64>>,
}
