//! A variational autoencoder for tables.

mod config;
mod file;
mod fit;
mod model;
mod network;
mod train;

pub use config::VaeConfig;
pub use file::VaeReader;
pub use fit::Vae;
pub use model::VaeModel;

/// Name of the method.
pub(crate) const NAME: &str = "vae";
