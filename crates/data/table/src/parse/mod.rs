//! Texts into typed values and back, one distinct text at a time.

pub(crate) mod date;
pub(crate) mod number;
pub(crate) mod order;
