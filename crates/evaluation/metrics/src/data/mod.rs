//! Tables as metrics read them, and what they are read into.

pub(crate) mod cache;
pub(crate) mod contingency;
pub(crate) mod features;
pub(crate) mod formula;
pub(crate) mod frame;
pub(crate) mod inner_product;
pub(crate) mod least_squares;
pub(crate) mod logistic;
pub(crate) mod mixed_points;
pub(crate) mod neighbours;
pub(crate) mod pair;
pub(crate) mod quantile;
pub(crate) mod reference;
