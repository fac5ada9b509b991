//! A private conditional generator: one network, taught by noisy counts, by a discriminator, or by
//! both.
//!
//! [`Gan`] is the method, [`GanConfig`] its settings, [`GanModel`] what a fit gives: a small
//! network whose outputs are the shares of the levels of every column. By default it learns from
//! noisy counts, and nothing else sees a row; a discriminator learns by DP-SGD. Training takes a
//! fixed number of steps and is over in seconds. [`Vae`] is the other network of its kind, a
//! variational autoencoder, with the same encoding, the same privacy and the same way to meet
//! conditions.
//!
//! ```
//! use parable_core::{FitContext, Model, Synthesizer, NoObserver};
//! use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
//! use parable_gan::{Gan, GanConfig};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
//!
//! let yes_no = |name| -> Result<Field, parable_table::SchemaError> {
//!     Ok(Field::new(name, Kind::nominal(Known::declared(Levels::new(["no", "yes"])?))))
//! };
//! let schema = Schema::new(vec![yes_no("treated")?, yes_no("passed")?])?;
//! // 4,000 pupils; those who were treated pass more often.
//! let treated: Vec<u32> = (0..4_000).map(|row| row % 2).collect();
//! let passed = treated.iter().enumerate();
//! let passed = passed.map(|(row, arm)| u32::from(row % 10 < 4 + 3 * *arm as usize)).collect();
//! let columns = [treated, passed].map(|codes| Column::complete(Values::Codes(codes))).to_vec();
//! let table = Table::new(schema, columns)?;
//!
//! let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
//! let mut noise = NoiseSource::operating_system();
//! let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! let model = Gan::new(GanConfig::default()).fit(&table, &mut context)?;
//! assert!(ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
//!
//! // 500 treated pupils: the condition holds exactly, the rest follows the model.
//! let schema = Schema::new(vec![yes_no("treated")?])?;
//! let treated = Table::new(schema, vec![Column::complete(Values::Codes(vec![1; 500]))])?;
//! let rows = model.sample_given(&treated, &Seed::from_u64(2), &NoObserver)?;
//! assert!((0..500).all(|row| rows.column(0).code(row) == Some(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calibrate;
mod condition;
mod config;
mod discriminator;
mod draws;
mod file;
mod fit;
mod forward;
mod generator;
mod layout;
mod model;
mod network;
mod numbers;
mod register;
mod release;
mod resume;
mod sample;
mod shrink;
mod teacher;
mod train;
mod vae;

pub use config::{
    DiscriminatorConfig, GanConfig, MarginalConfig, Numbers, StepsPerGenerator, Teacher,
};
pub use file::GanReader;
pub use fit::Gan;
pub use model::{GanModel, LossPoint};
pub use parable_measure::Bins;
pub use parable_nn::device::Compute;
pub use parable_nn::error::TrainingError;
pub use parable_nn::ghost_clipping::Clipping;
pub use register::methods;
pub use vae::{Vae, VaeConfig, VaeModel, VaeReader};

/// Name of the method.
pub const NAME: &str = "gan";
