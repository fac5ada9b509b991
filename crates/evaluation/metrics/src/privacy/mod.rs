//! Privacy: what the synthetic table reveals about the people in the real one.

pub(crate) mod attacks;
pub(crate) mod cells;
pub(crate) mod disclosure;
pub(crate) mod membership;
pub(crate) mod nearest;
pub(crate) mod overlap;
pub(crate) mod review;
mod texts;
