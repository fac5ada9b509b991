//! Empirical audit: a lower bound on `epsilon` from guesses about who was in the data.
//!
//! A proof gives `epsilon <= 1`; an attack that guesses too well shows `epsilon >= 0.4`. Printed
//! side by side they say how much of the promise is used, and a lower bound above the upper one
//! says that the implementation is broken.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mechanism::noise_source::NoiseSource;
use crate::number::{Delta, Epsilon, ParameterError, Probability};

/// Sizes of a one-run audit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Records that are put in or left out by a fair coin each.
    pub canaries: u64,
    /// How many of them are guessed about: half of them as in, half as out; the others are passed
    /// over.
    pub guesses: u64,
    /// Failure probability of the privacy claim.
    pub delta: Delta,
    /// Probability that the bound is wrong.
    pub significance: Probability,
}

/// Result of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Audit {
    /// The sizes.
    pub config: AuditConfig,
    /// Right guesses.
    pub correct: u64,
    /// With confidence `1 - significance`, the mechanism is not `(epsilon, delta)`-private for any
    /// smaller epsilon.
    pub epsilon_lower: Epsilon,
}

/// An audit that could not be done, or that refuted the claim.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// More guesses than canaries, or more right ones than guesses.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The attack gave another number of scores than there are canaries.
    #[error("the attack gave {found} scores for {expected} canaries")]
    Scores {
        /// Canaries.
        expected: u64,
        /// Scores.
        found: usize,
    },
    /// A score is NaN.
    #[error("the score of canary {index} is not a number")]
    NotANumber {
        /// Index of the canary, from 0.
        index: usize,
    },
    /// The audit contradicts the proof.
    #[error(
        "an attack shows epsilon >= {lower}, above the claimed {upper}: the implementation is broken"
    )]
    Refuted {
        /// Result of the audit.
        lower: f64,
        /// The claim.
        upper: f64,
    },
    /// Training or scoring did not work.
    #[error("the audited run did not finish: {0}")]
    Run(String),
}

impl Audit {
    /// The lower bound from a number of right guesses (Steinke, Nasr & Jagielski 2023, theorem
    /// 5.2).
    ///
    /// # Errors
    ///
    /// [`AuditError::Parameter`] when there are more guesses than canaries or more right ones than
    /// guesses.
    pub fn of_guesses(config: AuditConfig, correct: u64) -> Result<Self, AuditError> {
        check_count("guesses", config.guesses, config.canaries)?;
        check_count("right guesses", correct, config.guesses)?;
        let significance = config.significance.get();
        let rejects = |epsilon: f64| p_value(&config, correct, epsilon) < significance;
        let mut low = 0.0;
        if rejects(0.0) {
            let mut high = 1.0;
            while rejects(high) && high < 1e3 {
                (low, high) = (high, 2.0 * high);
            }
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if rejects(middle) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
        }
        Ok(Self {
            config,
            correct,
            epsilon_lower: Epsilon::new(low)?,
        })
    }

    /// Runs a one-run audit of anything that trains: `train_and_score` is given which canaries are
    /// in the data, and returns a score for each canary, higher for those that it believes to be
    /// in. The highest half of the guesses is called in, the lowest out.
    ///
    /// # Errors
    ///
    /// [`AuditError::Run`] with the text of the error of the closure; [`AuditError::Scores`] when a
    /// score is missing.
    pub fn run<E: fmt::Display>(
        config: AuditConfig,
        coins: &mut NoiseSource,
        train_and_score: impl FnOnce(&[bool]) -> Result<Vec<f64>, E>,
    ) -> Result<Self, AuditError> {
        check_count("guesses", config.guesses, config.canaries)?;
        let included: Vec<bool> = (0..config.canaries).map(|_| coins.bit()).collect();
        let scores =
            train_and_score(&included).map_err(|error| AuditError::Run(error.to_string()))?;
        if scores.len() != included.len() {
            return Err(AuditError::Scores {
                expected: config.canaries,
                found: scores.len(),
            });
        }
        if let Some(index) = scores.iter().position(|score| score.is_nan()) {
            return Err(AuditError::NotANumber { index });
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let called_in = (config.guesses / 2) as usize;
        let called_out = config.guesses as usize - called_in;
        let right_in = order
            .iter()
            .take(called_in)
            .filter(|index| included[**index])
            .count();
        let right_out = order
            .iter()
            .rev()
            .take(called_out)
            .filter(|index| !included[**index])
            .count();
        Self::of_guesses(config, (right_in + right_out) as u64)
    }

    /// Sets the bound beside a claim.
    ///
    /// # Errors
    ///
    /// [`AuditError::Refuted`] when the lower bound is above the claimed upper bound.
    pub fn against(&self, claimed: Epsilon) -> Result<AuditedClaim, AuditError> {
        if self.epsilon_lower > claimed {
            return Err(AuditError::Refuted {
                lower: self.epsilon_lower.get(),
                upper: claimed.get(),
            });
        }
        Ok(AuditedClaim {
            lower: self.epsilon_lower,
            upper: claimed,
            significance: self.config.significance,
        })
    }
}

/// A claim and what an audit found, consistent with each other. Displays as `0.4 <= epsilon <= 1
/// (lower bound at 95 %)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditedClaim {
    /// Result of the audit.
    pub lower: Epsilon,
    /// The claim.
    pub upper: Epsilon,
    /// Probability that the lower bound is wrong.
    pub significance: Probability,
}

impl fmt::Display for AuditedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The lower bound is rounded down, the upper one up.
        let lower = (self.lower.get() * 1e3).floor() / 1e3;
        let upper = (self.upper.get() * 1e3).ceil() / 1e3;
        let confidence = 100.0 * (1.0 - self.significance.get());
        write!(
            f,
            "{lower} <= epsilon <= {upper} (lower bound at {confidence} %)"
        )
    }
}

/// Probability, at most, of so many right guesses under an `(epsilon, delta)`-private mechanism:
/// `P[Bin(r, q) >= v] + 2 m delta max over i of P[v > Bin(r, q) >= v - i] / i` with `q = 1 / (1 +
/// e^-epsilon)`.
pub(crate) fn p_value(config: &AuditConfig, correct: u64, epsilon: f64) -> f64 {
    let chances = binomial(config.guesses, 1.0 / (1.0 + (-epsilon).exp()));
    let correct = correct as usize;
    let mut value: f64 = chances[correct..].iter().rev().sum();
    if config.delta.get() > 0.0 {
        let (mut sum, mut most) = (0.0, 0.0_f64);
        for i in 1..=correct {
            sum += chances[correct - i];
            most = most.max(sum / i as f64);
        }
        value += 2.0 * config.canaries as f64 * config.delta.get() * most;
    }
    value.min(1.0)
}

/// Lower bound on `epsilon` from an attack's true and false positives in independent runs, each
/// rate bounded by Clopper and Pearson's interval at half the significance: the larger of `log((tpr
/// - delta) / fpr)` and `log((tnr - delta) / fnr)`.
///
/// # Errors
///
/// [`ParameterError::InvalidCount`] when there are more positives than trials.
pub fn epsilon_lower_from_rates(
    true_positives: u64,
    false_positives: u64,
    trials_each: u64,
    delta: Delta,
    significance: Probability,
) -> Result<Epsilon, ParameterError> {
    check_count("true positives", true_positives, trials_each)?;
    check_count("false positives", false_positives, trials_each)?;
    let half = 0.5 * significance.get();
    let least = rate_lower(true_positives, trials_each, half);
    let most = 1.0 - rate_lower(trials_each - false_positives, trials_each, half);
    let (hit, miss) = (
        (least - delta.get()) / most,
        (1.0 - most - delta.get()) / (1.0 - least),
    );
    Epsilon::new(hit.max(miss).max(1.0).ln())
}

/// Smallest rate at which so many successes or more have at least this probability.
pub(crate) fn rate_lower(successes: u64, trials: u64, probability: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    let tail = |rate: f64| {
        binomial(trials, rate)[successes as usize..]
            .iter()
            .rev()
            .sum::<f64>()
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if tail(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Binomial probabilities, by their ratios from the mode outwards.
fn binomial(trials: u64, rate: f64) -> Vec<f64> {
    let n = trials as usize;
    let mut chances = vec![0.0; n + 1];
    if rate <= 0.0 || rate >= 1.0 {
        chances[if rate <= 0.0 { 0 } else { n }] = 1.0;
        return chances;
    }
    let mode = (((n + 1) as f64 * rate) as usize).min(n);
    let odds = rate / (1.0 - rate);
    chances[mode] = 1.0;
    for k in mode..n {
        chances[k + 1] = chances[k] * odds * (n - k) as f64 / (k + 1) as f64;
    }
    for k in (0..mode).rev() {
        chances[k] = chances[k + 1] / odds * (k + 1) as f64 / (n - k) as f64;
    }
    let total: f64 = chances.iter().sum();
    for chance in &mut chances {
        *chance /= total;
    }
    chances
}

fn check_count(parameter: &'static str, count: u64, most: u64) -> Result<(), ParameterError> {
    if count <= most {
        return Ok(());
    }
    Err(ParameterError::InvalidCount {
        parameter,
        value: i128::from(count),
        rule: "at most what it is a part of",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(canaries: u64, guesses: u64) -> AuditConfig {
        AuditConfig {
            canaries,
            guesses,
            delta: Delta::ZERO,
            significance: Probability::new(0.05).unwrap(),
        }
    }

    #[test]
    fn agrees_with_the_published_check() {
        // Printed in appendix D of the paper.
        let value = p_value(&config(100, 100), 75, 3.0_f64.ln());
        assert!((value - 0.553).abs() < 5e-4, "{value}");
    }

    #[test]
    fn sees_an_attack_that_knows_and_clears_one_that_guesses() {
        let mut coins = NoiseSource::insecure_seeded([1; 32]);
        let config = config(400, 200);
        let knows = |included: &[bool]| {
            Ok::<_, String>(included.iter().map(|x| f64::from(u8::from(*x))).collect())
        };
        let audit = Audit::run(config, &mut coins, knows).unwrap();
        assert_eq!(audit.correct, 200);
        assert!(matches!(
            audit.against(Epsilon::new(1.0).unwrap()),
            Err(AuditError::Refuted { .. })
        ));
        let blind = |included: &[bool]| {
            Ok::<_, String>((0..included.len()).map(|i| (i * 37 % 101) as f64).collect())
        };
        let audit = Audit::run(config, &mut coins, blind).unwrap();
        assert!(audit.epsilon_lower.get() < 0.3);
        let claim = audit.against(Epsilon::new(1.0).unwrap()).unwrap();
        assert!(
            claim
                .to_string()
                .contains("<= epsilon <= 1 (lower bound at 95 %)"),
            "{claim}"
        );
    }

    #[test]
    fn refuses_counts_that_cannot_be() {
        assert!(Audit::of_guesses(config(10, 20), 5).is_err());
        assert!(Audit::of_guesses(config(20, 10), 11).is_err());
        let one_short = |_: &[bool]| Ok::<_, String>(vec![0.0; 9]);
        let error = Audit::run(
            config(10, 4),
            &mut NoiseSource::operating_system(),
            one_short,
        )
        .unwrap_err();
        assert!(matches!(error, AuditError::Scores { .. }));
    }
}
