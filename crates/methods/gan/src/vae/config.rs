//! Settings of the autoencoder.

use parable_core::FitError;
use parable_nn::device::Compute;
use parable_nn::dp_sgd::Schedule;
use parable_nn::ghost_clipping::{Clip, Clipping};
use serde::{Deserialize, Serialize};

use crate::config::{MarginalConfig, all_hold, are_layers};

/// Settings of [`Vae`](crate::Vae).
///
/// The budget is none of them: a private fit spends what is left in the ledger it is handed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VaeConfig {
    /// Whether the fit is differentially private. Default true. Without, it needs an unlimited
    /// ledger, and bins follow the rows.
    pub private: bool,
    /// Device that the fit computes on.
    pub compute: Compute,
    /// Numbers of a code, which the encoder writes and the decoder reads. Default 16.
    #[serde(alias = "latent")]
    pub latent_dim: usize,
    /// Units of the hidden layers of either network, 1 to 6 of them. Default 128, 128.
    #[serde(alias = "hidden")]
    pub hidden_units: Vec<usize>,
    /// Weight of the divergence of these numbers from normal ones, against the loss of
    /// reconstruction. Default 1, the bound of the likelihood.
    pub divergence: f64,
    /// Steps. Default 2000.
    pub steps: u64,
    /// Expected rows per step. Default 1000; a private fit draws each row with the same small
    /// probability.
    pub batch: usize,
    /// Norm to which the gradient of each row is clipped in a private fit. Default 1.
    #[serde(alias = "clip")]
    pub clip_norm: f64,
    /// Parts of a gradient that are clipped together.
    pub clipping: Clipping,
    /// Rows whose gradients are computed at once, at most: larger batches are added up in parts of
    /// this size, with equal sums. Default 2048.
    pub accumulate: usize,
    /// Learning rate at the beginning; it falls to a hundredth. Default 0.002.
    #[serde(alias = "rate")]
    pub learning_rate: f64,
    /// Share of the budget for counts of single columns, which estimate the number of rows and
    /// start the biases of the outputs. Default 0.12.
    pub columns_share: f64,
    /// Levels are merged until a group holds this many standard deviations of the noise of a cell.
    /// Default 6.
    pub merge: f64,
    /// Most bins of a number. Default 128 without privacy, else by the budget as in
    /// [`MarginalConfig::max_bins`].
    pub max_bins: Option<u32>,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            private: true,
            compute: Compute::default(),
            latent_dim: 16,
            hidden_units: vec![128, 128],
            divergence: 1.0,
            steps: 2000,
            batch: 1000,
            clip_norm: 1.0,
            clipping: Clipping::default(),
            accumulate: 2048,
            learning_rate: 2e-3,
            columns_share: 0.12,
            merge: 6.0,
            max_bins: None,
        }
    }
}

impl VaeConfig {
    /// Switches the privacy guarantee off.
    #[must_use]
    pub fn non_private(mut self) -> Self {
        self.private = false;
        self
    }

    /// Sets the device that the fit computes on.
    #[must_use]
    pub fn with_compute(mut self, compute: Compute) -> Self {
        self.compute = compute;
        self
    }

    /// Returns the settings that the privacy of the training depends on.
    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            setting: "batch",
            steps: self.steps,
            batch: self.batch,
            clip: Clip {
                norm: self.clip_norm,
                clipping: self.clipping,
            },
        }
    }

    /// Returns the settings by which columns are measured, as those of a generator that measures
    /// them in the same way.
    pub(crate) fn columns(&self) -> MarginalConfig {
        MarginalConfig {
            columns_share: self.columns_share,
            merge: self.merge,
            max_bins: self.max_bins,
            ..MarginalConfig::default()
        }
    }

    /// Refuses settings that make no sense whatever the table.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let rules = [
            (
                "latent_dim",
                (1..=4096).contains(&self.latent_dim),
                "between 1 and 4096 numbers",
            ),
            (
                "hidden_units",
                are_layers(&self.hidden_units),
                "between 1 and 6 layers of 1 to 4096 units",
            ),
            (
                "divergence",
                self.divergence >= 0.0 && self.divergence.is_finite(),
                "a number of at least 0",
            ),
            (
                "steps",
                self.steps > 0 && self.steps < 1 << 31,
                "between 1 and 2^31 steps",
            ),
            (
                "batch",
                (2..=1 << 20).contains(&self.batch),
                "between 2 and 2^20 rows",
            ),
            (
                "clip_norm",
                self.clip_norm > 0.0 && self.clip_norm.is_finite(),
                "a norm above 0",
            ),
            (
                "accumulate",
                (32..=1 << 20).contains(&self.accumulate),
                "between 32 and 2^20 rows",
            ),
            (
                "learning_rate",
                self.learning_rate > 0.0 && self.learning_rate < 1.0,
                "a learning rate lies between 0 and 1",
            ),
            (
                "columns_share",
                self.columns_share > 0.0 && self.columns_share < 1.0,
                "a share lies between 0 and 1",
            ),
            (
                "merge",
                self.merge >= 0.0 && self.merge.is_finite(),
                "a number of at least 0",
            ),
            (
                "max_bins",
                self.max_bins.is_none_or(|bins| (1..=4096).contains(&bins)),
                "between 1 and 4096 bins",
            ),
        ];
        all_hold(&rules)
    }
}
