//! Clusters: which rows belong together, and what members of a cluster have in common.

pub(crate) mod effect_covariance;
pub(crate) mod hierarchy;
pub(crate) mod icc;
pub(crate) mod nominal_effects;
pub(crate) mod raking;
pub(crate) mod random_effects;
