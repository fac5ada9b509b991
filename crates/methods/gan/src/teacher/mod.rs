//! Teachers: sources of the loss of a generator.

pub(crate) mod adversary;
pub(crate) mod anchors;
pub(crate) mod marginal;
mod positions;
pub(crate) mod rows;
pub(crate) mod targets;
pub(crate) mod turns;
