//! Settings.

use serde::{Deserialize, Serialize};

/// Settings of [`PrivateCart`](crate::PrivateCart).
///
/// The budget is not a setting: a fit spends what is left in the ledger it is given. The evidence
/// for the defaults is in `docs/methods/private-cart.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PrivateCartConfig {
    /// Most splits between the root of a tree and a leaf; 0 for independent columns. Default 3.
    pub max_depth: u32,
    /// Most nodes of a level that are split further. Default 8.
    pub max_nodes: u32,
    /// Most branches of a split below the first one. Default 8.
    pub max_branches: u32,
    /// Share of the budget for the first measurement of each column, from which rare levels are
    /// merged. Default 0.1.
    pub columns_share: f64,
    /// Largest share of the budget for scores: half for all pairs, half for columns that trees may
    /// split on. Default 0.1.
    pub scores_share: f64,
    /// Share of the budget for a second measurement of each column, besides what trees leave over.
    /// Default 0.25.
    pub again_share: f64,
    /// Levels are merged until a group has this many standard deviations of the noise of a cell (at
    /// most a tenth of the rows). Default 30.
    pub merge: f64,
    /// Levels are merged until a group has this share of the rows, however large the budget.
    /// Default 0.007.
    pub finest_share: f64,
    /// Most bins of a number between its bounds. Default 64: bins with too few rows to tell apart
    /// are merged anyway.
    pub max_bins: u32,
    /// Nominal columns whose codes have an order, and, for fits from codes, every column whose
    /// codes have one.
    pub ordered: Vec<String>,
}

impl Default for PrivateCartConfig {
    fn default() -> Self {
        Self {
            max_depth: 3,
            max_nodes: 8,
            max_branches: 8,
            columns_share: 0.1,
            scores_share: 0.1,
            again_share: 0.25,
            merge: 30.0,
            finest_share: 0.007,
            max_bins: 64,
            ordered: Vec::new(),
        }
    }
}

impl PrivateCartConfig {
    /// Sets the most splits between the root and a leaf (default 3).
    #[must_use]
    pub fn with_max_depth(mut self, max_depth: u32) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// Sets the most nodes of a level that are split further (default 8).
    #[must_use]
    pub fn with_max_nodes(mut self, max_nodes: u32) -> Self {
        self.max_nodes = max_nodes;
        self
    }

    /// Sets the most branches of a split below the first one (default 8).
    #[must_use]
    pub fn with_max_branches(mut self, max_branches: u32) -> Self {
        self.max_branches = max_branches;
        self
    }

    /// Sets the most bins of a number (default 64).
    #[must_use]
    pub fn with_max_bins(mut self, max_bins: u32) -> Self {
        self.max_bins = max_bins;
        self
    }

    /// Sets the columns whose codes have an order.
    #[must_use]
    pub fn with_ordered<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.ordered = columns.into_iter().map(Into::into).collect();
        self
    }
}
