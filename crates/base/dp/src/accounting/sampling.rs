//! Releases on a sample of the rows, and where a sample lowers their cost.
//!
//! A sample lowers the cost of a mechanism when all samples that the mixture compares are neighbours
//! of its promise (Balle, Barthe & Gaboardi 2018). Add and remove: the samples with and without the
//! person. Replace-one without replacement: three samples of one size (theorem 9). Under the replace
//! relations a *Poisson* sample also compares the sample without the person with both others, and
//! these are no neighbours: their sizes differ. Noise relative to the larger of both sensitivities
//! ([`NoiseMultiplier::of_sampled`](crate::NoiseMultiplier::of_sampled)) covers that; a bare loss
//! does not, and is charged in full.

use crate::accounting::composition::{Composition, Release, Scheme, Unsupported};
use crate::event::Event;
use crate::number::SamplingRate;
use crate::unit::{PrivacyUnit, Relation};

/// How the sample is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    scheme: Scheme,
    /// Probability that the person is in the sample, an upper bound for a person with several rows.
    rate: f64,
    /// Whether the sample lowers the loss of a mechanism of which no more is known than its loss.
    lowers_bare_losses: bool,
}

impl Sampling {
    /// Each row enters by itself.
    pub(crate) fn poisson(rate: SamplingRate, unit: &PrivacyUnit) -> Self {
        let rows = f64::from(unit.max_rows.get());
        Self {
            scheme: match unit.relation {
                Relation::AddRemove | Relation::ReplaceNull => Scheme::Poisson,
                Relation::ReplaceOne => Scheme::Exchange,
            },
            // A person with several rows is in the sample when any of them is.
            rate: match unit.max_rows.get() {
                1 => rate.get(),
                _ => -(rows * (-rate.get()).ln_1p()).exp_m1(),
            },
            lowers_bare_losses: unit.relation == Relation::AddRemove,
        }
    }

    /// A sample of fixed size; `None` under relations in which the number of rows differs.
    pub(crate) fn without_replacement(rate: SamplingRate, unit: &PrivacyUnit) -> Option<Self> {
        (unit.relation == Relation::ReplaceOne).then(|| Self {
            scheme: Scheme::Exchange,
            rate: (rate.get() * f64::from(unit.max_rows.get())).min(1.0),
            lowers_bare_losses: true,
        })
    }
}

/// Pure loss on a sample: `log(1 + rate (e^epsilon - 1))`, also where the exponential overflows.
pub(crate) fn amplified(rate: f64, epsilon: f64) -> f64 {
    if rate == 0.0 {
        0.0
    } else if epsilon > 500.0 {
        epsilon + rate.ln() + ((1.0 - rate) / rate * (-epsilon).exp()).ln_1p()
    } else {
        (rate * epsilon.exp_m1()).ln_1p()
    }
}

impl Composition {
    /// Adds an event on a sample.
    pub(crate) fn collect_sampled(
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
            let tag = release.tag();
            let count = count.checked_mul(times);
            let count = count.ok_or(Unsupported::new("all", tag, "repeated too often"))?;
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
