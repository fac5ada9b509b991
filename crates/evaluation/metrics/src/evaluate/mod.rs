//! Evaluations: the contract of a metric, and the run of many of them.

pub(crate) mod defaults;
pub(crate) mod evaluation;
pub(crate) mod evaluator;
pub(crate) mod metric;
pub(crate) mod options;
pub(crate) mod registry;
