//! The attacks as metrics.

use parable_seed::Seed;

use super::Attack;
use crate::evaluate::evaluator::silent;
use crate::{
    AttackKind, AttackResult, Conclusion, Direction, EvaluationOptions, Group, Interval, Metric,
    MetricError, Pair, Part, Progress, Score, Undefined, Unit,
};

/// All attacks with these options.
pub(crate) fn default_scores(options: &EvaluationOptions) -> impl Iterator<Item = Box<dyn Metric>> {
    AttackKind::ALL
        .map(|kind| Box::new(Attack::new(kind, options)) as Box<dyn Metric>)
        .into_iter()
}

impl Metric for Attack {
    fn id(&self) -> &str {
        match self.kind {
            AttackKind::SinglingOutUnivariate => "attack_singling_out_univariate",
            AttackKind::SinglingOutMultivariate => "attack_singling_out_multivariate",
            AttackKind::Linkability => "attack_linkability",
            AttackKind::Inference => "attack_inference",
        }
    }

    fn title(&self) -> &str {
        match self.kind {
            AttackKind::SinglingOutUnivariate => {
                "Singling people out by one column: risk of being in the data"
            }
            AttackKind::SinglingOutMultivariate => {
                "Singling people out by several columns: risk of being in the data"
            }
            AttackKind::Linkability => {
                "Linking two halves of a person's data: risk of being in the data"
            }
            AttackKind::Inference => {
                "Inferring a secret from everything else, worst secret: risk of being in the data"
            }
        }
    }

    fn explanation(&self) -> &str {
        match self.kind {
            AttackKind::SinglingOutUnivariate => {
                "An intruder reads a rare value off the synthetic table and asks whether exactly one person has it; how much more often that works for people in the data than for others."
            }
            AttackKind::SinglingOutMultivariate => {
                "The same with a combination of values of several columns."
            }
            AttackKind::Linkability => {
                "Two sources hold different columns of the same people and match them through the synthetic table; how much more often that works for people in the data than for others."
            }
            AttackKind::Inference => {
                "An intruder knows all about a person but one column and reads it off the most similar synthetic row; how much more often that works for people in the data than for others."
            }
        }
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn has_baseline(&self) -> bool {
        false
    }

    fn score(&self, pair: &Pair<'_>, seed: &Seed) -> Result<Score, MetricError> {
        self.score_with(pair, seed, &silent)
    }

    fn score_with(
        &self,
        pair: &Pair<'_>,
        seed: &Seed,
        progress: Progress<'_>,
    ) -> Result<Score, MetricError> {
        let results = pair.attack(self, seed, progress)?;
        let score = |value| {
            let mut score = Score::new(
                self.id(),
                self.title(),
                Group::Privacy,
                self.direction(),
                value,
            )
            .with_param("attacks", self.attacks);
            score.seed = Some(*seed);
            score.unit = Unit::Attacks;
            score
        };
        let Some(worst) = worst(&results) else {
            let rows = pair.real().rows().min(pair.synthetic().rows());
            return Ok(score(Err(match rows {
                0 => Undefined::NoRows,
                _ => Undefined::NoAttack,
            })));
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
        Ok(score)
    }
}

/// The result whose interval of the risk begins highest; without a holdout the one with the largest success. The largest risk itself would be the least certain
/// one: where nearly all attacks succeed on the holdout too, one more or less moves it from 0 to one half.
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
    use crate::privacy::attacks::{Risk, SuccessRate};

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
        // All of 2,000 against all but one of 2,000: a risk of 0.34 that may as well be 0. 60 % against 40 %: one third, known to 0.05.
        let results = [
            result("restated", 2000.0, 1999.0),
            result("leaked", 1200.0, 800.0),
        ];
        assert!(results[0].risk.unwrap().value > results[1].risk.unwrap().value);
        assert_eq!(worst(&results).unwrap().columns, ["leaked"]);
        assert_eq!(worst(&results[..1]).unwrap().columns, ["restated"]);
    }
}
