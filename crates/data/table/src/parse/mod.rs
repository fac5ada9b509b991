//! Texts into typed values and back, one distinct text at a time.

pub mod date;
pub mod number;
pub mod order;
pub mod ordinal;
