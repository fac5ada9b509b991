//! The model as [`Model`], and its stored form.

use std::io::Write;
use std::ops::ControlFlow;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Progress, SampleError,
    redraw_broken,
};
use parable_domain::AttrSet;
use parable_encode::Codec;
use parable_pgm::{JunctionTree, MarkovField};
use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::NAME;
use crate::model::IpfModel;

impl Model for IpfModel {
    fn schema(&self) -> &Schema {
        &self.fit_record().schema
    }

    fn record(&self) -> &FitRecord {
        self.fit_record()
    }

    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let tell = |done| match observer.progress(Progress::new("sample", done, 2)) {
            ControlFlow::Break(()) => Err(SampleError::Cancelled),
            ControlFlow::Continue(()) => Ok(()),
        };
        tell(0)?;
        let seed = seed.stream("ipf/sample");
        let draw = |rows: usize, seed: &Seed| {
            let codes = self.field().generate(rows, seed).map_err(failed)?;
            self.codec().decode(&codes, seed).map_err(failed)
        };
        let table = draw(rows, &seed)?;
        tell(1)?;
        let again = |places: &[usize], seed: &Seed| draw(places.len(), seed);
        let table = redraw_broken(table, &seed.stream("rules"), &again)?;
        tell(2)?;
        Ok(table)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        write(self, out)
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SampleError {
    SampleError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}

/// Reads [`IpfModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct IpfReader;

/// The stored body, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyV1 {
    version: u32,
    codec: Codec,
    margins: Vec<AttrSet>,
    rows: f64,
    cliques: Vec<CliqueV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CliqueV1 {
    attrs: AttrSet,
    probabilities: Vec<f64>,
}

fn write(model: &IpfModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let cliques = model.field().tree().cliques().iter();
    let body = BodyV1 {
        version: 1,
        codec: model.codec().clone(),
        margins: model.sets().to_vec(),
        rows: model.rows(),
        cliques: cliques
            .zip(model.field().cliques())
            .map(|(attrs, probabilities)| CliqueV1 {
                attrs: attrs.clone(),
                probabilities: probabilities.clone(),
            })
            .collect(),
    };
    serde_json::to_writer(out, &body).map_err(|error| ModelFileError::Io(error.into()))
}

impl ModelReader for IpfReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let refuse = |problem: &str| ModelFileError::body(NAME, problem);
        let other = |error: &dyn std::fmt::Display| ModelFileError::body(NAME, error);
        let body: BodyV1 = serde_json::from_slice(&file.body).map_err(|error| other(&error))?;
        if body.version != 1 {
            return Err(refuse("not version 1"));
        }
        if *body.codec.schema() != file.record.schema {
            return Err(refuse("its schema is not that of the record"));
        }
        if !(body.rows > 0.0 && body.rows.is_finite()) {
            return Err(refuse("its number of rows is not above 0"));
        }
        let domain = body.codec.domain();
        if body.margins.iter().any(|set| domain.levels(set).is_err()) {
            return Err(refuse(
                "a margin is of columns that the schema does not have",
            ));
        }
        let parts = body.cliques.into_iter().map(|c| (c.attrs, c.probabilities));
        let (sets, tables): (Vec<AttrSet>, Vec<Vec<f64>>) = parts.unzip();
        let tree = JunctionTree::build(domain, &sets).map_err(|error| other(&error))?;
        if tree.cliques() != sets {
            return Err(refuse(
                "its cliques are no junction tree in the order of this program",
            ));
        }
        let field = MarkovField::from_cliques(domain, tree, tables, body.rows);
        let field = field.map_err(|error| other(&error))?;
        let record = file.record.clone();
        Ok(Box::new(IpfModel::new(
            record,
            body.codec,
            field,
            body.margins,
        )))
    }
}
