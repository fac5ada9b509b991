//! Networks trained with per-example clipping and noise (DP-SGD).

pub mod access;
pub mod adam;
pub mod check;
pub mod checkpoint;
pub mod device;
pub mod dp_sgd;
#[cfg(feature = "cuda")]
mod driver;
pub mod error;
pub mod ghost_clipping;
pub mod init;
pub mod mlp;
pub mod module;
pub mod train_state;
