//! Settings of the generator and its teachers.

use parable_core::FitError;
use parable_measure::Bins;
use parable_nn::device::Compute;
use parable_nn::dp_sgd::Schedule;
pub(crate) use parable_nn::error::setting;
use parable_nn::ghost_clipping::{Clip, Clipping};
use serde::{Deserialize, Serialize};

/// Teacher of the generator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Teacher {
    /// Counts of columns and of chosen pairs of columns, with noise when the fit is private. The
    /// default: better than a private discriminator at every budget measured
    /// (`docs/methods/gan.md`).
    #[default]
    Marginals,
    /// A second network that classifies rows as real or synthetic: the generative adversarial
    /// network. When the fit is private, it learns by clipped gradients with noise (DP-SGD), and
    /// noisy counts of single columns start the generator.
    Discriminator,
    /// Both; see [`GanConfig::discriminator_share`].
    Both,
}

/// Settings of [`Gan`](crate::Gan).
///
/// The budget is none of them: a private fit spends what is left in the ledger it is handed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GanConfig {
    /// Whether the fit is differentially private. Default true. Without, it needs an unlimited
    /// ledger, and bins follow the rows.
    pub private: bool,
    /// Teacher of the generator.
    pub teacher: Teacher,
    /// Share of the budget for the discriminator when both teach. Default 0.3.
    pub discriminator_share: f64,
    /// Device that the fit computes on.
    pub compute: Compute,
    /// Random numbers of a component. Default 64.
    #[serde(alias = "latent")]
    pub latent_dim: usize,
    /// Units of the hidden layers of the generator, 1 to 6 of them. Default 128, 128.
    #[serde(alias = "hidden")]
    pub hidden_units: Vec<usize>,
    /// Settings of the marginal teacher.
    pub marginals: MarginalConfig,
    /// Settings of the discriminator.
    pub discriminator: DiscriminatorConfig,
}

/// Settings of the marginal teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MarginalConfig {
    /// Sets of two or three columns (names) that are measured in any case, such as the arm of a
    /// trial with an outcome.
    pub required: Vec<Vec<String>>,
    /// Components of the mixture that the generator is. Default 2000.
    pub components: usize,
    /// Components, chosen at random, of a step. Fewer than all keep the generator from
    /// learning the noise by heart. Default 500.
    pub batch: usize,
    /// Share of the budget for single columns. Default 0.12.
    pub columns_share: f64,
    /// Share of the rest for choosing pairs. Default 0.1.
    pub selection_share: f64,
    /// Most pairs that are measured. Default: as many as the budget makes worth while. When
    /// these are all pairs, nothing is spent on choosing.
    pub rounds: Option<usize>,
    /// Levels are merged until a group holds this many standard deviations of the noise of a cell.
    /// Default 6.
    pub merge: f64,
    /// Most bins of a number. Default: 128 without privacy; else by the budget, 128 at epsilon 1
    /// and in proportion to its root of zero-concentrated loss, from 32 to 1024. Bins that hold too
    /// few rows to tell apart are merged anyway.
    pub max_bins: Option<u32>,
    /// Bins of numbers in a private fit.
    pub bins: Bins,
    /// Share of the budget of a private fit for where numbers are: for bins that follow the rows,
    /// and for single values that many rows have, which get codes of their own. Only columns with
    /// more values than bins pay. Default 0.02; 0 leaves declared bins as they are.
    pub bins_share: f64,
    /// Steps of the generator after each turn of choosing and measuring, of which there are 40 at
    /// most. Default 25.
    pub round_steps: u64,
    /// Steps of the generator after the last pair, with a falling rate. Default 1000.
    pub final_steps: u64,
    /// Learning rate of the generator. Default 0.003.
    #[serde(alias = "rate")]
    pub learning_rate: f64,
}

/// Steps of the discriminator for each of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepsPerGenerator {
    /// `"adaptive"`: 1 at first, and the next of 1, 2, 5, 10, 20 and 50 whenever the discriminator,
    /// after a grace, classifies less than 60 percent of the rows right; 70 in a private fit, which
    /// looks at synthetic rows only, as an accuracy on real ones would have to be charged.
    Adaptive,
    /// This number, from 1 to the number of steps.
    #[serde(untagged)]
    Steps(u64),
}

/// Encoding of numbers with many values for a discriminator and its generator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Numbers {
    /// By the bin they are in; a number is drawn evenly within its bin. The default: better tables
    /// where numbers are whole and few.
    #[default]
    Bins,
    /// By a mode of a mixture of normal distributions, and the position within it: numbers keep
    /// their relations below the width of a bin. Values that many rows share, and all of numbers
    /// with few values, have levels of their own. Modes are read off the rows and make poor counts,
    /// so that this is for fits without a guarantee whose only teacher is the discriminator.
    Modes,
}

/// Settings of the discriminator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DiscriminatorConfig {
    /// Units of the hidden layers, 1 to 6 of them. Default 128, 128.
    #[serde(alias = "hidden")]
    pub hidden_units: Vec<usize>,
    /// Steps of the discriminator. Default 1500.
    pub steps: u64,
    /// Steps of the discriminator for each of the generator. Default 3 in a private fit, whose
    /// discriminator learns slowly, else 1.
    pub steps_per_generator: Option<StepsPerGenerator>,
    /// Weight of the shares of single columns, which are known (in a private fit: as released),
    /// weigh in what the generator learns beside the discriminator. Default 10.
    pub columns_weight: f64,
    /// Encoding of numbers.
    pub numbers: Numbers,
    /// Probability of a condition: one level that a row must have, of a column at random, drawn by
    /// the known shares of the column. 0 leaves conditions out of the training. Default 1.
    #[serde(alias = "reveal")]
    pub condition_probability: f64,
    /// Expected real rows per step, and synthetic rows per step. Default 1000; a private fit draws
    /// each row with the same small probability.
    pub batch: usize,
    /// Norm to which the gradient of each row is clipped. Default 1.
    #[serde(alias = "clip")]
    pub clip_norm: f64,
    /// Parts of a gradient that are clipped together.
    pub clipping: Clipping,
    /// Rows whose gradients are computed at once, at most: larger batches are added up in parts of
    /// this size, with equal sums. Default 2048.
    pub accumulate: usize,
    /// Whether Adam subtracts the variance of the noise from its second moment in a private fit
    /// (DP-AdamBC: Tang, Shpilevskiy & Lécuyer 2024). Default true.
    pub noise_correction: bool,
    /// Learning rate of the discriminator. Default 0.0005.
    #[serde(alias = "rate")]
    pub learning_rate: f64,
    /// Learning rate of the generator. Default 0.003.
    #[serde(alias = "generator_rate")]
    pub generator_learning_rate: f64,
}

impl Default for GanConfig {
    fn default() -> Self {
        Self {
            private: true,
            teacher: Teacher::default(),
            discriminator_share: 0.3,
            compute: Compute::default(),
            latent_dim: 64,
            hidden_units: vec![128, 128],
            marginals: MarginalConfig::default(),
            discriminator: DiscriminatorConfig::default(),
        }
    }
}

impl Default for MarginalConfig {
    fn default() -> Self {
        Self {
            required: Vec::new(),
            components: 2000,
            batch: 500,
            columns_share: 0.12,
            selection_share: 0.1,
            rounds: None,
            merge: 6.0,
            max_bins: None,
            bins: Bins::default(),
            bins_share: 0.02,
            round_steps: 25,
            final_steps: 1000,
            learning_rate: 0.003,
        }
    }
}

impl Default for DiscriminatorConfig {
    fn default() -> Self {
        Self {
            hidden_units: vec![128, 128],
            steps: 1500,
            steps_per_generator: None,
            columns_weight: 10.0,
            numbers: Numbers::default(),
            condition_probability: 1.0,
            batch: 1000,
            clip_norm: 1.0,
            clipping: Clipping::default(),
            accumulate: 2048,
            noise_correction: true,
            learning_rate: 5e-4,
            generator_learning_rate: 3e-3,
        }
    }
}

impl DiscriminatorConfig {
    /// Returns the settings that the privacy of the training depends on.
    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            setting: "discriminator",
            steps: self.steps,
            batch: self.batch,
            clip: Clip {
                norm: self.clip_norm,
                clipping: self.clipping,
            },
        }
    }
}

impl GanConfig {
    /// Switches the privacy guarantee off.
    #[must_use]
    pub fn non_private(mut self) -> Self {
        self.private = false;
        self
    }

    /// Sets the teacher.
    #[must_use]
    pub fn with_teacher(mut self, teacher: Teacher) -> Self {
        self.teacher = teacher;
        self
    }

    /// Adds a set that is measured in any case.
    #[must_use]
    pub fn with_required<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        let names = columns.into_iter().map(Into::into).collect();
        self.marginals.required.push(names);
        self
    }

    /// Sets the device that the fit computes on.
    #[must_use]
    pub fn with_compute(mut self, compute: Compute) -> Self {
        self.compute = compute;
        self
    }

    /// Returns the steps of the discriminator for each of the generator.
    pub(crate) fn steps_per_generator(&self) -> StepsPerGenerator {
        let usual = if self.private { 3 } else { 1 };
        let own = self.discriminator.steps_per_generator;
        own.unwrap_or(StepsPerGenerator::Steps(usual))
    }

    /// Returns whether the generator has conditions.
    pub(crate) fn is_conditional(&self) -> bool {
        self.teacher != Teacher::Marginals && self.discriminator.condition_probability > 0.0
    }

    /// Returns whether modes of numbers can be read off the rows, and only a discriminator looks at
    /// them.
    fn may_have_modes(&self) -> bool {
        !self.private && self.teacher == Teacher::Discriminator
    }

    /// Refuses settings that make no sense whatever the table.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        let rate = |value: f64| value > 0.0 && value < 1.0;
        let (own, other) = (&self.marginals, &self.discriminator);
        let rules = [
            (
                "discriminator_share",
                share(self.discriminator_share),
                "a share lies between 0 and 1",
            ),
            (
                "latent_dim",
                (1..=4096).contains(&self.latent_dim),
                "between 1 and 4096 random numbers",
            ),
            (
                "hidden_units",
                are_layers(&self.hidden_units),
                "between 1 and 6 layers of 1 to 4096 units",
            ),
            (
                "discriminator.hidden_units",
                are_layers(&other.hidden_units),
                "between 1 and 6 layers of 1 to 4096 units",
            ),
            (
                "marginals.components",
                (2..=65_536).contains(&own.components),
                "between 2 and 65536 components",
            ),
            (
                "marginals.batch",
                (2..=65_536).contains(&own.batch),
                "between 2 and 65536 components",
            ),
            (
                "marginals.columns_share",
                share(own.columns_share),
                "a share lies between 0 and 1",
            ),
            (
                "marginals.selection_share",
                share(own.selection_share),
                "a share lies between 0 and 1",
            ),
            (
                "marginals.merge",
                own.merge >= 0.0 && own.merge.is_finite(),
                "a number of at least 0",
            ),
            (
                "marginals.max_bins",
                own.max_bins.is_none_or(|bins| (1..=4096).contains(&bins)),
                "between 1 and 4096 bins",
            ),
            (
                "marginals.bins_share",
                (0.0..1.0).contains(&own.bins_share),
                "a share lies between 0 and 1",
            ),
            (
                "marginals.final_steps",
                own.final_steps > 0 && own.final_steps < 1 << 32 && own.round_steps < 1 << 32,
                "between 1 and 2^32 steps",
            ),
            (
                "marginals.learning_rate",
                rate(own.learning_rate),
                "a learning rate lies between 0 and 1",
            ),
            (
                "discriminator.steps",
                other.steps > 0 && other.steps < 1 << 32,
                "between 1 and 2^32 steps",
            ),
            (
                "discriminator.steps_per_generator",
                other.steps_per_generator.is_none_or(|how| match how {
                    StepsPerGenerator::Adaptive => true,
                    StepsPerGenerator::Steps(steps) => (1..=other.steps).contains(&steps),
                }),
                "between 1 and the number of steps",
            ),
            (
                "discriminator.columns_weight",
                other.columns_weight >= 0.0 && other.columns_weight.is_finite(),
                "a weight of at least 0",
            ),
            (
                "discriminator.numbers",
                other.numbers == Numbers::Bins || self.may_have_modes(),
                "modes are for fits that are not private and whose only teacher is the discriminator",
            ),
            (
                "discriminator.condition_probability",
                (0.0..=1.0).contains(&other.condition_probability),
                "a probability",
            ),
            (
                "discriminator.batch",
                (2..=1 << 20).contains(&other.batch),
                "between 2 and 2^20 rows",
            ),
            (
                "discriminator.clip_norm",
                other.clip_norm > 0.0 && other.clip_norm.is_finite(),
                "a norm above 0",
            ),
            (
                "discriminator.accumulate",
                (32..=1 << 20).contains(&other.accumulate),
                "between 32 and 2^20 rows",
            ),
            (
                "discriminator.learning_rate",
                rate(other.learning_rate),
                "a learning rate lies between 0 and 1",
            ),
            (
                "discriminator.generator_learning_rate",
                rate(other.generator_learning_rate),
                "a learning rate lies between 0 and 1",
            ),
        ];
        all_hold(&rules)
    }
}

/// Refuses the first setting whose rule does not hold.
///
/// A rule is the name of a setting, whether it holds, and the rule in words.
pub(crate) fn all_hold(rules: &[(&str, bool, &str)]) -> Result<(), FitError> {
    match rules.iter().find(|(_, holds, _)| !holds) {
        None => Ok(()),
        Some((name, _, rule)) => Err(setting(name, rule)),
    }
}

/// Returns whether these can be the units of hidden layers.
pub(crate) fn are_layers(hidden: &[usize]) -> bool {
    (1..=6).contains(&hidden.len()) && hidden.iter().all(|units| (1..=4096).contains(units))
}
