//! Numbers written by modes of a mixture and the position within a mode.

pub(crate) mod coding;
pub(crate) mod given;
pub(crate) mod heads;
pub(crate) mod position;
pub(crate) mod scale;
