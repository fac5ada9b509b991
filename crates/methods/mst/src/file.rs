//! The stored form of a model.

use std::io::Write;

use parable_core::{Model, ModelFile, ModelFileError, ModelReader, Publication};
use parable_domain::AttrSet;
use parable_pgm::{Groups, JunctionTree, MarkovField};
use parable_table::codec::Codec;
use serde::{Deserialize, Serialize};

use crate::config::Restore;
use crate::estimate::{Estimated, read_off};
use crate::model::MstModel;
use crate::synthesizer::NAME;

/// Reads [`MstModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct MstReader;

/// The stored body, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyV1 {
    version: u32,
    codec: Codec,
    publication: Publication,
    groups: Vec<Groups>,
    total: f64,
    cliques: Vec<CliqueV1>,
    #[serde(default)]
    restore: Restore,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CliqueV1 {
    attrs: AttrSet,
    probabilities: Vec<f64>,
}

pub(crate) fn write(model: &MstModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let field = model.estimated().field();
    let cliques = field.tree().cliques().iter().zip(field.cliques());
    let body = BodyV1 {
        version: 1,
        codec: model.codec().clone(),
        publication: model.publication().clone(),
        groups: model.estimated().groups.clone(),
        total: field.total(),
        cliques: cliques
            .map(|(attrs, probabilities)| CliqueV1 {
                attrs: attrs.clone(),
                probabilities: probabilities.clone(),
            })
            .collect(),
        restore: model.restore(),
    };
    serde_json::to_writer(out, &body).map_err(|error| ModelFileError::Io(error.into()))
}

impl ModelReader for MstReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let refuse = |problem: &str| ModelFileError::body(NAME, problem);
        let body: BodyV1 = serde_json::from_slice(&file.body)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        if body.version != 1 {
            return Err(refuse("not version 1"));
        }
        if *body.codec.schema() != file.record.schema {
            return Err(refuse("its schema is not that of the record"));
        }
        let domain = body.codec.domain().clone();
        let fits = body.publication.domain == domain
            && body.publication.ordered.len() == domain.len()
            && body.groups.len() == domain.len()
            && body
                .groups
                .iter()
                .zip(domain.attrs())
                .all(|(groups, attr)| {
                    let levels = attr.levels as usize;
                    groups.of.len() == levels && groups.rows.len() == levels && groups.has_no_gaps()
                });
        if !fits {
            return Err(refuse("its groups of levels do not fit its columns"));
        }
        let merged = crate::merge::recoding(&domain, &body.groups)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        let merged = merged.domain();
        let (sets, tables): (Vec<AttrSet>, Vec<Vec<f64>>) = body
            .cliques
            .into_iter()
            .map(|c| (c.attrs, c.probabilities))
            .unzip();
        let tree = JunctionTree::build(merged, &sets)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        if tree.cliques() != sets {
            return Err(refuse(
                "its cliques are no junction tree in the order of this program",
            ));
        }
        let field = MarkovField::from_cliques(merged, tree, tables, body.total)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        crate::rules::check(&body.publication.rules, &domain)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        let estimated = Estimated {
            domain,
            groups: body.groups,
            field,
            read_off: read_off(&body.publication.rules),
        };
        let record = file.record.clone();
        Ok(Box::new(MstModel::new(
            record,
            body.codec,
            body.publication,
            estimated,
            body.restore,
        )))
    }
}
