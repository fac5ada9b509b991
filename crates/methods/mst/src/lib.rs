//! Private synthesis from noisy marginals: measure columns, choose relations, measure those,
//! estimate, generate.
//!
//! [`Mst`] is the method, [`MstConfig`] its settings, [`MstModel`] the fitted model: a
//! [`Publication`](parable_core::Publication) of noisy counts, and the graphical model that agrees
//! best with them. Everything the model knows has passed the [`Curator`](parable_core::Curator),
//! which charges the ledger before it draws noise.
//!
//! ```
//! use parable_core::{FitContext, Model, Synthesizer};
//! use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
//! use parable_mst::{Mst, MstConfig};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
//!
//! let yes_no = |name| -> Result<Field, parable_table::SchemaError> {
//!     Ok(Field::new(name, Kind::nominal(Known::declared(Levels::new(["no", "yes"])?))))
//! };
//! let schema = Schema::new(vec![yes_no("treated")?, yes_no("passed")?])?;
//! // 4,000 pupils; those who were treated pass more often.
//! let treated: Vec<u32> = (0..4_000).map(|row| row % 2).collect();
//! let pass = |(row, arm): (usize, &u32)| u32::from(row % 10 < 4 + 3 * *arm as usize);
//! let passed = treated.iter().enumerate().map(pass).collect();
//! let columns =
//!     vec![Column::complete(Values::Codes(treated)), Column::complete(Values::Codes(passed))];
//! let table = Table::new(schema, columns)?;
//!
//! let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
//! let mut noise = NoiseSource::operating_system();
//! let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! let mst = Mst::new(MstConfig::default().with_required(["treated", "passed"]));
//! let model = mst.fit(&table, &mut context)?;
//!
//! assert_eq!(model.relations().count(), 1);
//! let synthetic = model.sample(4_000, &Seed::from_u64(2))?;
//! assert_eq!(synthetic.rows(), 4_000);
//! assert!(ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aim;
mod chunks;
mod config;
mod estimate;
mod file;
mod fit;
mod given;
mod model;
mod picture;
mod plan;
mod prior;
mod register;
mod release;
mod restore;
mod tree;

pub use parable_measure::{Bins, Weight};

pub use chunks::CodeChunks;
pub use config::{MstConfig, Restore, Strategy};
pub use estimate::{Estimated, estimate};
pub use file::MstReader;
pub use fit::Mst;
pub use model::MstModel;
pub use plan::plan;
pub use prior::estimate_with_public_rows;
pub use register::methods;
pub use release::allowance;

/// Name of the method, as files, reports and the command line spell it.
pub const NAME: &str = "mst";
