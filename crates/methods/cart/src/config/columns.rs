//! Settings of single columns, and rules between columns.

use serde::{Deserialize, Serialize};

use super::Smoothing;

/// Settings of one column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ColumnConfig {
    /// How the column is synthesized. Default: by a tree.
    pub method: Method,
    /// Columns that may predict it, among those before it. Default: all.
    pub predictors: Predictors,
    /// How its numbers are drawn from a leaf, if not as in the whole table.
    pub smoothing: Option<Smoothing>,
    /// Fewest rows in a leaf of its tree, if not as in the whole table.
    pub min_leaf_rows: Option<usize>,
    /// Rows that the nodes above a leaf of its tree count for, if not as in the whole table.
    pub shrinkage: Option<f64>,
    /// Top code: larger numbers are replaced by it before the fit (days or seconds since 1970 for
    /// dates).
    pub top: Option<f64>,
    /// Bottom code: smaller numbers are replaced by it.
    pub bottom: Option<f64>,
}

/// How a column is synthesized.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// By a tree on the columns before it.
    #[default]
    Tree,
    /// By independent draws from the whole column: nothing predicts it, though it may predict
    /// others.
    Sample,
    /// By this value in every row.
    Constant(Fixed),
    /// By a linear regression of normal scores, for numbers and ordered levels (`normrank` in the R
    /// package `synthpop`).
    NormalRank,
    /// From the real rows that agree in all its predictors; where there are none, from those that
    /// agree in as many of the first as possible. Meant for few predictors with few values: see
    /// [`Predictors::Only`].
    Saturated,
    /// From the real rows with the same value in this other column: the city given its county.
    NestedIn(String),
    /// By this formula over other columns. The language is described in `docs/methods/cart.md`.
    Passive(String),
    /// By a tree for classes that draws one of so many groups of about equal rows (2 to 1,000),
    /// then a number of the group (`numtocat` in the R package `synthpop`).
    Groups(usize),
}

/// Columns that may predict a column. Columns after it never do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Predictors {
    /// All columns before it.
    #[default]
    All,
    /// These. For [`Method::Saturated`] in order of priority; they come before the column.
    Only(Vec<String>),
    /// All columns before it but these.
    Without(Vec<String>),
}

/// A fixed value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Fixed {
    /// A number.
    Number(f64),
    /// A level, or the code of a missing reason.
    Text(String),
    /// Missing, without a reason.
    Missing,
}

/// A rule: where a condition holds, a column has this value.
///
/// Such rows are left out of the column's fit, and every synthetic row keeps the rule. The first of
/// several rules for one column that holds applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// The column.
    pub column: String,
    /// Condition over other columns, which come before the column; e.g. `age < 16`.
    pub when: String,
    /// Value of the column where the condition holds.
    pub value: Fixed,
}

impl Rule {
    /// Creates the rule that `column` has `value` where `when` holds.
    pub fn new(column: impl Into<String>, when: impl Into<String>, value: Fixed) -> Self {
        Self {
            column: column.into(),
            when: when.into(),
            value,
        }
    }
}

/// Separate models for parts of the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Strata {
    /// Columns whose combinations of values are the strata; a missing value counts as a value. They
    /// cannot vary within clusters.
    pub columns: Vec<String>,
    /// Fewest rows of a stratum. Default 100.
    #[serde(default = "Strata::default_min_rows")]
    pub min_rows: usize,
    /// What happens to smaller strata. Default: the fit is refused.
    #[serde(default)]
    pub small: SmallStrata,
}

/// What happens to strata with too few rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SmallStrata {
    /// The fit is refused.
    #[default]
    Refuse,
    /// They are merged into one stratum; if that is still too small, it joins the smallest of the
    /// others.
    Merge,
}

impl Strata {
    fn default_min_rows() -> usize {
        100
    }

    /// Creates strata from the combinations of values of these columns, none smaller than 100 rows.
    pub fn by<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            min_rows: Self::default_min_rows(),
            small: SmallStrata::default(),
        }
    }

    /// Sets the fewest rows of a stratum and what happens to smaller ones.
    #[must_use]
    pub fn with_min_rows(mut self, rows: usize, small: SmallStrata) -> Self {
        self.min_rows = rows;
        self.small = small;
        self
    }
}

impl ColumnConfig {
    /// Whether it names other columns.
    pub(crate) fn names_others(&self) -> bool {
        matches!(self.method, Method::NestedIn(_) | Method::Passive(_))
            || self.predictors != Predictors::All
    }

    /// Creates settings with this method and defaults for the rest.
    #[must_use]
    pub fn with_method(method: Method) -> Self {
        Self {
            method,
            ..Self::default()
        }
    }

    /// Sets the columns that may predict it.
    #[must_use]
    pub fn with_predictors(mut self, predictors: Predictors) -> Self {
        self.predictors = predictors;
        self
    }

    /// Sets how its numbers are drawn from a leaf.
    #[must_use]
    pub fn with_smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = Some(smoothing);
        self
    }

    /// Sets the fewest rows in a leaf of its tree.
    #[must_use]
    pub fn with_min_leaf_rows(mut self, rows: usize) -> Self {
        self.min_leaf_rows = Some(rows);
        self
    }

    /// Sets the rows that the nodes above a leaf of its tree count for.
    #[must_use]
    pub fn with_shrinkage(mut self, rows: f64) -> Self {
        self.shrinkage = Some(rows);
        self
    }

    /// Sets the bottom and top codes.
    #[must_use]
    pub fn with_codes(mut self, bottom: Option<f64>, top: Option<f64>) -> Self {
        (self.bottom, self.top) = (bottom, top);
        self
    }
}
