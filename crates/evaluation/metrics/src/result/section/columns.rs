//! One column at a time.

use serde::{Deserialize, Serialize};

use super::Sides;

/// How metrics look at a column. It comes from type and role in the real table's schema, never from
/// how values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColumnScale {
    /// Numbers, and dates by their position in time.
    Numeric,
    /// Levels in an order.
    Ordinal,
    /// Levels without an order: nominal and boolean columns, cluster ids, treatment arms.
    Nominal,
    /// Left out of the metrics: row ids and free text.
    Excluded,
}

/// What an evaluation says of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ColumnDetail {
    /// The name.
    pub name: String,
    /// The type as schemas spell it: `integer`, `nominal`, ...
    pub kind: String,
    /// The role as schemas spell it: `covariate`, `outcome`, ...
    pub role: String,
    /// What the column means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How the metrics looked at it.
    pub scale: ColumnScale,
    /// Total variation distance over `cells` (missing is a cell of its own for levels, and left out
    /// for numbers). 0 to 1; `None` without values.
    pub tvd: Option<f64>,
    /// The total variation distance of a bootstrap sample of the real column: what sampling noise
    /// alone gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tvd_resample: Option<f64>,
    /// Largest distance of the cumulative shares (Kolmogorov and Smirnov). Numeric columns only; 0
    /// to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ks: Option<f64>,
    /// Jensen-Shannon distance over `cells`, natural logarithm; 0 to 0.83.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub js_distance: Option<f64>,
    /// Area between the cumulative curves (Wasserstein), in units of the column. Numeric columns
    /// only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wasserstein: Option<f64>,
    /// Share of the real range that synthetic values reach, or of the real levels that they use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<f64>,
    /// Share of synthetic values inside the real range, or with a real level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adherence: Option<f64>,
    /// Share of missing values, 0 to 1; `None` for a table without rows.
    pub missing_share: Sides<Option<f64>>,
    /// Values that are not missing.
    pub values: Sides<u64>,
    /// Mean, spread and quantiles of the values, for numeric columns with values.
    pub summary: Sides<Option<NumericSummary>>,
    /// Synthetic minus real mean, in standard deviations of the real column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_difference_in_sd: Option<f64>,
    /// The bins of a histogram, or the levels by falling real share. At most
    /// [`max_cells`](crate::EvaluationOptions::max_cells) levels: the rest is added up in `other`.
    pub cells: Vec<HistogramCell>,
    /// The levels beyond the listed ones, added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<HistogramCell>,
    /// Distinct levels, or distinct numbers.
    pub distinct: Sides<u64>,
}

/// A level, or a bin of a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramCell {
    /// The level, or the bin as people write it: `10 to 20`.
    pub label: String,
    /// Lower edge of a bin, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper edge of a bin, not included except in the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Rows in it.
    pub rows: Sides<u64>,
    /// Rows in it as a share of the rows that can be in a cell, 0 to 1.
    pub share: Sides<f64>,
    /// Whether this is the level that stands for missing values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// Where the values of a numeric column lie. Dates: days or seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumericSummary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation (divisor n - 1); `None` for a single value.
    pub sd: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// First quartile (linear interpolation, as all quantiles here).
    pub q25: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub q75: f64,
    /// Largest value.
    pub max: f64,
}
