//! Exact discrete Laplace (two-sided geometric) noise.

use super::bernoulli::{below, exp_coin, heads_of_inverse_e};
use super::{MechanismError, covered};
use crate::event::Event;
use crate::ledger::Receipt;
use crate::mechanism::noise_source::NoiseSource;
use crate::number::Sigma;

/// Adds whole-numbered noise with `P(x)` proportional to `exp(-|x| / t)` (Canonne, Kamath & Steinke
/// 2020, algorithm 2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiscreteLaplace {
    requested: Sigma,
    /// Exact scale `numerator / denominator`, at least the requested one.
    numerator: u64,
    denominator: u64,
}

const NAME: &str = "discrete Laplace noise";

impl DiscreteLaplace {
    /// Noise of at least this scale `t`. The exact scale is a short fraction, at most `2^-20`
    /// (relative) above.
    ///
    /// # Errors
    ///
    /// [`MechanismError::OutOfRange`] unless the scale is between `2^-30` and `2^40`.
    pub fn new(scale: Sigma) -> Result<Self, MechanismError> {
        let (numerator, denominator) =
            short_fraction(scale.get()).ok_or(MechanismError::OutOfRange {
                mechanism: NAME,
                parameter: "scale",
                value: scale.get(),
                rule: "between 2^-30 and 2^40",
            })?;
        Ok(Self {
            requested: scale,
            numerator,
            denominator,
        })
    }

    /// The event of one release with this noise, for answers of this L1 sensitivity.
    pub fn event(&self, sensitivity: u64) -> Event {
        Event::DiscreteLaplace {
            scale: self.requested,
            sensitivity,
        }
    }

    /// Adds noise to all values, which are one answer. The noise is drawn before it meets the
    /// values, so that the time it takes does not depend on them; sums beyond the range of `i64`
    /// stay at its end.
    ///
    /// # Errors
    ///
    /// [`MechanismError::ReceiptMismatch`] when the receipt is for something else or for more
    /// noise; nothing is changed.
    pub fn release(
        &self,
        receipt: Receipt,
        values: &mut [i64],
        source: &mut NoiseSource,
    ) -> Result<(), MechanismError> {
        let noise = self.draws(receipt, values.len(), source)?;
        for (value, noise) in values.iter_mut().zip(noise) {
            *value = value.saturating_add(noise);
        }
        Ok(())
    }

    /// The noise alone.
    ///
    /// # Errors
    ///
    /// [`MechanismError::ReceiptMismatch`] as for [`release`](Self::release).
    pub fn draws(
        &self,
        receipt: Receipt,
        count: usize,
        source: &mut NoiseSource,
    ) -> Result<Vec<i64>, MechanismError> {
        let covers = matches!(receipt.event(), Event::DiscreteLaplace { scale, .. } if *scale <= self.requested);
        covered(&receipt, covers, NAME)?;
        Ok((0..count)
            .map(|_| draw(self.numerator, self.denominator, source))
            .collect())
    }
}

/// One draw with scale `t / s`.
#[inline]
pub(super) fn draw(t: u64, s: u64, source: &mut NoiseSource) -> i64 {
    loop {
        let low = below(t, source);
        if !exp_coin(u128::from(low), u128::from(t), source) {
            continue;
        }
        let high = heads_of_inverse_e(source);
        // t < 2^61, and more than 2^20 heads in a row do not happen within the age of the universe;
        // still nothing wraps.
        let whole = u128::from(t) * u128::from(high) + u128::from(low);
        let magnitude = if s == 1 { whole } else { whole / u128::from(s) };
        let magnitude = i64::try_from(magnitude).unwrap_or(i64::MAX);
        let negative = source.bit();
        if negative && magnitude == 0 {
            continue;
        }
        return if negative { -magnitude } else { magnitude };
    }
}

/// Short fraction at least the number: a numerator of 21 bits, or a whole number. Exact for whole
/// numbers up to `2^40` and for short binary fractions; reduced.
pub(super) fn short_fraction(value: f64) -> Option<(u64, u64)> {
    if !(2.0_f64.powi(-30)..=2.0_f64.powi(40)).contains(&value) {
        return None;
    }
    // Scaling by a power of two is exact in floating point, and so is the ceiling.
    let bits = (20 - value.log2().floor() as i32).max(0);
    let numerator = (value * 2.0_f64.powi(bits)).ceil() as u64;
    let shift = (bits as u32).min(numerator.trailing_zeros());
    Some((numerator >> shift, 1 << (bits as u32 - shift)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_short_and_on_the_safe_side() {
        assert_eq!(short_fraction(50.0), Some((50, 1)));
        assert_eq!(short_fraction(0.375), Some((3, 8)));
        for i in 1..5000 {
            let value = f64::from(i) * 0.001_234_567;
            let (n, d) = short_fraction(value).unwrap();
            let exact = n as f64 / d as f64;
            assert!(
                exact >= value && exact <= value * (1.0 + 2.0_f64.powi(-20)),
                "{value} {n}/{d}"
            );
        }
        assert!(short_fraction(1e30).is_none());
    }
}
