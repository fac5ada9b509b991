//! What a generator can learn from.

pub(crate) mod adversary;
pub(crate) mod marginal;
pub(crate) mod rows;
pub(crate) mod targets;
pub(crate) mod turns;
