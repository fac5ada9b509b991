//! The settings of a fit.

use parable_core::FitError;
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
    /// How the rows of a leaf share out what it holds. Default: balanced.
    pub draws: Draws,
    /// Most bins of a numeric predictor in tables above [`exact_rows`](Self::exact_rows). Default 255, at which splits are as good as exact ones.
    pub max_bins: usize,
    /// Up to this many rows every distinct number of a predictor can be a split point, as in `rpart`. Default 10,000.
    pub exact_rows: usize,
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
    /// These columns first, in this order; the others follow as in [`Schema`](Self::Schema). Columns of clusters are always made before
    /// columns of their members.
    Given(Vec<String>),
}

/// How numbers are taken from a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Smoothing {
    /// A number that few rows share is replaced by one between its neighbours in the column, on the column's grid.
    #[default]
    Neighbours,
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
            max_depth: 30,
            visit_order: VisitOrder::default(),
            smoothing: Smoothing::default(),
            min_shared_rows: 7,
            spike_share: 0.3,
            draws: Draws::default(),
            max_bins: 255,
            exact_rows: 10_000,
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
        ];
        for (config, name) in bad {
            match config.check() {
                Err(FitError::Setting { setting, .. }) => assert_eq!(setting, name),
                other => panic!("{other:?}"),
            }
        }
    }
}
