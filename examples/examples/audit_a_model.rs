//! What a model file says of itself, read without the method that wrote it: `cargo run --example
//! audit_a_model -- MODEL`. Without an argument it makes a small model first.

use std::error::Error;
use std::fs::File;

use parable::baseline::Independent;
use parable::core::{FitContext, ModelFile, Synthesizer};
use parable::dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable::seed::Seed;
use parable::trials::{Preset, Trial, TrialConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let file = match std::env::args_os().nth(1) {
        Some(path) => ModelFile::read(&mut File::open(path)?)?,
        None => example()?,
    };
    let record = &file.record;
    println!(
        "method    {} {}, written by {}",
        record.method, record.method_version, file.written_by
    );
    println!("settings  {}", record.config);
    println!("columns   {}", record.schema.len());
    println!("unit      {}", serde_json::to_string(&record.unit)?);
    println!("budget    {}", serde_json::to_string(&record.budget)?);
    for (number, entry) in record.ledger.iter().enumerate() {
        println!(
            "charge {}  {}: {}",
            number + 1,
            entry.purpose,
            serde_json::to_string(&entry.event)?
        );
    }
    let guarantee = if record.private && !record.read_rows_unprotected() {
        "differentially private; recompute epsilon from the charges above"
    } else {
        "no formal guarantee: rows were read as they are"
    };
    println!("guarantee {guarantee}");
    Ok(())
}

fn example() -> Result<ModelFile, Box<dyn Error>> {
    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7))?;
    // The pupil id is free text, which the baseline does not take: keep the school columns.
    let (schema, columns) = trial.table.into_parts();
    let keep = |field: &parable::table::Field| field.kind.is_categorical();
    let kept = schema
        .fields()
        .iter()
        .zip(columns)
        .filter(|(field, _)| keep(field));
    let (fields, columns): (Vec<_>, Vec<_>) =
        kept.map(|(field, column)| (field.clone(), column)).unzip();
    let fields = fields
        .into_iter()
        .map(|field| field.with_role(parable::table::Role::Covariate))
        .collect();
    let table = parable::table::Table::new(parable::table::Schema::new(fields)?, columns)?;

    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let model = Independent.fit(
        &table,
        &mut FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise),
    )?;
    let mut bytes = Vec::new();
    ModelFile::of(&model)?.write(&mut bytes)?;
    Ok(ModelFile::read(&mut bytes.as_slice())?)
}
