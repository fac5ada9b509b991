//! Synthetic tables that carry what a sensitive table teaches, and none of the people in it.
//!
//! One dependency for the whole way: read a table ([`Source`]), clean it ([`Cleaned`]), learn a model ([`Fitted`]), make a synthetic table in
//! the source's own columns and spelling ([`Synthetic`]), and judge it ([`judge`]). Every crate of the workspace is re-exported
//! under its short name for those who need a single piece.
//!
//! ```
//! use parable::core::NoObserver;
//! use parable::seed::Seed;
//! use parable::{Cleaned, Fitted, Method, Source};
//!
//! // A small simulated school trial instead of a file: `Source::read(path, None)` reads one.
//! let trial = parable::trials::Trial::simulate(
//!     &parable::trials::TrialConfig::new(parable::trials::Preset::A),
//!     &Seed::from_u64(7),
//! )?;
//! let source = Source::from_table("trial", trial.table);
//!
//! let method = Method::new("cart", serde_json::Map::new())?;
//! let cleaned = Cleaned::for_method(source.table(), &method)?;
//! let fitted = Fitted::fit(&source, &cleaned, &method, &Seed::from_u64(1), &NoObserver)?;
//! let made = fitted.sample(1_200, &Seed::from_u64(2), &NoObserver)?;
//!
//! assert_eq!(made.table.schema(), source.table().schema());
//! let evaluation = parable::judge(source.table(), &made.table, None, &Seed::from_u64(3), &NoObserver)?;
//! assert!(evaluation.value("mass_mad").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cleaned;
mod error;
mod evaluate;
mod explain;
mod fitted;
mod given;
mod method;
mod protection;
mod source;
mod wishes;

pub use parable_baseline as baseline;
pub use parable_cart as cart;
pub use parable_clean as clean;
pub use parable_core as core;
pub use parable_domain as domain;
pub use parable_dp as dp;
pub use parable_encode as encode;
pub use parable_gan as gan;
pub use parable_ipf as ipf;
pub use parable_measure as measure;
pub use parable_metrics as metrics;
pub use parable_mst as mst;
pub use parable_pgm as pgm;
pub use parable_private_cart as private_cart;
pub use parable_report as report;
pub use parable_seed as seed;
pub use parable_table as table;
pub use parable_trials as trials;

pub use cleaned::{CleanOptions, Cleaned};
pub use error::Error;
pub use evaluate::{Judged, Judging, judge};
pub use fitted::{Fitted, Synthetic};
pub use method::{METHODS, Method, MethodInfo};
pub use protection::Protection;
pub use source::Source;
pub use wishes::Wishes;
