//! Tables as metrics read them, and what they are read into.

pub(crate) mod cache;
pub(crate) mod contingency;
pub(crate) mod design;
pub(crate) mod features;
pub(crate) mod formula;
pub(crate) mod frame;
pub(crate) mod mixed_points;
pub(crate) mod neighbours;
pub(crate) mod pair;
pub(crate) mod reference;
