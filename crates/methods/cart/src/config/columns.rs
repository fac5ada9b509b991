//! Settings of single columns, and rules between columns.

use serde::{Deserialize, Serialize};

use super::Smoothing;

/// The settings of one column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ColumnConfig {
    /// How the column is made. Default: by a tree.
    pub method: Method,
    /// Which of the columns made before it may predict it. Default: all.
    pub predictors: Predictors,
    /// How its numbers are taken from a leaf, if other than in the whole table.
    pub smoothing: Option<Smoothing>,
    /// Fewest training rows in a leaf of its tree, if other than in the whole table.
    pub min_leaf_rows: Option<usize>,
    /// How many rows the nodes above a leaf of its tree count for, if other than in the whole table.
    pub shrinkage: Option<f64>,
    /// Larger numbers count as this one, in the real rows before the fit and so in all synthetic ones (days or seconds since 1970 for dates).
    pub top: Option<f64>,
    /// Smaller numbers count as this one.
    pub bottom: Option<f64>,
}

/// How a column is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// By a tree over the columns made before it.
    #[default]
    Tree,
    /// Each row on its own from the whole column: nothing predicts it, though it may predict others.
    Sample,
    /// This value in every row.
    Constant(Fixed),
    /// For numbers and ordered levels: by a linear regression of their normal scores (`normrank` in the R package `synthpop`).
    NormalRank,
    /// From the real rows that agree in all its predictors; where there are none, from those that agree in as many of the first as can be.
    /// Meant for few predictors with few values: see [`Predictors::Only`].
    Saturated,
    /// From the real rows that have the same value in this other column: the city given its county.
    NestedIn(String),
    /// By this formula over other columns; nothing is learnt. The language is that of `docs/methods/cart.md`.
    Passive(String),
    /// Numbers: first the group, one of so many (2 to 1,000) with about equal rows, by a tree for classes; then a number of the group (`numtocat` in
    /// the R package `synthpop`).
    Groups(usize),
}

/// Which columns may predict a column. Columns made after it never do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Predictors {
    /// All that are made before it.
    #[default]
    All,
    /// These. For [`Method::Saturated`] in the order of their weight; they are made before the column.
    Only(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

/// A value that is given, not learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Fixed {
    /// A number.
    Number(f64),
    /// A level, or the code of a missing reason.
    Text(String),
    /// No value, without a reason.
    Missing,
}

/// A rule: where a condition holds, a column has this value. Such rows teach the column's tree nothing, and the synthetic table keeps the rule
/// without exception. Of several rules for one column the first that holds counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// The column.
    pub column: String,
    /// The condition over other columns, which are made before the column; e.g. `age < 16`.
    pub when: String,
    /// What the column then has.
    pub value: Fixed,
}

impl Rule {
    /// The rule that `column` has `value` where `when` holds.
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
    /// The columns whose combinations of values make the strata; a missing value is a value here. They cannot vary within clusters.
    pub columns: Vec<String>,
    /// Fewest rows of a stratum. Default 100.
    #[serde(default = "Strata::default_min_rows")]
    pub min_rows: usize,
    /// What happens to smaller ones. Default: the fit is refused.
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
    /// They form one stratum together; if that is too small still, it joins the smallest of the others.
    Merge,
}

impl Strata {
    fn default_min_rows() -> usize {
        100
    }

    /// A model for each combination of values of these columns, none smaller than 100 rows.
    pub fn by<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            min_rows: Self::default_min_rows(),
            small: SmallStrata::default(),
        }
    }

    /// The same with another smallest stratum, and what happens to smaller ones.
    #[must_use]
    pub fn with_min_rows(mut self, rows: usize, small: SmallStrata) -> Self {
        self.min_rows = rows;
        self.small = small;
        self
    }
}

impl ColumnConfig {
    /// Whether it speaks of other columns.
    pub(crate) fn names_others(&self) -> bool {
        matches!(self.method, Method::NestedIn(_) | Method::Passive(_))
            || self.predictors != Predictors::All
    }

    /// Default settings but for the method.
    #[must_use]
    pub fn with_method(method: Method) -> Self {
        Self {
            method,
            ..Self::default()
        }
    }

    /// The same with other predictors.
    #[must_use]
    pub fn with_predictors(mut self, predictors: Predictors) -> Self {
        self.predictors = predictors;
        self
    }

    /// The same with a smoothing of its own.
    #[must_use]
    pub fn with_smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = Some(smoothing);
        self
    }

    /// The same with a smallest leaf of its own.
    #[must_use]
    pub fn with_min_leaf_rows(mut self, rows: usize) -> Self {
        self.min_leaf_rows = Some(rows);
        self
    }

    /// The same with a weight of its own for the nodes above a leaf.
    #[must_use]
    pub fn with_shrinkage(mut self, rows: f64) -> Self {
        self.shrinkage = Some(rows);
        self
    }

    /// The same with a bottom and a top code.
    #[must_use]
    pub fn with_codes(mut self, bottom: Option<f64>, top: Option<f64>) -> Self {
        (self.bottom, self.top) = (bottom, top);
        self
    }
}
