//! Accountants: the cost of releases, by every method that applies, and noise calibrated to a cost.

pub(crate) mod accountant;
pub(crate) mod analytic_gaussian;
pub(crate) mod audit;
pub(crate) mod calibrate;
pub(crate) mod composition;
pub(crate) mod convert;
pub(crate) mod gdp;
pub(crate) mod loss_law;
pub(crate) mod pld;
pub(crate) mod renyi;
pub(crate) mod saddle_point;
pub(crate) mod sampled_gaussian;
pub(crate) mod sampling;
mod tilted_noise;
pub(crate) mod zcdp;
