//! Utility: whether an analyst gets the same answers from the synthetic table.

pub(crate) mod clusters;
pub(crate) mod combining;
pub(crate) mod linear_model;
pub(crate) mod prediction;
pub(crate) mod queries;
pub(crate) mod regression;
pub(crate) mod subgroups;
pub(crate) mod trial;
