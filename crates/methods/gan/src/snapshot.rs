//! How far a training is, in plain numbers, and who keeps it.

use std::collections::BTreeMap;

use burn_tensor::backend::Backend;
use parable_core::{CheckpointArray, CheckpointFile, FitError};
use serde::{Deserialize, Serialize};

use crate::device::{Matrix, download, upload};
use crate::model::LossPoint;

/// Everything a training needs to go on, apart from what it was started with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) facts: Facts,
    pub(crate) arrays: Vec<CheckpointArray>,
}

/// Counters and losses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    counters: BTreeMap<String, u64>,
    pub(crate) curve: Vec<LossPoint>,
}

/// What a snapshot lacks.
pub(crate) type Lacking = &'static str;

impl Facts {
    /// Notes a number.
    pub(crate) fn count(&mut self, name: &str, value: u64) {
        self.counters.insert(name.to_owned(), value);
    }

    /// A noted number.
    pub(crate) fn counter(&self, name: &str) -> Result<u64, Lacking> {
        let value = self.counters.get(name).copied();
        value.ok_or("a counter is absent")
    }
}

impl Snapshot {
    /// Takes copies of matrices under a name.
    pub(crate) fn put<B: Backend>(&mut self, name: &str, matrices: &[Matrix<B>]) {
        for (index, matrix) in matrices.iter().enumerate() {
            let name = format!("{name}.{index}");
            let array = CheckpointArray::new(name, matrix.dims(), download(matrix));
            self.arrays.push(array);
        }
    }

    /// Puts the matrices of this name back into their places, which have their shapes.
    pub(crate) fn get<B: Backend>(
        &self,
        name: &str,
        places: &mut [Matrix<B>],
    ) -> Result<(), Lacking> {
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
type Write<'t> = dyn FnMut(Snapshot) -> Result<(), FitError> + 't;

/// Keeps a training, so that it can go on after an interruption.
pub(crate) struct Keeper<'t> {
    pub(crate) file: CheckpointFile,
    /// Where an earlier run was.
    pub(crate) resumed: Option<Snapshot>,
    pub(crate) write: Box<Write<'t>>,
}

impl Keeper<'_> {
    /// Says what a snapshot lacks.
    pub(crate) fn damaged(&self, problem: Lacking) -> FitError {
        self.file.damaged(problem).into()
    }
}
