//! Exact nearest neighbours over mixed columns.
//!
//! Every column becomes an axis on which the distance of two rows is the difference of two numbers,
//! so that one kernel serves all: a level is a whole number and its difference is cut at 1 (Gower),
//! a missing number lies far from all others. Reference rows are dealt into tiles of near rows (as
//! in a k-d tree). A tile is skipped when the box around it is too far away, and left early when
//! all its partial sums are. Sums run in single precision with a bound on their error; what could
//! still be among the nearest is computed again in double precision. The result is exactly that of
//! comparing all rows in double precision, ties going to the lower row.

mod index;
mod kernel;
mod outliers;
mod space;

pub(crate) use index::{Index, Neighbours};
pub(crate) use kernel::{Absolute, Capped, Squared, Term};
pub(crate) use outliers::local_outlier_factors;
pub(crate) use space::{Points, Space};
