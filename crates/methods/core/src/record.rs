//! How a model came about, in a form that outlives it.

use parable_dp::{Budget, Entry, Event, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Schema, Table, Values};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::FitContext;

/// How a model came about: everything needed to audit it, and for a non-private fit to repeat it.
///
/// Stands as the first line of a model file, so that reading one line is an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FitRecord {
    /// The method.
    pub method: String,
    /// Version of the crate that fitted.
    pub method_version: String,
    /// The method's settings in full.
    pub config: serde_json::Value,
    /// The schema of the table it learnt from, each fact with its provenance.
    pub schema: Schema,
    /// Whether the fit is differentially private.
    pub private: bool,
    /// Whom a privacy guarantee is about.
    pub unit: PrivacyUnit,
    /// What could be spent.
    pub budget: Budget,
    /// What was spent, entry by entry.
    pub ledger: Vec<Entry>,
    /// Where privacy noise came from.
    pub noise: NoiseProvenance,
    /// Where the random numbers of the fit started; absent from private models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// What the promise "same seed, same table" is worth.
    pub determinism: Determinism,
    /// Rows of the table it learnt from; absent from private models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// SHA-256 of the table it learnt from; absent from private models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_digest: Option<String>,
    /// What a reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where privacy noise came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoiseProvenance {
    /// The fit draws no privacy noise.
    None,
    /// The operating system; not repeatable.
    OperatingSystem,
    /// A seed: repeatable, and therefore no protection.
    InsecureSeed,
}

/// What the promise "same seed, same table" is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Determinism {
    /// The same bytes on any machine and any number of threads.
    Exact,
    /// The same bytes on the same device.
    SameDevice,
}

impl FitRecord {
    /// The record of a fit without a privacy guarantee, after its charge.
    pub fn non_private(
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        table: &Table,
        context: &FitContext<'_>,
    ) -> Self {
        Self {
            method: method.to_owned(),
            method_version: method_version.to_owned(),
            config: serde_json::to_value(config).unwrap_or(serde_json::Value::Null),
            schema: table.schema().clone(),
            private: false,
            unit: context.ledger.unit(),
            budget: context.ledger.budget(),
            ledger: context.ledger.entries().to_vec(),
            noise: NoiseProvenance::None,
            seed: Some(context.seed),
            determinism: Determinism::Exact,
            rows: Some(table.rows()),
            table_digest: Some(digest(table)),
            warnings: Vec::new(),
        }
    }

    /// The record of a private fit: no row count, no digest, no seed, nothing that was not declared
    /// or charged.
    pub fn private(
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        schema: &Schema,
        context: &FitContext<'_>,
    ) -> Self {
        Self {
            method: method.to_owned(),
            method_version: method_version.to_owned(),
            config: serde_json::to_value(config).unwrap_or(serde_json::Value::Null),
            schema: schema.clone(),
            private: true,
            unit: context.ledger.unit(),
            budget: context.ledger.budget(),
            ledger: context.ledger.entries().to_vec(),
            noise: if context.noise.is_insecure() {
                NoiseProvenance::InsecureSeed
            } else {
                NoiseProvenance::OperatingSystem
            },
            seed: None,
            determinism: Determinism::Exact,
            rows: None,
            table_digest: None,
            warnings: Vec::new(),
        }
    }

    /// Whether the ledger says that rows were read without protection.
    #[must_use]
    pub fn read_rows_unprotected(&self) -> bool {
        self.ledger
            .iter()
            .any(|entry| matches!(entry.event, Event::NonPrivate))
    }
}

/// SHA-256 over the schema and all cells of a table, as 64 hexadecimal digits: equal tables have
/// equal digests.
#[must_use]
pub fn digest(table: &Table) -> String {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(table.schema()).unwrap_or_default());
    for column in table.columns() {
        hash.update((column.len() as u64).to_le_bytes());
        match column.missing_bytes() {
            Some(bytes) => hash.update(bytes),
            None => hash.update([0]),
        }
        hash_values(&mut hash, column);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn hash_values(hash: &mut Sha256, column: &Column) {
    // Fillers of missing cells carry no meaning and are left out.
    let rows = (0..column.len()).filter(|&row| !column.is_missing(row));
    match column.values() {
        Values::Integer(values) => rows.for_each(|row| hash.update(values[row].to_le_bytes())),
        Values::Continuous(values) => rows.for_each(|row| hash.update(values[row].to_le_bytes())),
        Values::Codes(codes) => rows.for_each(|row| hash.update(codes[row].to_le_bytes())),
        Values::Text(texts) => rows.for_each(|row| {
            hash.update((texts.get(row).len() as u64).to_le_bytes());
            hash.update(texts.get(row));
        }),
    }
}
