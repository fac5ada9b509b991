//! Model files: one line of JSON with everything but the trees, then the trees as variable-length
//! integers.

mod check;
mod format;
mod trees;
mod visit;

use std::io::Write;
use std::sync::Arc;

use format::{HeadV2, SequenceV2, ShapeV2, UniquesV2};
use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, SampleError,
};
use parable_seed::Seed;
use parable_table::{Kind, Schema, Table};
use trees::{Bytes, put_tree};
use visit::{Visit, ensure};

use crate::NAME;
use crate::config::CartConfig;
use crate::config::resolved::Resolved;
use crate::explain::column::{DEPTH, explain};
use crate::model::{CartModel, Common, Sequence, Stage};
use crate::panel;
use crate::sample::{conditional, table};
use crate::values::uniques::Uniques;

/// Reads a [`CartModel`] from a model file.
#[derive(Clone, Copy, Debug, Default)]
pub struct CartReader;

const VERSION: u32 = 2;

fn write(model: &CartModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let head = HeadV2 {
        version: VERSION,
        sequences: model.sequences.iter().map(SequenceV2::from).collect(),
        uniques: model.uniques.as_ref().map(|uniques| UniquesV2 {
            columns: uniques.columns.clone(),
            digests: uniques.digests.clone(),
        }),
        shape: model.shape.as_ref().map(ShapeV2::from),
    };
    serde_json::to_writer(&mut *out, &head).map_err(|error| ModelFileError::Io(error.into()))?;
    let mut bytes = vec![b'\n'];
    for stage in model.sequences.iter().flat_map(|sequence| &sequence.stages) {
        put_tree(&mut bytes, stage);
    }
    out.write_all(&bytes)?;
    Ok(())
}

impl Model for CartModel {
    fn schema(&self) -> &Schema {
        &self.record.schema
    }

    fn record(&self) -> &FitRecord {
        &self.record
    }

    /// Rows of a cluster are adjacent. With clusters, their number grows with the number of rows as
    /// far as there are names: whole numbers continue after the largest, and levels of the schema
    /// that no real cluster has are used; from there on clusters grow. In a panel the last subject
    /// may lack its last rows.
    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        match &self.shape {
            Some(shape) => panel::rows::sample(self, shape, rows, seed, observer),
            None => table::sample(self, rows, seed, observer),
        }
    }

    /// Keeps the given columns and draws the others given them, column by column. Exact where the
    /// given columns come first; otherwise by sequential importance resampling: several candidates
    /// for each row are drawn, and those kept that make the given values likely. Rows are in no
    /// order of clusters. See `docs/methods/cart.md`.
    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        conditional::sample_given(self, given, seed, observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        write(self, out)
    }

    fn explain(&self, column: &str) -> Option<String> {
        explain(self, column)
    }

    fn picture(&self, column: Option<&str>) -> Option<String> {
        self.tree_svg(column?, DEPTH)
    }
}

impl ModelReader for CartReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        read(file)
            .map(|model| Box::new(model) as Box<dyn Model>)
            .map_err(|problem| ModelFileError::body(NAME, problem))
    }
}

fn read(file: &ModelFile) -> Result<CartModel, String> {
    let end = file
        .body
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or("it has no first line")?;
    let head: HeadV2 =
        serde_json::from_slice(&file.body[..end]).map_err(|error| error.to_string())?;
    ensure(head.version == VERSION, "its version is not 2")?;
    let config: CartConfig = serde_json::from_value(file.record.config.clone())
        .map_err(|error| format!("settings: {error}"))?;
    let schema = &file.record.schema;
    let kinds = schema
        .fields()
        .iter()
        .all(|field| !matches!(field.kind, Kind::Text));
    ensure(kinds, "a column of free text")?;
    let shape = match (head.shape, &config.panel) {
        (Some(shape), Some(panel)) => Some(shape.check(panel, schema)?),
        (None, None) => None,
        _ => return Err("rows in the order of time without their shape".to_owned()),
    };
    let (made, settings) = match &shape {
        None => (schema.clone(), config),
        Some(shape) => {
            let order: Vec<usize> = (0..schema.len()).collect();
            let made = shape.schema(schema).map_err(|error| error.to_string())?;
            (made, shape.config(&config, schema, &order))
        }
    };
    let common = Arc::new(Common {
        resolved: Resolved::of(&settings, &made).map_err(|error| error.to_string())?,
        schema: made,
        draws: settings.draws,
        whole: settings.strata.is_none(),
    });
    ensure(!head.sequences.is_empty(), "it has no trees")?;
    let mut bytes = Bytes(&file.body[end + 1..]);
    let sequences = head
        .sequences
        .into_iter()
        .map(|sequence| sequence.check(&common, &mut bytes))
        .collect::<Result<_, _>>()?;
    ensure(bytes.0.is_empty(), "bytes follow the last tree")?;
    Ok(CartModel {
        record: file.record.clone(),
        sequences,
        uniques: head
            .uniques
            .map(|uniques| uniques.check(schema))
            .transpose()?,
        shape,
    })
}

impl UniquesV2 {
    fn check(self, schema: &Schema) -> Result<Uniques, String> {
        let known = self.columns.iter().all(|&column| column < schema.len());
        ensure(
            known && self.digests.is_sorted(),
            "unique people out of order",
        )?;
        Ok(Uniques {
            columns: self.columns,
            digests: self.digests,
        })
    }
}

impl SequenceV2 {
    fn check(self, common: &Arc<Common>, bytes: &mut Bytes<'_>) -> Result<Sequence, String> {
        let schema = &common.schema;
        ensure(self.rows > 0, "it learnt from no rows")?;
        let levels = self
            .levels
            .into_iter()
            .map(|level| level.check(schema))
            .collect::<Result<Vec<_>, _>>()?;
        let base = levels.len();
        let features = self
            .features
            .into_iter()
            .map(|feature| feature.check(schema, base))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(arms) = self.arms {
            let fits = features
                .get(arms)
                .is_some_and(|f| f.binning.bins() <= usize::from(u8::MAX) && f.from == f.level);
            ensure(fits, "the arms are not a predictor")?;
        }
        let mut visit = Visit {
            schema,
            levels: &levels,
            features: &features,
            made: vec![false; features.len()],
        };
        let mut stages: Vec<Stage> = Vec::with_capacity(self.stages.len());
        for stage in self.stages {
            stages.push(stage.check(&mut visit, stages.last(), self.arms, bytes)?);
        }
        if let Some(last) = stages.last() {
            visit.make(last);
        }
        visit.finish(&stages)?;
        Ok(Sequence {
            common: Arc::clone(common),
            rows: self.rows,
            levels,
            features,
            arms: self.arms,
            stages,
        })
    }
}
