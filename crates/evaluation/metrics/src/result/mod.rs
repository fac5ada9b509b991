//! Results: scores, and the sections of a report.

pub(crate) mod risk;
pub(crate) mod score;
pub(crate) mod section;
