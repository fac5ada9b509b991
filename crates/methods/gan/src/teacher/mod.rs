//! What a generator can learn from.

pub(crate) mod adversary;
pub(crate) mod anchors;
pub(crate) mod marginal;
mod positions;
pub(crate) mod rows;
pub(crate) mod targets;
pub(crate) mod turns;
