//! Groups of all columns together.

use parable_core::{FitError, Recoding};
use parable_domain::{Codes, Domain};
use parable_pgm::Groups;
use parable_seed::Seed;

/// The recoding that all groups make together.
pub(crate) fn recoding(domain: &Domain, groups: &[Groups]) -> Result<Recoding, FitError> {
    let maps = groups.iter().map(|groups| groups.of.clone()).collect();
    Recoding::new(domain, maps).map_err(|error| FitError::Source(error.into()))
}

/// Codes of the levels behind codes of groups.
pub(crate) fn draw_back(
    domain: &Domain,
    groups: &[Groups],
    merged: Codes,
    seed: &Seed,
) -> Result<Codes, parable_domain::DomainError> {
    let seed = seed.stream("mst/levels");
    let (_, columns) = merged.into_parts();
    let columns = columns
        .iter()
        .zip(groups)
        .enumerate()
        .map(|(attr, (column, groups))| groups.draw_back(column, &seed.index(attr as u64)))
        .collect();
    Codes::new(domain.clone(), columns)
}
