//! How numbers are cut: bounds and bins, from public facts or paid for.

mod bounds;
mod cut;

use parable_core::{FitError, allowance};
use parable_dp::{Ledger, NoiseSource};
use parable_table::codec::{Codec, CodecConfig, ColumnCodec};
use parable_table::{Field, Schema, Table};

use crate::config::{Bins, MstConfig};
use crate::release::{gains_by_gaussians, setting};
use crate::synthesizer::refused;

/// The codec of a fit. Bounds that are not public are released if the settings allow paying for them, and columns whose bins follow the rows pay for these;
/// everything else comes from the schema alone.
pub(crate) fn codec(
    table: &Table,
    config: &MstConfig,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Codec, FitError> {
    check(table.schema(), config)?;
    // The exact curve of Gaussians has no place for splits of trees, and must be chosen before anything is spent.
    let numeric = table
        .schema()
        .fields()
        .iter()
        .filter(|field| field.kind.is_numeric());
    let trees = numeric
        .map(|field| config.bins_of(&field.name))
        .any(|bins| bins == Bins::Privtree);
    if let Some(rho) = allowance(ledger)
        && !trees
        && gains_by_gaussians(config, table.schema().len(), rho, ledger.unit())
    {
        ledger.keep_by_gaussians();
    }
    let mut fields = table.schema().fields().to_vec();
    let open: Vec<usize> = (0..fields.len())
        .filter(|&at| config.bounds_share > 0.0 && bounds::are_open(&fields[at]))
        .collect();
    if !open.is_empty() {
        let rho = left(ledger)? * config.bounds_share / open.len() as f64;
        for &at in &open {
            let (field, column) = (&fields[at], &table.columns()[at]);
            fields[at] = bounds::released(field, column, rho, ledger, noise)?;
        }
    }
    let schema = Schema::with_constraints(fields, table.schema().constraints().to_vec())
        .map_err(|error| setting("schema", &error.to_string()))?;
    let settings = CodecConfig::default().with_max_bins(config.max_bins);
    let codec = Codec::declared_with(&schema, &settings).map_err(refused)?;
    let follow: Vec<(usize, Bins)> = (0..schema.len())
        .filter(|&at| schema.fields()[at].kind.is_numeric())
        .map(|at| (at, config.bins_of(&schema.fields()[at].name)))
        .filter(|(_, bins)| *bins != Bins::Uniform)
        .collect();
    let codec = if follow.is_empty() {
        codec
    } else {
        let rho = left(ledger)? * config.bins_share / follow.len() as f64;
        let mut columns = codec.columns().to_vec();
        for (at, how) in follow {
            let (field, column) = (&schema.fields()[at], &table.columns()[at]);
            let bins = cut::bins(how, field, column, config.max_bins, rho, ledger, noise)?;
            columns[at] = ColumnCodec::of_bins(field, bins);
        }
        Codec::from_columns(schema, columns).map_err(refused)?
    };
    codec.cut_at_rules().map_err(refused)
}

/// Refuses settings about columns that are not there or hold no numbers.
fn check(schema: &Schema, config: &MstConfig) -> Result<(), FitError> {
    for name in config.bins.keys() {
        let field = schema.field(name);
        if !field.is_some_and(|field| field.kind.is_numeric()) {
            return Err(setting(
                "bins",
                &format!("there is no column of numbers `{name}`"),
            ));
        }
    }
    for (name, share) in [
        ("bounds_share", config.bounds_share),
        ("bins_share", config.bins_share),
    ] {
        if !(0.0..1.0).contains(&share) {
            return Err(setting(name, "shares of the budget lie between 0 and 1"));
        }
    }
    Ok(())
}

/// What the ledger still allows.
fn left(ledger: &Ledger) -> Result<f64, FitError> {
    match allowance(ledger) {
        Some(rho) => Ok(rho.get()),
        None => Err(setting("budget", "a private fit needs a finite budget")),
    }
}

/// The codes of one column by these bins, as a source of counts.
fn codes(
    field: &Field,
    column: &parable_table::Column,
    bins: Vec<parable_table::codec::Bin>,
) -> Result<parable_domain::Codes, FitError> {
    let schema =
        Schema::new(vec![field.clone()]).map_err(|error| setting("schema", &error.to_string()))?;
    let codec =
        Codec::from_columns(schema, vec![ColumnCodec::of_bins(field, bins)]).map_err(refused)?;
    let codes = codec.encode_column(0, field, column).map_err(refused)?;
    parable_domain::Codes::new(codec.domain().clone(), vec![codes])
        .map_err(|error| FitError::Source(error.into()))
}
