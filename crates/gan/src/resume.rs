//! What a fit tells while it goes on, and what it leaves for one that goes on from it.

use std::cell::Cell;
use std::ops::ControlFlow;

use parable_core::{Checkpoint, CheckpointFile, FitError, Observer, Progress};
use parable_dp::{Epsilon, Ledger, Receipt};
use parable_table::codec::Codec;
use serde::{Deserialize, Serialize};

use crate::dp_sgd::Plan;
use crate::release::Saved;
use crate::snapshot::{Facts, Lacking, Snapshot};
use crate::synthesizer::NAME;

pub(crate) fn progress_of<'o>(
    observer: &'o dyn Observer,
    spent: &'o Cell<Option<f64>>,
) -> impl FnMut(u64, u64, Option<f64>) -> Result<(), FitError> + 'o {
    move |done, total, loss| {
        let progress = Progress::new("fit", done, total);
        match observer.progress(progress.with_loss(loss).with_spent(spent.get())) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FitError::Cancelled),
        }
    }
}

/// The approximate loss charged so far, where the budget is kept in it.
pub(crate) fn epsilon(ledger: &Ledger) -> Option<f64> {
    ledger.spent().epsilon.map(Epsilon::get)
}

/// What a checkpoint of a private fit holds beside the numbers of its networks: released facts and functions of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) codec: Codec,
    pub(crate) release: Saved,
    pub(crate) plan: Option<Plan>,
    pub(crate) facts: Facts,
}

/// A checkpoint taken apart.
pub(crate) struct Resumed {
    pub(crate) state: State,
    pub(crate) snapshot: Snapshot,
    /// Of a training whose steps are drawn one by one.
    pub(crate) receipt: Option<Receipt>,
}

pub(crate) const UNREADABLE: &str = "its state is not what the method writes";

impl Resumed {
    pub(crate) fn read(
        (checkpoint, receipts): (Checkpoint, Vec<Receipt>),
    ) -> Result<Self, Lacking> {
        let mut state: State = serde_json::from_value(checkpoint.state).map_err(|_| UNREADABLE)?;
        Ok(Self {
            snapshot: Snapshot {
                facts: std::mem::take(&mut state.facts),
                arrays: checkpoint.arrays,
            },
            state,
            receipt: receipts.into_iter().next_back(),
        })
    }
}

pub(crate) fn found_damaged(file: Option<&CheckpointFile>, problem: Lacking) -> FitError {
    match file {
        Some(file) => file.damaged(problem).into(),
        None => unreachable!("nothing was read without a file"),
    }
}

pub(crate) fn unwritable(error: serde_json::Error) -> FitError {
    FitError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
