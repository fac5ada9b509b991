//! Settings of a fit.

mod columns;
mod panel;
pub(crate) mod resolved;

use std::collections::BTreeMap;

pub use columns::{ColumnConfig, Fixed, Method, Predictors, Rule, SmallStrata, Strata};
pub use panel::Panel;
use parable_core::FitError;
pub use parable_tree::Pruning;
use serde::{Deserialize, Serialize};

/// Settings of [`Cart`](crate::Cart).
///
/// Every default has its measurement in `docs/methods/cart.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CartConfig {
    /// Fewest training rows in a leaf. Default 5, as in the R package `synthpop`.
    pub min_leaf_rows: usize,
    /// Fewest rows in a node that is split. Default 10, twice the smallest leaf.
    pub min_split_rows: usize,
    /// Cross-fitting: whether the size of each tree is chosen by how well it predicts rows it was
    /// not grown on. Columns with a `min_leaf_rows` of their own keep it. Default: in tables of
    /// fewer than 2,000 rows.
    pub cross_fit: CrossFit,
    /// Most splits between the root and a leaf. Default 30, as in the R package `rpart`.
    pub max_depth: usize,
    /// Order in which columns are synthesized. Default: treatment first, outcomes last, and columns
    /// with few distinct values first among the others. On Adult it halves the misfit of two-way
    /// tables against the order of the schema.
    pub visit_order: VisitOrder,
    /// How numbers are drawn from a leaf. Default: between neighbours, so that nobody's own number
    /// is repeated.
    pub smoothing: Smoothing,
    /// Fewest rows that must share a number for it to be repeated as it is. Default 7, at which
    /// full copies of Adult's rows are as rare as among unseen people.
    pub min_shared_rows: usize,
    /// Share of the rows above which a number is a spike: it is drawn like a category first, the
    /// other numbers after it. Default 0.3: leaves keep smaller spikes by themselves.
    pub spike_share: f64,
    /// Most distinct values of a number that is predicted as a class, each of 100 rows on average:
    /// splits then see more than its mean. Default 40. On STAR it lowers the worst two-way table
    /// from 5.4 to 4.5.
    pub class_values: usize,
    /// How the rows that reach a leaf share its values. Default: balanced.
    pub draws: Draws,
    /// Most bins of a numeric predictor in tables above [`exact_rows`](Self::exact_rows). Default
    /// 255, at which splits are as good as exact ones.
    pub max_bins: usize,
    /// Most rows of a table in which every distinct number of a predictor can be a split point, as
    /// in `rpart`. Default 10,000.
    pub exact_rows: usize,
    /// Most columns that may predict a column. Where more come before it, the tree searches those
    /// that share most information with it, which makes the time of a fit linear in the columns.
    /// Default 100.
    pub max_predictors: usize,
    /// Settings of single columns, by name. Default: none.
    pub columns: BTreeMap<String, ColumnConfig>,
    /// Rules with fixed values. Default: none.
    pub rules: Vec<Rule>,
    /// Separate models for parts of the rows. Default: one model for all rows.
    pub strata: Option<Strata>,
    /// Several rows per subject in order of time. Default: rows have no order.
    pub panel: Option<Panel>,
    /// Proper synthesis: whether the model is fitted on a bootstrap sample of the rows (of whole
    /// clusters, where there are any), as combining rules for several copies require. Default: no.
    pub proper: bool,
    /// Number of trees per column, each grown on a bootstrap sample; each row is drawn from one of
    /// them at random. Default 1: a single tree on the rows themselves.
    pub trees: usize,
    /// Pruning of grown trees. Default: a split must lower the deviance by 2 per leaf, the
    /// criterion of Akaike 1974. Without pruning two-way tables fit a little better and far more
    /// rows are copied.
    pub pruning: Pruning,
    /// Hierarchical shrinkage: rows that the nodes above a leaf count for when a value is drawn,
    /// which moves the shares of small leaves towards those of their neighbours. Default 0: none.
    pub shrinkage: f64,
    /// What happens to synthetic rows that match a unique person. Default: they are kept.
    pub replicated_uniques: ReplicatedUniques,
}

/// Order in which columns are synthesized; a column depends only on those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitOrder {
    /// The treatment, which depends on nothing, then covariates, then outcomes, then descriptors of
    /// other columns; within each of these groups in the order of the schema.
    Schema,
    /// As [`Schema`](Self::Schema), but columns with few distinct values come first within each
    /// group: a tree with many rows per class comes early, and columns with many values come late.
    #[default]
    FewestLevelsFirst,
    /// As [`Schema`](Self::Schema), but within each group the next column is the one with the
    /// strongest association to a column before it.
    ByAssociation,
    /// [`FewestLevelsFirst`](Self::FewestLevelsFirst) or [`ByAssociation`](Self::ByAssociation),
    /// whichever keeps two-way tables better when models of 3,000 rows are fitted and sampled.
    /// Tables with clusters: few levels first.
    Learnt,
    /// These columns first, in this order; the others follow as in [`Schema`](Self::Schema).
    /// Columns of clusters always come before columns of their members, and columns that a formula,
    /// a rule or a nested column refers to come before that column.
    Given(Vec<String>),
}

/// When the size of each tree is chosen by cross-fitting.
///
/// Candidates are trees with leaves of 5 to 160 rows, trees pruned by deviance, and a single leaf.
/// The one with the largest likelihood in held-out folds (whole clusters, where there are any) is
/// taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrossFit {
    /// In tables of fewer than 2,000 rows, unless `min_leaf_rows` or `pruning` differs from its
    /// default.
    #[default]
    SmallTables,
    /// Never: all trees have the smallest leaf of the settings.
    Never,
    /// Always.
    Always,
}

/// What happens to synthetic rows that are unique and match a unique real person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplicatedUniques {
    /// They are kept.
    #[default]
    Keep,
    /// They are drawn again. Rows match if they agree in all of these columns, or in all columns of
    /// the table if none is named. The model then holds a digest of each unique person, and a
    /// reader who knows what was removed knows that such a person exists: the record of the fit
    /// warns of both.
    Remove(Vec<String>),
}

/// How numbers are drawn from a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Smoothing {
    /// A number that few rows share is replaced by one between its neighbours in the column, on the
    /// column's grid.
    #[default]
    Neighbours,
    /// As [`Neighbours`](Self::Neighbours), from the column's kernel density estimate (normal
    /// kernel, bandwidth by Silverman's rule) in place of its order statistics.
    Density,
    /// Numbers are repeated as they are.
    Off,
}

/// How the rows that reach a leaf share its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Draws {
    /// Evenly: shares in the synthetic rows are those of the leaf up to rounding.
    #[default]
    Balanced,
    /// Independently, which adds sampling noise. Clusters are still drawn evenly: there are too few
    /// of them.
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
            max_predictors: 100,
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
    /// Sets the fewest rows in a leaf (default 5); nodes are split from twice as many on.
    #[must_use]
    pub fn with_min_leaf_rows(mut self, rows: usize) -> Self {
        self.min_leaf_rows = rows;
        self.min_split_rows = rows.saturating_mul(2);
        self
    }

    /// Sets the fewest rows in a node that is split (default 10).
    #[must_use]
    pub fn with_min_split_rows(mut self, rows: usize) -> Self {
        self.min_split_rows = rows;
        self
    }

    /// Sets when sizes of trees are chosen by cross-fitting (default: small tables).
    #[must_use]
    pub fn with_cross_fit(mut self, cross_fit: CrossFit) -> Self {
        self.cross_fit = cross_fit;
        self
    }

    /// Sets the most splits between the root and a leaf (default 30).
    #[must_use]
    pub fn with_max_depth(mut self, splits: usize) -> Self {
        self.max_depth = splits;
        self
    }

    /// Sets the order in which columns are synthesized (default: fewest levels first).
    #[must_use]
    pub fn with_visit_order(mut self, order: VisitOrder) -> Self {
        self.visit_order = order;
        self
    }

    /// Sets how numbers are drawn from a leaf (default: between neighbours).
    #[must_use]
    pub fn with_smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }

    /// Sets the fewest rows that must share a number for it to be repeated (default 7).
    #[must_use]
    pub fn with_min_shared_rows(mut self, rows: usize) -> Self {
        self.min_shared_rows = rows;
        self
    }

    /// Sets the share of rows above which a number is a spike (default 0.3); 1 or more turns spikes
    /// off.
    #[must_use]
    pub fn with_spike_share(mut self, share: f64) -> Self {
        self.spike_share = share;
        self
    }

    /// Sets how rows share the values of a leaf (default: balanced).
    #[must_use]
    pub fn with_draws(mut self, draws: Draws) -> Self {
        self.draws = draws;
        self
    }

    /// Sets the most bins of a numeric predictor in large tables (default 255).
    #[must_use]
    pub fn with_max_bins(mut self, bins: usize) -> Self {
        self.max_bins = bins;
        self
    }

    /// Sets the most rows of a table with exact split points (default 10,000).
    #[must_use]
    pub fn with_exact_rows(mut self, rows: usize) -> Self {
        self.exact_rows = rows;
        self
    }

    /// Sets the most columns that may predict a column (default 100).
    #[must_use]
    pub fn with_max_predictors(mut self, columns: usize) -> Self {
        self.max_predictors = columns;
        self
    }

    /// Sets the settings of a column.
    #[must_use]
    pub fn with_column(mut self, name: impl Into<String>, settings: ColumnConfig) -> Self {
        self.columns.insert(name.into(), settings);
        self
    }

    /// Adds a rule.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets the strata, each of which has a model of its own.
    #[must_use]
    pub fn with_strata(mut self, strata: Strata) -> Self {
        self.strata = Some(strata);
        self
    }

    /// Sets the columns of subject and time of several rows per subject.
    #[must_use]
    pub fn with_panel(mut self, panel: Panel) -> Self {
        self.panel = Some(panel);
        self
    }

    /// Sets whether the model is fitted on a bootstrap sample (default: no).
    #[must_use]
    pub fn with_proper(mut self, proper: bool) -> Self {
        self.proper = proper;
        self
    }

    /// Sets the number of trees per column (default 1).
    #[must_use]
    pub fn with_trees(mut self, trees: usize) -> Self {
        self.trees = trees;
        self
    }

    /// Sets the pruning (default: deviance of 2 per leaf).
    #[must_use]
    pub fn with_pruning(mut self, pruning: Pruning) -> Self {
        self.pruning = pruning;
        self
    }

    /// Sets the rows that the nodes above a leaf count for (default 0).
    #[must_use]
    pub fn with_shrinkage(mut self, rows: f64) -> Self {
        self.shrinkage = rows;
        self
    }

    /// Sets what happens to synthetic rows that match a unique person (default: kept).
    #[must_use]
    pub fn with_replicated_uniques(mut self, fate: ReplicatedUniques) -> Self {
        self.replicated_uniques = fate;
        self
    }

    /// Checks the ranges of all settings.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let at_least_one = |setting: &str, value: usize| match value {
            0 => Err(setting_error(setting, "must be at least 1")),
            _ => Ok(()),
        };
        at_least_one("min_leaf_rows", self.min_leaf_rows)?;
        at_least_one("min_shared_rows", self.min_shared_rows)?;
        at_least_one("max_predictors", self.max_predictors)?;
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
