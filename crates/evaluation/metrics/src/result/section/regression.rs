//! An analyst's regressions, fitted to both tables.

use serde::{Deserialize, Serialize};

use super::Sides;
use crate::{Combining, Interval, Undefined};

/// One regression on the real and on the synthetic table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegressionSection {
    /// The formula.
    pub formula: String,
    /// `linear` (least squares) or `logistic` (maximum likelihood).
    pub family: String,
    /// The column that is explained.
    pub response: String,
    /// Which level of the response is the event, for logistic regressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The column by which standard errors are clustered; classical errors without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The columns whose levels have intercepts of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<String>,
    /// Rows used: complete in all columns of the formula.
    pub rows: Sides<u64>,
    /// Clusters among them.
    pub clusters: Sides<Option<u64>>,
    /// Synthetic tables whose estimates are combined; 1 without copies.
    pub synthetic_tables: u64,
    /// How they are combined; `None` for one table, whose own errors are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combining: Option<Combining>,
    /// One entry per coefficient, in the order of the formula.
    pub coefficients: Vec<CoefficientRow>,
    /// Mean overlap of the intervals over coefficients, negative ones counting as 0.
    pub mean_overlap: Option<f64>,
    /// The same with negative overlaps as they are.
    pub mean_overlap_unclamped: Option<f64>,
    /// Mean absolute standardised difference over coefficients.
    pub mean_standardised_difference: Option<f64>,
    /// All differences at once, weighted by the inverse of their covariance, which is the real one
    /// times real over synthetic rows: near `lack_of_fit_df` if the coefficients differ by chance
    /// alone (Raab, Nowok and Dibben 2021).
    pub lack_of_fit: Option<f64>,
    /// Coefficients in it.
    pub lack_of_fit_df: u64,
    /// The probability of a larger value by chance (chi-squared).
    pub lack_of_fit_p: Option<f64>,
    /// Why there is no fit.
    pub reason: Sides<Option<Undefined>>,
    /// What a reader should know before trusting it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One coefficient on both tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CoefficientRow {
    /// `(intercept)`, a column, `column = level`, or several joined by `:`.
    pub name: String,
    /// On the real table.
    pub real: Option<CoefficientEstimate>,
    /// On the synthetic table, or combined over several.
    pub synthetic: Option<CoefficientEstimate>,
    /// Synthetic minus real value.
    pub difference: Option<f64>,
    /// The difference in standard errors of the real estimate.
    pub standardised_difference: Option<f64>,
    /// Overlap of the two intervals: mean of the shared length over each length. 1 is identical,
    /// negative is disjoint.
    pub overlap: Option<f64>,
    /// The same with the real standard error for both, as the R package `synthpop` has it.
    pub overlap_with_real_error: Option<f64>,
    /// Whether both have the same sign.
    pub same_sign: Option<bool>,
    /// Whether both or neither interval excludes 0.
    pub same_significance: Option<bool>,
    /// Why an estimate is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}

/// An estimate with its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoefficientEstimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// Its 95 % interval: normal, or t with clusters - 1 degrees of freedom for clustered linear
    /// models.
    pub ci: Interval,
}
