//! Settings.

use serde::{Deserialize, Serialize};

/// Settings of [`PrivateCart`](crate::PrivateCart).
///
/// The budget is none of them: a fit spends what is left in the ledger it is handed. The evidence
/// for the defaults is in `docs/methods/private-cart.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PrivateCartConfig {
    /// Most questions between the root of a tree and a leaf; 0 for independent columns. Default 3.
    pub max_depth: u32,
    /// Most nodes of a level that a further question is asked of. Default 8.
    pub max_nodes: u32,
    /// Most answers that a question below the first one distinguishes. Default 8.
    pub max_branches: u32,
    /// Share of the budget for the first look at each column, from which levels are merged. Default
    /// 0.1.
    pub columns_share: f64,
    /// Most of the budget for scores: half for all pairs, half for columns given trees. Default
    /// 0.1.
    pub scores_share: f64,
    /// Share of the budget for a second look at each column, besides what trees leave over. Default
    /// 0.25.
    pub again_share: f64,
    /// Levels are merged until a group holds this many standard deviations of the noise of a cell
    /// (at most a tenth of the rows). Default 30.
    pub merge: f64,
    /// Levels are merged until a group holds this share of the rows, however large the budget.
    /// Default 0.007.
    pub finest_share: f64,
    /// Bins of a number between its bounds. Default 64: bins that hold too few rows to tell apart
    /// are merged anyway.
    pub max_bins: u32,
    /// Nominal columns whose codes stand in an order all the same, and for fits from codes every
    /// column whose codes do.
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
    /// The same with another depth of trees.
    #[must_use]
    pub fn with_max_depth(mut self, max_depth: u32) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// The same with another limit of nodes per level.
    #[must_use]
    pub fn with_max_nodes(mut self, max_nodes: u32) -> Self {
        self.max_nodes = max_nodes;
        self
    }

    /// The same with another limit of answers per question.
    #[must_use]
    pub fn with_max_branches(mut self, max_branches: u32) -> Self {
        self.max_branches = max_branches;
        self
    }

    /// The same with another limit of bins.
    #[must_use]
    pub fn with_max_bins(mut self, max_bins: u32) -> Self {
        self.max_bins = max_bins;
        self
    }

    /// The same with these columns in an order.
    #[must_use]
    pub fn with_ordered<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.ordered = columns.into_iter().map(Into::into).collect();
        self
    }
}
