//! The entry of this crate in a list of methods.

use parable_core::{MethodConfig, MethodInfo};

use crate::{NAME, PrivateCart, PrivateCartConfig, PrivateCartReader};

impl MethodConfig for PrivateCartConfig {}

/// Describes [`PrivateCart`] for a list of methods.
#[must_use]
pub fn method() -> MethodInfo {
    let about = "sequential trees of noisy counts";
    MethodInfo::new(NAME, about, PrivateCart::new).with_reader(PrivateCartReader)
}
