//! Renyi differential privacy of events at one order.

use crate::event::Event;
use crate::unit::{PrivacyUnit, Relation};

/// An event that an accountant cannot judge. Nothing was composed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("accountant `{accountant}` has no bound for event `{event}`: {reason}")]
#[non_exhaustive]
pub struct Unsupported {
    /// Which accountant was asked.
    pub accountant: &'static str,
    /// Tag of the event.
    pub event: String,
    /// Why there is no bound.
    pub reason: &'static str,
}

impl Unsupported {
    pub(crate) fn new(accountant: &'static str, event: &Event, reason: &'static str) -> Self {
        Self {
            accountant,
            event: event.tag().to_owned(),
            reason,
        }
    }
}

/// Pure loss of an event, infinite when it has none.
pub(crate) fn pure_epsilon(event: &Event, unit: &PrivacyUnit) -> Result<f64, Unsupported> {
    Ok(match event {
        Event::Laplace { noise_multiplier } => 1.0 / noise_multiplier.get(),
        Event::DiscreteLaplace { scale, sensitivity } => *sensitivity as f64 / scale.get(),
        Event::RandomizedResponse { categories, noise } => {
            let (k, p) = (f64::from(*categories), noise.get());
            if *categories < 2 {
                return Err(Unsupported::new(
                    "pure",
                    event,
                    "an answer has at least two categories",
                ));
            }
            if unit.relation == Relation::AddRemove {
                return Err(Unsupported::new(
                    "pure",
                    event,
                    "local answers show how many people there are",
                ));
            }
            f64::from(unit.max_rows.get()) * ((1.0 - p) * k / p).ln_1p()
        }
        Event::Exponential { epsilon } | Event::PureDp { epsilon } => epsilon.get(),
        Event::Composed { events } => {
            let mut sum = 0.0;
            for part in events {
                sum += pure_epsilon(part, unit)?;
            }
            sum
        }
        Event::Repeated { times: 0, .. } => 0.0,
        Event::Repeated { times, event } => *times as f64 * pure_epsilon(event, unit)?,
        _ => f64::INFINITY,
    })
}

/// Nodes of the tree that one record enters.
pub(crate) fn tree_levels(
    steps: u64,
    unit: &PrivacyUnit,
    event: &Event,
) -> Result<u32, Unsupported> {
    if unit.relation != Relation::ReplaceNull {
        return Err(Unsupported::new(
            "renyi",
            event,
            "the tree bound is for the replace-null relation",
        ));
    }
    if unit.max_rows.get() > 1 {
        return Err(Unsupported::new(
            "renyi",
            event,
            "each person may enter only one step",
        ));
    }
    // ceil(log2(steps + 1)): the number of binary digits of `steps`.
    Ok(u64::BITS - steps.leading_zeros())
}

/// Renyi divergence of an event at `order`, in nats. Infinite order gives the pure loss.
pub(crate) fn divergence(
    event: &Event,
    unit: &PrivacyUnit,
    order: f64,
) -> Result<f64, Unsupported> {
    if order == f64::INFINITY {
        return pure_epsilon(event, unit);
    }
    match event {
        Event::PoissonSampled { .. } | Event::SampledWithoutReplacement { .. } => {
            Err(Unsupported::new(
                "renyi",
                event,
                "sampled events are not yet composed in this form",
            ))
        }
        _ => {
            let linear = order * crate::zcdp::rho(event, unit)?.get();
            Ok(linear.min(pure_epsilon(event, unit)?))
        }
    }
}
