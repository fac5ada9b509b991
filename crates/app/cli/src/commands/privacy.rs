//! `parable privacy`: costs of releases, calibration of noise, and verification of ledgers.

use std::path::Path;

use parable::dp::{
    self, Audit, AuditConfig, Budget, Delta, Entry, Epsilon, Event, Ledger, NoiseMultiplier,
    PrivacyUnit, Relation, SamplingRate, Target,
};

use crate::args::{MechanismName, PrivacyQuestion, RelationName, Releases, UnitArgs};
use crate::failure::{Failure, chain};
use crate::session::Session;

pub(crate) fn run(question: &PrivacyQuestion, session: &Session) -> Result<(), Failure> {
    match question {
        PrivacyQuestion::Epsilon { releases, delta } => epsilon(releases, *delta, session),
        PrivacyQuestion::Delta { releases, epsilon } => delta(releases, *epsilon, session),
        PrivacyQuestion::Calibrate {
            releases,
            epsilon,
            delta,
        } => calibrate(releases, *epsilon, *delta, session),
        PrivacyQuestion::Plan {
            plan: path,
            rho,
            epsilon,
            delta,
            unit,
        } => {
            let budget = match (rho, epsilon, delta) {
                (Some(rho), _, _) => Budget::zcdp(*rho),
                (None, Some(epsilon), Some(delta)) => Budget::approx(*epsilon, *delta),
                _ => {
                    return Err(Failure::input(
                        "a plan needs a budget: --rho, or --epsilon with --delta",
                    ));
                }
            };
            plan(path, budget, unit_of(unit)?, session)
        }
        PrivacyQuestion::Verify { ledger, delta } => verify(ledger, *delta, session),
        PrivacyQuestion::Audit {
            canaries,
            guesses,
            correct,
            delta,
            significance,
            claim,
        } => {
            let config = AuditConfig {
                canaries: *canaries,
                guesses: *guesses,
                delta: *delta,
                significance: *significance,
            };
            audit(config, *correct, *claim, session)
        }
    }
}

fn epsilon(releases: &Releases, delta: Delta, session: &Session) -> Result<(), Failure> {
    let (event, unit) = event(releases)?;
    let found =
        dp::evaluate(&event, &unit, delta).map_err(|error| Failure::input(chain(&error)))?;
    let lines: Vec<String> = std::iter::once(&found.best)
        .chain(&found.bounds)
        .map(|bound| {
            line(
                "epsilon",
                bound.lower.get(),
                bound.upper.get(),
                bound.method.name(),
            )
        })
        .collect();
    session.say(
        &to_json(&found)?,
        &format!("best: {}\n\n{}", lines[0], lines[1..].join("\n")),
    );
    Ok(())
}

fn delta(releases: &Releases, epsilon: Epsilon, session: &Session) -> Result<(), Failure> {
    let (event, unit) = event(releases)?;
    let found = dp::evaluate_delta(&event, &unit, epsilon)
        .map_err(|error| Failure::input(chain(&error)))?;
    let lines: Vec<String> = std::iter::once(&found.best)
        .chain(&found.bounds)
        .map(|bound| {
            line(
                "delta",
                bound.lower.get(),
                bound.upper.get(),
                bound.method.name(),
            )
        })
        .collect();
    session.say(
        &to_json(&found)?,
        &format!("best: {}\n\n{}", lines[0], lines[1..].join("\n")),
    );
    Ok(())
}

/// Finds the one parameter of the mechanism that was left out.
fn calibrate(
    releases: &Releases,
    epsilon: Epsilon,
    delta: Delta,
    session: &Session,
) -> Result<(), Failure> {
    let Some(mechanism) = releases.mechanism else {
        return Err(Failure::input(
            "calibrate needs --mechanism: a ledger has nothing to choose",
        ));
    };
    let target = Target {
        epsilon,
        delta,
        unit: unit_of(&releases.unit)?,
    };
    let sampled = mechanism.is_sampled();
    // A sampler without --sampling-rate asks for the rate; a noise without --noise-multiplier for
    // the noise; else the steps.
    let (parameter, value, cost) = match (
        releases.noise_multiplier,
        releases.sampling_rate,
        releases.steps,
    ) {
        (None, rate, steps) if rate.is_some() || !sampled => {
            let found = dp::calibrate_noise_multiplier(target, |noise| {
                mechanism.event(noise, rate, steps.unwrap_or(1))
            })
            .map_err(|error| Failure::input(chain(&error)))?;
            ("noise_multiplier", found.value.get(), found.epsilon)
        }
        (Some(noise), None, steps) if sampled => {
            let found = dp::calibrate_sampling_rate(target, |rate| {
                mechanism.event(noise, Some(rate), steps.unwrap_or(1))
            })
            .map_err(|error| Failure::input(chain(&error)))?;
            ("sampling_rate", found.value.get(), found.epsilon)
        }
        (Some(noise), rate, None) => {
            let found = dp::calibrate_steps(target, &mechanism.event(noise, rate, 1))
                .map_err(|error| Failure::input(chain(&error)))?;
            ("steps", found.value as f64, found.epsilon)
        }
        _ => {
            return Err(Failure::input(
                "calibrate looks for one number: leave out --noise-multiplier, --sampling-rate or --steps, and only one",
            ));
        }
    };
    session.say(
        &serde_json::json!({ "parameter": parameter, "value": value, "epsilon": cost, "delta": delta }),
        &format!(
            "{} = {value}, which costs epsilon {cost} at delta {delta}",
            parameter.replace('_', " ")
        ),
    );
    Ok(())
}

fn plan(path: &Path, budget: Budget, unit: PrivacyUnit, session: &Session) -> Result<(), Failure> {
    let entries: Vec<Entry> = parse(path, &read(path)?)?;
    let ledger = Ledger::open(unit, budget);
    let (spent, outcome) = ledger.plan(
        entries
            .iter()
            .map(|entry| (entry.purpose.as_str(), &entry.event)),
    );
    let refused = outcome.err().map(|error| chain(&error));
    let text = match &refused {
        None => format!("all {} releases fit", entries.len()),
        Some(error) => format!("the plan does not fit: {error}"),
    };
    session.say(
        &serde_json::json!({ "fits": refused.is_none(), "refused": refused, "spent": spent }),
        &text,
    );
    Ok(())
}

fn verify(path: &Path, delta: Option<Delta>, session: &Session) -> Result<(), Failure> {
    let found = dp::verify(&read(path)?)
        .map_err(|error| Failure::input(format!("{}: {}", path.display(), chain(&error))))?;
    let evaluation = match delta {
        Some(delta) => Some(
            found
                .ledger
                .evaluate(delta)
                .map_err(|error| Failure::input(chain(&error)))?,
        ),
        None => None,
    };
    let spent = found.ledger.spent();
    let mut text = format!(
        "{} releases from `{}`, chain and budget hold\nlast line: {}",
        found.ledger.entries().len(),
        found.dataset,
        found.digest
    );
    if !found.secure_noise {
        text.push_str("\nwarning: some noise did not come from the operating system; this build cannot certify it");
    }
    if let (Some(delta), Some(evaluation)) = (delta, &evaluation) {
        text.push_str(&format!(
            "\nepsilon <= {} at delta {delta}, if all parameters were fixed in advance",
            evaluation.best.upper
        ));
    }
    let object = serde_json::json!({
        "dataset": found.dataset,
        "releases": found.ledger.entries().len(),
        "secure_noise": found.secure_noise,
        "digest": found.digest,
        "spent": spent,
        "evaluation": evaluation,
    });
    session.say(&object, &text);
    Ok(())
}

fn audit(
    config: AuditConfig,
    correct: u64,
    claim: Option<Epsilon>,
    session: &Session,
) -> Result<(), Failure> {
    let found =
        Audit::of_guesses(config, correct).map_err(|error| Failure::input(chain(&error)))?;
    let text = match claim {
        Some(claim) => found
            .against(claim)
            .map_err(|error| Failure::input(chain(&error)))?
            .to_string(),
        None => format!(
            "epsilon >= {} with a chance of {} to be wrong",
            found.epsilon_lower, config.significance
        ),
    };
    session.say(&to_json(&found)?, &text);
    Ok(())
}

/// Returns the releases to account for, and the unit of privacy.
fn event(releases: &Releases) -> Result<(Event, PrivacyUnit), Failure> {
    let unit = unit_of(&releases.unit)?;
    let Some(path) = &releases.ledger else {
        let mechanism = releases
            .mechanism
            .ok_or_else(|| Failure::input("either --mechanism or --ledger is needed"))?;
        let noise = releases.noise_multiplier.ok_or_else(|| {
            Failure::input("this mechanism needs --noise-multiplier: noise over sensitivity")
        })?;
        if mechanism.is_sampled() != releases.sampling_rate.is_some() {
            return Err(Failure::input(if mechanism.is_sampled() {
                "this mechanism needs --sampling-rate"
            } else {
                "--sampling-rate needs a mechanism that names its sampler, such as poisson-gaussian"
            }));
        }
        return Ok((
            mechanism.event(noise, releases.sampling_rate, releases.steps.unwrap_or(1)),
            unit,
        ));
    };
    let text = read(path)?;
    if text
        .lines()
        .next()
        .is_some_and(|line| line.contains("parable-privacy-ledger"))
    {
        let found = dp::verify(&text)
            .map_err(|error| Failure::input(format!("{}: {}", path.display(), chain(&error))))?;
        let events = found
            .ledger
            .entries()
            .iter()
            .map(|entry| entry.event.clone())
            .collect();
        return Ok((Event::Composed { events }, found.ledger.unit()));
    }
    Ok((parse(path, &text)?, unit))
}

impl MechanismName {
    fn is_sampled(self) -> bool {
        !matches!(self, Self::Gaussian | Self::Laplace)
    }

    fn event(
        self,
        noise_multiplier: NoiseMultiplier,
        rate: Option<SamplingRate>,
        steps: u64,
    ) -> Event {
        let noise = match self {
            Self::Laplace | Self::PoissonLaplace => Event::Laplace { noise_multiplier },
            Self::Gaussian | Self::PoissonGaussian | Self::FixedSizeGaussian => {
                Event::Gaussian { noise_multiplier }
            }
        };
        let step = match (self, rate) {
            (Self::FixedSizeGaussian, Some(rate)) => Event::SampledWithoutReplacement {
                rate,
                event: Box::new(noise),
            },
            (_, Some(rate)) => noise.poisson_sampled(rate),
            (_, None) => noise,
        };
        step.repeated(steps)
    }
}

pub(super) fn unit_of(arguments: &UnitArgs) -> Result<PrivacyUnit, Failure> {
    let relation = match arguments.relation {
        RelationName::AddRemove => Relation::AddRemove,
        RelationName::ReplaceOne => Relation::ReplaceOne,
        RelationName::ReplaceNull => Relation::ReplaceNull,
    };
    PrivacyUnit::new(relation, arguments.max_rows).map_err(Failure::input)
}

fn line(what: &str, lower: f64, upper: f64, method: &str) -> String {
    format!("{lower:>22} <= {what} <= {upper:<22} {method}")
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

fn to_json(value: &impl serde::Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(value).map_err(Failure::environment)
}
