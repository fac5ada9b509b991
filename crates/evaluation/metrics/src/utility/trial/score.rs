//! Numbers about a trial as a whole.

use super::TrialOptions;
use crate::{
    Direction, EffectPair, EvaluationOptions, Group, Metric, MetricContext, MetricError,
    MetricInfo, Outcome, Score, TrialEffect, TrialSection, Undefined, Unit,
};

/// A number about the treatment effects of a trial (4.3).
#[derive(Clone, Debug, PartialEq)]
pub struct TrialScore {
    statistic: Statistic,
    options: TrialOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    HedgesG,
    Overlap,
    Sign,
    Balance,
    Arms,
}

impl TrialScore {
    /// Absolute difference of Hedges' g, mean over outcomes and arms.
    #[must_use]
    pub fn hedges_g(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::HedgesG, options)
    }

    /// Overlap of the intervals of the adjusted effects (cluster-robust where there are clusters),
    /// mean over outcomes and arms; a negative overlap counts as 0 in the mean.
    #[must_use]
    pub fn effect_overlap(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Overlap, options)
    }

    /// Share of adjusted effects that have the same sign in both tables.
    #[must_use]
    pub fn sign_agreement(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Sign, options)
    }

    /// Absolute difference of the standardised differences between arms, mean over covariates.
    #[must_use]
    pub fn balance(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Balance, options)
    }

    /// Total variation distance of the shares of the arms.
    #[must_use]
    pub fn arm_shares(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Arms, options)
    }

    fn new(statistic: Statistic, options: &EvaluationOptions) -> Self {
        Self {
            statistic,
            options: TrialOptions::of(options),
        }
    }

    fn score_of(&self, value: Result<f64, Undefined>) -> Score {
        self.info().score(value)
    }

    /// The mean over effects of what `part` says of them.
    fn mean_over_effects(
        &self,
        trial: &TrialSection,
        pick: impl Fn(&TrialEffect) -> &EffectPair,
        part: impl Fn(&EffectPair) -> Option<f64>,
    ) -> Score {
        let parts: Vec<f64> = trial.effects.iter().filter_map(|e| part(pick(e))).collect();
        let why = trial
            .effects
            .iter()
            .find_map(|effect| pick(effect).reason)
            .unwrap_or(Undefined::NoRole);
        let value = match parts.len() {
            0 => Err(why),
            n => Ok(parts.iter().sum::<f64>() / n as f64),
        };
        self.score_of(value)
            .with_used(parts.len(), Unit::Effects)
            .with_undefined(trial.effects.len() - parts.len())
    }
}

fn adjusted(effect: &TrialEffect) -> &EffectPair {
    effect.adjusted_robust.as_ref().unwrap_or(&effect.adjusted)
}

static HEDGES_G_DIFFERENCE: MetricInfo = MetricInfo::new(
    "hedges_g_difference",
    "Treatment effect (Hedges' g), mean absolute difference",
    "How far the treatment effect is off, in standard deviations of the outcome.",
)
.with_group(Group::Utility);

static EFFECT_OVERLAP: MetricInfo = MetricInfo::new(
    "effect_overlap",
    "Adjusted treatment effect, mean overlap of intervals",
    "How far the confidence intervals of the adjusted effect agree; 1 is the same interval.",
)
.with_group(Group::Utility)
.with_direction(Direction::Max1);

static EFFECT_SIGN_AGREEMENT: MetricInfo = MetricInfo::new(
    "effect_sign_agreement",
    "Adjusted treatment effect, share with the same sign",
    "Whether the study would come to the same direction of the effect.",
)
.with_group(Group::Utility)
.with_direction(Direction::Max1);

static ARM_BALANCE_DIFFERENCE: MetricInfo = MetricInfo::new(
    "arm_balance_difference",
    "Balance of the arms, mean absolute difference",
    "Whether the arms were as alike before the trial as in the real table.",
)
.with_group(Group::Utility);

static ARM_SHARE_DIFFERENCE: MetricInfo = MetricInfo::new(
    "arm_share_difference",
    "Shares of the arms, total variation distance",
    "Whether the arms have the same sizes.",
)
.with_group(Group::Utility);

impl Metric for TrialScore {
    fn info(&self) -> &MetricInfo {
        match self.statistic {
            Statistic::HedgesG => &HEDGES_G_DIFFERENCE,
            Statistic::Overlap => &EFFECT_OVERLAP,
            Statistic::Sign => &EFFECT_SIGN_AGREEMENT,
            Statistic::Balance => &ARM_BALANCE_DIFFERENCE,
            Statistic::Arms => &ARM_SHARE_DIFFERENCE,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let section = cache.get(&self.options)?;
        let Some(trial) = section.as_ref() else {
            return Ok(self.score_of(Err(Undefined::NoRole)).into());
        };
        let score = match self.statistic {
            Statistic::HedgesG => {
                let score = self.mean_over_effects(
                    trial,
                    |effect| &effect.hedges_g,
                    |pair| pair.difference.map(f64::abs),
                );
                let signed: Vec<(&TrialEffect, f64)> = trial
                    .effects
                    .iter()
                    .filter_map(|effect| Some((effect, effect.hedges_g.difference?)))
                    .collect();
                match signed.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) {
                    Some((effect, worst)) => score
                        .with_detail("worst_outcome", effect.outcome.as_str())
                        .with_detail("worst_arm", effect.arm.as_str())
                        .with_detail("worst_difference", *worst)
                        .with_detail(
                            "mean_signed_difference",
                            signed.iter().map(|(_, d)| d).sum::<f64>() / signed.len() as f64,
                        ),
                    None => score,
                }
            }
            Statistic::Overlap => {
                let unclamped = self.mean_over_effects(trial, adjusted, |pair| pair.overlap);
                let score = self
                    .mean_over_effects(trial, adjusted, |pair| pair.overlap.map(|o| o.max(0.0)))
                    .with_param("covariates", trial.covariates.clone())
                    .with_param("cluster_robust", trial.cluster.is_some());
                match unclamped.value {
                    Some(mean) => score.with_detail("mean_unclamped", mean),
                    None => score,
                }
            }
            Statistic::Sign => self.mean_over_effects(trial, adjusted, |pair| {
                pair.same_sign.map(|same| f64::from(u8::from(same)))
            }),
            Statistic::Balance => {
                let parts: Vec<f64> = trial
                    .balance
                    .iter()
                    .filter_map(|row| row.standardised_difference.difference())
                    .collect();
                let value = match parts.len() {
                    0 => Err(Undefined::NoColumns),
                    n => Ok(parts.iter().map(|d| d.abs()).sum::<f64>() / n as f64),
                };
                self.score_of(value)
                    .with_used(parts.len(), Unit::Cells)
                    .with_undefined(trial.balance.len() - parts.len())
            }
            Statistic::Arms => {
                let difference = |arm: &crate::ArmShare| arm.share.difference().map(f64::abs);
                let parts: Option<Vec<f64>> = trial.arms.iter().map(difference).collect();
                let value = parts
                    .map(|parts| 0.5 * parts.iter().sum::<f64>())
                    .ok_or(Undefined::NoRows);
                self.score_of(value)
                    .with_used(trial.arms.len(), Unit::Cells)
            }
        };
        Ok(score
            .with_param("treatment", trial.treatment.as_str())
            .with_param("control", trial.control.as_str())
            .into())
    }
}
