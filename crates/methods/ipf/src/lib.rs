//! Log-linear synthesis from margins.
//!
//! A table is described by the counts of some sets of columns, its *margins*; the model is the one
//! that has these margins and no interaction beyond them, with combinations that cannot occur left
//! out. [`Ipf`] is the method, [`IpfConfig`] its settings, [`IpfModel`] what it gives. Margins come
//! from rows, exactly or with noise that is charged to a ledger, from a
//! [`Publication`](parable_core::Publication) of noisy counts, or from a file written by hand
//! ([`Margins`]), with no data at all.
//!
//! ```
//! use parable_core::Model;
//! use parable_ipf::{Ipf, Margins};
//! use parable_seed::Seed;
//!
//! let margins = Margins::from_json(r#"{
//!     "schema": { "format": "parable-schema", "version": 1, "columns": [
//!         {"name": "arm", "kind": {"type": "nominal", "levels": {"value": ["control", "treated"], "provenance": "declared"}}},
//!         {"name": "passed", "kind": {"type": "nominal", "levels": {"value": ["no", "yes"], "provenance": "declared"}}}
//!     ] },
//!     "margins": [{"columns": ["arm", "passed"], "counts": [60, 40, 35, 65]}]
//! }"#)?;
//! let model = Ipf::default().fit_margins(&margins)?;
//! let table = model.sample(1_000, &Seed::from_u64(1))?;
//! let passed = (0..1_000).filter(|&row| table.column(1).code(row) == Some(1)).count();
//! assert!(passed.abs_diff(525) <= 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choose;
mod config;
mod exact;
mod file;
mod fit;
mod margins;
mod model;
mod noisy;
mod register;
mod zeros;

use parable_core::FitError;
use parable_pgm::ModelError;

pub use config::{IpfConfig, Pairs};
pub use file::IpfReader;
pub use fit::Ipf;
pub use margins::{GivenMargin, Margins};
pub use model::IpfModel;
pub use register::methods;
pub use zeros::StructuralZeros;

/// Name of the method, as files, reports and the command line spell it.
pub const NAME: &str = "ipf";

pub(crate) fn failed(error: ModelError) -> FitError {
    FitError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
