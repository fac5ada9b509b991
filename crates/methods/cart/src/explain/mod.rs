//! Trees as text, figures and pictures.

pub(crate) mod column;
pub(crate) mod describe;
pub(crate) mod importance;
pub(crate) mod picture;
