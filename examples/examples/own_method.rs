//! A method of your own through the whole pipeline: fit, model file, report and command line.
//!
//! The method is a hot deck: every synthetic row copies a random real row and takes some cells from
//! other rows. It is no good idea, but a complete one. `docs/adding-a-synthesizer.md` walks through
//! it. `cargo run --example own_method` runs the pipeline; with arguments it is the command line
//! `parable` plus this method: `cargo run --example own_method -- methods`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use parable::core::{
    Capabilities, FitContext, FitError, FitRecord, MethodConfig, Model, ModelFile, ModelFileError,
    ModelReader, Observer, Progress, SampleError, Synthesizer,
};
use parable::report::{MethodResult, Report, ReportInput};
use parable::seed::Seed;
use parable::table::{Column, Schema, Table};
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Evaluation, Fitted, MethodInfo, Methods, Source};
use serde::{Deserialize, Serialize};

const NAME: &str = "hot_deck";

/// Settings: what `--set exchange=0.5` and JSON files set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HotDeckConfig {
    /// Share of the cells that come from another row. Default 0.3.
    exchange: f64,
}

impl Default for HotDeckConfig {
    fn default() -> Self {
        Self { exchange: 0.3 }
    }
}

// Without a budget there are no priorities: the default refuses them.
impl MethodConfig for HotDeckConfig {}

/// The method, unfitted.
#[derive(Clone, Debug, Default)]
struct HotDeck(HotDeckConfig);

/// The rows to copy from.
#[derive(Debug)]
struct HotDeckModel {
    record: FitRecord,
    exchange: f64,
    table: Table,
}

impl Synthesizer for HotDeck {
    type Model = HotDeckModel;

    fn name(&self) -> &'static str {
        NAME
    }

    // The pipeline prepares the table by this, and the conformance suite checks it.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_missing()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<HotDeckModel, FitError> {
        // Charge first: only an unlimited budget allows reading rows without protection.
        let _receipt = context.charge_non_private("rows are kept as they are")?;
        FitError::unless_filled(table)?;
        let text = |field: &&parable::table::Field| {
            !field.kind.is_numeric() && field.kind.levels().is_none()
        };
        if let Some(field) = table.schema().fields().iter().find(text) {
            return Err(FitError::Unsupported {
                method: NAME,
                column: field.name.clone(),
                kind: field.kind.name(),
            });
        }
        context.progress(1, 1)?;
        // As the file will hold it, so that a model that was read back is equal: what a column
        // has in memory behind a missing cell is in no file.
        let stored = serde_json::to_string(table).and_then(|text| serde_json::from_str(&text));
        let stored = stored.map_err(|error| FitError::Method {
            method: NAME.to_owned(),
            source: Box::new(error),
        });
        Ok(HotDeckModel {
            record: FitRecord::non_private(NAME, "0.1.0", &self.0, table, context),
            exchange: self.0.exchange,
            table: stored?,
        })
    }
}

impl Model for HotDeckModel {
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
        // Streams have names, and belong to columns rather than threads.
        let seed = seed.stream("hot_deck/sample");
        let real = self.table.rows() as u64;
        let mut rng = seed.stream("rows").rng();
        let donors: Vec<usize> = (0..rows).map(|_| rng.below(real) as usize).collect();
        let columns = self.table.columns().iter().enumerate();
        let drawn = columns.map(|(index, column)| {
            let mut rng = seed.index(index as u64).rng();
            let from = donors.iter().map(|&donor| match rng.chance(self.exchange) {
                true => rng.below(real) as usize,
                false => donor,
            });
            column.take(&from.collect::<Vec<_>>())
        });
        let drawn: Vec<Column> = drawn.collect();
        if observer.progress(Progress::new("sample", 1, 1)).is_break() {
            return Err(SampleError::Cancelled);
        }
        Ok(Table::new(self.schema().clone(), drawn)?)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        let body = BodyV1 {
            version: 1,
            exchange: self.exchange,
            table: self.table.clone(),
        };
        serde_json::to_writer(out, &body).map_err(|error| ModelFileError::Io(error.into()))
    }

    fn explain(&self, column: &str) -> Option<String> {
        self.schema().position(column)?;
        Some(format!("{column}: copied from real rows"))
    }
}

/// The stored body: a type of its own, with a version.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyV1 {
    version: u32,
    exchange: f64,
    /// Schema and columns in the stable form of tables.
    table: Table,
}

/// Reads [`HotDeckModel`] from its file.
struct HotDeckReader;

impl ModelReader for HotDeckReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let refused = |error: &dyn std::fmt::Display| ModelFileError::body(NAME, error);
        let body: BodyV1 = serde_json::from_slice(&file.body).map_err(|error| refused(&error))?;
        let table = body.table;
        if *table.schema() != file.record.schema {
            return Err(refused(&"its table is not that of the record"));
        }
        if body.version != 1 || !(0.0..=1.0).contains(&body.exchange) || table.rows() == 0 {
            return Err(refused(&"not version 1 with rows and a share"));
        }
        Ok(Box::new(HotDeckModel {
            record: file.record.clone(),
            exchange: body.exchange,
            table,
        }))
    }
}

/// The entry in a list of methods: all that the rest of the pipeline needs.
fn method() -> MethodInfo {
    MethodInfo::new(NAME, "cells of real rows, mixed", HotDeck).with_reader(HotDeckReader)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let methods = Methods::builtin().with(method())?;
    if std::env::args().len() > 1 {
        return Ok(parable_cli::run(methods));
    }
    // In a crate of its own this line is a test; it panics with the list of broken promises.
    parable_testkit::check(&HotDeck::default(), &HotDeckReader);

    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7))?;
    let source = Source::from_table("trial", trial.table);
    // Typed settings, or text: `methods.get("hot_deck", r#"{"exchange": 0.5}"#)?`.
    let fitted = source
        .fit(HotDeck(HotDeckConfig { exchange: 0.5 }))
        .seed(1)
        .run()?;

    let mut file = Vec::new();
    fitted.write(&mut file)?;
    let read = Fitted::read_with(&mut file.as_slice(), &methods)?;
    let synthetic = read.sample(source.table().rows()).seed(2).run()?;

    let (real, table) = (source.table(), &synthetic.table);
    let evaluation = Evaluation::of(real, table).seed(&Seed::from_u64(3)).run()?;
    let schema = real.schema().clone();
    let (rows, columns) = (real.rows() as u64, schema.len() as u64);
    let input = ReportInput::new("Hot deck", source.name(), rows, columns, schema);
    let result = MethodResult::new(NAME, evaluation).with_record(read.record().clone());
    let page = Report::new(input.with_method(result)).to_html();
    println!(
        "{} synthetic rows, a page of {} bytes",
        table.rows(),
        page.len()
    );

    let arguments = ["own_method", "methods"];
    Ok(parable_cli::run_with(methods, arguments))
}
