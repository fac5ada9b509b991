//! How far a training is, in plain numbers, and who keeps it.

use std::collections::BTreeMap;

use burn::tensor::backend::Backend;
use parable_core::{CheckpointArray, CheckpointFile, FitError};
use serde::{Deserialize, Serialize};

use crate::device::{Matrix, download, upload};

/// Everything a training needs to go on, apart from what it was started with.
///
/// `P` is a point of the loss curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<P> {
    /// Counters and losses.
    pub facts: Facts<P>,
    /// Numbers of networks and their optimisers.
    pub arrays: Vec<CheckpointArray>,
}

/// Counters and losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts<P> {
    counters: BTreeMap<String, u64>,
    /// Losses so far.
    pub curve: Vec<P>,
}

/// What a snapshot lacks.
pub type MissingEntry = &'static str;

impl<P> Default for Facts<P> {
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
            facts: Facts::default(),
            arrays: Vec::new(),
        }
    }
}

impl<P> Facts<P> {
    /// Notes a number.
    pub fn count(&mut self, name: &str, value: u64) {
        self.counters.insert(name.to_owned(), value);
    }

    /// A noted number.
    pub fn counter(&self, name: &str) -> Result<u64, MissingEntry> {
        let value = self.counters.get(name).copied();
        value.ok_or("a counter is absent")
    }
}

impl<P> Snapshot<P> {
    /// Takes copies of matrices under a name.
    pub fn put<B: Backend>(&mut self, name: &str, matrices: &[Matrix<B>]) {
        for (index, matrix) in matrices.iter().enumerate() {
            let name = format!("{name}.{index}");
            let array = CheckpointArray::new(name, matrix.dims(), download(matrix));
            self.arrays.push(array);
        }
    }

    /// Puts the matrices of this name back into their places, which have their shapes.
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

/// Writes a snapshot, with what was released beside it.
type Write<'t, P> = dyn FnMut(Snapshot<P>) -> Result<(), FitError> + 't;

impl<P> std::fmt::Debug for Keeper<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

/// Keeps a training, so that it can go on after an interruption.
pub struct Keeper<'t, P> {
    /// Where it is kept.
    pub file: CheckpointFile,
    /// Where an earlier run was.
    pub resumed: Option<Snapshot<P>>,
    /// Writes a snapshot.
    pub write: Box<Write<'t, P>>,
}

impl<P> Keeper<'_, P> {
    /// Says what a snapshot lacks.
    pub fn damaged(&self, problem: MissingEntry) -> FitError {
        self.file.damaged(problem).into()
    }
}
