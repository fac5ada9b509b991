//! Bins that follow the rows, for a part of the budget: quantiles and private trees.

use parable_core::{Curator, FitError};
use parable_domain::AttrSet;
use parable_dp::{Epsilon, Ledger, NoiseSource};
use parable_encode::{Bin, Codec, CodecConfig, ValueCodes};
use parable_pgm::{Groups, smooth};

use super::{Bins, Numbers};
use crate::setting;

/// Cells of the fine histogram: a power of two, fine enough that any bin of a 64th of the rows is
/// cut to a 16th of its width where rows are even.
const FINE: u32 = 1_024;
/// Share of what a tree may cost that goes to the number of rows, from which it knows when to stop.
const FOR_ROWS: f64 = 0.02;

/// Bins of a column, about `most` of them.
pub(super) fn bins(
    how: Bins,
    own: &Numbers<'_>,
    most: u32,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Vec<Bin>, FitError> {
    let fine = fine_cells(own)?;
    if fine.len() <= most as usize {
        return Ok(fine);
    }
    let source = own.codes(fine.clone())?;
    let mut curator = Curator::new(&source, ledger, noise);
    let stretch = match how {
        Bins::Privtree => {
            let (name, cells) = (&own.field.name, fine.len() as u32);
            tree(&mut curator, name, cells, most, own.rho)?
        }
        _ => quantiles(&mut curator, fine.len(), most, own.rho)?,
    };
    Ok(joined(&fine, &stretch))
}

/// Cells of equal width, or one for each point of the grid if there are few.
fn fine_cells(own: &Numbers<'_>) -> Result<Vec<Bin>, FitError> {
    let settings = CodecConfig::default().with_max_bins(FINE);
    let codec = Codec::declared_with(&own.schema()?, &settings);
    let codec = codec.map_err(|error| own.refused(error))?;
    match &codec.columns()[0].values {
        ValueCodes::Bins(bins) => Ok(bins.clone()),
        _ => Ok(Vec::new()),
    }
}

/// Stretches that hold about equally many rows of a noisy histogram, smoothed first; a cell that
/// fills a bin of its own (40 hours a week) is one.
fn quantiles(
    curator: &mut Curator<'_>,
    cells: usize,
    most: u32,
    rho: f64,
) -> Result<Vec<u32>, FitError> {
    let sigma = curator.sigma_for(rho, curator.unit().counts_squared())?;
    let sets = [(AttrSet::new([0]), sigma)];
    let noisy = curator.measure("bins", &sets)?.swap_remove(0);
    let counts: Vec<f64> = noisy.cells[..cells]
        .iter()
        .map(|&count| count as f64)
        .collect();
    let rows = counts.iter().sum::<f64>().max(1.0);
    let estimate = smooth(&counts, noisy.sigma, cells, rows);
    let least = rows / f64::from(most);
    Ok(Groups::of(estimate, cells, least).of)
}

/// Stretches of a private tree that stops at a share of the rows.
fn tree(
    curator: &mut Curator<'_>,
    name: &str,
    cells: u32,
    most: u32,
    rho: f64,
) -> Result<Vec<u32>, FitError> {
    let sigma = curator.sigma_for(FOR_ROWS * rho, curator.unit().counts_squared())?;
    let total = curator.measure("rows", &[(AttrSet::empty(), sigma)])?;
    let rows = total[0].cells[0].max(0) as f64;
    let threshold = (rows / f64::from(most)).min(f64::from(u32::MAX)) as u32;
    // Pure loss epsilon costs epsilon^2 / 2.
    let epsilon = Epsilon::new((2.0 * (1.0 - FOR_ROWS) * rho).sqrt())
        .map_err(|error| setting("budget", &error.to_string()))?;
    curator.split_levels(&format!("bins: {name}"), 0, cells, threshold, epsilon)
}

/// Neighbouring cells of one stretch as one bin.
fn joined(fine: &[Bin], stretch: &[u32]) -> Vec<Bin> {
    let mut bins: Vec<Bin> = Vec::new();
    for (at, cell) in fine.iter().enumerate() {
        match bins.last_mut() {
            Some(bin) if at > 0 && stretch[at] == stretch[at - 1] => bin.high = cell.high,
            _ => bins.push(*cell),
        }
    }
    bins
}
