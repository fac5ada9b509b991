//! Sets of columns that are margins.

use parable_core::FitError;
use parable_domain::{AttrSet, Domain};
use parable_measure::columns_named;
use parable_pgm::JunctionTree;

use crate::config::{IpfConfig, Pairs};
use crate::failed;

/// A pair that could be a margin.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) attrs: AttrSet,
    /// How far it is from independence, as the sum of absolute differences in rows.
    pub(crate) distance: f64,
    /// The part of it that chance explains.
    pub(crate) doubt: f64,
}

/// The sets of two and more columns that are margins in any case.
pub(crate) fn fixed(
    config: &IpfConfig,
    domain: &Domain,
    zeros: &[AttrSet],
) -> Result<Vec<AttrSet>, FitError> {
    let named = config.margins.iter();
    let named = named.map(|names| columns_named(|name| domain.position(name), "margins", names));
    let mut sets = named.collect::<Result<Vec<AttrSet>, FitError>>()?;
    if config.pairs == Pairs::All {
        sets.extend(AttrSet::pairs(domain.len()));
    }
    sets.retain(|set| set.len() > 1);
    sets.sort();
    sets.dedup();
    let all: Vec<AttrSet> = sets.iter().chain(zeros).cloned().collect();
    JunctionTree::build_within(domain, &all, config.max_cells).map_err(failed)?;
    Ok(sets)
}

/// Adds candidates to the sets, those with the largest evidence first, while the model stays within
/// its cells.
pub(crate) fn add_strongest(
    sets: &mut Vec<AttrSet>,
    zeros: &[AttrSet],
    mut candidates: Vec<Candidate>,
    domain: &Domain,
    max_cells: u64,
) {
    let evidence = |candidate: &Candidate| candidate.distance - candidate.doubt;
    candidates.retain(|candidate| evidence(candidate) > 0.0);
    candidates.sort_by(|a, b| evidence(b).total_cmp(&evidence(a)));
    let mut all: Vec<AttrSet> = sets.iter().chain(zeros).cloned().collect();
    let mut tree: Option<JunctionTree> = None;
    for candidate in candidates {
        let attrs = candidate.attrs;
        if sets.iter().any(|set| attrs.is_subset(set)) {
            continue;
        }
        if tree
            .as_ref()
            .is_none_or(|tree| tree.cover(&attrs).is_none())
        {
            all.push(attrs.clone());
            match JunctionTree::build_within(domain, &all, max_cells) {
                Ok(larger) => tree = Some(larger),
                Err(_) => {
                    all.pop();
                    continue;
                }
            }
        }
        sets.push(attrs);
    }
}
