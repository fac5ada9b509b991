//! What the options of private methods mean.

use parable::dp::{Budget, Ledger, LedgerLog, NoiseOrigin};
use parable::table::{Role, Schema};
use parable::{METHODS, Method, Protection, Source};
use serde_json::{Map, Value, json};

use super::privacy::unit_of;
use crate::args::PrivateArgs;
use crate::failure::Failure;

/// The budget and the unit. Options that do not go with the method are refused: a budget nobody keeps would look like a guarantee.
pub(super) fn protection(options: &PrivateArgs, method: &Method) -> Result<Protection, Failure> {
    match (method.is_private(), options.epsilon, options.delta) {
        (true, Some(epsilon), Some(delta)) => Ok(Protection {
            budget: Budget::approx(epsilon, delta),
            unit: unit_of(&options.unit)?,
        }),
        (true, ..) => Err(Failure::input(format!(
            "method `{}` is private and needs a budget: --epsilon 1 --delta 1e-9, say; delta far below one over the number of people",
            method.name()
        ))),
        (false, None, None) if options.ledger.is_none() => Ok(Protection::none()),
        (false, ..) => {
            let private: Vec<&str> = METHODS
                .iter()
                .filter(|(_, about)| about.starts_with("differentially private"))
                .map(|(name, _)| *name)
                .collect();
            Err(Failure::input(format!(
                "method `{}` gives no privacy guarantee, so that a budget means nothing to it; private methods: {}",
                method.name(),
                private.join(", ")
            )))
        }
    }
}

/// Adds `--require`, `--require-effects` and `--weight` to the settings of a method.
pub(super) fn add_wishes(
    options: &PrivateArgs,
    schema: &Schema,
    settings: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let mut add =
        |setting: &str, value: Value| match settings.entry(setting).or_insert_with(|| json!([])) {
            Value::Array(list) => {
                list.push(value);
                Ok(())
            }
            _ => Err(Failure::input(format!("setting `{setting}` is a list"))),
        };
    for set in &options.require {
        add("required", json!(names(set)))?;
    }
    if options.require_effects {
        for set in effects(schema)? {
            add("required", json!(set))?;
        }
    }
    for weight in &options.weight {
        let parsed = weight
            .rsplit_once('=')
            .and_then(|(set, factor)| Some((set, factor.trim().parse::<f64>().ok()?)));
        let Some((set, factor)) = parsed else {
            return Err(Failure::input(format!(
                "--weight {weight}: expected COLUMNS=FACTOR, such as arm,post_maths=3"
            )));
        };
        add(
            "weights",
            json!({ "columns": names(set), "weight": factor }),
        )?;
    }
    Ok(())
}

fn names(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).collect()
}

/// The treatment with every outcome.
fn effects(schema: &Schema) -> Result<Vec<[&str; 2]>, Failure> {
    let of = |role: Role| {
        let fields = schema.fields().iter();
        fields
            .filter(move |field| field.role == role)
            .map(|field| field.name.as_str())
    };
    let sets: Vec<[&str; 2]> = of(Role::Treatment)
        .flat_map(|arm| of(Role::Outcome).map(move |outcome| [arm, outcome]))
        .collect();
    if sets.is_empty() {
        return Err(Failure::input(
            "--require-effects: the schema gives no column the role treatment, or none the role outcome",
        ));
    }
    Ok(sets)
}

/// The source with observed facts vouched for, if the user does so.
pub(super) fn trusted(options: &PrivateArgs, source: Source) -> Result<Source, Failure> {
    Ok(if options.trust_observed {
        source.vouch()?
    } else {
        source
    })
}

/// The ledger as the text of a file that can be verified.
pub(super) fn ledger_text(ledger: &Ledger, dataset: &str) -> String {
    let mut log = LedgerLog::new(ledger, dataset);
    for entry in ledger.entries() {
        log.append(entry, NoiseOrigin::OperatingSystem, None);
    }
    log.as_str().to_owned()
}

/// What was spent, in words.
pub(super) fn spent(ledger: &Ledger) -> String {
    let spent = ledger.spent();
    let epsilon = spent.epsilon.map_or_else(
        || "no finite epsilon".to_owned(),
        |epsilon| format!("epsilon {:.4}", epsilon.get()),
    );
    format!("{epsilon} spent in {} charges", ledger.entries().len())
}
