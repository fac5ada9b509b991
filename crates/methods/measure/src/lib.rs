//! Private select-and-measure: one copy of the safety code of every method that learns from noisy
//! counts.
//!
//! [`discretise`] codes the columns of a table by declared facts, or for a part of the budget. A
//! [`PrivateRelease`] then measures single columns, merges levels too rare to be seen, chooses sets
//! of columns and measures them. All of it goes through the [`Curator`](parable_core::Curator),
//! which charges the ledger before it draws noise; what comes out is a
//! [`Publication`](parable_core::Publication). What is computed from released counts alone sees
//! nothing confidential: [`known_columns`], [`rules`], [`choose`], [`shares`].
//!
//! ```
//! use parable_core::Curator;
//! use parable_domain::{Codes, Domain};
//! use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit, Rho};
//! use parable_measure::{PublicFacts, Limits, PrivateRelease, Workload, shares};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // 6,000 pupils; those who were treated pass more often, and the month says nothing.
//! let domain = Domain::new([("treated", 2), ("passed", 2), ("month", 12)])?;
//! let rows = 0..6_000u32;
//! let codes = Codes::new(domain.clone(), vec![
//!     rows.clone().map(|row| row % 2).collect(),
//!     rows.clone().map(|row| u32::from(row % 10 < 3 + 4 * (row % 2))).collect(),
//!     rows.map(|row| row / 10 % 12).collect(),
//! ])?;
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(0.05)?));
//! let mut noise = NoiseSource::operating_system();
//! let mut curator = Curator::new(&codes, &mut ledger, &mut noise);
//!
//! let facts = PublicFacts { ordered: vec![0; 3], ..PublicFacts::default() };
//! let mut release = PrivateRelease::open("example", facts, true, &mut curator)?;
//! release.measure_columns(0.1 * release.left(), &[1.0; 3])?;
//! let rows = release.known().rows;
//! release.merge(|_| 0.01 * rows)?;
//! let workload = Workload::new(&domain, Vec::new(), &[])?;
//! let limits = Limits { max_cells: 10_000, scores_rho: 0.1 * release.left() };
//! let chosen = release.select(&workload, limits)?;
//! let columns = release.column_candidates(workload.column_weights(), release.left());
//! release.measure_to_the_end("marginal", &chosen, &columns, shares)?;
//! let publication = release.close();
//!
//! assert_eq!(publication.marginals.len(), 1, "treated with passed, and no other pair");
//! assert!(ledger.spent().rho.is_some_and(|spent| spent.get() > 0.049_99));
//! # Ok(())
//! # }
//! ```

mod accounting;
mod bins;
mod candidate;
mod clusters;
mod columns;
mod release;
pub mod rules;
mod score;
mod workload;

pub use accounting::{
    check_shares, choose_accounting, cost_of_scores, gains_by_exact_gaussians, remaining,
};
pub use bins::{Bins, Discretisation, discretise};
pub use candidate::{
    Candidate, MEAN_ABSOLUTE, choose, disturbed_cells, even_shares, expected_errors, shares,
};
pub use clusters::release_clusters;
pub use columns::{
    independent_cells, known_columns, measurement, merged_domain, merged_rows, merged_variances,
};
pub use release::{PrivateRelease, PublicFacts};
pub use score::{Estimates, Limits};
pub use workload::{Weight, Workload, columns_named};
