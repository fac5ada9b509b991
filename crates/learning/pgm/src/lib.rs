//! Graphical models of discrete tables: from noisy marginals to a model, and from a model to rows.
//!
//! The crate sees no confidential data: it works on counts that were made public, with their
//! errors. Three types to learn first: a [`Measurement`] is a noisy marginal, [`estimate`] finds
//! the [`MarkovField`] that agrees best with several of them, and the field answers for the
//! marginals of any attributes and makes rows. How large a model will be is known from its
//! [`JunctionTree`] before it is built.
//!
//! ```
//! use parable_domain::{AttrSet, Domain};
//! use parable_pgm::{EstimateConfig, Measurement, estimate};
//! use parable_seed::Seed;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = Domain::new([("arm", 2), ("region", 3), ("passed", 2)])?;
//! let measurements = [
//!     Measurement::new(&domain, AttrSet::new([0, 2]), vec![31.0, 19.5, 22.0, 28.0], 2.0)?,
//!     Measurement::new(
//!         &domain,
//!         AttrSet::new([1, 2]),
//!         vec![20.0, 11.0, 31.0, -1.0, 5.0, 36.0],
//!         2.0,
//!     )?,
//! ];
//! let model = estimate(&domain, &measurements, &[], None, &EstimateConfig::default())?.field;
//!
//! // Arm and region were never counted together; the model knows them through who passed.
//! let expected = model.marginal(&AttrSet::new([0, 1]))?;
//! assert_eq!(expected.len(), 6);
//! let rows = model.generate(1_000, &Seed::from_u64(1))?;
//! assert_eq!(rows.rows(), 1_000);
//! # Ok(())
//! # }
//! ```

mod alignment;
mod apportion;
mod calibration;
mod chunks;
mod columns;
mod elimination;
mod error;
mod estimate;
mod exponential;
mod factor;
mod field;
mod generation;
mod groups;
mod junction_tree;
mod local;
mod measurement;
mod scaling;
mod simplex;
mod smooth;

/// One table of cells per clique, margin or column: rows of different lengths, not a matrix.
pub type Tables = Vec<Vec<f64>>;

pub use apportion::Apportionment;
pub use chunks::Chunks;
pub use columns::{Columns, columns};
pub use error::ModelError;
pub use estimate::{Estimate, EstimateConfig, estimate, independent};
pub use factor::Factor;
pub use field::MarkovField;
pub use groups::{GroupLevels, Groups};
pub use junction_tree::JunctionTree;
pub use local::{LocalMarginals, reconstruct};
pub use measurement::{Measurement, total};
pub use scaling::{Margin, Scaled, ScalingConfig, scale_to_margins};
pub use simplex::project_on_simplex;
pub use smooth::smooth;
