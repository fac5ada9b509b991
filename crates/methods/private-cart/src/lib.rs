//! Private sequential trees: every histogram in them carries noise that was paid for.
//!
//! [`PrivateCart`] is the method, [`PrivateCartConfig`] its settings, [`PrivateCartModel`] the
//! result of a fit. The method and the evidence for its defaults are in
//! `docs/methods/private-cart.md`.
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
//! let passed = treated.iter().enumerate().map(|(row, arm)| u32::from(row % 10 < 2 + 6 * *arm as usize)).collect();
//! let columns = vec![Column::complete(Values::Codes(treated)), Column::complete(Values::Codes(passed))];
//! let table = Table::new(schema, columns)?;
//!
//! let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
//! let mut noise = NoiseSource::operating_system();
//! let model = PrivateCart::default().fit(&table, &mut FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise))?;
//!
//! let synthetic = model.sample(4_000, &Seed::from_u64(2))?;
//! assert_eq!(synthetic.rows(), 4_000);
//! assert!(model.record().private && ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
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
