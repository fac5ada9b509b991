//! Sampling: level by level, column by column, all rows of a column at once.

pub(crate) mod conditional;
mod draw;
mod filler;
mod given;
mod hierarchical_shrinkage;
mod sampler;
mod structure;
pub(crate) mod table;
