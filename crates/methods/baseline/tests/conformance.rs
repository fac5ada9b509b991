//! The reference synthesizers keep every promise, and methods that break one are seen.

use std::io::Write;

use parable_baseline::{Independent, IndependentReader, Shuffle, ShuffleReader};
use parable_core::{
    Capabilities, FitContext, FitError, FitRecord, Model, ModelFile, ModelFileError, ModelReader,
    Observer, SampleError, Synthesizer,
};
use parable_seed::Seed;
use parable_table::{Schema, Table};
use parable_testkit::{check, findings};

#[test]
fn independent_conforms() {
    check(&Independent, &IndependentReader);
}

#[test]
fn shuffle_conforms() {
    check(&Shuffle, &ShuffleReader);
}

/// What a broken method does wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    ForgetsTheCharge,
    IgnoresTheSeed,
    OneRowTooMany,
    CannotBeCancelled,
    SeedDependsOnRows,
    ClaimsClusters,
    ClaimsPrivacy,
}

/// The independent baseline with one fault.
struct Broken(Fault);

#[derive(Debug)]
struct BrokenModel {
    fault: Fault,
    inner: <Independent as Synthesizer>::Model,
    record: FitRecord,
}

impl Synthesizer for Broken {
    type Model = BrokenModel;

    fn name(&self) -> &'static str {
        "independent"
    }

    fn capabilities(&self) -> Capabilities {
        let honest = Synthesizer::capabilities(&Independent);
        match self.0 {
            Fault::ClaimsClusters => honest.with_clusters(),
            Fault::ClaimsPrivacy => honest.with_privacy(),
            _ => honest,
        }
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<BrokenModel, FitError> {
        let (mut ledger, mut noise);
        let inner = match self.0 {
            Fault::ForgetsTheCharge => {
                ledger =
                    parable_dp::Ledger::open(context.ledger.unit(), parable_dp::Budget::Unlimited);
                noise = parable_dp::NoiseSource::insecure_seeded([0; 32]);
                let mut aside = FitContext::new(context.seed, &mut ledger, &mut noise)
                    .observed_by(context.observer);
                Independent.fit(table, &mut aside)?
            }
            Fault::CannotBeCancelled => {
                let mut unwatched = FitContext::new(context.seed, context.ledger, context.noise);
                Independent.fit(table, &mut unwatched)?
            }
            _ => Independent.fit(table, context)?,
        };
        let mut record = inner.record().clone();
        record.private = matches!(self.0, Fault::ClaimsPrivacy);
        Ok(BrokenModel {
            fault: self.0,
            inner,
            record,
        })
    }
}

impl Model for BrokenModel {
    fn schema(&self) -> &Schema {
        self.inner.schema()
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
        match self.fault {
            Fault::IgnoresTheSeed => self.inner.sample_with(rows, &Seed::from_u64(0), observer),
            Fault::SeedDependsOnRows => {
                self.inner
                    .sample_with(rows, &seed.index(rows as u64), observer)
            }
            Fault::OneRowTooMany => self.inner.sample_with(rows + 1, seed, observer),
            _ => self.inner.sample_with(rows, seed, observer),
        }
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        self.inner.write_body(out)
    }
}

/// A reader that takes any body for an empty one of its own.
struct Credulous;

impl ModelReader for Credulous {
    fn method(&self) -> &'static str {
        "independent"
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        let record = file.record.clone();
        let mut ledger = parable_dp::Ledger::open(record.unit, parable_dp::Budget::Unlimited);
        let mut noise = parable_dp::NoiseSource::insecure_seeded([0; 32]);
        let schema = record.schema.clone();
        let columns = schema.fields().iter().map(|field| {
            let values = match field.kind.name() {
                "continuous" => parable_table::Values::Continuous(vec![0.0]),
                _ if field.kind.is_numeric() => parable_table::Values::Integer(vec![0]),
                _ => parable_table::Values::Codes(vec![0]),
            };
            parable_table::Column::complete(values)
        });
        let table = Table::new(schema.clone(), columns.collect()).expect("fillers fit");
        let mut context = FitContext::new(Seed::from_u64(0), &mut ledger, &mut noise);
        Ok(Box::new(
            Independent.fit(&table, &mut context).expect("a fit"),
        ))
    }
}

#[track_caller]
fn sees(fault: Fault, promise: &str) {
    let found = findings(&Broken(fault), &IndependentReader);
    assert!(
        found.iter().any(|f| f.promise.contains(promise)),
        "{fault:?} was not seen: {found:?}"
    );
}

#[test]
fn faults_are_seen() {
    sees(Fault::ForgetsTheCharge, "the ledger has an entry");
    sees(
        Fault::ForgetsTheCharge,
        "a budget that does not allow the fit",
    );
    sees(Fault::IgnoresTheSeed, "another seed another");
    sees(Fault::OneRowTooMany, "number of rows asked for");
    sees(Fault::CannotBeCancelled, "can cancel");
    sees(Fault::SeedDependsOnRows, "capabilities tell the truth");
    sees(Fault::ClaimsClusters, "capabilities tell the truth");
    sees(Fault::ClaimsPrivacy, "capabilities tell the truth");
    sees(Fault::ClaimsPrivacy, "the ledger has an entry");
}

#[test]
fn a_reader_that_takes_anything_is_seen() {
    let found = findings(&Independent, &Credulous);
    assert!(
        found.iter().any(|f| f.promise.contains("a body cut short")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|f| f.promise.contains("a written model reads back")),
        "{found:?}"
    );
}
