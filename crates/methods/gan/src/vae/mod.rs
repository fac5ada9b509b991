//! A variational autoencoder for tables: one network writes a row as a few numbers, another reads them back.

mod config;
mod model;
mod network;
mod synthesizer;
mod train;

pub use config::VaeConfig;
pub use model::{VaeModel, VaeReader};
pub use synthesizer::Vae;
