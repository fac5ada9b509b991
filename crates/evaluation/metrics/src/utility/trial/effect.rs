//! One effect: difference of means, Hedges' g, and the coefficient of the arm.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::data::design::{Design as DesignMatrix, indicator};
use crate::data::frame::{Each, FrameColumn, Side};
use crate::utility::linear_model::Fit;
use crate::{EffectEstimate, EffectPair, Interval, Undefined};

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
const LEVEL: f64 = 0.95;

pub(super) type Estimate = Result<EffectEstimate, Undefined>;

/// One outcome, one arm against the control.
pub(super) struct Design<'a> {
    pub(super) outcome: &'a FrameColumn,
    pub(super) treatment: &'a Each<Vec<u32>>,
    pub(super) arm: u32,
    pub(super) control: u32,
    pub(super) covariates: &'a [&'a FrameColumn],
    pub(super) cluster: Option<&'a FrameColumn>,
}

/// Number, mean and sum of squared deviations of the outcome in one arm.
#[derive(Clone, Copy)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        Self {
            n,
            mean,
            squares: values.iter().map(|x| (x - mean) * (x - mean)).sum(),
        }
    }
}

impl Design<'_> {
    /// Values of the outcome in the arm and in the control arm.
    fn moments(&self, side: Side) -> Result<[Moments; 2], Undefined> {
        let outcome = self.outcome.as_numbers(side).ok_or(Undefined::NoColumns)?;
        let arms = self.treatment.of(side);
        let pick = |arm: u32| -> Vec<f64> {
            let rows = arms.iter().zip(outcome.iter());
            rows.filter(|&(&a, y)| a == arm && !y.is_nan())
                .map(|(_, &y)| y)
                .collect()
        };
        let (treated, control) = (pick(self.arm), pick(self.control));
        if treated.len() < 2 || control.len() < 2 {
            return Err(Undefined::EmptyArm);
        }
        Ok([Moments::of(&treated), Moments::of(&control)])
    }

    /// Difference of means with a variance per arm.
    pub(super) fn mean_difference(&self, side: Side) -> Estimate {
        let [treated, control] = self.moments(side)?;
        let variance = |m: &Moments| m.squares / (m.n - 1.0) / m.n;
        let se = (variance(&treated) + variance(&control)).sqrt();
        Ok(normal(treated.mean - control.mean, se, &treated, &control))
    }

    /// Hedges' g; standard error of Hedges and Olkin 1985, `sqrt(1/n1 + 1/n0 + g^2 / (2 (n1 +
    /// n0)))`.
    pub(super) fn hedges_g(&self, side: Side) -> Estimate {
        let [treated, control] = self.moments(side)?;
        let pooled = pooled_sd(&treated, &control)?;
        let n = treated.n + control.n;
        let small_sample = 1.0 - 3.0 / (4.0 * (n - 2.0) - 1.0);
        let g = (treated.mean - control.mean) / pooled * small_sample;
        let se = (1.0 / treated.n + 1.0 / control.n + g * g / (2.0 * n)).sqrt();
        Ok(normal(g, se, &treated, &control))
    }

    /// The coefficient of the arm in a least-squares fit on the rows of the two arms that are
    /// complete in all terms.
    pub(super) fn regression(
        &self,
        side: Side,
        covariates: &[&FrameColumn],
        robust: bool,
    ) -> Estimate {
        self.fit(side, covariates, robust).map(|(effect, _)| effect)
    }

    /// The adjusted effect in pooled unadjusted standard deviations of the rows it used.
    pub(super) fn adjusted_effect_size(&self, side: Side, robust: bool) -> Estimate {
        let (effect, pooled) = self.fit(side, self.covariates, robust)?;
        let pooled = pooled?;
        Ok(EffectEstimate {
            value: effect.value / pooled,
            se: effect.se / pooled,
            ci: Interval {
                low: effect.ci.low / pooled,
                high: effect.ci.high / pooled,
                ..effect.ci
            },
            ..effect
        })
    }

    fn fit(
        &self,
        side: Side,
        covariates: &[&FrameColumn],
        robust: bool,
    ) -> Result<(EffectEstimate, Result<f64, Undefined>), Undefined> {
        let outcome = self.outcome.as_numbers(side).ok_or(Undefined::NoColumns)?;
        let arms = self.treatment.of(side);
        let terms: Vec<Terms<'_>> = covariates.iter().map(|c| Terms::of(c, side)).collect();
        let clusters = match (robust, self.cluster) {
            (true, Some(column)) => Some(column.codes().ok_or(Undefined::NoRole)?.1.of(side)),
            _ => None,
        };
        let rows: Vec<usize> = (0..outcome.len())
            .filter(|&row| {
                (arms[row] == self.arm || arms[row] == self.control)
                    && !outcome[row].is_nan()
                    && terms.iter().all(|term| term.complete(row))
                    && clusters.is_none_or(|codes| codes[row] != 0)
            })
            .collect();
        let response: Vec<f64> = rows.iter().map(|&row| outcome[row]).collect();
        let treated: Vec<f64> = rows
            .iter()
            .map(|&row| indicator(arms[row] == self.arm))
            .collect();
        let of_arm = |wanted: f64| -> Vec<f64> {
            let pairs = response.iter().zip(&treated);
            pairs
                .filter(|&(_, &i)| i == wanted)
                .map(|(&y, _)| y)
                .collect()
        };
        let (in_arm, in_control) = (of_arm(1.0), of_arm(0.0));
        if in_arm.len() < 2 || in_control.len() < 2 {
            return Err(Undefined::EmptyArm);
        }
        let mut design = DesignMatrix::new(rows.len());
        design.push_intercept("intercept");
        design.push("arm", treated);
        for term in &terms {
            term.push(&rows, &mut design);
        }
        let (treated, control) = (Moments::of(&in_arm), Moments::of(&in_control));
        let fit = Fit::of(&response, &design).ok_or(Undefined::NoRows)?;
        let value = fit.coefficients()[1].ok_or(Undefined::Aliased)?;
        let effect = match clusters {
            None => {
                let se = fit.standard_error(1).ok_or(Undefined::Aliased)?;
                normal(value, se, &treated, &control)
            }
            Some(codes) => {
                let codes: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
                let (se, groups) = fit
                    .cluster_robust_error(1, &design, &codes)
                    .ok_or(Undefined::TooFewClusters)?;
                let t = StudentsT::new(0.0, 1.0, (groups - 1) as f64)
                    .map_err(|_| Undefined::TooFewClusters)?
                    .inverse_cdf(0.5 + LEVEL / 2.0);
                let mut effect = estimate(value, se, t, &treated, &control);
                effect.clusters = Some(groups as u64);
                effect
            }
        };
        Ok((effect, pooled_sd(&treated, &control)))
    }
}

/// The terms of one covariate: a number, or one indicator per level but the first.
enum Terms<'a> {
    Number(std::borrow::Cow<'a, [f64]>),
    Levels { codes: &'a [u32], levels: u32 },
}

impl<'a> Terms<'a> {
    fn of(column: &'a FrameColumn, side: Side) -> Self {
        match column.codes() {
            Some((labels, codes)) if column.scale == crate::ColumnScale::Nominal => Self::Levels {
                codes: codes.of(side),
                levels: labels.len() as u32,
            },
            _ => Self::Number(
                column
                    .as_numbers(side)
                    .expect("numeric and ordinal columns are numbers"),
            ),
        }
    }

    fn complete(&self, row: usize) -> bool {
        match self {
            Self::Number(values) => !values[row].is_nan(),
            Self::Levels { codes, .. } => codes[row] != 0,
        }
    }

    fn push(&self, rows: &[usize], design: &mut DesignMatrix) {
        match self {
            Self::Number(values) => design.push("covariate", rows.iter().map(|&row| values[row])),
            // Levels that do not occur give columns of zeros, which the fit drops.
            Self::Levels { codes, levels } => {
                for level in 2..=*levels {
                    let is = |&row: &usize| indicator(codes[row] == level);
                    design.push("level", rows.iter().map(is));
                }
            }
        }
    }
}

fn pooled_sd(a: &Moments, b: &Moments) -> Result<f64, Undefined> {
    let pooled = ((a.squares + b.squares) / (a.n + b.n - 2.0)).sqrt();
    if pooled > 0.0 {
        Ok(pooled)
    } else {
        Err(Undefined::ConstantColumn)
    }
}

fn normal(value: f64, se: f64, treated: &Moments, control: &Moments) -> EffectEstimate {
    estimate(value, se, Z, treated, control)
}

fn estimate(
    value: f64,
    se: f64,
    quantile: f64,
    treated: &Moments,
    control: &Moments,
) -> EffectEstimate {
    EffectEstimate {
        value,
        se,
        ci: Interval {
            low: value - quantile * se,
            high: value + quantile * se,
            level: LEVEL,
        },
        treated_rows: treated.n as u64,
        control_rows: control.n as u64,
        clusters: None,
    }
}

/// Both estimates and how they agree.
pub(super) fn compare(real: Estimate, synthetic: Estimate) -> EffectPair {
    let reason = real.err().or(synthetic.err());
    let (Ok(r), Ok(s)) = (real, synthetic) else {
        return EffectPair {
            real: real.ok(),
            synthetic: synthetic.ok(),
            reason,
            ..EffectPair::default()
        };
    };
    let difference = s.value - r.value;
    EffectPair {
        real: Some(r),
        synthetic: Some(s),
        difference: Some(difference),
        standardised_difference: (r.se > 0.0).then(|| difference / r.se),
        overlap: overlap(&r.ci, &s.ci),
        same_sign: Some(sign(r.value) == sign(s.value)),
        same_significance: Some(excludes_zero(&r.ci) == excludes_zero(&s.ci)),
        reason: None,
    }
}

/// Mean of the shared length over each length (Karr et al. 2006); negative for disjoint intervals,
/// `None` if one has no length.
pub(crate) fn overlap(a: &Interval, b: &Interval) -> Option<f64> {
    let shared = a.high.min(b.high) - a.low.max(b.low);
    let (of_a, of_b) = (shared / (a.high - a.low), shared / (b.high - b.low));
    let overlap = 0.5 * (of_a + of_b);
    overlap.is_finite().then_some(overlap)
}

fn sign(value: f64) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

fn excludes_zero(ci: &Interval) -> bool {
    ci.low > 0.0 || ci.high < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        Interval {
            low,
            high,
            level: 0.95,
        }
    }

    #[test]
    fn overlap_is_one_for_equal_and_negative_for_disjoint_intervals() {
        assert_eq!(overlap(&interval(0.0, 1.0), &interval(0.0, 1.0)), Some(1.0));
        assert_eq!(overlap(&interval(0.0, 1.0), &interval(0.5, 1.5)), Some(0.5));
        assert_eq!(
            overlap(&interval(0.0, 1.0), &interval(2.0, 4.0)),
            Some(-0.75)
        );
        assert_eq!(overlap(&interval(1.0, 1.0), &interval(2.0, 4.0)), None);
    }
}
