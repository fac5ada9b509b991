//! The options of private methods.

use std::path::Path;

use parable::dp::{Budget, Ledger, LedgerFileError};
use parable::table::Schema;
use parable::{Method, MethodInfo, Priorities, PrivacyParams, Source};

use super::privacy::unit_of;
use crate::args::PrivateArgs;
use crate::failure::{Failure, chain};
use crate::session::Session;

/// Returns the budget and the unit. Options that do not go with the method are refused: a budget
/// that is not kept would look like a guarantee.
pub(super) fn privacy_params(
    options: &PrivateArgs,
    method: &Method,
    session: &Session,
) -> Result<PrivacyParams, Failure> {
    let private = method.capabilities().private;
    match (private, options.epsilon, options.delta) {
        (true, Some(epsilon), Some(delta)) => Ok(PrivacyParams {
            budget: Budget::approx(epsilon, delta),
            unit: unit_of(&options.unit)?,
        }),
        (true, ..) => Err(Failure::input(format!(
            "method `{}` is private and needs a budget: --epsilon 1 --delta 1e-9, say; delta far below one over the number of people",
            method.name()
        ))),
        (false, None, None) if options.ledger.is_none() => Ok(PrivacyParams::none()),
        (false, ..) => {
            let private: Vec<&str> = session
                .methods
                .iter()
                .filter(|method| method.is_private())
                .map(MethodInfo::name)
                .collect();
            Err(Failure::input(format!(
                "method `{}` gives no privacy guarantee, so that a budget means nothing to it; private methods: {}",
                method.name(),
                private.join(", ")
            )))
        }
    }
}

/// Returns the relations that `--require`, `--require-effects` and `--weight` name; `columns` are
/// those that the method will see.
pub(super) fn priorities(options: &PrivateArgs, columns: &Schema) -> Result<Priorities, Failure> {
    let required = options.require.iter().map(|set| names(set));
    let mut priorities = required.fold(Priorities::default(), Priorities::with_required);
    for weight in &options.weight {
        let parsed = weight
            .rsplit_once('=')
            .and_then(|(set, factor)| Some((set, factor.trim().parse().ok()?)));
        let Some((set, factor)) = parsed else {
            return Err(Failure::input(format!(
                "--weight {weight}: expected COLUMNS=FACTOR, such as arm,post_maths=3"
            )));
        };
        priorities = priorities.with_weight(names(set), factor);
    }
    Ok(if options.require_effects {
        priorities
            .with_effects(columns)
            .map_err(parable::Error::from)?
    } else {
        priorities
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

/// Returns the source with observed facts trusted, if the user does so.
pub(super) fn trusted(options: &PrivateArgs, source: Source) -> Result<Source, Failure> {
    Ok(if options.trust_observed {
        source.trust_observed()?
    } else {
        source
    })
}

/// Opens the ledger of a fit: the one in the file of `--ledger`, which is continued if it exists,
/// or a new one in memory.
pub(super) fn ledger(
    options: &PrivateArgs,
    params: &PrivacyParams,
    dataset: &str,
) -> Result<Ledger, Failure> {
    let Some(path) = &options.ledger else {
        return Ok(params.ledger());
    };
    let opened = Ledger::open_file(path, dataset, params.unit, params.budget);
    let mut ledger = opened.map_err(|error| {
        let message = format!("{}: {}", path.display(), chain(&error));
        match error {
            LedgerFileError::Io { .. } | LedgerFileError::InUse { .. } => {
                Failure::environment(message)
            }
            _ => Failure::input(message),
        }
    })?;
    if let Some(share) = options.ledger_share {
        let limited = ledger.limit_to_share(share);
        limited.map_err(|error| Failure::input(format!("--ledger-share: {error}")))?;
    }
    Ok(ledger)
}

/// Refuses a ledger in the place of another output: `--force` must not replace a ledger.
pub(super) fn apart(options: &PrivateArgs, output: &Path) -> Result<(), Failure> {
    match &options.ledger {
        Some(path) if path == output => Err(Failure::input(format!(
            "{}: the ledger and another output are the same file",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Describes what was spent.
pub(super) fn spent(ledger: &Ledger) -> String {
    let spent = ledger.spent();
    let epsilon = spent.epsilon.map_or_else(
        || "no finite epsilon".to_owned(),
        |epsilon| format!("epsilon {:.4}", epsilon.get()),
    );
    format!("{epsilon} spent in {} charges", ledger.entries().len())
}
