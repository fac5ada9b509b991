//! Private choice of a good candidate, without floating-point leaks.

use dashu::integer::UBig;

use super::bernoulli::{LARGEST, below, big_exp_coin, exp_coin};
use super::{MechanismError, covered};
use crate::event::Event;
use crate::ledger::Receipt;
use crate::mechanism::noise_source::NoiseSource;
use crate::number::Epsilon;

/// How candidates are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectionRule {
    /// The exponential mechanism (McSherry & Talwar 2007), the same as report-noisy-max with Gumbel
    /// noise. Of bounded range, so that it costs `epsilon^2 / 8` of zero-concentrated loss.
    Exponential,
    /// Permute-and-flip (McKenna & Sheldon 2020): never a worse expected score, but only pure
    /// privacy is known of it.
    PermuteAndFlip,
}

/// How neighbouring tables move the scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scores {
    /// Each score moves by at most the sensitivity, in any direction.
    General,
    /// All scores move the same way (counts of a row that is added, say): half the noise suffices.
    Monotone,
}

/// Chooses the index of a high score. Scores are whole numbers: put real ones on a
/// [`DyadicGrid`](super::DyadicGrid) first.
///
/// Candidates are proposed uniformly and accepted with probability `exp(-epsilon (best - score) /
/// (2 sensitivity))`, an exact coin with a rational exponent. With replacement, the accepted one
/// has exactly the distribution of the exponential mechanism; without, that of permute-and-flip. No
/// logarithm or exponential is computed. The number of proposals depends on the scores, so the time
/// taken must not be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    rule: SelectionRule,
    requested: Epsilon,
    /// `epsilon / (2 sensitivity)` (no 2 for monotone scores), rounded down to a fraction.
    numerator: u64,
    denominator: u128,
}

const NAME: &str = "private selection";

impl Selection {
    /// A choice with loss `epsilon`, for scores of this sensitivity in steps of their grid. The
    /// exact loss is a short fraction, at most `2^-40` (relative) below.
    ///
    /// # Errors
    ///
    /// [`MechanismError::OutOfRange`] unless `epsilon` is between `2^-40` and `2^20`, and the
    /// sensitivity between 1 and `2^40`.
    pub fn new(
        rule: SelectionRule,
        epsilon: Epsilon,
        sensitivity: u64,
        scores: Scores,
    ) -> Result<Self, MechanismError> {
        let value = epsilon.get();
        if !(2.0_f64.powi(-40)..=2.0_f64.powi(20)).contains(&value) {
            return Err(MechanismError::OutOfRange {
                mechanism: NAME,
                parameter: "epsilon",
                value,
                rule: "between 2^-40 and 2^20",
            });
        }
        if !(1..=1 << 40).contains(&sensitivity) {
            return Err(MechanismError::OutOfRange {
                mechanism: NAME,
                parameter: "sensitivity",
                value: sensitivity as f64,
                rule: "between 1 and 2^40",
            });
        }
        // Scaling by a power of two is exact, and so is the floor.
        let bits = 40 - value.log2().floor() as i32;
        let numerator = (value * 2.0_f64.powi(bits)).floor() as u64;
        let shift = numerator.trailing_zeros().min(bits as u32);
        let factor = match scores {
            Scores::General => 2,
            Scores::Monotone => 1,
        };
        let denominator = (u128::from(sensitivity) * factor) << (bits as u32 - shift);
        Ok(Self {
            rule,
            requested: epsilon,
            numerator: numerator >> shift,
            denominator,
        })
    }

    /// The event of one choice.
    pub const fn event(&self) -> Event {
        match self.rule {
            SelectionRule::Exponential => Event::Exponential {
                epsilon: self.requested,
            },
            SelectionRule::PermuteAndFlip => Event::PureDp {
                epsilon: self.requested,
            },
        }
    }

    /// Index of the chosen score.
    ///
    /// # Errors
    ///
    /// [`MechanismError::NoCandidates`] without scores; [`MechanismError::ReceiptMismatch`] when
    /// the receipt is for something else or for a smaller loss.
    pub fn select(
        &self,
        receipt: Receipt,
        scores: &[i64],
        source: &mut NoiseSource,
    ) -> Result<usize, MechanismError> {
        let covers = match (self.rule, receipt.event()) {
            (
                SelectionRule::Exponential,
                Event::Exponential { epsilon } | Event::PureDp { epsilon },
            )
            | (SelectionRule::PermuteAndFlip, Event::PureDp { epsilon }) => {
                *epsilon >= self.requested
            }
            _ => false,
        };
        covered(&receipt, covers, NAME)?;
        let Some(best) = scores.iter().copied().max() else {
            return Err(MechanismError::NoCandidates);
        };
        match self.rule {
            SelectionRule::Exponential => loop {
                let candidate = below(scores.len() as u64, source) as usize;
                if self.accept(best.abs_diff(scores[candidate]), source) {
                    return Ok(candidate);
                }
            },
            SelectionRule::PermuteAndFlip => {
                let mut order: Vec<usize> = (0..scores.len()).collect();
                for done in 0..order.len() {
                    let other = done + below((order.len() - done) as u64, source) as usize;
                    order.swap(done, other);
                    if self.accept(best.abs_diff(scores[order[done]]), source) {
                        return Ok(order[done]);
                    }
                }
                unreachable!("the best candidate is accepted with probability 1")
            }
        }
    }

    /// Coin `exp(-gap * numerator / denominator)`.
    fn accept(&self, gap: u64, source: &mut NoiseSource) -> bool {
        // 2^64 times 2^61 fits.
        let numerator = u128::from(gap) * u128::from(self.numerator);
        if self.denominator <= LARGEST {
            exp_coin(numerator, self.denominator, source)
        } else {
            big_exp_coin(UBig::from(numerator), &UBig::from(self.denominator), source)
        }
    }
}
