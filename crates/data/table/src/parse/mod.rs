//! Texts into typed values and back, one distinct text at a time.

pub mod date;
mod elapsed;
pub mod number;
pub mod order;
pub mod ordinal;
