//! Special functions and root finding with known errors.

pub(crate) mod normal;
pub(crate) mod root;
