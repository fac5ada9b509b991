//! The contract between methods and everything around them: synthesizers, models, fit records and
//! model files.
//!
//! The types to learn first: [`Synthesizer`] learns from a table under a ledger, [`Model`]
//! generates tables, [`FitRecord`] documents a fit. This crate contains no method. The smallest
//! complete ones are in `parable-baseline`; here is the shape of one:
//!
//! ```
//! use std::io::Write;
//!
//! use parable_core::{
//!     Capabilities, FitContext, FitError, FitRecord, Model, ModelFileError, Observer, SampleError,
//!     Synthesizer,
//! };
//! use parable_seed::Seed;
//! use parable_table::{Schema, Table};
//!
//! /// Draws whole rows with replacement. It protects nobody.
//! struct Bootstrap;
//!
//! #[derive(Debug)]
//! struct BootstrapModel {
//!     record: FitRecord,
//!     table: Table,
//! }
//!
//! impl Synthesizer for Bootstrap {
//!     type Model = BootstrapModel;
//!
//!     fn name(&self) -> &'static str {
//!         "bootstrap"
//!     }
//!
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities::default().with_missing().with_text()
//!     }
//!
//!     fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<BootstrapModel, FitError> {
//!         // Charge first: no row is read before the ledger allows it.
//!         let _receipt = context.charge_non_private("rows are kept as they are")?;
//!         FitError::unless_filled(table)?;
//!         context.progress(1, 1)?;
//!         let record = FitRecord::non_private("bootstrap", "0.1.0", &(), table, context);
//!         Ok(BootstrapModel { record, table: table.clone() })
//!     }
//! }
//!
//! impl Model for BootstrapModel {
//!     fn schema(&self) -> &Schema {
//!         self.table.schema()
//!     }
//!
//!     fn record(&self) -> &FitRecord {
//!         &self.record
//!     }
//!
//!     fn sample_with(&self, rows: usize, seed: &Seed, _: &dyn Observer) -> Result<Table, SampleError> {
//!         let mut rng = seed.stream("bootstrap/rows").rng();
//!         let drawn: Vec<usize> =
//!             (0..rows).map(|_| rng.below(self.table.rows() as u64) as usize).collect();
//!         Ok(self.table.take(&drawn))
//!     }
//!
//!     fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
//!         Ok(write!(out, "rows in a format of your own")?)
//!     }
//! }
//! # use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
//! # use parable_table::{Column, Field, Kind, Values};
//! # let schema = Schema::new(vec![Field::new("score", Kind::integer())])?;
//! # let table = Table::new(schema, vec![Column::complete(Values::Integer(vec![31, 35, 28]))])?;
//! # let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
//! # let mut noise = NoiseSource::operating_system();
//! # let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! # let model = Bootstrap.fit(&table, &mut context)?;
//! # assert_eq!(model.sample(10, &Seed::from_u64(2))?.rows(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A new method implements [`Synthesizer`], [`Model`] and [`ModelReader`], and runs the conformance
//! suite of `parable-testkit` in its tests.

mod checkpoint;
mod context;
mod curator;
mod diversity;
mod error;
mod given;
mod marginal_synthesizer;
mod method;
mod model_file;
mod observer;
mod plan;
mod priorities;
mod privacy_params;
mod publication;
mod recoding;
mod record;
mod rules;
mod synthesizer;
mod training;

pub use checkpoint::{Checkpoint, CheckpointArray, CheckpointFile};
pub use context::{Checkpointing, FitContext};
pub use curator::{Curator, LevelSplit, PrivateScores, allowance, distances_squared, sigma_for};
pub use diversity::{Diversified, Diversity, diversify};
pub use error::{CheckpointError, FitError, ModelFileError, SampleError};
pub use given::{given_columns, sample_by_rejection};
pub use marginal_synthesizer::{MarginalSynthesizer, check_source, counts_of};
pub use method::{Method, MethodConfig, MethodInfo, parse_settings};
pub use model_file::{ModelFile, ModelReader};
pub use observer::{NoObserver, Observer, Progress};
pub use plan::{Plan, PlannedStep};
pub use priorities::Priorities;
pub use privacy_params::PrivacyParams;
pub use publication::{NoisyMarginal, Publication};
pub use recoding::Recoding;
pub use record::{Determinism, FitRecord, NoiseProvenance, digest};
pub use rules::{Draw, redraw_broken, rows_breaking_row_rules};
pub use synthesizer::{Capabilities, DynSynthesizer, Model, Synthesizer};
pub use training::TrainingCurve;
