//! The stored form of the model, which is that of a generator.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Publication, SampleError,
    TrainingCurve,
};
use parable_seed::Seed;
use parable_table::{Schema, Table};

use super::{NAME, VaeModel};
use crate::file;

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

/// Reads model files of [`VaeModel`].
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
