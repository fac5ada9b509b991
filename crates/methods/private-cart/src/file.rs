//! Model files.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Progress, Recoding,
    SampleError, redraw_broken,
};
use parable_domain::{Domain, Partition};
use parable_encode::Codec;
use parable_pgm::Groups;
use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::NAME;
use crate::model::PrivateCartModel;
use crate::trees::{PrivateTree, PrivateTrees};

/// Reads a [`PrivateCartModel`] from a model file.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrivateCartReader;

/// The stored body, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyV1 {
    version: u32,
    codec: Codec,
    groups: Vec<Groups>,
    rows: f64,
    trees: Vec<TreeV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeV1 {
    attr: u32,
    levels: Vec<LevelV1>,
    margin: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelV1 {
    partition: Partition,
    shares: Vec<f64>,
}

fn write(model: &PrivateCartModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let trees = &model.trees;
    let body = BodyV1 {
        version: 1,
        codec: model.codec.clone(),
        groups: trees.groups.clone(),
        rows: trees.rows,
        trees: trees
            .trees
            .iter()
            .map(|tree| TreeV1 {
                attr: tree.attr,
                levels: tree
                    .levels
                    .iter()
                    .map(|(partition, shares)| LevelV1 {
                        partition: partition.clone(),
                        shares: shares.clone(),
                    })
                    .collect(),
                margin: tree.margin.clone(),
            })
            .collect(),
    };
    serde_json::to_writer(out, &body).map_err(|error| ModelFileError::Io(error.into()))
}

impl Model for PrivateCartModel {
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
        write(self, out)
    }
}

impl ModelReader for PrivateCartReader {
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
        let fits = body.groups.len() == domain.len()
            && body
                .groups
                .iter()
                .zip(domain.attrs())
                .all(|(groups, attr)| {
                    let levels = attr.levels as usize;
                    groups.of.len() == levels && groups.rows.len() == levels && groups.has_no_gaps()
                });
        if !(fits && body.rows >= 1.0 && body.rows.is_finite()) {
            return Err(refuse("its groups of levels do not fit its columns"));
        }
        let maps = body.groups.iter().map(|groups| groups.of.clone()).collect();
        let merged = Recoding::new(&domain, maps)
            .map_err(|error| ModelFileError::body(NAME, error))?
            .domain()
            .clone();
        let mut drawn = vec![false; domain.len()];
        let mut trees = Vec::with_capacity(body.trees.len());
        for tree in body.trees {
            check(&tree, &merged, &drawn).map_err(refuse)?;
            drawn[tree.attr as usize] = true;
            trees.push(PrivateTree {
                attr: tree.attr,
                levels: tree
                    .levels
                    .into_iter()
                    .map(|level| (level.partition, level.shares))
                    .collect(),
                margin: tree.margin,
            });
        }
        if !drawn.iter().all(|&drawn| drawn) {
            return Err(refuse("a column has no tree"));
        }
        let trees = PrivateTrees {
            domain,
            merged,
            groups: body.groups,
            rows: body.rows,
            trees,
        };
        let record = file.record.clone();
        Ok(Box::new(PrivateCartModel::new(record, body.codec, trees)))
    }
}

/// Checks that a tree splits only on columns drawn before its own and holds a row of shares for
/// each leaf.
fn check(tree: &TreeV1, merged: &Domain, drawn: &[bool]) -> Result<(), &'static str> {
    if drawn.get(tree.attr as usize) != Some(&false) {
        return Err("a tree is for no column, or for one that has a tree");
    }
    let width = merged.attrs()[tree.attr as usize].levels as usize;
    let mut rows: Vec<&[f64]> = vec![&tree.margin];
    for (depth, level) in tree.levels.iter().enumerate() {
        if level.partition.check(merged).is_err() || level.partition.attrs().len() != depth + 1 {
            return Err("the questions of a tree do not fit the columns");
        }
        if level.partition.attrs().any(|attr| !drawn[attr as usize]) {
            return Err("a tree asks about a column that is not drawn yet");
        }
        if level.shares.len() != width * level.partition.len() {
            return Err("the leaves of a tree do not fit its column");
        }
        rows.extend(level.shares.chunks(width));
    }
    if tree.margin.len() != width {
        return Err("the leaves of a tree do not fit its column");
    }
    let sound = |row: &[f64]| {
        let sum: f64 = row.iter().sum();
        row.iter().all(|&share| share >= 0.0) && (sum - 1.0).abs() < 1e-6
    };
    match rows.into_iter().all(sound) {
        true => Ok(()),
        false => Err("shares of a leaf do not sum to one"),
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SampleError {
    SampleError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
