//! The attacks as metrics.

use super::Attack;
use crate::{
    AttackKind, AttackResult, Conclusion, EvaluationOptions, Group, Interval, Metric,
    MetricContext, MetricError, MetricInfo, Outcome, Part, Section, Undefined, Unit,
};

/// All attacks with these options.
pub(crate) fn default_scores(options: &EvaluationOptions) -> impl Iterator<Item = Box<dyn Metric>> {
    AttackKind::ALL
        .map(|kind| Box::new(Attack::new(kind, options)) as Box<dyn Metric>)
        .into_iter()
}

static ATTACK_SINGLING_OUT_UNIVARIATE: MetricInfo = MetricInfo::new(
    "attack_singling_out_univariate",
    "Singling people out by one column: risk of being in the data",
    "An intruder reads a rare value off the synthetic table and asks whether exactly one person has it; how much more often that works for people in the data than for others.",
)
.with_group(Group::Privacy)
.without_anchors();

static ATTACK_SINGLING_OUT_MULTIVARIATE: MetricInfo = MetricInfo::new(
    "attack_singling_out_multivariate",
    "Singling people out by several columns: risk of being in the data",
    "The same with a combination of values of several columns.",
)
.with_group(Group::Privacy)
.without_anchors();

static ATTACK_LINKABILITY: MetricInfo = MetricInfo::new(
    "attack_linkability",
    "Linking two halves of a person's data: risk of being in the data",
    "Two sources hold different columns of the same people and match them through the synthetic table; how much more often that works for people in the data than for others.",
)
.with_group(Group::Privacy)
.without_anchors();

static ATTACK_INFERENCE: MetricInfo = MetricInfo::new(
    "attack_inference",
    "Inferring a secret from everything else, worst secret: risk of being in the data",
    "An intruder knows all about a person but one column and reads it off the most similar synthetic row; how much more often that works for people in the data than for others.",
)
.with_group(Group::Privacy)
.without_anchors();

impl Metric for Attack {
    fn info(&self) -> &MetricInfo {
        match self.kind {
            AttackKind::SinglingOutUnivariate => &ATTACK_SINGLING_OUT_UNIVARIATE,
            AttackKind::SinglingOutMultivariate => &ATTACK_SINGLING_OUT_MULTIVARIATE,
            AttackKind::Linkability => &ATTACK_LINKABILITY,
            AttackKind::Inference => &ATTACK_INFERENCE,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let results = self.results(cache, seed, context.observer())?;
        let score = |value| {
            let mut score = self.info().score(value).with_param("attacks", self.attacks);
            score.seed = Some(*seed);
            score.unit = Unit::Attacks;
            score
        };
        let Some(worst) = worst(&results) else {
            let rows = cache.real().rows().min(cache.synthetic().rows());
            return Ok(score(Err(match rows {
                0 => Undefined::NoRows,
                _ => Undefined::NoAttack,
            }))
            .into());
        };
        let mut score = score(
            worst
                .risk
                .map(|risk| risk.value)
                .ok_or(Undefined::NoControl),
        )
        .with_used(worst.main.attacks as usize, Unit::Attacks)
        .with_param("columns_chosen_by", worst.columns_chosen_by.as_str())
        .with_detail("attacker", worst.attacker.as_str())
        .with_detail("success", worst.main.share())
        .with_detail("conclusion", worst.conclusion.text());
        if let Some(risk) = worst.risk {
            score.ci = Some(Interval {
                low: risk.low,
                high: risk.high,
                level: 0.95,
            });
            score = score.with_detail("unclamped", risk.unclamped);
        }
        if let Some(control) = worst.control {
            score = score.with_detail("success_on_holdout", control.share());
        }
        if let Some(equal) = worst.main_at_equal_size {
            score = score.with_detail("success_at_equal_size", equal.share());
        }
        let best = worst
            .guesses
            .iter()
            .max_by(|a, b| a.share.total_cmp(&b.share));
        if let Some(guess) = best {
            score = score
                .with_detail("blind_guess", guess.how.as_str())
                .with_detail("success_of_blind_guess", guess.share);
        }
        match self.kind {
            AttackKind::SinglingOutUnivariate => {}
            AttackKind::SinglingOutMultivariate => {
                score = score.with_param("columns_together", self.together);
            }
            AttackKind::Linkability => {
                score = score
                    .with_param("neighbours", self.neighbours)
                    .with_param("first_columns", worst.columns.clone())
                    .with_param("second_columns", worst.other_columns.clone());
            }
            AttackKind::Inference => {
                score = score
                    .with_param(
                        "secrets",
                        results
                            .iter()
                            .flat_map(|r| r.columns.clone())
                            .collect::<Vec<_>>(),
                    )
                    .with_detail("worst_secret", worst.columns.join(", "));
                score.parts = results.iter().map(part).collect();
                score.n_undefined = results.iter().filter(|r| r.risk.is_none()).count() as u64;
            }
        }
        if worst.conclusion == Conclusion::NoConclusion {
            score = score.with_warning(Conclusion::NoConclusion.text());
        }
        if worst.underpowered {
            score = score.with_warning(format!(
                "underpowered: {} attacks could be made of {} asked for",
                worst.main.attacks, worst.asked
            ));
        }
        Ok(Outcome::from(score).with_section(Section::Attacks(results)))
    }
}

/// The result whose interval of the risk begins highest; without a holdout the one with the largest
/// success. The largest risk itself would be the least certain one: where nearly all attacks
/// succeed on the holdout too, one more or less moves it from 0 to one half.
fn worst(results: &[AttackResult]) -> Option<&AttackResult> {
    let key = |result: &AttackResult| match result.risk {
        Some(risk) => risk.unclamped - risk.error,
        None => result.main.share(),
    };
    // The first of equal ones.
    results
        .iter()
        .rev()
        .max_by(|a, b| key(a).total_cmp(&key(b)))
}

fn part(result: &AttackResult) -> Part {
    Part {
        columns: result.columns.clone(),
        value: result.risk.map(|risk| risk.value),
        reason: result.risk.is_none().then_some(Undefined::NoControl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Risk, SuccessRate};

    fn result(secret: &str, main: f64, control: f64) -> AttackResult {
        let rate = |hits| SuccessRate::wilson(hits, 2000).unwrap();
        let (main, control) = (rate(main), rate(control));
        AttackResult {
            kind: AttackKind::Inference,
            attacker: String::new(),
            columns: vec![secret.to_owned()],
            other_columns: Vec::new(),
            columns_chosen_by: String::new(),
            asked: 2000,
            underpowered: false,
            main,
            main_at_equal_size: None,
            control: Some(control),
            guesses: Vec::new(),
            risk: Some(Risk::against(&main, &control)),
            conclusion: Conclusion::Leak,
        }
    }

    #[test]
    fn a_secret_that_everybody_s_other_columns_tell_is_not_the_worst() {
        // All of 2,000 against all but one of 2,000: a risk of 0.34 that may as well be 0. 60 %
        // against 40 %: one third, known to 0.05.
        let results = [
            result("restated", 2000.0, 1999.0),
            result("leaked", 1200.0, 800.0),
        ];
        assert!(results[0].risk.unwrap().value > results[1].risk.unwrap().value);
        assert_eq!(worst(&results).unwrap().columns, ["leaked"]);
        assert_eq!(worst(&results[..1]).unwrap().columns, ["restated"]);
    }
}
