//! The fitted model.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFileError, Observer, Progress, SampleError, redraw_broken,
};
use parable_domain::AttrSet;
use parable_pgm::MarkovField;
use parable_seed::Seed;
use parable_table::codec::Codec;
use parable_table::{Schema, Table};

use crate::file;
use crate::fit::NAME;

/// A log-linear model of a table.
#[derive(Clone, Debug)]
pub struct IpfModel {
    record: FitRecord,
    codec: Codec,
    field: MarkovField,
    sets: Vec<AttrSet>,
}

impl IpfModel {
    pub(crate) fn new(
        record: FitRecord,
        codec: Codec,
        field: MarkovField,
        sets: Vec<AttrSet>,
    ) -> Self {
        Self {
            record,
            codec,
            field,
            sets,
        }
    }

    /// The model of the codes.
    #[must_use]
    pub fn field(&self) -> &MarkovField {
        &self.field
    }

    /// The margins of two and more columns, by name.
    pub fn margins(&self) -> impl Iterator<Item = Vec<&str>> {
        let attrs = self.codec.domain().attrs();
        let name = |attr: u32| &*attrs[attr as usize].name;
        self.sets
            .iter()
            .map(move |set| set.iter().map(name).collect())
    }

    /// The number of rows that the margins stand for.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.field.total()
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(crate) fn sets(&self) -> &[AttrSet] {
        &self.sets
    }
}

impl Model for IpfModel {
    fn schema(&self) -> &Schema {
        &self.record.schema
    }

    fn record(&self) -> &FitRecord {
        &self.record
    }

    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let tell = |done| match observer.progress(Progress::new("sample", done, 2)) {
            std::ops::ControlFlow::Break(()) => Err(SampleError::Cancelled),
            std::ops::ControlFlow::Continue(()) => Ok(()),
        };
        tell(0)?;
        let seed = seed.stream("ipf/sample");
        let draw = |rows: usize, seed: &Seed| {
            let codes = self.field.generate(rows, seed).map_err(failed)?;
            self.codec.decode(&codes, seed).map_err(failed)
        };
        let table = draw(rows, &seed)?;
        tell(1)?;
        let again = |places: &[usize], seed: &Seed| draw(places.len(), seed);
        let table = redraw_broken(table, &seed.stream("rules"), &again)?;
        tell(2)?;
        Ok(table)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        file::write(self, out)
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SampleError {
    SampleError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
