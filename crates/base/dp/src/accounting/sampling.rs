//! Samples of the rows, and where they lower the cost of a release.
//!
//! A sample lowers the cost of a mechanism when all samples that the mixture compares are
//! neighbours of its promise (Balle, Barthe & Gaboardi 2018). Add and remove: the samples with and
//! without the person. Replace-one without replacement: three samples of one size (theorem 9).
//! Under the replace relations a *Poisson* sample also compares the sample without the person with
//! both others, and these are no neighbours: their sizes differ. Noise relative to the larger of
//! both sensitivities ([`NoiseMultiplier::of_sampled`](crate::NoiseMultiplier::of_sampled)) covers
//! that; a bare loss does not, and is charged in full.

use crate::number::SamplingRate;
use crate::unit::{PrivacyUnit, Relation};

/// How a sample differs between neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scheme {
    /// The person is in the sample with the rate as probability, and absent else (add/remove, or
    /// exchanged for nothing).
    Poisson,
    /// The person is in the sample with the rate as probability, and exchanged for another one in
    /// the neighbour.
    Exchange,
}

/// How the sample is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    pub(crate) scheme: Scheme,
    /// Probability that the person is in the sample, an upper bound for a person with several rows.
    pub(crate) rate: f64,
    /// Whether the sample lowers the loss of a mechanism of which no more is known than its loss.
    pub(crate) lowers_bare_losses: bool,
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
