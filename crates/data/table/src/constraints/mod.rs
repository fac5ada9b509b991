//! Checking the rules of a schema on the rows of a table, and repairing rows that break them.
//!
//! Rules are data ([`Constraint`](crate::Constraint)), declared once in the schema. [`check`] lists
//! every rule that some row breaks; [`repair`] changes as few cells as it can so that they hold,
//! and reports what it changed.

mod check;
mod describe;
mod error;
mod predicate;
mod repair;
mod rule;

pub use check::{Violation, broken_rows, check};
pub use error::ConstraintError;
pub use predicate::{Predicate, Test};
pub use repair::{Repair, repair};
pub use rule::{OneValue, ResolvedRule};

#[cfg(test)]
mod tests;
