//! Progress reporting, checkpoints and resumption of fits.

use std::cell::Cell;
use std::ops::ControlFlow;

use parable_core::{Checkpoint, CheckpointFile, FitContext, FitError, Observer, Progress};
use parable_dp::{Epsilon, Ledger, Receipt};
use parable_encode::Codec;
use parable_nn::checkpoint::{self, MissingEntry};
use parable_nn::dp_sgd::TrainingPlan;
use serde::{Deserialize, Serialize};

use crate::model::LossPoint;
use crate::release::Saved;

/// State of a training.
pub(crate) type Snapshot = checkpoint::Snapshot<LossPoint>;
/// Writes checkpoints of a training.
pub(crate) type Checkpointer<'t> = checkpoint::Checkpointer<'t, LossPoint>;
type Counters = checkpoint::Counters<LossPoint>;

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

/// State of a private fit in a checkpoint, beside the numbers of its networks: released facts and
/// functions of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) codec: Codec,
    pub(crate) release: Saved,
    pub(crate) plan: Option<TrainingPlan>,
    pub(crate) facts: Counters,
}

/// A checkpoint taken apart.
pub(crate) struct Resumed {
    pub(crate) state: State,
    pub(crate) snapshot: Snapshot,
    /// Of a training whose steps are drawn one by one.
    pub(crate) receipt: Option<Receipt>,
}

const UNREADABLE: &str = "its state is not what the method writes";

impl Resumed {
    pub(crate) fn read(
        (checkpoint, receipts): (Checkpoint, Vec<Receipt>),
    ) -> Result<Self, MissingEntry> {
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

pub(crate) fn found_damaged(file: Option<&CheckpointFile>, problem: MissingEntry) -> FitError {
    match file {
        Some(file) => file.damaged(problem).into(),
        None => unreachable!("nothing was read without a file"),
    }
}

pub(crate) fn unwritable(method: &'static str) -> impl FnOnce(serde_json::Error) -> FitError {
    move |error| FitError::Method {
        method: method.to_owned(),
        source: Box::new(error),
    }
}

/// Reads the state of an earlier run of a private fit, if there was one.
pub(crate) fn resume(
    file: Option<&CheckpointFile>,
    context: &mut FitContext<'_>,
) -> Result<Option<Resumed>, FitError> {
    let Some(file) = file else { return Ok(None) };
    let found = file.resume(context, TrainingPlan::is_training)?;
    let resumed = found.map(Resumed::read).transpose();
    resumed.map_err(|problem| file.damaged(problem).into())
}

/// Reads the state of an earlier run without privacy, if there was one. A first run charges for the
/// rows as they are.
pub(crate) fn resume_open(
    file: Option<&CheckpointFile>,
    context: &mut FitContext<'_>,
) -> Result<Option<Snapshot>, FitError> {
    let found = match file {
        Some(file) => file
            .resume(context, |_| false)?
            .map(|found| (file, found.0)),
        None => None,
    };
    let Some((file, checkpoint)) = found else {
        drop(context.charge_non_private("rows as they are")?);
        return Ok(None);
    };
    let facts = serde_json::from_value(checkpoint.state).map_err(|_| file.damaged(UNREADABLE))?;
    Ok(Some(Snapshot {
        facts,
        arrays: checkpoint.arrays,
    }))
}

/// Keeps a training without privacy, of which there is nothing to keep beside it.
pub(crate) fn checkpointer_open<'t>(
    method: &'static str,
    file: CheckpointFile,
    resumed: Option<Snapshot>,
    ledger: &'t Ledger,
) -> Checkpointer<'t> {
    Checkpointer {
        resumed,
        write: Box::new({
            let file = file.clone();
            move |snapshot| {
                let facts = serde_json::to_value(snapshot.facts).map_err(unwritable(method))?;
                Ok(file.write(ledger, facts, snapshot.arrays)?)
            }
        }),
        file,
    }
}
