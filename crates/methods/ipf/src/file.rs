//! The stored form of a model.

use std::io::Write;

use parable_core::{Model, ModelFile, ModelFileError, ModelReader};
use parable_domain::AttrSet;
use parable_pgm::{JunctionTree, MarkovField};
use parable_table::codec::Codec;
use serde::{Deserialize, Serialize};

use crate::fit::NAME;
use crate::model::IpfModel;

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

pub(crate) fn write(model: &IpfModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
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
