//! Settings of the method.

use serde::{Deserialize, Serialize};

use crate::zeros::StructuralZeros;

/// Which pairs of columns are margins besides the sets that are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pairs {
    /// None.
    None,
    /// Every pair. Refused if the model would have more cells than allowed.
    All,
    /// Pairs by how far they are from independence, farthest first, as long as the model stays
    /// within its cells and the distance is more than chance (for private fits: more than the noise
    /// of measuring it). The default.
    #[default]
    Strongest,
}

/// Settings of [`Ipf`](crate::Ipf).
///
/// A budget is none of them: a private fit spends what is left in the ledger it is handed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct IpfConfig {
    /// Whether margins are measured with noise that protects people. Default no: margins are
    /// counted exactly.
    pub private: bool,
    /// Sets of columns (names) that are margins in any case. Every single column is one.
    pub margins: Vec<Vec<String>>,
    /// Which pairs are margins, too.
    pub pairs: Pairs,
    /// Combinations that cannot occur.
    pub zeros: Vec<StructuralZeros>,
    /// Most cells of the model. Default 200,000: 1.6 megabytes.
    pub max_cells: u64,
    /// Most bins of a numeric column. Default 16: a pair of numbers then has 256 cells, which a few
    /// thousand rows fill.
    pub max_bins: u32,
    /// Most passes over all margins when they are exact. Default 100.
    pub passes: usize,
    /// Exact margins are met when no cell is off by more than this share of the rows. Default 1e-5.
    pub tolerance: f64,
    /// Most iterations when margins are noisy. Default 300.
    pub iterations: usize,
    /// Share of a private budget for a first look at single columns, where pairs are chosen.
    /// Default 0.1.
    pub columns_share: f64,
    /// Most of a private budget for scores of pairs. Default 0.1.
    pub scores_share: f64,
}

impl Default for IpfConfig {
    fn default() -> Self {
        Self {
            private: false,
            margins: Vec::new(),
            pairs: Pairs::Strongest,
            zeros: Vec::new(),
            max_cells: 200_000,
            max_bins: 16,
            passes: 100,
            tolerance: 1e-5,
            iterations: 300,
            columns_share: 0.1,
            scores_share: 0.1,
        }
    }
}

impl IpfConfig {
    /// Switches to margins with noise, charged to the ledger.
    #[must_use]
    pub fn with_privacy(mut self) -> Self {
        self.private = true;
        self
    }

    /// Adds a margin.
    #[must_use]
    pub fn with_margin<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.margins
            .push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sets which pairs are margins.
    #[must_use]
    pub fn with_pairs(mut self, pairs: Pairs) -> Self {
        self.pairs = pairs;
        self
    }

    /// Adds combinations that cannot occur.
    #[must_use]
    pub fn with_zeros(mut self, zeros: StructuralZeros) -> Self {
        self.zeros.push(zeros);
        self
    }

    /// Sets the most cells of the model.
    #[must_use]
    pub fn with_max_cells(mut self, max_cells: u64) -> Self {
        self.max_cells = max_cells;
        self
    }

    /// Sets the most bins of a column of numbers.
    #[must_use]
    pub fn with_max_bins(mut self, max_bins: u32) -> Self {
        self.max_bins = max_bins;
        self
    }
}
