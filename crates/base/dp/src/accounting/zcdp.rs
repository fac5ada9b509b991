//! Zero-concentrated differential privacy: the cost of an event.

use crate::accounting::composition::{Composition, Release, Unsupported};
use crate::event::Event;
use crate::number::{Rho, round_up};
use crate::unit::PrivacyUnit;

/// Zero-concentrated loss of an event, rounded up.
///
/// Gaussians cost `1 / (2 z^2)`, a mechanism of pure loss `epsilon` costs `epsilon^2 / 2` (Bun &
/// Steinke 2016, propositions 1.6 and 1.4), one of bounded range `epsilon^2 / 8` (Cesar & Rogers
/// 2021). Sampling does not lower the loss of a Gaussian in this measure, so sampled events are
/// refused rather than charged in full: budget them as approximate differential privacy.
///
/// # Errors
///
/// [`Unsupported`] names the first event that has no useful zero-concentrated loss.
pub fn zcdp_rho(event: &Event, unit: &PrivacyUnit) -> Result<Rho, Unsupported> {
    composition_rho(&Composition::new(event, unit)?)
}

/// Zero-concentrated loss of a composition, rounded up.
pub(crate) fn composition_rho(composition: &Composition) -> Result<Rho, Unsupported> {
    let mut sum = 0.0_f64;
    for (release, count) in &composition.parts {
        let one = one(release)?;
        let part = if *count == 1 {
            one
        } else {
            round_up(*count as f64 * one)
        };
        sum = if sum == 0.0 {
            part
        } else {
            round_up(sum + part)
        };
    }
    Ok(Rho::new(sum).expect("losses are never negative or NaN"))
}

fn one(release: &Release) -> Result<f64, Unsupported> {
    let refuse = |why| Err(Unsupported::new("zcdp", release.tag(), why));
    Ok(match release {
        Release::Gaussian { mu_squared } => round_up(0.5 * mu_squared),
        Release::DiscreteGaussian { sigma, squared } => {
            round_up(*squared as f64 * 0.5 / sigma / sigma)
        }
        Release::BoundedRange { range } => round_up(range * range / 8.0),
        Release::Concentrated { rho } => *rho,
        Release::Laplace { .. }
        | Release::DiscreteLaplace { .. }
        | Release::RandomizedResponse { .. }
        | Release::SampledLaplace { .. } => {
            let epsilon = release.pure_epsilon();
            round_up(round_up(0.5 * epsilon * epsilon))
        }
        Release::Approximate { epsilon, delta } if *delta == 0.0 => {
            round_up(0.5 * epsilon * epsilon)
        }
        Release::Nothing => f64::INFINITY,
        Release::SampledGaussian { .. } => {
            return refuse("sampling does not lower a zero-concentrated loss");
        }
        Release::Approximate { .. } => {
            return refuse("a failure probability has no zero-concentrated loss");
        }
        Release::Curve { .. } => return refuse("points of a curve do not bound the other orders"),
        Release::BestOfPoisson { .. } | Release::BestOfNegativeBinomial { .. } => {
            return refuse("selection among runs adds a loss that is not linear in the order");
        }
    })
}
