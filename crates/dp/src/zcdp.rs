//! Zero-concentrated differential privacy: what an event costs.

use crate::event::Event;
use crate::number::{Rho, round_up};
use crate::renyi::{Unsupported, pure_epsilon, tree_levels};
use crate::unit::PrivacyUnit;

/// Zero-concentrated loss of an event, rounded up.
///
/// Gaussians cost `1 / (2 z^2)`, a mechanism of pure loss `epsilon` costs `epsilon^2 / 2` (Bun & Steinke 2016, propositions 1.6
/// and 1.4), one of bounded range `epsilon^2 / 8` (Cesar & Rogers 2021). Sampling does not lower the loss of a Gaussian in this
/// measure, so sampled events are refused rather than charged in full: budget them as approximate differential privacy.
///
/// # Errors
///
/// [`Unsupported`] names the first event that has no useful zero-concentrated loss.
pub(crate) fn rho(event: &Event, unit: &PrivacyUnit) -> Result<Rho, Unsupported> {
    Ok(Rho::new(nats(event, unit)?).expect("losses are never negative or NaN"))
}

fn nats(event: &Event, unit: &PrivacyUnit) -> Result<f64, Unsupported> {
    let refuse = |why| Err(Unsupported::new("zcdp", event, why));
    Ok(match event {
        Event::Gaussian { noise_multiplier } => Rho::of_gaussian(*noise_multiplier).get(),
        Event::DiscreteGaussian {
            sigma,
            sensitivity_squared,
        } => Rho::of_discrete_gaussian(*sigma, *sensitivity_squared).get(),
        Event::Exponential { epsilon } => round_up(epsilon.get() * epsilon.get() / 8.0),
        Event::Zcdp { rho } => rho.get(),
        Event::TreeAggregation {
            noise_multiplier,
            steps,
        } => round_up(
            f64::from(tree_levels(*steps, unit, event)?)
                * Rho::of_gaussian(*noise_multiplier).get(),
        ),
        Event::Laplace { .. }
        | Event::DiscreteLaplace { .. }
        | Event::RandomizedResponse { .. }
        | Event::PureDp { .. } => {
            let epsilon = pure_epsilon(event, unit)?;
            round_up(round_up(0.5 * epsilon * epsilon))
        }
        Event::Composed { events } => {
            let mut sum = 0.0_f64;
            for part in events {
                sum = round_up(sum + nats(part, unit)?);
            }
            sum
        }
        Event::Repeated { times: 0, .. } => 0.0,
        Event::Repeated { times, event } => round_up(*times as f64 * nats(event, unit)?),
        Event::NonPrivate => f64::INFINITY,
        Event::PoissonSampled { .. } | Event::SampledWithoutReplacement { .. } => {
            return refuse("sampling does not lower a zero-concentrated loss");
        }
        Event::ApproxDp { .. } => {
            return refuse("a failure probability has no zero-concentrated loss");
        }
        Event::RenyiCurve { .. } => {
            return refuse("points of a curve do not bound the other orders");
        }
        Event::RepeatAndSelect { .. } => {
            return refuse("selection among runs adds a loss that is not linear in the order");
        }
    })
}
