//! The model as [`Model`], and its stored form.

use std::io::Write;
use std::ops::ControlFlow;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Progress, Publication,
    SampleError,
};
use parable_domain::AttrSet;
use parable_encode::Codec;
use parable_measure::{merged_domain, rules};
use parable_pgm::{Groups, JunctionTree, MarkovField};
use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::config::Restore;
use crate::estimate::{Estimated, read_off};
use crate::model::{MstModel, failed};
use crate::{NAME, given};

impl Model for MstModel {
    fn schema(&self) -> &Schema {
        &self.fit_record().schema
    }

    fn record(&self) -> &FitRecord {
        self.fit_record()
    }

    fn typical_rows(&self) -> Option<usize> {
        Some(self.estimated().rows().round() as usize)
    }

    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let tell = |done| match observer.progress(Progress::new("sample", done, 2)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(SampleError::Cancelled),
        };
        tell(0)?;
        let seed = seed.stream("mst/sample");
        let codes = self.estimated().generate(rows, &seed).map_err(failed)?;
        tell(1)?;
        let table = self.decode(&codes, &seed.index(0), &seed)?;
        tell(2)?;
        Ok(table)
    }

    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        given::sample(self, given, &seed.stream("mst/given"), observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        write(self, out)
    }

    fn explain(&self, column: &str) -> Option<String> {
        self.schema().position(column)?;
        let mut text = format!("{column}: measured together with (sd of the noise in rows)\n");
        for (columns, sigma) in self.relations() {
            if columns.contains(&column) {
                let others: Vec<&str> =
                    columns.into_iter().filter(|&name| name != column).collect();
                text.push_str(&format!("  {sigma:8.1}  {}\n", others.join(" x ")));
            }
        }
        Some(text)
    }

    /// The relations that were measured between all columns; there is no picture of one column.
    fn picture(&self, column: Option<&str>) -> Option<String> {
        column.is_none().then(|| self.draw())
    }

    fn publication(&self) -> Option<&Publication> {
        Some(MstModel::publication(self))
    }
}

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

fn write(model: &MstModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
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
        let merged = merged_domain(&domain, &body.groups)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        let (sets, tables): (Vec<AttrSet>, Vec<Vec<f64>>) = body
            .cliques
            .into_iter()
            .map(|c| (c.attrs, c.probabilities))
            .unzip();
        let tree = JunctionTree::build(&merged, &sets)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        if tree.cliques() != sets {
            return Err(refuse(
                "its cliques are no junction tree in the order of this program",
            ));
        }
        let field = MarkovField::from_cliques(&merged, tree, tables, body.total)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        rules::check(&body.publication.rules, &domain)
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
