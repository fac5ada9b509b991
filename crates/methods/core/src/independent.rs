//! The baseline: each column drawn on its own.

use std::io::Write;

use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::marginal::Marginal;
use crate::{
    Capabilities, FitContext, FitError, FitRecord, Model, ModelFile, ModelFileError, ModelReader,
    Observer, Progress, SampleError, Synthesizer,
};

const NAME: &str = "independent";

/// Each column drawn on its own: every one-way distribution is kept and every relation lost.
///
/// The honest lower anchor of any comparison. Levels and missing reasons are drawn by their shares, numbers on the straight line between
/// means of neighbouring order statistics and rounded to the column's grid, so that no number is copied from one person. Not private.
#[derive(Clone, Copy, Debug, Default)]
pub struct Independent;

/// The one-way distributions of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct IndependentModel {
    record: FitRecord,
    marginals: Vec<Marginal>,
}

/// Reads [`IndependentModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct IndependentReader;

impl Synthesizer for Independent {
    type Model = IndependentModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_prefix()
    }

    fn fit(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<IndependentModel, FitError> {
        let _receipt =
            context.charge_non_private("every column's distribution is read as it is")?;
        FitError::unless_filled(table)?;
        let mut marginals = Vec::with_capacity(table.schema().len());
        for (field, column) in table.schema().fields().iter().zip(table.columns()) {
            marginals.push(Marginal::of(field, column)?);
            context.progress(marginals.len() as u64, table.schema().len() as u64)?;
        }
        let record = FitRecord::non_private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &serde_json::json!({}),
            table,
            context,
        );
        Ok(IndependentModel { record, marginals })
    }
}

impl Model for IndependentModel {
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
        let seed = seed.stream("independent/sample");
        let fields = self.schema().fields();
        let mut columns = Vec::with_capacity(fields.len());
        for (index, (field, marginal)) in fields.iter().zip(&self.marginals).enumerate() {
            columns.push(marginal.draw(field, rows, &mut seed.index(index as u64).rng()));
            let progress = Progress::new("sample", index as u64 + 1, fields.len() as u64);
            if observer.progress(progress).is_break() {
                return Err(SampleError::Cancelled);
            }
        }
        Ok(Table::new(self.schema().clone(), columns)?)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        serde_json::to_writer(
            out,
            &BodyV1 {
                version: 1,
                marginals: self.marginals.clone(),
            },
        )
        .map_err(|error| ModelFileError::Io(error.into()))
    }
}

/// The stored body, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyV1 {
    version: u32,
    marginals: Vec<Marginal>,
}

impl ModelReader for IndependentReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let body: BodyV1 = serde_json::from_slice(&file.body)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        let fields = file.record.schema.fields();
        if body.version != 1 || body.marginals.len() != fields.len() {
            return Err(ModelFileError::body(
                NAME,
                "not version 1 with one distribution per column",
            ));
        }
        if let Some(field) = fields
            .iter()
            .zip(&body.marginals)
            .find(|(f, m)| !m.fits(f))
            .map(|(field, _)| field)
        {
            return Err(ModelFileError::body(
                NAME,
                format!(
                    "the distribution of column `{}` does not fit its type",
                    field.name
                ),
            ));
        }
        Ok(Box::new(IndependentModel {
            record: file.record.clone(),
            marginals: body.marginals,
        }))
    }
}
