//! Gaussian noise in floating point, for training on gradients.

use super::{MechanismError, covered};
use crate::event::Event;
use crate::ledger::Receipt;
use crate::mechanism::noise_source::NoiseSource;
use crate::number::Sigma;

/// Adds floating-point Gaussian noise. **Not exact**: the guarantee is that of real numbers, which
/// floating point approximates.
///
/// What it protects against: anybody who sees what a model learned from noisy sums, and statistical
/// attacks on the sums; the noise comes from a cryptographic generator, has 53 random bits in each
/// uniform number, is computed in double precision and only the sum is rounded to single precision.
///
/// What it does not protect against: somebody who sees the noisy numbers themselves and asks which
/// of them can occur. The set of sums that floating point can produce depends on the exact value
/// (Mironov 2012; Jin, McMurtry, Rubinstein & Ohrimenko 2022 for this very transform), and that can
/// give a value away whatever the noise. Publish noisy numbers with
/// [`DiscreteGaussian`](super::DiscreteGaussian) on a [`DyadicGrid`](super::DyadicGrid) instead;
/// use this for sums that only an optimiser sees, thousands of times, where exact draws would take
/// too long. Nor are the last tails there: no draw is beyond 8.6 sigma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatingPointGaussian {
    sigma: Sigma,
}

impl FloatingPointGaussian {
    /// Noise of this standard deviation, in the units of the values.
    pub const fn new(sigma: Sigma) -> Self {
        Self { sigma }
    }

    /// Adds noise to all values. One receipt of a training run covers all of its steps, so it is
    /// borrowed; it must hold a Gaussian event. That its noise multiplier is `sigma` over the
    /// clipping norm is for the caller to see to
    /// ([`NoiseMultiplier::of`](crate::NoiseMultiplier::of)).
    ///
    /// # Errors
    ///
    /// [`MechanismError::ReceiptMismatch`] when the receipt holds no Gaussian event; nothing is
    /// changed.
    pub fn add(
        &self,
        receipt: &Receipt,
        values: &mut [f32],
        source: &mut NoiseSource,
    ) -> Result<(), MechanismError> {
        covered(
            receipt,
            holds_gaussian(receipt.event()),
            "floating-point Gaussian noise",
        )?;
        for pair in values.chunks_mut(2) {
            let noise = two_normals(source);
            for (value, noise) in pair.iter_mut().zip(noise) {
                *value = (f64::from(*value) + self.sigma.get() * noise) as f32;
            }
        }
        Ok(())
    }
}

fn holds_gaussian(event: &Event) -> bool {
    match event {
        Event::Gaussian { .. } | Event::TreeAggregation { .. } => true,
        Event::PoissonSampled { event, .. }
        | Event::SampledWithoutReplacement { event, .. }
        | Event::Repeated { event, .. } => holds_gaussian(event),
        Event::Composed { events } => events.iter().any(holds_gaussian),
        _ => false,
    }
}

/// Two independent standard normals (Box & Muller 1958).
fn two_normals(source: &mut NoiseSource) -> [f64; 2] {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    // In (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * (((source.next_u64() >> 11) + 1) as f64 * UNIT).ln()).sqrt();
    let (sin, cos) = ((source.next_u64() >> 11) as f64 * UNIT * std::f64::consts::TAU).sin_cos();
    [radius * cos, radius * sin]
}
