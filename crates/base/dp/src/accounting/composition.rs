//! Event trees, flattened: which elementary releases, how often.

pub(crate) use crate::accounting::sampling::Scheme;
use crate::accounting::sampling::{Sampling, amplified};
use crate::event::{Event, RenyiPoint, Repetitions};
use crate::number::{Mean, Shape};
use crate::unit::{PrivacyUnit, Relation};

/// An event that an accountant cannot judge. Nothing was composed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("accountant `{accountant}` has no bound for event `{event}`: {reason}")]
#[non_exhaustive]
pub struct Unsupported {
    /// Which accountant was asked; `all` when none has a bound.
    pub accountant: &'static str,
    /// Tag of the event.
    pub event: &'static str,
    /// Why there is no bound.
    pub reason: &'static str,
}

impl Unsupported {
    pub(crate) const fn new(
        accountant: &'static str,
        event: &'static str,
        reason: &'static str,
    ) -> Self {
        Self {
            accountant,
            event,
            reason,
        }
    }
}

/// An elementary release. Noise is relative to the sensitivity under the privacy unit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Release {
    /// `N(mu, 1)` against `N(0, 1)`; any number of Gaussians is one of these.
    Gaussian { mu_squared: f64 },
    /// Gaussian of this noise multiplier on a sample.
    SampledGaussian {
        scheme: Scheme,
        rate: f64,
        sigma: f64,
    },
    /// Laplace noise, scale over sensitivity.
    Laplace { scale: f64 },
    /// Laplace noise on a Poisson sample.
    SampledLaplace { rate: f64, scale: f64 },
    /// Discrete Gaussian, squared L2 sensitivity.
    DiscreteGaussian { sigma: f64, squared: u64 },
    /// Discrete Laplace, whole L1 sensitivity.
    DiscreteLaplace { scale: f64, sensitivity: u64 },
    /// One exchanged answer of k-ary randomized response.
    RandomizedResponse { categories: u32, noise: f64 },
    /// Bounded range.
    BoundedRange { range: f64 },
    /// Pure and approximate privacy.
    Approximate { epsilon: f64, delta: f64 },
    /// Zero-concentrated privacy.
    Concentrated { rho: f64 },
    /// Points of a Renyi curve.
    Curve { points: Vec<RenyiPoint> },
    /// Best of a Poisson number of runs.
    BestOfPoisson { mean: f64, run: Box<Composition> },
    /// Best of a truncated negative binomial number of runs.
    BestOfNegativeBinomial {
        stopping: f64,
        mean: f64,
        shape: f64,
        run: Box<Composition>,
    },
    /// No promise.
    Nothing,
}

impl Release {
    /// Tag of the event that it came from.
    pub(crate) const fn tag(&self) -> &'static str {
        match self {
            Self::Gaussian { .. } => "gaussian",
            Self::SampledGaussian {
                scheme: Scheme::Poisson,
                ..
            }
            | Self::SampledLaplace { .. } => "poisson_sampled",
            Self::SampledGaussian {
                scheme: Scheme::Exchange,
                ..
            } => "sampled_without_replacement",
            Self::Laplace { .. } => "laplace",
            Self::DiscreteGaussian { .. } => "discrete_gaussian",
            Self::DiscreteLaplace { .. } => "discrete_laplace",
            Self::RandomizedResponse { .. } => "randomized_response",
            Self::BoundedRange { .. } => "exponential",
            Self::Approximate { .. } => "approx_dp",
            Self::Concentrated { .. } => "zcdp",
            Self::Curve { .. } => "renyi_curve",
            Self::BestOfPoisson { .. } | Self::BestOfNegativeBinomial { .. } => "repeat_and_select",
            Self::Nothing => "non_private",
        }
    }

    /// Pure loss, infinite when there is none.
    pub(crate) fn pure_epsilon(&self) -> f64 {
        match self {
            Self::Laplace { scale } => 1.0 / scale,
            Self::SampledLaplace { rate, scale } => amplified(*rate, 1.0 / scale),
            Self::DiscreteLaplace { scale, sensitivity } => *sensitivity as f64 / scale,
            Self::RandomizedResponse { categories, noise } => response_epsilon(*categories, *noise),
            Self::BoundedRange { range } => *range,
            Self::Approximate { epsilon, delta } if *delta == 0.0 => *epsilon,
            Self::Gaussian { mu_squared } if *mu_squared == 0.0 => 0.0,
            Self::SampledGaussian { sigma, .. } if *sigma == f64::INFINITY => 0.0,
            Self::Concentrated { rho } if *rho == 0.0 => 0.0,
            Self::DiscreteGaussian { squared: 0, .. } => 0.0,
            Self::BestOfNegativeBinomial { shape, run, .. } => {
                // Papernot & Steinke 2022, corollary 3: (2 + shape) times the loss of one run.
                (2.0 + shape) * run.pure_epsilon()
            }
            Self::Curve { points } => points
                .iter()
                .filter(|point| point.order.get() == f64::INFINITY)
                .map(|point| point.epsilon.get())
                .fold(f64::INFINITY, f64::min),
            _ => f64::INFINITY,
        }
    }
}

/// Log-likelihood ratio of k-ary randomized response: `log(1 + (1 - noise) k / noise)`.
pub(crate) fn response_epsilon(categories: u32, noise: f64) -> f64 {
    ((1.0 - noise) * f64::from(categories) / noise).ln_1p()
}

/// Elementary releases with their counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Composition {
    pub(crate) parts: Vec<(Release, u64)>,
    /// Whether some part stands for a family of mechanisms of which none costs as much as the part:
    /// then a lower bound on the cost of the parts is none on the cost of the events.
    pub(crate) loose: bool,
}

impl Composition {
    /// Flattens an event tree under a privacy unit.
    pub(crate) fn new(event: &Event, unit: &PrivacyUnit) -> Result<Self, Unsupported> {
        let mut composition = Self::default();
        composition.collect(event, unit, 1)?;
        Ok(composition)
    }

    /// Flattens several event trees into one composition.
    pub(crate) fn of_all<'a>(
        events: impl IntoIterator<Item = &'a Event>,
        unit: &PrivacyUnit,
    ) -> Result<Self, Unsupported> {
        let mut composition = Self::default();
        for event in events {
            composition.collect(event, unit, 1)?;
        }
        Ok(composition)
    }

    /// Sum of the pure losses.
    pub(crate) fn pure_epsilon(&self) -> f64 {
        let mut sum = 0.0;
        for (release, count) in &self.parts {
            sum += release.pure_epsilon() * *count as f64;
        }
        // Each product and sum may have been rounded down.
        sum * (1.0 + f64::EPSILON * (1 + self.parts.len()) as f64)
    }

    /// Tag of a release that makes no promise, if any.
    pub(crate) fn has_nothing(&self) -> bool {
        self.parts
            .iter()
            .any(|(release, _)| *release == Release::Nothing)
    }

    fn push(&mut self, release: Release, count: u64) -> Result<(), Unsupported> {
        if count == 0 {
            return Ok(());
        }
        self.loose |= matches!(
            release,
            Release::BoundedRange { .. }
                | Release::SampledGaussian {
                    scheme: Scheme::Exchange,
                    ..
                }
        );
        if let Release::Gaussian { mu_squared } = &release {
            let more = mu_squared * count as f64;
            for (have, _) in &mut self.parts {
                if let Release::Gaussian { mu_squared } = have {
                    *mu_squared += more;
                    return Ok(());
                }
            }
            self.parts.push((Release::Gaussian { mu_squared: more }, 1));
            return Ok(());
        }
        let tag = release.tag();
        match self.parts.iter_mut().find(|(have, _)| *have == release) {
            Some((_, have)) => *have = have.checked_add(count).ok_or(too_many(tag))?,
            None => self.parts.push((release, count)),
        }
        Ok(())
    }

    fn collect(
        &mut self,
        event: &Event,
        unit: &PrivacyUnit,
        times: u64,
    ) -> Result<(), Unsupported> {
        if times == 0 {
            return Ok(());
        }
        let refuse = |reason| Err(Unsupported::new("all", event.tag(), reason));
        match event {
            Event::Gaussian { noise_multiplier } => {
                let mu = 1.0 / noise_multiplier.get();
                self.push(
                    Release::Gaussian {
                        mu_squared: mu * mu,
                    },
                    times,
                )
            }
            Event::Laplace { noise_multiplier } => self.push(
                Release::Laplace {
                    scale: noise_multiplier.get(),
                },
                times,
            ),
            Event::DiscreteGaussian {
                sigma,
                sensitivity_squared,
            } => self.push(
                Release::DiscreteGaussian {
                    sigma: sigma.get(),
                    squared: *sensitivity_squared,
                },
                times,
            ),
            Event::DiscreteLaplace { scale, sensitivity } => self.push(
                Release::DiscreteLaplace {
                    scale: scale.get(),
                    sensitivity: *sensitivity,
                },
                times,
            ),
            Event::RandomizedResponse { categories, noise } => {
                if *categories < 2 {
                    return refuse("an answer has at least two categories");
                }
                if unit.relation == Relation::AddRemove {
                    return refuse("local answers show how many people there are");
                }
                let times = times
                    .checked_mul(u64::from(unit.max_rows.get()))
                    .ok_or(too_many(event.tag()))?;
                self.push(
                    Release::RandomizedResponse {
                        categories: *categories,
                        noise: noise.get(),
                    },
                    times,
                )
            }
            Event::Exponential { epsilon } => self.push(
                Release::BoundedRange {
                    range: epsilon.get(),
                },
                times,
            ),
            Event::PureDp { epsilon } => self.push(
                Release::Approximate {
                    epsilon: epsilon.get(),
                    delta: 0.0,
                },
                times,
            ),
            Event::ApproxDp { epsilon, delta } => self.push(
                Release::Approximate {
                    epsilon: epsilon.get(),
                    delta: delta.get(),
                },
                times,
            ),
            Event::Zcdp { rho } => self.push(Release::Concentrated { rho: rho.get() }, times),
            Event::RenyiCurve { points } => {
                if points.is_empty() {
                    return refuse("a curve has at least one point");
                }
                self.push(
                    Release::Curve {
                        points: points.clone(),
                    },
                    times,
                )
            }
            Event::Composed { events } => {
                for part in events {
                    self.collect(part, unit, times)?;
                }
                Ok(())
            }
            Event::Repeated { times: more, event } => {
                let times = times.checked_mul(*more).ok_or(too_many(event.tag()))?;
                self.collect(event, unit, times)
            }
            Event::TreeAggregation {
                noise_multiplier,
                steps,
            } => {
                let mu = 1.0 / noise_multiplier.get();
                let levels = tree_levels(*steps, unit)?;
                self.push(
                    Release::Gaussian {
                        mu_squared: mu * mu * f64::from(levels),
                    },
                    times,
                )
            }
            Event::PoissonSampled { rate, event } => {
                self.collect_sampled(Sampling::poisson(*rate, unit), event, unit, times)
            }
            Event::SampledWithoutReplacement { rate, event } => {
                let Some(sampling) = Sampling::without_replacement(*rate, unit) else {
                    return refuse(
                        "a sample of fixed size is accounted for the replace-one relation only",
                    );
                };
                self.collect_sampled(sampling, event, unit, times)
            }
            Event::RepeatAndSelect {
                repetitions,
                event: inner,
            } => {
                let run = Box::new(Self::new(inner, unit)?);
                if run.has_nothing() {
                    return self.push(Release::Nothing, times);
                }
                self.push(best_of(*repetitions, run)?, times)
            }
            Event::NonPrivate => self.push(Release::Nothing, times),
        }
    }

    /// Adds an event on a sample.
    fn collect_sampled(
        &mut self,
        sampling: Sampling,
        event: &Event,
        unit: &PrivacyUnit,
        times: u64,
    ) -> Result<(), Unsupported> {
        let Sampling {
            scheme,
            rate,
            lowers_bare_losses,
        } = sampling;
        if rate == 0.0 {
            // Nobody is ever looked at; the event inside must still be one that we know.
            return Self::new(event, unit).map(|_| ());
        }
        if rate == 1.0 {
            return self.collect(event, unit, times);
        }
        let inner = Self::new(event, unit)?;
        // The rate of a person with several rows is a bound, and so is the amplified loss of a pure
        // mechanism.
        self.loose |= unit.max_rows.get() > 1 || inner.loose;
        self.loose |= !matches!(
            inner.parts.as_slice(),
            [(Release::Gaussian { .. } | Release::Laplace { .. }, 1)]
        );
        let release = match inner.parts.as_slice() {
            [] => return Ok(()),
            [(Release::Gaussian { mu_squared: 0.0 }, 1)] => return Ok(()),
            [(Release::Gaussian { mu_squared }, 1)] => Release::SampledGaussian {
                scheme,
                rate,
                sigma: 1.0 / mu_squared.sqrt(),
            },
            [(Release::Laplace { scale }, 1)] if scheme == Scheme::Poisson => {
                Release::SampledLaplace {
                    rate,
                    scale: *scale,
                }
            }
            [
                (
                    Release::SampledGaussian {
                        scheme: Scheme::Poisson,
                        rate: inner_rate,
                        sigma,
                    },
                    1,
                ),
            ] if scheme == Scheme::Poisson => Release::SampledGaussian {
                scheme,
                rate: rate * inner_rate,
                sigma: *sigma,
            },
            [(Release::Approximate { epsilon, delta }, 1)] if lowers_bare_losses => {
                Release::Approximate {
                    epsilon: amplified(rate, *epsilon),
                    delta: rate * delta,
                }
            }
            [(Release::Nothing, _)] => Release::Nothing,
            _ if inner.pure_epsilon() < f64::INFINITY
                && (lowers_bare_losses || inner.is_additive_noise()) =>
            {
                Release::Approximate {
                    epsilon: amplified(rate, inner.pure_epsilon()),
                    delta: 0.0,
                }
            }
            // Both mixtures share the samples without the person, and every divergence used here is
            // jointly convex: the cost is at most that of the samples with the person.
            _ if !lowers_bare_losses => return self.charge_in_full(inner, times),
            _ => {
                let reason = "no bound is known for this event on a sample";
                return Err(Unsupported::new("all", event.tag(), reason));
            }
        };
        self.push(release, times)
    }

    /// Adds all parts of a composition as if there were no sample.
    fn charge_in_full(&mut self, inner: Self, times: u64) -> Result<(), Unsupported> {
        for (release, count) in inner.parts {
            let count = count.checked_mul(times).ok_or(too_many(release.tag()))?;
            self.push(release, count)?;
        }
        Ok(())
    }

    /// Returns whether all parts are noise of pure privacy, relative to a declared sensitivity.
    fn is_additive_noise(&self) -> bool {
        self.parts.iter().all(|(release, _)| {
            matches!(
                release,
                Release::Laplace { .. }
                    | Release::DiscreteLaplace { .. }
                    | Release::SampledLaplace { .. }
            )
        })
    }
}

const fn too_many(tag: &'static str) -> Unsupported {
    Unsupported::new("all", tag, "repeated more than 2^64 times")
}

/// Nodes of the tree that one record enters: `ceil(log2(steps + 1))`, the number of binary digits
/// of `steps`.
fn tree_levels(steps: u64, unit: &PrivacyUnit) -> Result<u32, Unsupported> {
    let refuse = |reason| Err(Unsupported::new("all", "tree_aggregation", reason));
    if unit.relation != Relation::ReplaceNull {
        return refuse("the tree bound is for the replace-null relation");
    }
    if unit.max_rows.get() > 1 {
        return refuse("each person may enter only one step");
    }
    Ok(u64::BITS - steps.leading_zeros())
}

fn best_of(repetitions: Repetitions, run: Box<Composition>) -> Result<Release, Unsupported> {
    match repetitions {
        Repetitions::Poisson { mean } => Ok(Release::BestOfPoisson {
            mean: mean.get(),
            run,
        }),
        Repetitions::NegativeBinomial { mean, shape } => {
            let stopping = stopping_probability(mean, shape).ok_or(Unsupported::new(
                "all",
                "repeat_and_select",
                "the mean of a truncated negative binomial is above 1",
            ))?;
            Ok(Release::BestOfNegativeBinomial {
                stopping,
                mean: mean.get(),
                shape: shape.get(),
                run,
            })
        }
    }
}

/// Parameter `gamma` of the truncated negative binomial with this mean, rounded down (more runs:
/// the safe side).
pub(crate) fn stopping_probability(mean: Mean, shape: Shape) -> Option<f64> {
    let (target, eta) = (mean.get(), shape.get());
    if target <= 1.0 {
        return None;
    }
    // E[K] = eta (1 - g) / (g (1 - g^eta)), with the limit (1/g - 1) / log(1/g) at eta = 0; falls
    // from infinity to 1 in g.
    let log_mean = |log_g: f64| {
        let g = log_g.exp();
        let scaled = if eta.abs() < 1e-12 {
            -1.0 / log_g
        } else {
            eta / -(eta * log_g).exp_m1()
        };
        (scaled * (1.0 - g)).ln() - log_g
    };
    let (mut low, mut high) = (-700.0_f64, -1e-12_f64);
    if log_mean(low) < target.ln() {
        return None;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if log_mean(middle) >= target.ln() {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low.exp())
}
