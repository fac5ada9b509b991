//! Settings of the method.

use std::collections::BTreeMap;

use parable_measure::{Bins, Weight};
use serde::{Deserialize, Serialize};

/// Which marginals are measured, and how they are chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Strategy {
    /// One noisy score for every pair, the pairs whose gain exceeds their noise, budgets in closed
    /// form, one measurement. The default: it has the smallest error in `benches/mst`.
    #[default]
    Swift,
    /// A tree of pairs, each chosen by the exponential mechanism, with a third of the budget each
    /// for columns, choices and pairs (McKenna, Miklau & Sheldon 2021). Differences: levels below
    /// three standard deviations merge with neighbours where they stand in an order, and the score
    /// of a pair is lowered by the noise that measuring it would add, as in AIM (2022).
    Mst,
    /// One marginal after another, each the one that the model so far answers worst, with less
    /// noise as the answers get better (McKenna, Mullins, Sheldon & Miklau 2022). Slower, and
    /// better for sets of three.
    Aim {
        /// Size of the sets whose errors count: all pairs (2), or all triples and their pairs (3).
        /// `required` sets of another size count, too.
        ways: u8,
    },
    /// The columns alone.
    Independent,
    /// These sets of columns and no others.
    Direct {
        /// Names of the columns of each set.
        marginals: Vec<Vec<String>>,
    },
}

/// Where in its bin a number lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Restore {
    /// Anywhere in the bin alike.
    #[default]
    Uniform,
    /// By a smooth ascending curve through the estimated distribution function.
    Smooth,
}

/// Settings of [`Mst`](crate::Mst).
///
/// The budget is none of them: a fit spends what is left in the ledger it is handed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MstConfig {
    /// Which marginals are measured.
    pub strategy: Strategy,
    /// Sets of columns (names) that are measured in any case, such as the arm of a trial with an
    /// outcome.
    pub required: Vec<Vec<String>>,
    /// Weights of columns and sets that matter more or less than the rest.
    pub weights: Vec<Weight>,
    /// Most cells of the model. Default 100,000: 0.8 megabytes, fitted in half a second; 200,000
    /// lower the error of Adult by 3 percent more.
    pub max_cells: u64,
    /// Share of the budget for the first look at each column, from which levels are merged. Default
    /// 0.1, as in google/dpsynth; what it finds counts in the estimate, too.
    pub columns_share: f64,
    /// Most of the budget for scores. Default 0.1; less is taken when noise of half a percent of
    /// the rows is had for less.
    pub scores_share: f64,
    /// Levels are merged until a group holds this many standard deviations of the noise of a cell
    /// (at most a tenth of the rows). Default 30: from 15 to 50 the error of Adult and of a
    /// simulated network changed by less than a tenth, with the least at 30 to 50 on one and 15 on
    /// the other.
    pub merge: f64,
    /// Levels are merged until a group holds this share of the rows, however large the budget.
    /// Default 0.007: finer groups use up the cells of the model without showing in its error
    /// (Adult at epsilon 10: two-way error 0.0217 with, 0.0234 without).
    pub finest_share: f64,
    /// Bins of a number between its bounds. Default 64: bins that hold too few rows to tell apart
    /// are merged anyway.
    pub max_bins: u32,
    /// How columns of numbers are divided, by name; those not named as `default_bins` says.
    pub bins: BTreeMap<String, Bins>,
    /// How columns of numbers are divided that `bins` does not name. Default uniform.
    pub default_bins: Bins,
    /// Share of the budget for bins that follow the rows, all columns together. Default 0.1.
    pub bins_share: f64,
    /// Share of the budget for bounds of columns of numbers that have none declared, all of them
    /// together. Default 0: such columns are refused.
    pub bounds_share: f64,
    /// Share of the budget for the values that all rows of a cluster share. Default 0.1.
    pub clusters_share: f64,
    /// Where in its bin a number lies. Default uniform.
    pub restore: Restore,
    /// Columns whose codes stand in an order, for fits from codes; for tables the schema says so.
    pub ordered: Vec<String>,
    /// Most iterations of the estimate. Default 200: more lower the error where noise is low (Adult
    /// at epsilon 10: by 1 percent with 300) and raise it where noise is high, as they follow it.
    pub iterations: usize,
    /// Where the estimate stops; see
    /// [`EstimateConfig::tolerance`](parable_pgm::EstimateConfig::tolerance). Default 1e-3.
    pub tolerance: f64,
    /// The number of rows, if it is public. Default: estimated from noisy counts.
    pub public_rows: Option<u64>,
}

impl Default for MstConfig {
    fn default() -> Self {
        Self {
            strategy: Strategy::Swift,
            required: Vec::new(),
            weights: Vec::new(),
            max_cells: 100_000,
            columns_share: 0.1,
            scores_share: 0.1,
            merge: 30.0,
            finest_share: 0.007,
            max_bins: 64,
            bins: BTreeMap::new(),
            default_bins: Bins::Uniform,
            bins_share: 0.1,
            bounds_share: 0.0,
            clusters_share: 0.1,
            restore: Restore::Uniform,
            ordered: Vec::new(),
            iterations: 200,
            tolerance: 1e-3,
            public_rows: None,
        }
    }
}

impl MstConfig {
    /// Sets which marginals are measured.
    #[must_use]
    pub fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Adds a set of columns that is measured in any case.
    #[must_use]
    pub fn with_required<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.required
            .push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a weight for a column or a set.
    #[must_use]
    pub fn with_weight<S: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = S>,
        weight: f64,
    ) -> Self {
        self.weights.push(Weight {
            columns: columns.into_iter().map(Into::into).collect(),
            weight,
        });
        self
    }

    /// Sets the most cells of the model.
    #[must_use]
    pub fn with_max_cells(mut self, max_cells: u64) -> Self {
        self.max_cells = max_cells;
        self
    }

    /// Sets how a column of numbers is divided into bins.
    #[must_use]
    pub fn with_bins(mut self, column: impl Into<String>, bins: Bins) -> Self {
        self.bins.insert(column.into(), bins);
        self
    }

    /// Sets how columns of numbers are divided that are not named.
    #[must_use]
    pub fn with_default_bins(mut self, bins: Bins) -> Self {
        self.default_bins = bins;
        self
    }

    /// Sets the share of the budget for bounds that are not declared.
    #[must_use]
    pub fn with_bounds_share(mut self, share: f64) -> Self {
        self.bounds_share = share;
        self
    }

    /// Sets how numbers are placed in their bins.
    #[must_use]
    pub fn with_restore(mut self, restore: Restore) -> Self {
        self.restore = restore;
        self
    }

    pub(crate) fn bins_of(&self, column: &str) -> Bins {
        self.bins.get(column).copied().unwrap_or(self.default_bins)
    }

    /// Sets the columns whose codes stand in an order.
    #[must_use]
    pub fn with_ordered<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.ordered = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the number of rows, where it is public.
    #[must_use]
    pub fn with_public_rows(mut self, rows: u64) -> Self {
        self.public_rows = Some(rows);
        self
    }
}
