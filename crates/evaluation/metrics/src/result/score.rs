//! One number about a pair of tables, with everything needed to read it.

use std::collections::BTreeMap;

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

/// One number about a pair of tables: its value or the reason why there is none, how sure it is,
/// and what to compare it with.
///
/// The JSON form is stable: fields are only ever added. `value` is `null` exactly when `reason` is
/// given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Score {
    /// The name of the metric, unique in an evaluation: `mass_mad`, `hedges_g_difference`.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// What the number is about.
    pub group: Group,
    /// The settings it was computed with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Detail>,
    /// The number; `None` when it is undefined, never NaN or infinite.
    pub value: Option<f64>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
    /// Standard error, or the standard deviation over repeats of a random metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub se: Option<f64>,
    /// Confidence interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<Interval>,
    /// How many rows, columns, pairs or cells went into the value.
    pub n_used: u64,
    /// What `n_used` counts.
    pub unit: Unit,
    /// How many parts of an aggregate were undefined and left out of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_undefined: u64,
    /// Which values are good.
    pub direction: Direction,
    /// What the same metric gives for tables of known quality.
    #[serde(default, skip_serializing_if = "Baseline::is_empty")]
    pub baseline: Baseline,
    /// The seed the metric drew from, if it is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// How often a random metric was repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    /// Further numbers and names that belong to the value: the worst pair, the largest difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Detail>,
    /// The parts of an aggregate, where they stand nowhere else in an evaluation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What a reader should know before trusting the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Score {
    /// A score with this value. A value that is not finite becomes undefined with
    /// [`Undefined::NotFinite`].
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        group: Group,
        direction: Direction,
        value: Result<f64, Undefined>,
    ) -> Self {
        let value = value.and_then(|v| {
            if v.is_finite() {
                Ok(v)
            } else {
                Err(Undefined::NotFinite)
            }
        });
        Self {
            id: id.into(),
            title: title.into(),
            group,
            params: BTreeMap::new(),
            value: value.ok(),
            reason: value.err(),
            se: None,
            ci: None,
            n_used: 0,
            unit: Unit::Rows,
            n_undefined: 0,
            direction,
            baseline: Baseline::default(),
            seed: None,
            repeats: None,
            details: BTreeMap::new(),
            parts: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The same, saying how many rows, pairs or cells were used.
    #[must_use]
    pub fn with_used(mut self, n_used: usize, unit: Unit) -> Self {
        self.n_used = n_used as u64;
        self.unit = unit;
        self
    }

    /// The same with one setting more.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl Into<Detail>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// The same with one detail more.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Detail>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The same with one warning more.
    #[must_use]
    pub fn with_warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// The same, saying how many parts of the aggregate were undefined.
    #[must_use]
    pub fn with_undefined(mut self, parts: usize) -> Self {
        self.n_undefined = parts as u64;
        self
    }

    /// The distance of the value from its ideal, 0 for perfect; `None` if undefined or if the
    /// direction has no ideal.
    #[must_use]
    pub fn distance_from_ideal(&self) -> Option<f64> {
        let value = self.value?;
        match self.direction {
            Direction::Min0 | Direction::MustBe0 | Direction::Target0 => Some(value.abs()),
            Direction::Max1 | Direction::Target1 => Some((1.0 - value).abs()),
            Direction::Max | Direction::Baseline => None,
        }
    }
}

/// What a score is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Group {
    /// Types, missing values and declared rules.
    Structure,
    /// One column at a time.
    Univariate,
    /// Two columns at a time.
    Bivariate,
    /// The whole table at once.
    Multivariate,
    /// The answers an analyst would get: treatment effects, clusters.
    Utility,
    /// What could be learned about a person.
    Privacy,
}

/// Which values of a score are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// At least 0; smaller is better.
    Min0,
    /// At most 1; larger is better.
    Max1,
    /// 0 is ideal; the sign says on which side the value lies.
    Target0,
    /// 1 is ideal; both sides are worse.
    Target1,
    /// Larger is better, without a limit.
    Max,
    /// Anything but 0 is a fault.
    MustBe0,
    /// Neither end is good by itself: compare with the baseline.
    Baseline,
}

/// Why a number is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undefined {
    /// A column that has one value only.
    ConstantColumn,
    /// No row to compute from.
    NoRows,
    /// No pair of columns for which the number exists.
    NoPairs,
    /// No column of the type the number is about.
    NoColumns,
    /// A target with one class only.
    SingleClass,
    /// No key with a single target value.
    NoDisclosiveKey,
    /// No holdout table was given.
    NoControl,
    /// An iteration that did not end.
    NotConverged,
    /// Fewer than two clusters, or no cluster with two rows.
    TooFewClusters,
    /// A model whose classes separate.
    Separable,
    /// An arm without rows in one of the tables.
    EmptyArm,
    /// A coefficient that others determine.
    Aliased,
    /// No column has the role the number is about.
    NoRole,
    /// No rule is declared.
    NoRules,
    /// No formula was given.
    NoFormula,
    /// A model with more terms than the rows or the time allow.
    TooManyTerms,
    /// The formula gives an infinite value.
    NotFinite,
    /// No attack could be made: no synthetic row differs from the others, or there are too few
    /// columns.
    NoAttack,
    /// No cell of the kind the number is about.
    NoCells,
}

impl Undefined {
    /// The reason in a few words, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ConstantColumn => "a column has one value only",
            Self::NoRows => "no rows to compute from",
            Self::NoPairs => "no pair of columns for which it exists",
            Self::NoColumns => "no column of the right type",
            Self::SingleClass => "the target has one class only",
            Self::NoDisclosiveKey => "no key has a single target value",
            Self::NoControl => "needs a holdout table",
            Self::NotConverged => "the iteration did not converge",
            Self::TooFewClusters => "too few clusters",
            Self::Separable => "the classes separate perfectly",
            Self::EmptyArm => "an arm has too few rows in one of the tables",
            Self::Aliased => "other terms of the model determine it",
            Self::NoRole => "no column has the role it is about",
            Self::NoRules => "no rule is declared",
            Self::NoFormula => "no formula was given",
            Self::TooManyTerms => "the model has too many terms",
            Self::NotFinite => "the value is infinite",
            Self::NoAttack => "no attack could be made",
            Self::NoCells => "no cell of the kind it is about",
        }
    }
}

/// What [`Score::n_used`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Rows of the tables.
    Rows,
    /// Columns.
    Columns,
    /// Pairs of columns.
    Pairs,
    /// Cells: levels or bins.
    Cells,
    /// Groups of rows: schools, classes.
    Clusters,
    /// Treatment effects: one for each outcome and arm.
    Effects,
    /// Contingency tables of several columns.
    Tables,
    /// Declared rules.
    Rules,
    /// Attacks that were made.
    Attacks,
    /// Coefficients of models.
    Coefficients,
    /// Counting queries.
    Queries,
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Nominal coverage, e.g. 0.95.
    pub level: f64,
}

/// What the same metric gives for tables of known quality, so that a value can be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Baseline {
    /// A bootstrap sample of the real table, as many rows as the synthetic one, in its place: as
    /// good as sampling noise allows. Mean over repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample: Option<f64>,
    /// The standard deviation of `resample` over the repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_sd: Option<f64>,
    /// Each column of the real table permuted on its own: every shape kept, every dependence
    /// destroyed. Mean over repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub independent: Option<f64>,
    /// How often the two were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    /// The holdout table in the place of the synthetic one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
    /// The real table against itself, each row left out in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real: Option<f64>,
}

impl Baseline {
    /// Whether there is nothing to compare with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A part of an aggregate: one pair of columns, one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The columns it is about.
    pub columns: Vec<String>,
    /// The number; `None` when undefined.
    pub value: Option<f64>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}

/// A setting or a further result: a number, a text, or a list of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// A name.
    Text(String),
    /// Several names.
    List(Vec<String>),
    /// Several numbers.
    Numbers(Vec<f64>),
}

impl From<bool> for Detail {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<usize> for Detail {
    fn from(value: usize) -> Self {
        Self::Count(value as u64)
    }
}

impl From<u64> for Detail {
    fn from(value: u64) -> Self {
        Self::Count(value)
    }
}

impl From<f64> for Detail {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Detail {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Detail {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<f64>> for Detail {
    fn from(values: Vec<f64>) -> Self {
        Self::Numbers(values)
    }
}

impl From<Vec<String>> for Detail {
    fn from(value: Vec<String>) -> Self {
        Self::List(value)
    }
}
