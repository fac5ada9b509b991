//! Synthetic versions of sensitive tables: they keep the statistical patterns of a table without
//! copying its people, and an evaluation measures how far that holds.
//!
//! One dependency for the whole pipeline: read a table ([`Source`]), fit a method to it
//! ([`Source::fit`]), sample a synthetic table in the source's own columns and spelling
//! ([`Fitted::sample`]), and evaluate it ([`Evaluation::of`]). Rows can be structs of your own
//! ([`Source::from_rows`]), and a method of your own goes through the same pipeline ([`Methods`]).
//! Every crate of the workspace is re-exported under its short name.
//!
//! ```
//! use parable::cart::Cart;
//! use parable::{Evaluation, Fitted, Source};
//!
//! // A small simulated school trial instead of a file: `Source::read(path)` reads one.
//! let trial = parable::trials::Trial::simulate(
//!     &parable::trials::TrialConfig::new(parable::trials::Preset::A),
//!     &7.into(),
//! )?;
//! let source = Source::from_table("trial", trial.table);
//!
//! let fitted: Fitted = source.fit(Cart::default()).seed(1).run()?;
//! let synthetic = fitted.sample(1_200).seed(2).run()?;
//!
//! assert_eq!(synthetic.table.schema(), source.table().schema());
//! let evaluation = Evaluation::of(source.table(), &synthetic.table).seed(&3.into()).run()?;
//! assert!(evaluation.value("mass_mad").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `gan` (default): networks, the methods `gan` and `vae`; compiles Burn.
//! - `report` (default): the page about a synthetic table, and pictures of trainings.
//! - `rows` (default): tables from and to structs of your own; compiles nothing else.
//! - `ndarray`: tables from and to matrices.
//! - `cuda`: networks on a graphics card of NVIDIA.

mod cleaned;
mod condition;
mod conditions;
mod describe;
mod error;
mod evaluate;
mod fit;
mod fitted;
mod matching;
mod methods;
mod sample;
mod source;

pub use parable_baseline as baseline;
pub use parable_cart as cart;
pub use parable_clean as clean;
pub use parable_core as core;
pub use parable_domain as domain;
pub use parable_dp as dp;
pub use parable_draw as draw;
pub use parable_encode as encode;
#[cfg(feature = "gan")]
pub use parable_gan as gan;
pub use parable_ipf as ipf;
pub use parable_judge as judge;
pub use parable_measure as measure;
pub use parable_metrics as metrics;
pub use parable_mst as mst;
pub use parable_pgm as pgm;
pub use parable_private_cart as private_cart;
#[cfg(feature = "report")]
pub use parable_report as report;
pub use parable_seed as seed;
pub use parable_table as table;
pub use parable_trials as trials;

pub use cleaned::{CleanOptions, Cleaned};
pub use conditions::Conditions;
pub use error::Error;
pub use evaluate::{EvaluationPlan, TimedEvaluation};
pub use fit::FitBuilder;
pub use fitted::Fitted;
pub use methods::Methods;
pub use parable_core::{Method, MethodInfo, Priorities, PrivacyParams};
pub use parable_metrics::{Evaluation, EvaluationOptions};
pub use sample::{SampleBuilder, Synthetic};
pub use source::Source;
