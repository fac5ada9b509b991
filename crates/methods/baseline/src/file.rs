//! Bodies of model files, version 1, and the models that read and write them.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, SampleError,
};
use parable_seed::Seed;
use parable_table::{Column, Schema, Strings, Table, Values};
use serde::{Deserialize, Serialize};

use crate::marginal::Marginal;
use crate::{INDEPENDENT, IndependentModel, SHUFFLE, ShuffleModel};

/// Reads an [`IndependentModel`] from its file.
#[derive(Clone, Copy, Debug, Default)]
pub struct IndependentReader;

/// Reads a [`ShuffleModel`] from its file.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShuffleReader;

impl Model for IndependentModel {
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
        self.draw(rows, seed, observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        serde_json::to_writer(
            out,
            &IndependentV1 {
                version: 1,
                marginals: self.marginals.clone(),
            },
        )
        .map_err(|error| ModelFileError::Io(error.into()))
    }
}

/// The stored body of [`IndependentModel`], version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndependentV1 {
    version: u32,
    marginals: Vec<Marginal>,
}

impl ModelReader for IndependentReader {
    fn method(&self) -> &'static str {
        INDEPENDENT
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let body: IndependentV1 = serde_json::from_slice(&file.body)
            .map_err(|error| ModelFileError::body(INDEPENDENT, error))?;
        let fields = file.record.schema.fields();
        if body.version != 1 || body.marginals.len() != fields.len() {
            return Err(ModelFileError::body(
                INDEPENDENT,
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
                INDEPENDENT,
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

impl Model for ShuffleModel {
    fn schema(&self) -> &Schema {
        self.table.schema()
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
        self.draw(rows, seed, observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        let columns = self.table.columns().iter().map(StoredColumn::of).collect();
        serde_json::to_writer(
            out,
            &ShuffleV1 {
                version: 1,
                columns,
            },
        )
        .map_err(|error| ModelFileError::Io(error.into()))
    }
}

/// The stored body of [`ShuffleModel`], version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShuffleV1 {
    version: u32,
    columns: Vec<StoredColumn>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredColumn {
    missing: Option<Vec<u8>>,
    values: StoredValues,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredValues {
    Integer(Vec<i64>),
    Continuous(Vec<f64>),
    Codes(Vec<u32>),
    Text(Vec<String>),
}

impl StoredColumn {
    fn of(column: &Column) -> Self {
        let values = match column.values() {
            Values::Continuous(values) => StoredValues::Continuous(values.clone()),
            Values::Codes(codes) => StoredValues::Codes(codes.clone()),
            Values::Text(texts) => StoredValues::Text(texts.iter().map(str::to_owned).collect()),
            Values::Integer(values) => StoredValues::Integer(values.clone()),
        };
        Self {
            missing: column.missing_bytes().map(<[u8]>::to_vec),
            values,
        }
    }

    fn into_column(self) -> Option<Column> {
        let values = match self.values {
            StoredValues::Integer(values) => Values::Integer(values),
            StoredValues::Continuous(values) => Values::Continuous(values),
            StoredValues::Codes(codes) => Values::Codes(codes),
            StoredValues::Text(texts) => {
                Values::Text(texts.iter().map(String::as_str).collect::<Strings>())
            }
        };
        match self.missing {
            Some(missing) if missing.len() != values.len() => None,
            Some(missing) => Some(Column::with_missing(values, missing)),
            None => Some(Column::complete(values)),
        }
    }
}

impl ModelReader for ShuffleReader {
    fn method(&self) -> &'static str {
        SHUFFLE
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let body: ShuffleV1 = serde_json::from_slice(&file.body)
            .map_err(|error| ModelFileError::body(SHUFFLE, error))?;
        if body.version != 1 {
            return Err(ModelFileError::body(SHUFFLE, "not version 1"));
        }
        let columns: Option<Vec<Column>> = body
            .columns
            .into_iter()
            .map(StoredColumn::into_column)
            .collect();
        let columns = columns.ok_or_else(|| {
            ModelFileError::body(SHUFFLE, "a column has other rows than its missing bytes")
        })?;
        let table = Table::new(file.record.schema.clone(), columns)
            .map_err(|error| ModelFileError::body(SHUFFLE, error))?;
        if table.rows() == 0 {
            return Err(ModelFileError::body(SHUFFLE, "no rows"));
        }
        Ok(Box::new(ShuffleModel {
            record: file.record.clone(),
            table,
        }))
    }
}
