//! Several rows per subject, in order of time.
//!
//! The rows of a subject become one wide row: constant columns, then the columns of its first row,
//! whether there is a second row, the columns of the second row, and so on. A wide table is
//! synthesized like any other, so that a row depends on the subject's rows before it, arms keep
//! their means at every time, schools keep their effects, and drop-out depends on earlier rows. A
//! synthetic wide table is split into rows again. Times are a first time and steps, so that they
//! never decrease.

pub(crate) mod rows;
pub(crate) mod shape;
pub(crate) mod wide;
