//! Releases as data, in the numbers that accountants need.

use serde::{Deserialize, Serialize};

use crate::number::{
    Delta, Epsilon, Mean, NoiseMultiplier, Order, Probability, Rho, SamplingRate, Shape, Sigma,
};

/// One release, or a tree of releases. The list only grows, and the meaning and the tag of a
/// variant never change.
///
/// Noise is always relative to the sensitivity **under the privacy unit of the ledger** that is
/// charged: build it with [`NoiseMultiplier::of`] or
/// [`PrivacyUnit::counts_squared`](crate::PrivacyUnit::counts_squared), and the factor between
/// relations cannot be forgotten.
///
/// ```
/// use parable_dp::{Event, NoiseMultiplier};
/// let event = Event::Gaussian { noise_multiplier: NoiseMultiplier::new(1.5)? };
/// let text = serde_json::to_string(&event)?;
/// assert_eq!(text, r#"{"kind":"gaussian","noise_multiplier":1.5}"#);
/// assert_eq!(serde_json::from_str::<Event>(&text)?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Event {
    /// Gaussian noise on a vector of any length.
    Gaussian {
        /// Standard deviation over L2 sensitivity.
        noise_multiplier: NoiseMultiplier,
    },
    /// Laplace noise on a vector of any length.
    Laplace {
        /// Scale over L1 sensitivity.
        noise_multiplier: NoiseMultiplier,
    },
    /// Discrete Gaussian noise on a vector of integers (Canonne, Kamath & Steinke 2020).
    DiscreteGaussian {
        /// Parameter `sigma` of the noise, in steps of the integer grid.
        sigma: Sigma,
        /// Squared L2 sensitivity in steps of the grid: a whole number, since the answers are
        /// whole.
        sensitivity_squared: u64,
    },
    /// Discrete Laplace (two-sided geometric) noise on a vector of integers.
    DiscreteLaplace {
        /// Scale `t` of the noise, in steps of the grid: `P(x)` is proportional to `exp(-|x| / t)`.
        scale: Sigma,
        /// L1 sensitivity in steps of the grid.
        sensitivity: u64,
    },
    /// Every record answers truly with probability `1 - noise`, and else uniformly among all
    /// categories (the true one included). Local: under every relation the cost is that of one
    /// exchanged answer.
    RandomizedResponse {
        /// Number of possible answers, at least 2.
        categories: u32,
        /// Probability of a uniform answer.
        noise: Probability,
    },
    /// The exponential mechanism, or any mechanism of bounded range `epsilon` (Durfee & Rogers
    /// 2019): probabilities proportional to `exp(epsilon * score / (2 * sensitivity))`, without the
    /// 2 when scores only move one way.
    Exponential {
        /// The bounded range: largest difference of two log-likelihood ratios.
        epsilon: Epsilon,
    },
    /// Any mechanism with pure differential privacy, permute-and-flip among them.
    PureDp {
        /// Its loss.
        epsilon: Epsilon,
    },
    /// Any mechanism with approximate differential privacy.
    ApproxDp {
        /// Its loss.
        epsilon: Epsilon,
        /// Its failure probability.
        delta: Delta,
    },
    /// Any mechanism with zero-concentrated differential privacy.
    Zcdp {
        /// Its loss.
        rho: Rho,
    },
    /// Any mechanism with these Renyi divergences in both directions (for example a data-dependent
    /// analysis).
    RenyiCurve {
        /// Points of the curve.
        points: Vec<RenyiPoint>,
    },
    /// The event on a sample which every row enters independently with the same probability.
    ///
    /// Under the replace relations noise is relative to [`NoiseMultiplier::of_sampled`], and a
    /// mechanism that is known by its loss alone is charged in full: the samples with and without
    /// a person are no neighbours of its promise (Balle, Barthe & Gaboardi 2018).
    PoissonSampled {
        /// That probability.
        rate: SamplingRate,
        /// The event on the sample.
        event: Box<Event>,
    },
    /// The event on a uniformly drawn sample of fixed size, without replacement. Replace-one
    /// relation only; the noise of the inner event is relative to the replace-one sensitivity.
    SampledWithoutReplacement {
        /// Size of the sample over number of rows.
        rate: SamplingRate,
        /// The event on the sample.
        event: Box<Event>,
    },
    /// All of these, in any order.
    Composed {
        /// The parts.
        events: Vec<Event>,
    },
    /// The same event many times, each with fresh noise (and a fresh sample).
    Repeated {
        /// How often.
        times: u64,
        /// The repeated event.
        event: Box<Event>,
    },
    /// The event run a random number of times, of which only the best is released: private tuning
    /// (Papernot & Steinke 2022).
    RepeatAndSelect {
        /// Distribution of the number of runs.
        repetitions: Repetitions,
        /// One run, with everything that it releases.
        event: Box<Event>,
    },
    /// Running sums by the binary tree mechanism, each record in one step only (one epoch),
    /// replace-null relation (Kairouz et al. 2021, appendix D).
    TreeAggregation {
        /// Standard deviation of the noise of one node over the norm of one record.
        noise_multiplier: NoiseMultiplier,
        /// Number of steps (leaves) that the tree covers.
        steps: u64,
    },
    /// A release without any promise. Only an unlimited ledger accepts it.
    NonPrivate,
}

impl Event {
    /// Returns the event repeated `times` times.
    pub fn repeated(self, times: u64) -> Self {
        Self::Repeated {
            times,
            event: Box::new(self),
        }
    }

    /// Returns the event on a Poisson sample.
    pub fn poisson_sampled(self, rate: SamplingRate) -> Self {
        Self::PoissonSampled {
            rate,
            event: Box::new(self),
        }
    }

    /// Returns the stable tag that names the kind of event in files.
    pub const fn tag(&self) -> &'static str {
        match self {
            Self::Gaussian { .. } => "gaussian",
            Self::Laplace { .. } => "laplace",
            Self::DiscreteGaussian { .. } => "discrete_gaussian",
            Self::DiscreteLaplace { .. } => "discrete_laplace",
            Self::RandomizedResponse { .. } => "randomized_response",
            Self::Exponential { .. } => "exponential",
            Self::PureDp { .. } => "pure_dp",
            Self::ApproxDp { .. } => "approx_dp",
            Self::Zcdp { .. } => "zcdp",
            Self::RenyiCurve { .. } => "renyi_curve",
            Self::PoissonSampled { .. } => "poisson_sampled",
            Self::SampledWithoutReplacement { .. } => "sampled_without_replacement",
            Self::Composed { .. } => "composed",
            Self::Repeated { .. } => "repeated",
            Self::RepeatAndSelect { .. } => "repeat_and_select",
            Self::TreeAggregation { .. } => "tree_aggregation",
            Self::NonPrivate => "non_private",
        }
    }

    /// Returns whether some part of the event makes no promise at all.
    pub fn is_non_private(&self) -> bool {
        match self {
            Self::NonPrivate => true,
            Self::PoissonSampled { event, .. }
            | Self::SampledWithoutReplacement { event, .. }
            | Self::RepeatAndSelect { event, .. } => event.is_non_private(),
            Self::Repeated { times, event } => *times > 0 && event.is_non_private(),
            Self::Composed { events } => events.iter().any(Self::is_non_private),
            _ => false,
        }
    }
}

/// One point of a Renyi curve: the divergence at this order is at most `epsilon`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenyiPoint {
    /// The order.
    pub order: Order,
    /// Bound on the divergence at this order, in nats.
    pub epsilon: Epsilon,
}

/// Distribution of the number of runs in [`Event::RepeatAndSelect`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Repetitions {
    /// Poisson. No run at all is possible.
    Poisson {
        /// Expected number of runs.
        mean: Mean,
    },
    /// Negative binomial, given at least one run.
    NegativeBinomial {
        /// Expected number of runs, above 1.
        mean: Mean,
        /// Shape: 0 is the logarithmic distribution, 1 the geometric one.
        shape: Shape,
    },
}
