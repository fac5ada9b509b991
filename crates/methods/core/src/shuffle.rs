//! A baseline for tests: real values, each column in an order of its own.

use std::io::Write;

use parable_seed::Seed;
use parable_table::{Column, Schema, Strings, Table, Values};
use serde::{Deserialize, Serialize};

use crate::{
    Capabilities, FitContext, FitError, FitRecord, Model, ModelFile, ModelFileError, ModelReader,
    Observer, Progress, SampleError, Synthesizer,
};

const NAME: &str = "shuffle";

/// The real values of each column in an order of its own: one-way tables exact, no relation left, every value somebody's own.
///
/// For tests of metrics and of the contract only: it publishes each person's values, free text included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shuffle;

/// The table whose columns are shuffled.
#[derive(Clone, Debug)]
pub struct ShuffleModel {
    record: FitRecord,
    table: Table,
}

/// Reads [`ShuffleModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShuffleReader;

impl Synthesizer for Shuffle {
    type Model = ShuffleModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_text()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<ShuffleModel, FitError> {
        let _receipt = context.charge_non_private("rows are kept as they are")?;
        FitError::unless_filled(table)?;
        context.progress(1, 1)?;
        let mut record = FitRecord::non_private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &serde_json::json!({}),
            table,
            context,
        );
        record
            .warnings
            .push("every value of the source stands in this model and in what it makes".to_owned());
        Ok(ShuffleModel {
            record,
            table: table.clone(),
        })
    }
}

impl Model for ShuffleModel {
    fn schema(&self) -> &Schema {
        self.table.schema()
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
        let seed = seed.stream("shuffle/sample");
        let total = self.schema().len() as u64;
        let mut columns = Vec::with_capacity(self.schema().len());
        for (index, column) in self.table.columns().iter().enumerate() {
            let mut rng = seed.index(index as u64).rng();
            let mut order: Vec<usize> = Vec::with_capacity(rows);
            while order.len() < rows {
                let mut round: Vec<usize> = (0..self.table.rows()).collect();
                rng.shuffle(&mut round);
                round.truncate(rows - order.len());
                order.append(&mut round);
            }
            columns.push(column.take(&order));
            if observer
                .progress(Progress::new("sample", index as u64 + 1, total))
                .is_break()
            {
                return Err(SampleError::Cancelled);
            }
        }
        Ok(Table::new(self.schema().clone(), columns)?)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        let columns = self.table.columns().iter().map(StoredColumn::of).collect();
        serde_json::to_writer(
            out,
            &BodyV1 {
                version: 1,
                columns,
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
            other => unreachable!("storage {other:?} is not known here"),
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
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let body: BodyV1 = serde_json::from_slice(&file.body)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        if body.version != 1 {
            return Err(ModelFileError::body(NAME, "not version 1"));
        }
        let columns: Option<Vec<Column>> = body
            .columns
            .into_iter()
            .map(StoredColumn::into_column)
            .collect();
        let columns = columns.ok_or_else(|| {
            ModelFileError::body(NAME, "a column has other rows than its missing bytes")
        })?;
        let table = Table::new(file.record.schema.clone(), columns)
            .map_err(|error| ModelFileError::body(NAME, error))?;
        if table.rows() == 0 {
            return Err(ModelFileError::body(NAME, "no rows"));
        }
        Ok(Box::new(ShuffleModel {
            record: file.record.clone(),
            table,
        }))
    }
}
