//! The fitted model.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFileError, Observer, Progress, SampleError, redraw_broken,
};
use parable_seed::Seed;
use parable_table::codec::Codec;
use parable_table::{Schema, Table};

use super::file;
use super::fit::NAME;
use super::trees::PrivateTrees;

/// Trees with noisy leaves, one for each column.
#[derive(Clone, Debug)]
pub struct PrivateCartModel {
    record: FitRecord,
    codec: Codec,
    trees: PrivateTrees,
}

impl PrivateCartModel {
    pub(super) fn new(record: FitRecord, codec: Codec, trees: PrivateTrees) -> Self {
        Self {
            record,
            codec,
            trees,
        }
    }

    /// The trees.
    #[must_use]
    pub fn trees(&self) -> &PrivateTrees {
        &self.trees
    }

    /// The columns in the order they are drawn, each with the columns that its tree asks about, the first question first.
    pub fn questions(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let name = |attr: u32| &*self.trees.domain().attrs()[attr as usize].name;
        let trees = self.trees.trees().iter();
        trees.map(move |tree| (name(tree.attr()), tree.questions().map(name).collect()))
    }

    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }
}

impl Model for PrivateCartModel {
    fn schema(&self) -> &Schema {
        &self.record.schema
    }

    fn record(&self) -> &FitRecord {
        &self.record
    }

    fn sample_observed(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let tell = |done| {
            let progress = Progress::new("sample", done, 2);
            match observer.progress(progress) {
                std::ops::ControlFlow::Break(()) => Err(SampleError::Cancelled),
                std::ops::ControlFlow::Continue(()) => Ok(()),
            }
        };
        if rows > u32::MAX as usize {
            let limit = u32::MAX as usize;
            return Err(SampleError::TooManyRows { rows, limit });
        }
        tell(0)?;
        let draw = |rows: usize, seed: &Seed| {
            let codes = self.trees.generate(rows, seed).map_err(failed)?;
            self.codec.decode(&codes, seed).map_err(failed)
        };
        let table = draw(rows, seed)?;
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
