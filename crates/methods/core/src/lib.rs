//! The contract: what a synthesizer, a model, an audit and a model file are.
//!
//! The three types to learn first: [`Synthesizer`] learns from a table under a ledger, [`Model`] makes tables, [`FitRecord`] says how the
//! model came about. [`Independent`] is the simplest complete method and the baseline of every comparison.
//!
//! ```
//! use parable_core::{FitContext, Independent, Model, Synthesizer};
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
//! // Every fit pays: this one reads rows as they are, which only an unlimited budget allows.
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
//!
//! A new method implements [`Synthesizer`], [`Model`] and [`ModelReader`] and runs the conformance suite (feature `testkit`) in its tests.

mod checkpoint;
#[cfg(feature = "testkit")]
pub mod conformance;
mod context;
mod curator;
mod diversity;
mod error;
mod given;
mod independent;
mod marginal;
mod model_file;
mod observer;
mod publication;
mod recoding;
mod record;
mod rules;
mod shuffle;
mod synthesizer;

pub use checkpoint::{Checkpoint, CheckpointArray, CheckpointError, CheckpointFile, Checkpointing};
pub use context::FitContext;
pub use curator::{Curator, PrivateScores, allowance, distances_squared, sigma_for};
pub use diversity::{Diversified, Diversity, diversify};
pub use error::{FitError, ModelFileError, SampleError};
pub use given::{given_columns, sample_by_rejection};
pub use independent::{Independent, IndependentModel, IndependentReader};
pub use model_file::{ModelFile, ModelReader, Registry};
pub use observer::{Observer, Progress, Unobserved};
pub use publication::{NoisyMarginal, Publication};
pub use recoding::Recoding;
pub use record::{Determinism, FitRecord, NoiseProvenance, digest};
pub use rules::{Draw, redraw_broken};
pub use shuffle::{Shuffle, ShuffleModel, ShuffleReader};
pub use synthesizer::{Capabilities, DynSynthesizer, Model, Synthesizer};
