//! Evaluations: many metrics over one pair of tables.

pub(crate) mod defaults;
pub(crate) mod descriptions;
pub(crate) mod evaluation;
pub(crate) mod evaluator;
pub(crate) mod registry;
