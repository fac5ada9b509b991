//! Codes of the columns of a private fit: bounds and bins of numbers, declared or charged.

mod bounds;
mod fine;
mod spikes;

use parable_core::{Curator, FitError};
use parable_domain::{AttrSet, Codes, SourceError};
use parable_dp::{Ledger, NoiseSource};
use parable_encode::{Bin, Codec, CodecConfig, CodecError, ColumnCodec, ValueCodes};
use parable_table::{Column, Field, Grid, Kind, Schema, Table};
use serde::{Deserialize, Serialize};

use crate::accounting::{choose_accounting, remaining};

/// How the range of a column of numbers is divided into bins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bins {
    /// Bins of equal width, or one for each value if there are few; costs nothing. Those that hold
    /// too few rows are merged later. The default.
    #[default]
    Uniform,
    /// Bins of about equally many rows, from a noisy histogram of 1,024 cells; a value that fills a
    /// bin of its own gets one.
    Quantile,
    /// The leaves of a private tree that grows where rows are (PrivTree).
    Privtree,
}

/// How the columns of a table become codes, and what that may cost.
pub struct Discretisation<'a> {
    /// The method, for messages.
    pub method: &'static str,
    /// Most bins of a column of numbers.
    pub max_bins: u32,
    /// How the column of this name is divided.
    pub bins: &'a dyn Fn(&str) -> Bins,
    /// Share of the budget for bins that follow the rows, all columns together.
    pub bins_share: f64,
    /// Share of the budget for bounds that are not declared, all columns together; at 0 such
    /// columns are refused.
    pub bounds_share: f64,
    /// Whether values that many rows have get codes of their own, for half of the share for bins.
    pub spikes: bool,
    /// Whether counts take up most of the budget of the fit; see
    /// [`PrivateRelease::open`](crate::PrivateRelease::open).
    pub mostly_counts: bool,
}

impl std::fmt::Debug for Discretisation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discretisation")
            .field("method", &self.method)
            .field("max_bins", &self.max_bins)
            .finish_non_exhaustive()
    }
}

/// Codes the columns of a private fit.
///
/// Everything comes from declared facts alone, but for bounds that are not public and bins that
/// follow the rows: these are released, if the settings allow charging them.
///
/// # Errors
/// [`FitError::Undeclared`] for facts that are neither declared nor may be charged; a share of the
/// budget that is none; the ledger refuses.
pub fn discretise(
    table: &Table,
    how: &Discretisation<'_>,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Codec, FitError> {
    for (name, share) in [
        ("bounds_share", how.bounds_share),
        ("bins_share", how.bins_share),
    ] {
        if !(0.0..1.0).contains(&share) {
            return Err(FitError::setting(
                name,
                "shares of the budget lie between 0 and 1",
            ));
        }
    }
    let mut fields = table.schema().fields().to_vec();
    let numeric = |field: &Field| field.kind.is_numeric();
    // Exact Gaussian accounting has no place for splits of trees, and must be chosen before
    // anything is charged.
    let trees = |field: &Field| numeric(field) && (how.bins)(&field.name) == Bins::Privtree;
    if how.mostly_counts && !fields.iter().any(trees) {
        choose_accounting(ledger, fields.len())?;
    }
    let open: Vec<usize> = (0..fields.len())
        .filter(|&at| how.bounds_share > 0.0 && bounds::are_open(&fields[at]))
        .collect();
    if !open.is_empty() {
        let rho = remaining(ledger)?.get() * how.bounds_share / open.len() as f64;
        for &at in &open {
            let own = Numbers {
                method: how.method,
                field: &fields[at],
                column: &table.columns()[at],
                rho,
            };
            fields[at] = bounds::released(&own, ledger, noise)?;
        }
    }
    let schema = Schema::with_constraints(fields, table.schema().constraints().to_vec())
        .map_err(|error| FitError::setting("schema", error.to_string()))?;
    let refused = |error| FitError::no_codes(how.method, error);
    let settings = CodecConfig::default().with_max_bins(how.max_bins);
    let codec = Codec::declared_with(&schema, &settings).map_err(refused)?;
    let asks = |bins: Bins| bins != Bins::Uniform || (how.spikes && how.bins_share > 0.0);
    let follow: Vec<(usize, Bins)> = (0..schema.len())
        .filter(|&at| bins_of(&codec.columns()[at]).iter().any(is_wide))
        .map(|at| (at, (how.bins)(&schema.fields()[at].name)))
        .filter(|(_, bins)| asks(*bins))
        .collect();
    if follow.is_empty() {
        return Ok(codec);
    }
    let rho = remaining(ledger)?.get() * how.bins_share / follow.len() as f64;
    let mut columns = codec.columns().to_vec();
    for (at, bins) in follow {
        let own = Numbers {
            method: how.method,
            field: &schema.fields()[at],
            column: &table.columns()[at],
            rho,
        };
        let bins = match how.spikes {
            true => {
                let declared = bins_of(&columns[at]);
                spikes::bins(declared, bins, &own, how.max_bins, ledger, noise)?
            }
            false => fine::bins(bins, &own, how.max_bins, ledger, noise)?,
        };
        columns[at] = ColumnCodec::of_bins(own.field, bins);
    }
    Codec::from_columns(schema, columns).map_err(refused)
}

fn bins_of(column: &ColumnCodec) -> &[Bin] {
    match &column.values {
        ValueCodes::Bins(bins) => bins,
        _ => &[],
    }
}

/// Whether a bin holds more than one value.
fn is_wide(bin: &Bin) -> bool {
    bin.low < bin.high
}

/// The grid of the numbers of a column, if they have one.
fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

/// Cells of the fine histogram: a power of two, fine enough that any bin of a 64th of the rows is
/// divided to a 16th of its width where rows are even.
const FINE: u32 = 1_024;

/// A column of numbers, and the loss that questions about it may cost.
struct Numbers<'n> {
    method: &'static str,
    field: &'n Field,
    column: &'n Column,
    rho: f64,
}

impl Numbers<'_> {
    fn refused(&self, error: CodecError) -> FitError {
        FitError::no_codes(self.method, error)
    }

    fn schema(&self) -> Result<Schema, FitError> {
        let schema = Schema::new(vec![self.field.clone()]);
        schema.map_err(|error| FitError::setting("schema", error.to_string()))
    }

    /// The codes of the column by these bins, as a source of counts.
    fn codes(&self, bins: Vec<Bin>) -> Result<Codes, FitError> {
        let own = ColumnCodec::of_bins(self.field, bins);
        let codec = Codec::from_columns(self.schema()?, vec![own]);
        let codec = codec.map_err(|error| self.refused(error))?;
        let codes = codec.encode_column(0, self.field, self.column);
        let codes = codes.map_err(|error| self.refused(error))?;
        let codes = Codes::new(codec.domain().clone(), vec![codes]);
        Ok(codes.map_err(SourceError::from)?)
    }

    /// Cells of equal width, or one for each point of the grid if there are few.
    fn fine(&self) -> Result<Vec<Bin>, FitError> {
        let settings = CodecConfig::default().with_max_bins(FINE);
        let codec = Codec::declared_with(&self.schema()?, &settings);
        let codec = codec.map_err(|error| self.refused(error))?;
        Ok(bins_of(&codec.columns()[0]).to_vec())
    }

    /// Noisy rows of each of these bins for this loss, and the standard deviation of the noise.
    fn counts(
        &self,
        purpose: &str,
        bins: &[Bin],
        rho: f64,
        ledger: &mut Ledger,
        noise: &mut NoiseSource,
    ) -> Result<(Vec<f64>, f64), FitError> {
        let source = self.codes(bins.to_vec())?;
        let mut curator = Curator::new(&source, ledger, noise);
        let sigma = curator.sigma_for(rho, curator.unit().counts_squared());
        let noisy = curator
            .measure(purpose, &[(AttrSet::new([0]), sigma)])?
            .swap_remove(0);
        let cells = noisy.cells[..bins.len()].iter();
        Ok((cells.map(|&cell| cell as f64).collect(), noisy.sigma))
    }
}
