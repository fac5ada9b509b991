//! The filter that guards a budget: the measure in which losses are added, and the limit.

use super::LedgerError;
use crate::accounting::composition::{Composition, Unsupported};
use crate::accounting::convert::conversion;
use crate::accounting::{gdp, renyi, zcdp};
use crate::ledger::budget::{Budget, Units};

/// The measure in which losses are added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    /// Zero-concentrated loss.
    Concentrated,
    /// Divergence at this Renyi order.
    Order(f64),
    /// Half the squared shift of a Gaussian.
    Gaussian,
}

/// The limit and the loss so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub(super) measure: Measure,
    pub(super) limit: Units,
    pub(super) spent: Units,
}

/// The part of the limit that charges from here on may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Loss before the share was set.
    pub(super) before: Units,
    pub(super) share: f64,
}

impl Share {
    /// Returns the loss up to which charges are admitted.
    pub(super) fn limit(self, whole: Units) -> Units {
        let part = Units::limit(whole.nats_down() * self.share);
        self.before.saturating_add(part).min(whole)
    }
}

impl Filter {
    /// Returns the filter of a budget whose measure is known before the first event.
    pub(super) fn of(budget: Budget) -> Option<Self> {
        let (measure, limit) = match budget {
            Budget::Zcdp { rho } => (Measure::Concentrated, Units::limit(rho.get())),
            // Nothing fits where no curve of a Gaussian keeps the promise.
            Budget::Gaussian { epsilon, delta } => {
                let limit = gdp::limit(epsilon, delta);
                (Measure::Gaussian, limit.map_or(Units::ZERO, Units::limit))
            }
            Budget::Approx { .. } | Budget::Unlimited => return None,
        };
        Some(Self {
            measure,
            limit,
            spent: Units::ZERO,
        })
    }

    /// Returns the loss of an event in the measure of the filter, in nats.
    pub(super) fn cost(&self, composition: &Composition) -> Result<f64, LedgerError> {
        Ok(match self.measure {
            Measure::Concentrated => zcdp::composition_rho(composition)?.get(),
            Measure::Order(order) => divergence(composition, order)?,
            Measure::Gaussian => gdp::loss(composition)?,
        })
    }

    /// The filter of an approximate budget: at the order that admits the most repetitions of the
    /// first event.
    pub(super) fn choose_order(budget: Budget, first: &Composition) -> Result<Self, LedgerError> {
        let Budget::Approx { epsilon, delta } = budget else {
            unreachable!("only approximate budgets choose an order");
        };
        let log_delta = delta.get().ln();
        // Order by x = log(order - 1); how often the first event fits, and the limit at that order.
        let limit = |x: f64| epsilon.get() - conversion(x.exp(), log_delta);
        let times = |x: f64| {
            let cost = renyi::composition_at(first, 1.0 + x.exp());
            if cost == 0.0 {
                limit(x)
            } else {
                limit(x) / cost
            }
        };
        divergence(first, 2.0)?;
        let pure = epsilon.get() / first.pure_epsilon();
        let (order, limit) = if delta.get() > 0.0 {
            let (x, _) = renyi::best_log_order(-14.0, 2, |x| -times(x));
            if times(x) > pure {
                (1.0 + x.exp(), limit(x))
            } else {
                (f64::INFINITY, epsilon.get())
            }
        } else {
            (f64::INFINITY, epsilon.get())
        };
        let limit = if order == f64::INFINITY {
            limit
        } else {
            limit - 4.0 * f64::EPSILON * (limit.abs() + 1.0)
        };
        Ok(Self {
            measure: Measure::Order(order),
            limit: Units::limit(limit.max(0.0)),
            spent: Units::ZERO,
        })
    }
}

/// Renyi loss of an event that has no failure probability, rounded up by the error of its
/// computation.
fn divergence(composition: &Composition, order: f64) -> Result<f64, LedgerError> {
    if renyi::failure(composition) > 0.0 {
        let reason = "a release with a failure probability cannot be charged to a filter";
        return Err(Unsupported::new("renyi", "approx_dp", reason).into());
    }
    let nats = renyi::composition_at(composition, order);
    Ok(if order == f64::INFINITY {
        nats
    } else {
        nats * (1.0 + 1e-12)
    })
}
