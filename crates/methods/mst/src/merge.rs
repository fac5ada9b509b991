//! Groups of all columns together.

use parable_core::{FitError, Recoding};
use parable_domain::Domain;
use parable_pgm::Groups;

/// The recoding that all groups make together.
pub(crate) fn recoding(domain: &Domain, groups: &[Groups]) -> Result<Recoding, FitError> {
    let maps = groups.iter().map(|groups| groups.of.clone()).collect();
    Recoding::new(domain, maps).map_err(|error| FitError::Source(error.into()))
}
