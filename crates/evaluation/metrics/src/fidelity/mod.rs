//! Fidelity: how closely the synthetic table follows the distributions of the real one.

pub(crate) mod association;
pub(crate) mod bivariate;
pub(crate) mod conjunctions;
pub(crate) mod k_marginal;
pub(crate) mod k_means_mixing;
pub(crate) mod missing;
pub(crate) mod pair_similarity;
pub(crate) mod precision_recall;
pub(crate) mod projection;
pub(crate) mod propensity;
pub(crate) mod rules;
pub(crate) mod s_pmse;
pub(crate) mod univariate;
