//! The settings of a fit.

mod columns;
mod panel;
pub(crate) mod resolved;

use std::collections::BTreeMap;

pub use columns::{ColumnConfig, Fixed, Method, Predictors, Rule, SmallStrata, Strata};
pub use panel::Panel;
use parable_core::FitError;
pub use parable_tree::Pruning;
use serde::{Deserialize, Serialize};

/// The settings of [`Cart`](crate::Cart); every default has its measurement in `docs/methods/cart.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CartConfig {
    /// Fewest training rows in a leaf. Default 5, as in the R package `synthpop`.
    pub min_leaf_rows: usize,
    /// Nodes with fewer rows are not split. Default 10, twice the smallest leaf: the least that can be split at all.
    pub min_split_rows: usize,
    /// Whether the size of each column's tree is found by rows that it has not seen. Columns with a smallest leaf of their own keep it. Default: in tables of fewer than
    /// 2,000 rows.
    pub cross_fit: CrossFit,
    /// Most splits between the root and a leaf. Default 30, as in the R package `rpart`.
    pub max_depth: usize,
    /// The order in which columns are made. Default: treatment first, outcomes last, columns with few
    /// distinct values first among the others; on Adult it halves the misfit of two-way tables against the order of the schema.
    pub visit_order: VisitOrder,
    /// How numbers are taken from a leaf. Default: between neighbours, so that no one's own number is repeated.
    pub smoothing: Smoothing,
    /// A number that at least this many rows share may be repeated as it is. Default 7, at which full copies of Adult's rows are as rare as
    /// among fresh people.
    pub min_shared_rows: usize,
    /// A number that more than this share of the rows has is drawn like a category first, the others after it. Default 0.3: leaves keep smaller
    /// spikes by themselves, and a tree of their own for these fits no better.
    pub spike_share: f64,
    /// A number with at most this many distinct values, each of 100 rows on average, is predicted as a class: splits then see more than its mean. Default 40. On STAR
    /// it lowers the worst two-way table from 5.4 to 4.5.
    pub class_values: usize,
    /// How the rows of a leaf share out what it holds. Default: balanced.
    pub draws: Draws,
    /// Most bins of a numeric predictor in tables above [`exact_rows`](Self::exact_rows). Default 255, at which splits are as good as exact ones.
    pub max_bins: usize,
    /// Up to this many rows every distinct number of a predictor can be a split point, as in `rpart`. Default 10,000.
    pub exact_rows: usize,
    /// Settings of single columns, by name. Default: none.
    pub columns: BTreeMap<String, ColumnConfig>,
    /// Rules with fixed values. Default: none.
    pub rules: Vec<Rule>,
    /// Separate models for parts of the rows. Default: one model for all.
    pub strata: Option<Strata>,
    /// Several rows per subject in the order of time. Default: rows have no order.
    pub panel: Option<Panel>,
    /// Whether the model learns from a bootstrap sample of the rows (of whole clusters, where there are any), as rules for combining several copies ask for
    /// ("proper synthesis"). Each fit with another seed then is another draw of the model. Default: no.
    pub proper: bool,
    /// Trees per column, each grown on a bootstrap sample; a row is drawn from one of them, by chance. Default 1: a single tree on the rows themselves.
    pub trees: usize,
    /// How far a grown tree is cut back. Default: a split has to lower the deviance by 2 per leaf, which is the criterion of Akaike 1974. Trees without it keep two-way tables
    /// a little better and repeat their rows far more (`docs/methods/cart.md`).
    pub pruning: Pruning,
    /// How many rows the nodes above a leaf count for when a value is drawn: the shares of small leaves are drawn towards those of their neighbours. Default 0:
    /// leaves stand for themselves.
    pub shrinkage: f64,
    /// Synthetic rows that match a person who is the only one of their kind. Default: kept.
    pub replicated_uniques: ReplicatedUniques,
}

/// The order in which columns are made; a column can depend on those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitOrder {
    /// The treatment, which depends on nothing, then covariates, then outcomes, then descriptors of other columns; within each of these groups
    /// in the order of the schema.
    Schema,
    /// The same groups, but within each of them columns with few distinct values first: a tree with many rows per class comes early, and the
    /// columns that fit into leaves rather than divide rows come late.
    #[default]
    FewestLevelsFirst,
    /// The same groups, but within each of them the column next that is most closely related to those before it: pairs that belong together stand
    /// together.
    ByAssociation,
    /// Few levels first or by association, whichever keeps two-way tables better when models of 3,000 rows are fitted and sampled. Tables with clusters: few levels
    /// first.
    Learnt,
    /// These columns first, in this order; the others follow as in [`Schema`](Self::Schema). Columns of clusters are always made before
    /// columns of their members, and columns that a formula, a rule or a nested column needs before that column.
    Given(Vec<String>),
}

/// Whether the size of each column's tree is found by rows that it has not seen: of trees with leaves of 5 to 160 rows, trees cut back by their deviance and a single leaf
/// those are taken that make the values of folds left out (whole clusters, where there are any) most likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrossFit {
    /// In tables of fewer than 2,000 rows, unless `min_leaf_rows` or `pruning` is other than its default.
    #[default]
    SmallTables,
    /// No: all trees have the smallest leaf that the settings give.
    Never,
    /// Yes.
    Always,
}

/// What happens to synthetic rows that agree with a real person who is unique, and are unique in the synthetic table themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplicatedUniques {
    /// They stay.
    #[default]
    Keep,
    /// They are drawn anew. Rows agree if they do in all of these columns; in all columns of the table, if none is named. The model then holds a digest of each
    /// unique person, and who knows what was removed knows that a person with these values exists: the record of the fit warns of both.
    Remove(Vec<String>),
}

/// How numbers are taken from a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Smoothing {
    /// A number that few rows share is replaced by one between its neighbours in the column, on the column's grid.
    #[default]
    Neighbours,
    /// As [`Neighbours`](Self::Neighbours), from the column's kernel density estimate (normal kernel, bandwidth by Silverman's rule) in place of its order statistics.
    Density,
    /// Numbers are repeated as they are.
    Off,
}

/// How the rows that reach a leaf share out what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Draws {
    /// Evenly: shares in the synthetic rows are those of the leaf up to rounding.
    #[default]
    Balanced,
    /// Each row on its own, which adds the noise of sampling. Clusters are shared out evenly all the same: there are too few to leave to chance.
    Independent,
}

impl Default for CartConfig {
    fn default() -> Self {
        Self {
            min_leaf_rows: 5,
            min_split_rows: 10,
            cross_fit: CrossFit::default(),
            max_depth: 30,
            visit_order: VisitOrder::default(),
            smoothing: Smoothing::default(),
            min_shared_rows: 7,
            spike_share: 0.3,
            class_values: 40,
            draws: Draws::default(),
            max_bins: 255,
            exact_rows: 10_000,
            columns: BTreeMap::new(),
            rules: Vec::new(),
            strata: None,
            panel: None,
            proper: false,
            trees: 1,
            pruning: Pruning::default(),
            shrinkage: 0.0,
            replicated_uniques: ReplicatedUniques::default(),
        }
    }
}

impl CartConfig {
    /// The same with another smallest leaf; nodes are split from twice that on.
    #[must_use]
    pub fn with_min_leaf_rows(mut self, rows: usize) -> Self {
        self.min_leaf_rows = rows;
        self.min_split_rows = rows.saturating_mul(2);
        self
    }

    /// The same with another smallest node that is split.
    #[must_use]
    pub fn with_min_split_rows(mut self, rows: usize) -> Self {
        self.min_split_rows = rows;
        self
    }

    /// The same with sizes of trees found by unseen rows or not.
    #[must_use]
    pub fn with_cross_fit(mut self, cross_fit: CrossFit) -> Self {
        self.cross_fit = cross_fit;
        self
    }

    /// The same with another greatest depth.
    #[must_use]
    pub fn with_max_depth(mut self, splits: usize) -> Self {
        self.max_depth = splits;
        self
    }

    /// The same with another order of columns.
    #[must_use]
    pub fn with_visit_order(mut self, order: VisitOrder) -> Self {
        self.visit_order = order;
        self
    }

    /// The same with another way to take numbers from a leaf.
    #[must_use]
    pub fn with_smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }

    /// The same with another number of rows that make a number common.
    #[must_use]
    pub fn with_min_shared_rows(mut self, rows: usize) -> Self {
        self.min_shared_rows = rows;
        self
    }

    /// The same with another share from which on a number is a spike; 1 or more turns spikes off.
    #[must_use]
    pub fn with_spike_share(mut self, share: f64) -> Self {
        self.spike_share = share;
        self
    }

    /// The same with another way to draw.
    #[must_use]
    pub fn with_draws(mut self, draws: Draws) -> Self {
        self.draws = draws;
        self
    }

    /// The same with another number of bins.
    #[must_use]
    pub fn with_max_bins(mut self, bins: usize) -> Self {
        self.max_bins = bins;
        self
    }

    /// The same with another number of rows up to which splits are exact.
    #[must_use]
    pub fn with_exact_rows(mut self, rows: usize) -> Self {
        self.exact_rows = rows;
        self
    }

    /// The same with these settings of a column.
    #[must_use]
    pub fn with_column(mut self, name: impl Into<String>, settings: ColumnConfig) -> Self {
        self.columns.insert(name.into(), settings);
        self
    }

    /// The same with one more rule.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The same with a model for each stratum.
    #[must_use]
    pub fn with_strata(mut self, strata: Strata) -> Self {
        self.strata = Some(strata);
        self
    }

    /// The same for several rows per subject in the order of time.
    #[must_use]
    pub fn with_panel(mut self, panel: Panel) -> Self {
        self.panel = Some(panel);
        self
    }

    /// The same, learning from a bootstrap sample or not.
    #[must_use]
    pub fn with_proper(mut self, proper: bool) -> Self {
        self.proper = proper;
        self
    }

    /// The same with another number of trees per column.
    #[must_use]
    pub fn with_trees(mut self, trees: usize) -> Self {
        self.trees = trees;
        self
    }

    /// The same with another pruning.
    #[must_use]
    pub fn with_pruning(mut self, pruning: Pruning) -> Self {
        self.pruning = pruning;
        self
    }

    /// The same with another weight of the nodes above a leaf.
    #[must_use]
    pub fn with_shrinkage(mut self, rows: f64) -> Self {
        self.shrinkage = rows;
        self
    }

    /// The same with another fate of replicated uniques.
    #[must_use]
    pub fn with_replicated_uniques(mut self, fate: ReplicatedUniques) -> Self {
        self.replicated_uniques = fate;
        self
    }

    /// Checks what the types do not.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let at_least_one = |setting: &str, value: usize| match value {
            0 => Err(setting_error(setting, "must be at least 1")),
            _ => Ok(()),
        };
        at_least_one("min_leaf_rows", self.min_leaf_rows)?;
        at_least_one("min_shared_rows", self.min_shared_rows)?;
        if self.max_bins < 2 || self.max_bins > 4_096 {
            return Err(setting_error("max_bins", "must be from 2 to 4096"));
        }
        if self.exact_rows > 50_000 {
            return Err(setting_error("exact_rows", "must be at most 50000"));
        }
        if self.max_depth > 1_000 {
            return Err(setting_error("max_depth", "must be at most 1000"));
        }
        if self.spike_share.is_nan() || self.spike_share <= 0.0 {
            return Err(setting_error("spike_share", "must be above 0"));
        }
        at_least_one("trees", self.trees)?;
        if self.trees > 200 {
            return Err(setting_error("trees", "must be at most 200"));
        }
        match self.pruning {
            Pruning::Deviance(cost) if !(0.0..=1e6).contains(&cost) => {
                return Err(setting_error(
                    "pruning",
                    "must be a deviance per leaf from 0 to 1000000",
                ));
            }
            Pruning::Permutation(share) if !(0.0..1.0).contains(&share) => {
                return Err(setting_error(
                    "pruning",
                    "must be a share of at least 0 and below 1",
                ));
            }
            _ => {}
        }
        if !(0.0..=1e9).contains(&self.shrinkage) {
            return Err(setting_error(
                "shrinkage",
                "must be a number of rows from 0 on",
            ));
        }
        if let Some(strata) = &self.strata {
            at_least_one("strata.columns", strata.columns.len())?;
            at_least_one("strata.min_rows", strata.min_rows)?;
        }
        Ok(())
    }
}

pub(crate) fn setting_error(setting: &str, problem: impl Into<String>) -> FitError {
    FitError::Setting {
        setting: setting.to_owned(),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_columns_are_plain_words_too() {
        let text = r#"{
            "columns": {
                "bmi": {"method": {"passive": "weight / (height * height)"}},
                "city": {"method": {"nested_in": "county"}, "min_leaf_rows": 3},
                "wave": {"method": {"constant": "2024"}},
                "income": {"method": {"groups": 10}, "smoothing": "density", "top": 250000},
                "shoe": {"predictors": {"only": ["height"]}},
                "hair": {"method": "sample"}
            },
            "rules": [{"column": "income", "when": "age < 16", "value": null}, {"column": "job", "when": "age < 16", "value": "none"}],
            "strata": {"columns": ["arm"], "small": "merge"},
            "pruning": {"deviance": 2.0},
            "replicated_uniques": {"remove": []}
        }"#;
        let config: CartConfig = serde_json::from_str(text).expect("settings");
        assert_eq!(
            config.columns["city"].method,
            Method::NestedIn("county".into())
        );
        assert_eq!(
            config.columns["wave"].method,
            Method::Constant(Fixed::Text("2024".into()))
        );
        assert_eq!(config.rules[0].value, Fixed::Missing);
        assert_eq!(
            config.strata.as_ref().map(|strata| strata.min_rows),
            Some(100)
        );
        let again = serde_json::to_string(&config)
            .and_then(|text| serde_json::from_str::<CartConfig>(&text));
        assert_eq!(again.expect("settings"), config);
        assert!(serde_json::from_str::<CartConfig>(r#"{"columns": {"a": {"tree": 1}}}"#).is_err());
    }

    #[test]
    fn settings_are_plain_words() {
        let text = r#"{"min_leaf_rows": 8, "visit_order": "fewest_levels_first", "smoothing": "off", "draws": "independent"}"#;
        let config: CartConfig = serde_json::from_str(text).expect("settings");
        assert_eq!(config.min_leaf_rows, 8);
        assert_eq!(config.visit_order, VisitOrder::FewestLevelsFirst);
        let given: CartConfig =
            serde_json::from_str(r#"{"visit_order": {"given": ["b", "a"]}}"#).expect("settings");
        assert_eq!(
            given.visit_order,
            VisitOrder::Given(vec!["b".into(), "a".into()])
        );
        assert!(serde_json::from_str::<CartConfig>(r#"{"leaf": 3}"#).is_err());
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let bad = [
            (CartConfig::default().with_min_leaf_rows(0), "min_leaf_rows"),
            (CartConfig::default().with_max_bins(1), "max_bins"),
            (
                CartConfig::default().with_spike_share(f64::NAN),
                "spike_share",
            ),
            (
                CartConfig::default().with_exact_rows(1_000_000),
                "exact_rows",
            ),
            (CartConfig::default().with_trees(0), "trees"),
            (CartConfig::default().with_shrinkage(-1.0), "shrinkage"),
            (
                CartConfig::default().with_pruning(Pruning::Permutation(1.0)),
                "pruning",
            ),
            (
                CartConfig::default().with_strata(Strata::by([""; 0])),
                "strata.columns",
            ),
        ];
        for (config, name) in bad {
            match config.check() {
                Err(FitError::Setting { setting, .. }) => assert_eq!(setting, name),
                other => panic!("{other:?}"),
            }
        }
    }
}
