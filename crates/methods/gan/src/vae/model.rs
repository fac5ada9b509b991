//! The fitted model: the reading network, as a mixture of what it reads from normal numbers.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Publication, SampleError,
    TrainingCurve,
};
use parable_seed::Seed;
use parable_table::{Schema, Table};

use super::synthesizer::NAME;
use crate::file;
use crate::model::{GanModel, LossPoint};

/// A reading network, how its columns are coded, and what was released to train it.
///
/// Rows come from it as from a generator: normal numbers give the shares of all levels, and given these the columns are independent.
#[derive(Clone, Debug)]
pub struct VaeModel(pub(super) GanModel);

impl VaeModel {
    /// The noisy counts of columns with their standard deviations, and what the fit cost. Absent when it was not private.
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        self.0.publication()
    }

    /// How the losses fell. In a private fit computed from released counts alone.
    #[must_use]
    pub fn curve(&self) -> &[LossPoint] {
        self.0.curve()
    }

    /// How many weights and biases the reading network has.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.0.parameters()
    }
}

impl Model for VaeModel {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn record(&self) -> &FitRecord {
        self.0.record()
    }

    fn typical_rows(&self) -> Option<usize> {
        self.0.typical_rows()
    }

    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        self.0.sample_with(rows, seed, observer)
    }

    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        self.0.sample_given(given, seed, observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        self.0.write_body(out)
    }

    fn training(&self) -> Vec<TrainingCurve> {
        self.0.training()
    }

    fn publication(&self) -> Option<&Publication> {
        self.0.publication()
    }
}

/// Reads [`VaeModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct VaeReader;

impl ModelReader for VaeReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        Ok(Box::new(VaeModel(file::read(NAME, file)?)))
    }
}
