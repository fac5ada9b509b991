//! What the options of private methods mean.

use parable::dp::{Budget, Ledger, LedgerLog, NoiseOrigin};
use parable::table::Schema;
use parable::{METHODS, Method, Protection, Source, Wishes};

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
                .filter(|method| method.private)
                .map(|method| method.name)
                .collect();
            Err(Failure::input(format!(
                "method `{}` gives no privacy guarantee, so that a budget means nothing to it; private methods: {}",
                method.name(),
                private.join(", ")
            )))
        }
    }
}

/// `--require`, `--require-effects` and `--weight`; `columns` are those that the method will see.
pub(super) fn wishes(options: &PrivateArgs, columns: &Schema) -> Result<Wishes, Failure> {
    let mut wishes = Wishes::default();
    wishes
        .required
        .extend(options.require.iter().map(|set| names(set)));
    for weight in &options.weight {
        let parsed = weight
            .rsplit_once('=')
            .and_then(|(set, factor)| Some((set, factor.trim().parse().ok()?)));
        let Some((set, factor)) = parsed else {
            return Err(Failure::input(format!(
                "--weight {weight}: expected COLUMNS=FACTOR, such as arm,post_maths=3"
            )));
        };
        wishes.weights.push((names(set), factor));
    }
    Ok(if options.require_effects {
        wishes.with_effects(columns)?
    } else {
        wishes
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
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
