//! Private sequential synthesis with trees of noisy counts.
//!
//! Each column has a tree of bounded depth on the columns before it. Every histogram in a tree
//! carries noise and is charged to the ledger before it is drawn; what the model holds follows from
//! those releases and from declared facts of the schema alone.
//!
//! [`PrivateCart`] is the method, [`PrivateCartConfig`] holds its settings, and
//! [`PrivateCartModel`] is the fitted model. [`PrivateCart::fit_counts`] fits from any source of
//! counts. The method and the evidence for its defaults are in `docs/methods/private-cart.md`.
//!
//! ```
//! use parable_private_cart::PrivateCart;
//! use parable_core::{FitContext, FitError, Model, Synthesizer};
//! use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let yes_no = |name| -> Result<Field, parable_table::SchemaError> {
//!     Ok(Field::new(name, Kind::nominal(Known::declared(Levels::new(["no", "yes"])?))))
//! };
//! let schema = Schema::new(vec![yes_no("treated")?, yes_no("passed")?])?;
//! let treated: Vec<u32> = (0..4_000).map(|row| row % 2).collect();
//! let of_row = |(row, arm): (usize, &u32)| u32::from(row % 10 < 2 + 6 * *arm as usize);
//! let passed = treated.iter().enumerate().map(of_row).collect();
//! let columns = [treated, passed].map(|codes| Column::complete(Values::Codes(codes)));
//! let table = Table::new(schema, columns.into())?;
//!
//! let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
//! let mut noise = NoiseSource::operating_system();
//! let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! let model = PrivateCart::default().fit(&table, &mut context)?;
//!
//! let synthetic = model.sample(4_000, &Seed::from_u64(2))?;
//! assert_eq!(synthetic.rows(), 4_000);
//! assert!(model.record().private);
//! assert!(ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
//! # Ok(())
//! # }
//! ```

mod cluster;
mod config;
mod draw;
mod file;
mod fit;
mod grow;
mod histograms;
mod model;
mod published;
mod register;
mod release;
mod trees;

pub use config::PrivateCartConfig;
pub use file::PrivateCartReader;
pub use fit::PrivateCart;
pub use model::PrivateCartModel;
pub use register::method;
pub use trees::{PrivateTree, PrivateTrees};

/// Name of the method, as files, reports and the command line spell it.
pub const NAME: &str = "private_cart";
