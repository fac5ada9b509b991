//! Privacy budgets, in exact units.

use serde::{Deserialize, Serialize};

use crate::number::{Delta, Epsilon, ParameterError, Rho};

/// The most that a ledger grants. There is no default: nobody can choose it for you.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Budget {
    /// Zero-concentrated differential privacy.
    Zcdp {
        /// Total loss.
        rho: Rho,
    },
    /// Approximate differential privacy, pure when `delta` is 0.
    Approx {
        /// Total loss.
        epsilon: Epsilon,
        /// Total failure probability.
        delta: Delta,
    },
    /// Approximate differential privacy with exact Gaussian accounting: releases with Gaussian
    /// noise (continuous or discrete), of bounded range, or of pure loss, chosen one after the
    /// other in any way. About a tenth more than [`Budget::Approx`] admits of the same noise.
    Gaussian {
        /// Total loss.
        epsilon: Epsilon,
        /// Total failure probability.
        delta: Delta,
    },
    /// No limit: releases are recorded, none is refused, and releases without any promise are
    /// accepted.
    Unlimited,
}

impl Budget {
    /// Returns whether a ledger with the `recorded` budget keeps the promise of this one: the same,
    /// or the same `epsilon` and `delta` by exact Gaussian accounting.
    pub fn is_kept_by(self, recorded: Self) -> bool {
        match (self, recorded) {
            (
                Self::Approx { epsilon, delta },
                Self::Gaussian {
                    epsilon: exact,
                    delta: with,
                },
            ) => (epsilon, delta) == (exact, with),
            _ => self == recorded,
        }
    }

    /// Makes a budget of `rho` zero-concentrated loss.
    pub const fn zcdp(rho: Rho) -> Self {
        Self::Zcdp { rho }
    }

    /// Makes a budget of approximate (or, with `delta` 0, pure) loss.
    pub const fn approx(epsilon: Epsilon, delta: Delta) -> Self {
        Self::Approx { epsilon, delta }
    }

    /// Returns the loss and failure probability of an approximate budget, by either accounting.
    pub const fn epsilon_delta(&self) -> Option<(Epsilon, Delta)> {
        match *self {
            Self::Approx { epsilon, delta } | Self::Gaussian { epsilon, delta } => {
                Some((epsilon, delta))
            }
            Self::Zcdp { .. } | Self::Unlimited => None,
        }
    }

    /// Cuts the budget into parts in the ratio of `weights`. The parts sum to the whole
    /// **exactly**, in floating point too: each but the last is rounded down to the unit in the
    /// last place of the whole, and the last takes what remains. Both numbers of an approximate
    /// budget are split (basic composition).
    ///
    /// # Errors
    ///
    /// [`ParameterError`] when there is no weight, or one is negative, infinite or NaN, or all are
    /// 0.
    pub fn split(&self, weights: &[f64]) -> Result<Vec<Self>, ParameterError> {
        let total: f64 = weights.iter().sum();
        let fine = weights.iter().all(|w| *w >= 0.0) && total > 0.0 && total < f64::INFINITY;
        if !fine {
            let value = weights
                .iter()
                .copied()
                .find(|w| w.is_nan() || *w < 0.0)
                .unwrap_or(total);
            let rule = "at least 0, with a finite sum above 0";
            return Err(ParameterError::OutOfRange {
                parameter: "weight",
                value,
                rule,
            });
        }
        match self {
            Self::Zcdp { rho } => cut(rho.get(), weights, total)
                .into_iter()
                .map(|part| {
                    Ok(Self::Zcdp {
                        rho: Rho::new(part)?,
                    })
                })
                .collect(),
            Self::Approx { epsilon, delta } => cut(epsilon.get(), weights, total)
                .into_iter()
                .zip(cut(delta.get(), weights, total))
                .map(|(e, d)| {
                    Ok(Self::Approx {
                        epsilon: Epsilon::new(e)?,
                        delta: Delta::new(d)?,
                    })
                })
                .collect(),
            Self::Gaussian { epsilon, delta } => cut(epsilon.get(), weights, total)
                .into_iter()
                .zip(cut(delta.get(), weights, total))
                .map(|(e, d)| {
                    Ok(Self::Gaussian {
                        epsilon: Epsilon::new(e)?,
                        delta: Delta::new(d)?,
                    })
                })
                .collect(),
            Self::Unlimited => Ok(vec![Self::Unlimited; weights.len()]),
        }
    }
}

/// Cuts a number so that the parts, added in order in floating point, give it back without
/// rounding.
fn cut(whole: f64, weights: &[f64], total: f64) -> Vec<f64> {
    if whole == 0.0 || whole.is_infinite() {
        return vec![whole; weights.len()];
    }
    // Multiples of the last place of the whole, up to the whole, are all floating-point numbers,
    // and so are their sums.
    let unit = whole - whole.next_down();
    let mut remaining = whole;
    let mut parts = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let part = if index + 1 == weights.len() {
            remaining
        } else {
            ((whole * (weight / total) / unit).floor() * unit).min(remaining)
        };
        remaining -= part;
        parts.push(part);
    }
    parts
}

/// A sum of losses in units of `2^-96`. Costs round up and limits round down, so that no sum of
/// small remainders is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Units(u128);

impl Units {
    pub(crate) const ZERO: Self = Self(0);
    const PER_NAT: f64 = 79_228_162_514_264_337_593_543_950_336.0; // 2^96

    /// A cost, rounded up. One that does not fit, or is no loss (negative, NaN), becomes the
    /// largest number, which no limit admits.
    pub(crate) fn cost(nats: f64) -> Self {
        if nats.is_nan() || nats < 0.0 {
            return Self(u128::MAX);
        }
        Self((nats * Self::PER_NAT).ceil() as u128)
    }

    /// A limit, rounded down, and below every cost that did not fit.
    pub(crate) fn limit(nats: f64) -> Self {
        Self(((nats * Self::PER_NAT).floor() as u128).min(u128::MAX - 1))
    }

    pub(crate) fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// In nats, rounded up: for spent losses.
    pub(crate) fn nats_up(self) -> f64 {
        if self.0 == u128::MAX {
            return f64::INFINITY;
        }
        let nats = self.0 as f64 / Self::PER_NAT;
        if Self::limit(nats) < self {
            nats.next_up()
        } else {
            nats
        }
    }

    /// In nats, rounded down: for remainders.
    pub(crate) fn nats_down(self) -> f64 {
        let nats = self.0 as f64 / Self::PER_NAT;
        if Self::cost(nats) > self {
            nats.next_down()
        } else {
            nats
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_of_a_budget_sum_to_the_whole() {
        for i in 1..3000 {
            let whole = f64::from(i) * 0.000_917;
            for weights in [vec![1.0; 3], vec![0.1, 0.7, 0.2, 0.2], vec![1.0; 17]] {
                let parts = Budget::zcdp(Rho::new(whole).unwrap())
                    .split(&weights)
                    .unwrap();
                let mut sum = 0.0;
                let mut units = Units::ZERO;
                for part in &parts {
                    let Budget::Zcdp { rho } = part else {
                        unreachable!()
                    };
                    sum += rho.get();
                    units = units.saturating_add(Units::cost(rho.get()));
                }
                assert_eq!(sum, whole);
                assert_eq!(units, Units::limit(whole));
            }
        }
    }

    #[test]
    fn refuses_weights_that_say_nothing() {
        let budget = Budget::zcdp(Rho::new(1.0).unwrap());
        for weights in [
            vec![],
            vec![0.0],
            vec![1.0, f64::NAN],
            vec![2.0, -1.0],
            vec![f64::INFINITY],
        ] {
            assert!(budget.split(&weights).is_err(), "{weights:?}");
        }
    }

    #[test]
    fn units_round_to_the_safe_side() {
        for i in 1..2000 {
            let nats = 1.0 / f64::from(i);
            assert!(Units::cost(nats) >= Units::limit(nats));
            assert!(Units::cost(nats).nats_up() >= nats);
            assert!(Units::limit(nats).nats_down() <= nats);
        }
        assert!(Units::cost(f64::INFINITY) > Units::limit(f64::INFINITY));
        assert!(Units::cost(1e-300) > Units::ZERO);
        for no_loss in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            assert!(Units::cost(no_loss) > Units::limit(f64::INFINITY));
        }
    }
}
