//! Mechanisms of missing values: whole schools, pupils absent from the test, failed links, and
//! questionnaires not returned.

use crate::draws::Streams;
use crate::measure::logistic;
use crate::preset::Plan;
use crate::pupils::{Pupils, Sen, one_if};
use crate::truth::MissingKind;

/// Cells that one mechanism empties.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    pub(crate) name: &'static str,
    pub(crate) kind: MissingKind,
    /// The rule in words and numbers, for the truth file.
    pub(crate) rule: String,
    /// Whether the row is lost.
    pub(crate) rows: Vec<bool>,
}

impl Loss {
    pub(crate) fn new(
        name: &'static str,
        kind: MissingKind,
        rule: impl Into<String>,
        rows: Vec<bool>,
    ) -> Self {
        Self {
            name,
            kind,
            rule: rule.into(),
            rows,
        }
    }
}

/// The mechanisms that every preset has.
#[derive(Clone, Debug)]
pub(crate) struct Losses {
    /// Schools that hold no post-test.
    pub(crate) school: Loss,
    /// Pupils who miss it.
    pub(crate) pupil: Loss,
    /// Pupils without a result of the pre-test.
    pub(crate) pre_test: Loss,
    /// Pupils whom the link to administrative records did not find.
    pub(crate) administrative: Loss,
}

impl Losses {
    /// Draws the losses; `post` is the latent outcome of each pupil in its own arm.
    pub(crate) fn draw(
        streams: &Streams,
        plan: &Plan,
        treated_schools: &[bool],
        pupils: &Pupils,
        post: &[f64],
    ) -> Self {
        let rows = pupils.rows();
        let lost_school = streams.chances("missing/school", treated_schools.len(), |school| {
            plan.school_loss[usize::from(treated_schools[school])]
        });
        let risk: Vec<f64> = (0..rows)
            .map(|row| {
                let plan = one_if(pupils.sen[row] == Sen::Plan);
                -0.50 * post[row] + 0.45 * one_if(pupils.fsm[row]) + 0.6 * plan
            })
            .collect();
        let intercept = intercept_for(&risk, plan.pupil_loss);
        let pupil = streams.chances("missing/pupil", rows, |row| logistic(intercept + risk[row]));
        let pre_test = streams.chances("missing/pre_test", rows, |row| {
            logistic(-3.4 + 0.7 * one_if(pupils.eal[row]))
        });
        let administrative = streams.chances("missing/administrative", rows, |_| 0.02);
        Self {
            school: Loss::new(
                "whole_school",
                MissingKind::AtRandom,
                format!(
                    "each school with probability {} (control) or {} (treated)",
                    plan.school_loss[0], plan.school_loss[1]
                ),
                pupils
                    .school
                    .iter()
                    .map(|&school| lost_school[school])
                    .collect(),
            ),
            pupil: Loss::new(
                "pupil",
                MissingKind::NotAtRandom,
                format!(
                    "logistic({intercept:.4} - 0.50 y + 0.45 fsm + 0.6 plan), y the latent of the primary outcome in the pupil's own arm"
                ),
                pupil,
            ),
            pre_test: Loss::new(
                "pre_test",
                MissingKind::AtRandom,
                "logistic(-3.4 + 0.7 eal)",
                pre_test,
            ),
            administrative: Loss::new(
                "administrative_link",
                MissingKind::CompletelyAtRandom,
                "each pupil with probability 0.02, all linked columns together",
                administrative,
            ),
        }
    }
}

/// The `a` for which the mean of `logistic(a + risk)` is `share`, by Newton's method.
///
/// The mean increases in `a`; a step is held to 2 so that a flat start cannot overshoot. Twenty
/// steps leave rounding error only.
fn intercept_for(risk: &[f64], share: f64) -> f64 {
    let rows = risk.len() as f64;
    let mut intercept = (share / (1.0 - share)).ln();
    for _ in 0..20 {
        let (mut mean, mut slope) = (0.0, 0.0);
        for risk in risk {
            let probability = logistic(intercept + risk);
            mean += probability;
            slope += probability * (1.0 - probability);
        }
        let step = (mean - share * rows) / slope.max(f64::MIN_POSITIVE);
        intercept -= step.clamp(-2.0, 2.0);
        if step.abs() < 1e-12 {
            break;
        }
    }
    intercept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intercept_makes_the_mean_risk_the_share() {
        let risk: Vec<f64> = (0..1_000).map(|i| f64::from(i) / 100.0 - 5.0).collect();
        for share in [0.001, 0.07, 0.13, 0.9] {
            let a = intercept_for(&risk, share);
            let mean = risk.iter().map(|r| logistic(a + r)).sum::<f64>() / 1_000.0;
            assert!((mean - share).abs() < 1e-10, "{share}: {mean}");
        }
    }
}
