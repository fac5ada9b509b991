//! Margins with noise: measured through the curator, then made to agree.

use parable_core::{Curator, FitError, Publication};
use parable_domain::{AttrSet, Domain};
use parable_measure::{Limits, PrivateRelease, PublicFacts, Workload, check_shares, shares};
use parable_pgm::{
    EstimateConfig, Factor, MarkovField, Measurement, columns, estimate, independent,
};

use crate::choose::fixed;
use crate::config::{IpfConfig, Pairs};
use crate::{NAME, failed};

/// Measures the margins that are given, and those that noisy scores choose. Spends all that the
/// ledger allows.
pub(crate) fn release(
    config: &IpfConfig,
    ordered: &[u32],
    zeros: &[AttrSet],
    curator: &mut Curator<'_>,
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<Publication, FitError> {
    let domain = curator.domain().clone();
    let workload = Workload::new(&domain, fixed(config, &domain, zeros)?, &[])?;
    let own = [
        ("columns_share", config.columns_share),
        ("scores_share", config.scores_share),
    ];
    check_shares(&own, "measure margins")?;
    let facts = PublicFacts {
        ordered: ordered.to_vec(),
        joined: zeros.to_vec(),
        ..PublicFacts::default()
    };
    let mut release = PrivateRelease::open(NAME, facts, true, curator)?;
    let chosen = if config.pairs == Pairs::Strongest && domain.len() > 1 {
        let rho = release.left();
        release.measure_columns(config.columns_share * rho, workload.column_weights())?;
        progress(1)?;
        let limits = Limits {
            max_cells: config.max_cells,
            scores_rho: config.scores_share * rho,
        };
        release.select(&workload, limits)?
    } else {
        release.candidates(&workload, Vec::new())?.0
    };
    progress(2)?;
    let columns = release.column_candidates(workload.column_weights(), release.left());
    release.measure_to_the_end("margin", &chosen, &columns, shares)?;
    progress(3)?;
    Ok(release.close())
}

/// Returns the model whose margins are nearest to noisy ones, in units of their noise.
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
        // Levels in which nobody is estimated to be stay empty: noise in larger margins must not
        // fill them.
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
