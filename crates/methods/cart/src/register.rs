//! The entry of this crate in a list of methods.

use parable_core::{MethodConfig, MethodInfo};

use crate::{Cart, CartConfig, CartReader, NAME};

impl MethodConfig for CartConfig {}

/// Describes [`Cart`] for a list of methods.
#[must_use]
pub fn method() -> MethodInfo {
    MethodInfo::new(NAME, "sequential trees", Cart::new).with_reader(CartReader)
}
