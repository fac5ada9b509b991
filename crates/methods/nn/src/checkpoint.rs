//! Checkpoints of a training: its state as plain numbers, and the file it is written to.

use std::collections::BTreeMap;

use burn::tensor::backend::Backend;
use parable_core::{CheckpointArray, CheckpointFile, FitError};
use serde::{Deserialize, Serialize};

use crate::device::{Matrix, download, upload};

/// The state of a training, apart from its inputs; `P` is a point of the loss curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<P> {
    /// Counters and losses of a training, which may be published.
    pub facts: Counters<P>,
    /// Parameters of networks and moments of their optimisers.
    pub arrays: Vec<CheckpointArray>,
}

/// Counters and losses of a training, which may be published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters<P> {
    counters: BTreeMap<String, u64>,
    /// Losses so far.
    pub curve: Vec<P>,
}

/// Description of an entry that a snapshot lacks or that does not fit.
pub type MissingEntry = &'static str;

impl<P> Default for Counters<P> {
    fn default() -> Self {
        Self {
            counters: BTreeMap::new(),
            curve: Vec::new(),
        }
    }
}

impl<P> Default for Snapshot<P> {
    fn default() -> Self {
        Self {
            facts: Counters::default(),
            arrays: Vec::new(),
        }
    }
}

impl<P> Counters<P> {
    /// Writes a counter.
    pub fn count(&mut self, name: &str, value: u64) {
        self.counters.insert(name.to_owned(), value);
    }

    /// Returns a counter.
    ///
    /// # Errors
    ///
    /// [`MissingEntry`] if there is none of this name.
    pub fn counter(&self, name: &str) -> Result<u64, MissingEntry> {
        let value = self.counters.get(name).copied();
        value.ok_or("a counter is absent")
    }
}

impl<P> Snapshot<P> {
    /// Writes matrices under a name.
    pub fn put<B: Backend>(&mut self, name: &str, matrices: &[Matrix<B>]) {
        for (index, matrix) in matrices.iter().enumerate() {
            let name = format!("{name}.{index}");
            let array = CheckpointArray::new(name, matrix.dims(), download(matrix));
            self.arrays.push(array);
        }
    }

    /// Replaces matrices by those of this name, which must have their shapes.
    ///
    /// # Errors
    ///
    /// [`MissingEntry`] if there are none of this name and shape.
    pub fn get<B: Backend>(
        &self,
        name: &str,
        places: &mut [Matrix<B>],
    ) -> Result<(), MissingEntry> {
        for (index, place) in places.iter_mut().enumerate() {
            let name = format!("{name}.{index}");
            let array = self.arrays.iter().find(|array| array.name == name);
            let array = array.ok_or("an array is absent")?;
            if array.shape != place.dims() {
                return Err("an array has another shape than its network");
            }
            let [rows, columns] = array.shape;
            *place = upload(array.numbers.clone(), rows, columns, &place.device());
        }
        Ok(())
    }
}

/// Writes a snapshot, together with what was released.
type Write<'t, P> = dyn FnMut(Snapshot<P>) -> Result<(), FitError> + 't;

impl<P> std::fmt::Debug for Checkpointer<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpointer").finish_non_exhaustive()
    }
}

/// Writes checkpoints of a training, so that it can be resumed after an interruption.
pub struct Checkpointer<'t, P> {
    /// The checkpoint file.
    pub file: CheckpointFile,
    /// State of an earlier run, if there was one.
    pub resumed: Option<Snapshot<P>>,
    /// Writes a snapshot.
    pub write: Box<Write<'t, P>>,
}

impl<P> Checkpointer<'_, P> {
    /// Returns the error for a snapshot that lacks an entry.
    pub fn damaged(&self, problem: MissingEntry) -> FitError {
        self.file.damaged(problem).into()
    }
}
