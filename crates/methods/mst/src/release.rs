//! The private half of a fit: columns, groups of levels, and the sets that the strategy chooses.

use parable_core::{Curator, FitError, Publication};
use parable_domain::{AttrSet, Domain};
use parable_dp::{Budget, Ledger, PrivacyUnit, Rho};
use parable_measure::{
    Candidate, Limits, PrivateRelease, PublicFacts, Workload, check_shares, columns_named,
    even_shares, gains_by_exact_gaussians, shares,
};

use crate::config::{MstConfig, Strategy};
use crate::estimate::estimate;
use crate::{NAME, aim, tree};

/// Steps of progress of a fit.
pub(crate) const STEPS: u64 = 5;

/// Measures columns, merges levels, chooses sets and measures them. Spends all that the ledger
/// allows.
///
/// The counts of a past publication of the same table are used again for free, and what it already
/// answers is not worth much any more.
pub(crate) fn release(
    config: &MstConfig,
    past: Option<&Publication>,
    facts: PublicFacts,
    curator: &mut Curator<'_>,
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<Publication, FitError> {
    progress(0)?;
    let workload = workload(config, curator.domain())?;
    let facts = PublicFacts {
        rows: config.public_rows,
        ..facts
    };
    let rho = parable_measure::remaining(curator.ledger())?;
    let mut release = PrivateRelease::open(NAME, facts, mostly_counts(config), curator)?;
    if let Some(past) = past {
        let base = match past.marginals.is_empty() {
            true => None,
            false => Some(estimate(past, config)?.field),
        };
        release.continue_from(past, base)?;
    }
    let rho = release.curator().allowance().unwrap_or(rho).get();
    let share = match config.strategy {
        Strategy::Mst => 1.0 / 3.0,
        _ => config.columns_share,
    };
    release.measure_columns(share * rho, workload.column_weights())?;
    progress(1)?;
    // Independent columns need groups only where rules connect them.
    if config.strategy != Strategy::Independent || !release.publication().rules.is_empty() {
        merge(config, &mut release)?;
    }
    let limits = Limits {
        max_cells: config.max_cells,
        scores_rho: config.scores_share * rho,
    };
    let chosen = match config.strategy {
        Strategy::Independent => Vec::new(),
        Strategy::Swift => release.select(&workload, limits)?,
        Strategy::Direct { .. } => {
            release.check_cells(workload.required(), config.max_cells)?;
            release.candidates(&workload, Vec::new())?.0
        }
        Strategy::Mst => tree::select(&mut release, &workload, config.max_cells, rho / 3.0)?,
        Strategy::Aim { ways } => {
            aim::adapt(config, usize::from(ways), &workload, &mut release, progress)?;
            Vec::new()
        }
    };
    progress(2)?;
    measure_chosen(config, &chosen, &workload, &mut release)?;
    progress(3)?;
    Ok(release.close())
}

/// Merges levels that hold too few rows to be seen.
fn merge(config: &MstConfig, release: &mut PrivateRelease<'_, '_>) -> Result<(), FitError> {
    let rows = release.known().rows;
    let typical = release.typical_sigma(release.left());
    let first = release.publication().columns.iter();
    let sigmas: Vec<f64> = first.map(|noisy| noisy.sigma).collect();
    release.merge(|attr| {
        let least = match config.strategy {
            // The actual noise of the column, as published.
            Strategy::Mst => 3.0 * sigmas[attr],
            _ => (config.merge * typical).max(config.finest_share * rows),
        };
        least.min(0.1 * rows)
    })
}

/// Shares what is left between the chosen sets and, but for the tree as published, the columns once
/// more.
fn measure_chosen(
    config: &MstConfig,
    chosen: &[Candidate],
    workload: &Workload,
    release: &mut PrivateRelease<'_, '_>,
) -> Result<(), FitError> {
    let published = config.strategy == Strategy::Mst;
    let columns = match published && !chosen.is_empty() {
        true => Vec::new(),
        false => release.column_candidates(workload.column_weights(), release.left()),
    };
    let split = if published { even_shares } else { shares };
    release.measure_to_the_end("marginal", chosen, &columns, split)
}

/// Whether counts take up most of the budget: not in the tree as published, a third of whose budget
/// goes to choices.
pub(crate) fn mostly_counts(config: &MstConfig) -> bool {
    config.strategy != Strategy::Mst
}

/// Returns the part of a budget that a fit of this domain may spend, in the measure of
/// [`plan`](crate::plan()).
///
/// It is more than the zero-concentrated loss of the same guarantee where exact Gaussian accounting
/// guards the budget, and `None` if nothing limits it.
#[must_use]
pub fn allowance(
    config: &MstConfig,
    domain: &Domain,
    budget: Budget,
    unit: PrivacyUnit,
) -> Option<Rho> {
    let mut ledger = Ledger::open(unit, budget);
    let rho = parable_core::allowance(&ledger)?;
    if mostly_counts(config) && gains_by_exact_gaussians(domain.len(), rho, unit) {
        ledger.use_exact_gaussian_accounting();
    }
    parable_core::allowance(&ledger)
}

/// The sets and weights of the settings. Refuses settings that contradict themselves or the domain.
pub(crate) fn workload(config: &MstConfig, domain: &Domain) -> Result<Workload, FitError> {
    let named = |setting: &str, names: &[String]| -> Result<AttrSet, FitError> {
        columns_named(|name| domain.position(name), setting, names)
    };
    let mut required: Vec<AttrSet> = Vec::new();
    for names in &config.required {
        required.push(named("required", names)?);
    }
    if let Strategy::Direct { marginals } = &config.strategy {
        for names in marginals {
            required.push(named("marginals", names)?);
        }
    }
    for name in &config.ordered {
        named("ordered", std::slice::from_ref(name))?;
    }
    if let Strategy::Aim { ways } = config.strategy
        && !(2..=3).contains(&ways)
    {
        return Err(FitError::setting(
            "ways",
            "the adaptive strategy looks at pairs (2) or triples (3)",
        ));
    }
    let shares = [
        ("columns_share", config.columns_share),
        ("scores_share", config.scores_share),
    ];
    check_shares(&shares, "measure pairs")?;
    Workload::new(domain, required, &config.weights)
}
