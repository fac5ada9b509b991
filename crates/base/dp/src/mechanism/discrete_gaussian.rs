//! Exact discrete Gaussian noise.

use dashu::integer::UBig;

use super::bernoulli::{LARGEST, big_exp_coin, exp_coin};
use super::discrete_laplace::{draw as draw_laplace, short_fraction};
use super::{MechanismError, covered};
use crate::event::Event;
use crate::ledger::Receipt;
use crate::mechanism::noise_source::NoiseSource;
use crate::number::Sigma;

/// Adds whole-numbered noise with `P(x)` proportional to `exp(-x^2 / (2 sigma^2))` (Canonne, Kamath
/// & Steinke 2020, algorithm 3): a discrete Laplace draw, accepted with probability `exp(-(|y| -
/// sigma^2 / t)^2 / (2 sigma^2))`, where `t` is `floor(sigma) + 1`.
///
/// All in machine integers, with overflow checked: a number that does not fit goes to big integers,
/// with the same distribution.
///
/// ```
/// use parable_dp::mechanism::DiscreteGaussian;
/// use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit, Rho, Sigma};
///
/// let unit = PrivacyUnit::one_row();
/// let mut ledger = Ledger::open(unit, Budget::zcdp(Rho::new(0.1)?));
/// let noise = DiscreteGaussian::new(Sigma::for_rho(Rho::new(0.05)?, unit.counts_squared())?)?;
/// let receipt = ledger.try_spend("ages", noise.event(unit.counts_squared()))?;
/// let mut counts = [120, 80, 3, 0];
/// noise.release(receipt, &mut counts, &mut NoiseSource::operating_system())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DiscreteGaussian {
    requested: Sigma,
    /// Scale of the proposal.
    t: u64,
    /// Exact variance `a / b`, at least the square of the requested sigma.
    a: u64,
    b: u64,
    /// `2 a b t^2` where it fits, `t b`, and `a`, as they enter the exponent `(|y| t b - a)^2 / (2
    /// a b t^2)`.
    machine: Option<(u128, u128)>,
}

const NAME: &str = "discrete Gaussian noise";

impl DiscreteGaussian {
    /// Noise of at least this standard-deviation parameter. The exact variance is a short fraction,
    /// at most `2^-20` (relative) above the square of `sigma`.
    ///
    /// # Errors
    ///
    /// [`MechanismError::OutOfRange`] unless `sigma` is between `2^-15` and `2^20`.
    pub fn new(sigma: Sigma) -> Result<Self, MechanismError> {
        let value = sigma.get();
        let error = MechanismError::OutOfRange {
            mechanism: NAME,
            parameter: "sigma",
            value,
            rule: "between 2^-15 and 2^20",
        };
        // The square is rounded: take the next number up, so that the variance is never below.
        let square = if (value * value).sqrt() == value && value.fract() == 0.0 {
            value * value
        } else {
            (value * value).next_up()
        };
        let (a, b) = short_fraction(square).ok_or(error)?;
        let t = value.floor() as u64 + 1;
        let scale = u128::from(t) * u128::from(b);
        let machine = (2 * u128::from(a) * u128::from(b))
            .checked_mul(u128::from(t) * u128::from(t))
            .filter(|denominator| *denominator <= LARGEST)
            .map(|denominator| (denominator, scale));
        Ok(Self {
            requested: sigma,
            t,
            a,
            b,
            machine,
        })
    }

    /// The event of one release with this noise, for answers of this squared L2 sensitivity
    /// ([`PrivacyUnit::counts_squared`](crate::PrivacyUnit::counts_squared) for tables of counts).
    pub fn event(&self, sensitivity_squared: u64) -> Event {
        Event::DiscreteGaussian {
            sigma: self.requested,
            sensitivity_squared,
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
        let covers = matches!(receipt.event(), Event::DiscreteGaussian { sigma, .. } if *sigma <= self.requested);
        covered(&receipt, covers, NAME)?;
        Ok((0..count).map(|_| self.draw(source)).collect())
    }

    fn draw(&self, source: &mut NoiseSource) -> i64 {
        loop {
            let proposal = draw_laplace(self.t, 1, source);
            if self.accept(proposal.unsigned_abs(), source) {
                return proposal;
            }
        }
    }

    #[inline]
    fn accept(&self, magnitude: u64, source: &mut NoiseSource) -> bool {
        if let Some((denominator, scale)) = self.machine {
            let square = u128::from(magnitude)
                .checked_mul(scale)
                .map(|product| product.abs_diff(u128::from(self.a)))
                .and_then(|difference| difference.checked_mul(difference));
            if let Some(numerator) = square {
                return exp_coin(numerator, denominator, source);
            }
        }
        let (t, a, b) = (UBig::from(self.t), UBig::from(self.a), UBig::from(self.b));
        let product = UBig::from(magnitude) * &t * &b;
        let difference = if product > a {
            product - &a
        } else {
            &a - product
        };
        let denominator = UBig::from(2_u8) * &a * &b * &t * &t;
        big_exp_coin(&difference * &difference, &denominator, source)
    }

    /// The same noise in big integers only, to be compared with the machine path.
    #[cfg(test)]
    pub(crate) fn in_big_integers(&self) -> Self {
        Self {
            machine: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::PrivacyUnit;
    use crate::{Budget, Ledger};

    fn draws(noise: &DiscreteGaussian, count: usize, seed: u8) -> Vec<i64> {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
        let receipt = ledger.try_spend("test", noise.event(1)).unwrap();
        noise
            .draws(
                receipt,
                count,
                &mut NoiseSource::insecure_seeded([seed; 32]),
            )
            .unwrap()
    }

    #[test]
    fn machine_and_big_integers_draw_alike() {
        for sigma in [0.7, 7.3, 250.0] {
            let noise = DiscreteGaussian::new(Sigma::new(sigma).unwrap()).unwrap();
            let cell = |x: &i64| (*x as f64 / sigma * 4.0).round().clamp(-10.0, 10.0) as i64;
            let mut counts = std::collections::BTreeMap::new();
            for x in draws(&noise, 20_000, 9) {
                counts.entry(cell(&x)).or_insert((0.0, 0.0)).0 += 1.0;
            }
            for x in draws(&noise.in_big_integers(), 20_000, 10) {
                counts.entry(cell(&x)).or_insert((0.0, 0.0)).1 += 1.0;
            }
            // Two samples of one size: chi-squared with one degree less than cells, exceeded by the
            // threshold of Laurent and Massart less than once in a million.
            let statistic: f64 = counts
                .values()
                .map(|(a, b): &(f64, f64)| (a - b).powi(2) / (a + b))
                .sum();
            let degrees = counts.len() as f64 - 1.0;
            let threshold = degrees + 2.0 * (degrees * 14.0).sqrt() + 28.0;
            assert!(statistic <= threshold, "{sigma}: {statistic}");
        }
    }

    #[test]
    fn stays_the_same_for_a_seed() {
        let noise = DiscreteGaussian::new(Sigma::new(4.0).unwrap()).unwrap();
        let first = draws(&noise, 8, 1);
        assert_eq!(first, draws(&noise, 8, 1));
        assert_ne!(first, draws(&noise, 8, 2));
    }

    #[test]
    fn refuses_the_receipt_of_more_noise() {
        let (less, more) = (Sigma::new(4.0).unwrap(), Sigma::new(8.0).unwrap());
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
        let receipt = ledger
            .try_spend("test", DiscreteGaussian::new(more).unwrap().event(1))
            .unwrap();
        let mut values = [5];
        let halved = DiscreteGaussian::new(less).unwrap();
        let error = halved
            .release(receipt, &mut values, &mut NoiseSource::operating_system())
            .unwrap_err();
        assert!(matches!(error, MechanismError::ReceiptMismatch { .. }));
        assert_eq!(values, [5]);
    }

    #[test]
    fn exact_variance_is_never_below_the_request() {
        for i in 1..3000 {
            let sigma = f64::from(i) * 0.013_77;
            let noise = DiscreteGaussian::new(Sigma::new(sigma).unwrap()).unwrap();
            let variance = noise.a as f64 / noise.b as f64;
            assert!(
                variance >= sigma * sigma && variance <= sigma * sigma * (1.0 + 2.0_f64.powi(-20))
            );
        }
    }
}
