//! Several rows per subject, in the order of time.
//!
//! The rows of a subject become one wide row: what does not vary, then the columns of its first row, whether there is a second row, the columns of the second row, and so on.
//! A wide table is made like any other, so that a row follows from the subject's rows before it, arms keep their means at every time, schools stay alike, and who
//! drops out does so given what was seen of him; a synthetic wide table is taken apart into rows again. Times are a first time and steps, so that they never run backwards.

pub(crate) mod rows;
pub(crate) mod shape;
pub(crate) mod wide;
