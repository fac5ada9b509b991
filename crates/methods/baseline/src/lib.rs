//! Baseline methods: independent columns and shuffled rows.
//!
//! A comparison of synthesizers needs anchors. [`Independent`] draws each column on its own: every
//! one-way distribution is right and every relation is lost. [`Shuffle`] permutes the real values
//! of each column, for tests of metrics. Neither protects the people in the data.
//!
//! ```
//! use parable_baseline::Independent;
//! use parable_core::{FitContext, Model, Synthesizer};
//! use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
//!
//! let schema = Schema::new(vec![
//!     Field::new("arm", Kind::nominal(Known::declared(Levels::new(["control", "treated"])?))),
//!     Field::new("score", Kind::integer()),
//! ])?;
//! let table = Table::new(schema, vec![
//!     Column::complete(Values::Codes(vec![0, 1, 0, 1])),
//!     Column::complete(Values::Integer(vec![31, 35, 28, 40])),
//! ])?;
//!
//! // Reading rows without protection is charged as such; only an unlimited budget allows it.
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
//! let mut noise = NoiseSource::operating_system();
//! let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! let model = Independent.fit(&table, &mut context)?;
//!
//! let synthetic = model.sample(1_000, &Seed::from_u64(2))?;
//! assert_eq!(synthetic.rows(), 1_000);
//! assert_eq!(synthetic.schema(), table.schema());
//! assert!(model.record().read_rows_unprotected());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod file;
mod fit;
mod marginal;
mod model;

pub use config::{Independent, Shuffle, method};
pub use file::{IndependentReader, ShuffleReader};
pub use model::{IndependentModel, ShuffleModel};

/// The name of [`Independent`].
pub const INDEPENDENT: &str = "independent";
/// The name of [`Shuffle`].
pub const SHUFFLE: &str = "shuffle";
