//! Margins with noise: measured through the curator, then made to agree.

use parable_core::{Curator, FitError, NoisyMarginal, distances_squared};
use parable_domain::{AttrSet, Domain};
use parable_dp::{Rho, Sigma};
use parable_pgm::{
    Columns, EstimateConfig, Factor, MarkovField, Measurement, columns, estimate, independent,
};

use crate::choose::{Candidate, MEAN_ABSOLUTE, add_strongest, fixed, independent_cells};
use crate::config::{IpfConfig, Pairs};
use crate::fit::{failed, setting};

/// Scores are clear enough with noise of half a percent of the rows.
const CLEAR_SCORE: f64 = 0.005;

/// Standard deviations that are taken off scores: the best of many noisy scores are too good.
const DOUBT: f64 = 2.0;

/// Where a margin per column has noise of a variance above this, the exact curve of Gaussians is worth its price: it charges discrete noise as if its
/// variance were smaller by up to 1, and admits 8 to 22 percent more loss.
const ENOUGH_NOISE: f64 = 10.0;

/// Noisy margins of a table, and their sets of two and more columns.
pub(crate) struct Released {
    pub(crate) margins: Vec<NoisyMarginal>,
    pub(crate) sets: Vec<AttrSet>,
}

/// Measures the margins that are given, and those that noisy scores choose. Spends what the ledger allows, to the end.
pub(crate) fn release(
    config: &IpfConfig,
    ordered: &[u32],
    zeros: &[AttrSet],
    curator: &mut Curator<'_>,
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<Released, FitError> {
    let domain = curator.domain().clone();
    let mut sets = fixed(config, &domain, zeros)?;
    for (name, share) in [
        ("columns_share", config.columns_share),
        ("scores_share", config.scores_share),
    ] {
        if !(share > 0.0 && share < 0.5) {
            return Err(setting(
                name,
                "a share of the budget lies between 0 and 0.5",
            ));
        }
    }
    let Some(rho) = curator.allowance() else {
        return Err(setting("budget", "a private fit needs a finite budget"));
    };
    let variance = domain.len() as f64 * curator.unit().counts_squared() as f64 / rho.get();
    if variance > ENOUGH_NOISE {
        curator.keep_by_gaussians();
    }
    let rho = curator.allowance().unwrap_or(rho).get();
    let singles: Vec<AttrSet> = (0..domain.len() as u32)
        .map(|attr| AttrSet::new([attr]))
        .collect();
    let mut margins = Vec::new();
    if config.pairs == Pairs::Strongest && domain.len() > 1 {
        let each = config.columns_share * rho / domain.len() as f64;
        let sigma = curator.sigma_for(each, curator.unit().counts_squared())?;
        let asked: Vec<(AttrSet, Sigma)> = singles.iter().map(|set| (set.clone(), sigma)).collect();
        margins = curator.measure("column", &asked)?;
        progress(1)?;
        let known = known(&domain, ordered, &margins)?;
        let candidates = scored(config, rho, &known, curator)?;
        add_strongest(&mut sets, zeros, candidates, &domain, config.max_cells);
    }
    progress(2)?;
    let known = known(&domain, ordered, &margins)?;
    let left = left(curator);
    let typical = typical_sigma(curator, left)?;
    let pairs_each = (0.5 * (domain.len() as f64 - 1.0)).max(1.0);
    // Noise of `sigma` in `s` cells adds `s sigma sqrt(2 / pi)` to the error; the best split of a budget is proportional to `s^(2/3)`. The error of a
    // column enters into that of its pairs, half as much as into its own.
    let terms = singles.iter().chain(&sets).map(|set| {
        let weight = if set.len() == 1 { pairs_each } else { 1.0 };
        (weight * noise_of(&cells_of(&known, set), typical)).powf(2.0 / 3.0)
    });
    let terms: Vec<f64> = terms.collect();
    let sum: f64 = terms.iter().sum();
    let mut asked = Vec::with_capacity(terms.len());
    for (set, term) in singles.iter().chain(&sets).zip(&terms) {
        let sigma = curator.sigma_for(left * term / sum, curator.unit().counts_squared())?;
        asked.push((set.clone(), sigma));
    }
    margins.append(&mut curator.measure("margin", &asked)?);
    progress(3)?;
    Ok(Released { margins, sets })
}

/// The model whose margins are nearest to noisy ones, in units of their noise: what disagrees is made to agree.
pub(crate) fn nearest(
    config: &IpfConfig,
    domain: &Domain,
    ordered: &[u32],
    measurements: &[Measurement],
    zeros: &[Factor],
    rows: Option<f64>,
) -> Result<MarkovField, FitError> {
    let known = columns(domain, ordered, measurements, rows);
    let mut own = Vec::with_capacity(measurements.len());
    let mut rules = zeros.to_vec();
    for (attr, (levels, &sigma)) in known.levels.iter().zip(&known.sigmas).enumerate() {
        let set = AttrSet::new([attr as u32]);
        // Levels in which nobody is estimated to be stay empty: noise in larger margins must not fill them.
        if levels.contains(&0.0) {
            let occupied: Vec<bool> = levels.iter().map(|&rows| rows > 0.0).collect();
            rules.push(Factor::allowed(domain, set.clone(), &occupied).map_err(failed)?);
        }
        if sigma.is_finite() {
            own.push(Measurement::new(domain, set, levels.clone(), sigma).map_err(failed)?);
        }
    }
    let larger = measurements.iter().filter(|m| m.attrs().len() > 1);
    own.extend(larger.cloned());
    if zeros.is_empty() && own.iter().all(|m| m.attrs().len() == 1) {
        return independent(domain, &own, Some(known.rows)).map_err(failed);
    }
    let settings = EstimateConfig::default()
        .with_max_cells(config.max_cells)
        .with_iterations(config.iterations)
        .with_total(known.rows);
    let found = estimate(domain, &own, &rules, None, &settings);
    Ok(found.map_err(failed)?.field)
}

pub(crate) fn measurement(domain: &Domain, noisy: &NoisyMarginal) -> Result<Measurement, FitError> {
    let counts = noisy.cells.iter().map(|&cell| cell as f64).collect();
    Measurement::new(domain, noisy.attrs.clone(), counts, noisy.sigma).map_err(failed)
}

fn known(domain: &Domain, ordered: &[u32], margins: &[NoisyMarginal]) -> Result<Columns, FitError> {
    let all: Result<Vec<Measurement>, FitError> = margins
        .iter()
        .map(|noisy| measurement(domain, noisy))
        .collect();
    Ok(columns(domain, ordered, &all?, None))
}

/// How far each pair is from independence, with noise: one release.
fn scored(
    config: &IpfConfig,
    rho: f64,
    known: &Columns,
    curator: &mut Curator<'_>,
) -> Result<Vec<Candidate>, FitError> {
    let domain = curator.domain().clone();
    let typical = typical_sigma(curator, left(curator))?;
    let mut estimates = Vec::new();
    let mut costs = Vec::new();
    let mut any_hope = false;
    for pair in AttrSet::pairs(domain.len()) {
        if domain
            .cells(&pair)
            .map_or(true, |cells| cells > u128::from(config.max_cells))
        {
            continue;
        }
        let cells = cells_of(known, &pair);
        let cost = MEAN_ABSOLUTE * noise_of(&cells, typical);
        // Half of the largest possible relation: without a pair for which that would be worth its noise nothing is asked.
        let fewest = domain
            .levels(&pair)
            .ok()
            .and_then(|l| l.into_iter().min())
            .unwrap_or(1);
        any_hope |= known.rows * (1.0 - 1.0 / f64::from(fewest)) > cost;
        estimates.push((pair, cells.iter().map(|cell| cell.round() as i64).collect()));
        costs.push(cost);
    }
    if !any_hope {
        return Ok(Vec::new());
    }
    let squared = distances_squared(curator.unit(), estimates.len());
    let clear = CLEAR_SCORE * known.rows;
    let share = (config.scores_share * rho).min(squared as f64 / (2.0 * clear * clear));
    let sigma = curator.sigma_for(share, squared)?;
    let scores = curator.distances("scores of pairs", &estimates, sigma)?;
    let floor = |attr: u32| {
        let sigma = known.sigmas[attr as usize];
        MEAN_ABSOLUTE * noise_of(&known.levels[attr as usize], sigma)
    };
    let candidates = estimates.into_iter().zip(scores).zip(costs);
    Ok(candidates
        .map(|(((attrs, _), distance), cost)| Candidate {
            doubt: cost + DOUBT * sigma.get() + attrs.iter().map(floor).sum::<f64>(),
            distance,
            attrs,
        })
        .collect())
}

/// What the ledger still allows; a little less, as sums of many rounded parts may exceed the whole by a few units in the last place.
fn left(curator: &Curator<'_>) -> f64 {
    curator.allowance().map_or(0.0, Rho::get) * (1.0 - 1e-12)
}

/// What a margin would be measured with if the rest of the budget went to two per column.
fn typical_sigma(curator: &Curator<'_>, left: f64) -> Result<f64, FitError> {
    let each = left / (2.0 * curator.domain().len() as f64);
    Ok(curator
        .sigma_for(each, curator.unit().counts_squared())?
        .get())
}

/// Expected rows of the cells of a set of independent columns.
fn cells_of(known: &Columns, set: &AttrSet) -> Vec<f64> {
    let rows = known.rows;
    let mut cells = vec![rows];
    for attr in set.iter() {
        cells = independent_cells(&cells, &known.levels[attr as usize], rows);
    }
    cells
}

/// Rows that noise of this standard deviation can move in cells of these expected counts: a cell near 0 that noise makes negative is set to 0.
fn noise_of(expected: &[f64], sigma: f64) -> f64 {
    expected.iter().map(|rows| rows.max(0.0).min(sigma)).sum()
}
