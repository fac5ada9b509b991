//! Private sequential trees: every histogram in them carries noise that was paid for.

mod cluster;
mod config;
mod draw;
mod file;
mod fit;
mod grow;
mod histograms;
mod model;
mod release;
mod trees;

pub use config::PrivateCartConfig;
pub use file::PrivateCartReader;
pub use fit::PrivateCart;
pub use model::PrivateCartModel;
pub use trees::{PrivateTree, PrivateTrees};
