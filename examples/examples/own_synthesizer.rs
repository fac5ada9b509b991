//! A method of your own: every row a fresh copy of a random real row with one cell swapped. Not a good idea, but a complete one: it charges the
//! ledger, keeps the schema, survives a file, and passes the conformance suite. `docs/adding-a-synthesizer.md` walks through it.

use std::error::Error;
use std::io::Write;

use parable::baseline::{Shuffle, ShuffleReader};
use parable::core::{
    Capabilities, FitContext, FitError, FitRecord, Model, ModelFile, ModelFileError, ModelReader,
    Observer, Progress, SampleError, Synthesizer,
};
use parable::seed::Seed;
use parable::table::{Column, Schema, Table};

/// Rows swapped in one cell.
struct Swap;

#[derive(Debug)]
struct SwapModel {
    record: FitRecord,
    // The rows themselves, kept by a method that knows how to store them.
    rows: Box<dyn Model>,
}

impl Synthesizer for Swap {
    type Model = SwapModel;

    fn name(&self) -> &'static str {
        "swap"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing().with_text()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<SwapModel, FitError> {
        // `Shuffle` charges the ledger for reading rows as they are; a method of its own calls `charge_non_private` first.
        let rows = Shuffle.fit(table, context)?;
        let mut record = rows.record().clone();
        record.method = self.name().to_owned();
        record.method_version = "0.1.0".to_owned();
        Ok(SwapModel {
            record,
            rows: Box::new(rows),
        })
    }
}

impl Model for SwapModel {
    fn schema(&self) -> &Schema {
        self.rows.schema()
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
        let shuffled = self.rows.sample(rows, &seed.stream("swap/values"))?;
        let again = self.rows.sample(rows, &seed.stream("swap/other"))?;
        let mut columns: Vec<Column> = shuffled.columns().to_vec();
        // Randomness belongs to things, never to threads: one stream for the choice of the column.
        let swapped = seed.stream("swap/column").rng().below(columns.len() as u64) as usize;
        columns[swapped] = again.column(swapped).clone();
        if observer.progress(Progress::new("sample", 1, 1)).is_break() {
            return Err(SampleError::Cancelled);
        }
        Ok(Table::new(self.schema().clone(), columns)?)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        self.rows.write_body(out)
    }
}

/// Reads [`SwapModel`] back.
struct SwapReader;

impl ModelReader for SwapReader {
    fn method(&self) -> &'static str {
        "swap"
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        Ok(Box::new(SwapModel {
            record: file.record.clone(),
            rows: ShuffleReader.read(file)?,
        }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // In a crate of its own this line is a test; it panics with the list of broken promises.
    parable_testkit::check(&Swap, &SwapReader);
    println!("swap keeps every promise of a synthesizer");
    Ok(())
}
