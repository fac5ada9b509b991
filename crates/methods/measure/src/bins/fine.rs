//! Bins that follow the rows, for a part of the budget: quantiles and private trees.

use parable_core::{Curator, FitError, LevelSplit};
use parable_domain::AttrSet;
use parable_dp::{Epsilon, Ledger, NoiseSource};
use parable_encode::Bin;
use parable_pgm::{Groups, smooth};

use super::{Bins, Numbers};

/// Share of the loss of a tree that goes to the number of rows, from which it knows when to stop.
const FOR_ROWS: f64 = 0.02;

/// Bins of a column, about `most` of them.
pub(super) fn bins(
    how: Bins,
    own: &Numbers<'_>,
    most: u32,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Vec<Bin>, FitError> {
    let fine = own.fine()?;
    if how == Bins::Privtree {
        let source = own.codes(fine.clone())?;
        let mut curator = Curator::new(&source, ledger, noise);
        let (name, cells) = (&own.field.name, fine.len() as u32);
        let stretch = tree(&mut curator, name, cells, most, own.rho)?;
        return Ok(joined(&fine, &stretch));
    }
    let (counts, sigma) = own.counts("bins", &fine, own.rho, ledger, noise)?;
    Ok(quantiles(&fine, &counts, sigma, most))
}

/// Bins that hold about equally many rows of a noisy histogram, smoothed first; a cell that fills a
/// bin of its own (40 hours a week) is one.
pub(super) fn quantiles(fine: &[Bin], counts: &[f64], sigma: f64, most: u32) -> Vec<Bin> {
    let rows = counts.iter().sum::<f64>().max(1.0);
    let estimate = smooth(counts, sigma, fine.len(), rows);
    let least = rows / f64::from(most);
    joined(fine, &Groups::of(estimate, fine.len(), least).of)
}

/// Stretches of a private tree that stops at a share of the rows.
fn tree(
    curator: &mut Curator<'_>,
    name: &str,
    cells: u32,
    most: u32,
    rho: f64,
) -> Result<Vec<u32>, FitError> {
    let sigma = curator.sigma_for(FOR_ROWS * rho, curator.unit().counts_squared());
    let total = curator.measure("rows", &[(AttrSet::empty(), sigma)])?;
    let rows = total[0].cells[0].max(0) as f64;
    let threshold = (rows / f64::from(most)).min(f64::from(u32::MAX)) as u32;
    // Pure loss epsilon costs epsilon^2 / 2.
    let epsilon = Epsilon::new((2.0 * (1.0 - FOR_ROWS) * rho).sqrt())
        .map_err(|error| FitError::setting("budget", error.to_string()))?;
    let split = LevelSplit {
        ordered: cells,
        threshold,
        epsilon,
    };
    curator.split_levels(&format!("bins: {name}"), 0, split)
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
