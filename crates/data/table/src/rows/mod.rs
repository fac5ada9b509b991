//! Tables from rows of Rust types and back, through serde.
//!
//! [`Table::from_rows`](crate::Table::from_rows) takes structs (or maps from texts to values) and
//! reads each as a line of a file would be read: under a schema by the rules of
//! [`read_typed`](crate::read_typed), without one with types that follow from the Rust types.
//! [`Table::to_rows`](crate::Table::to_rows) hands each row to a type that can be deserialized from
//! a map of its columns.
//!
//! ```
//! use parable_table::{Field, Kind, Schema, Table};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Pupil {
//!     arm: String,
//!     age: Option<u8>,
//!     score: f64,
//! }
//!
//! let pupils = [
//!     Pupil { arm: "control".into(), age: Some(14), score: 7.5 },
//!     Pupil { arm: "treated".into(), age: None, score: 9.0 },
//! ];
//! let table = Table::from_rows(&pupils, None)?;
//! assert_eq!(table.label(0, 1), Some("treated"));
//! assert_eq!(table.to_rows::<Pupil>()?, pupils);
//!
//! // Under a schema, rows keep its rules.
//! let fields = table.schema().fields().iter().cloned();
//! let strict = fields.map(|field| match field.name.as_str() {
//!     "score" => Field::new("score", Kind::continuous(1).with_bounds(0, 8)),
//!     _ => field,
//! });
//! let error = Table::from_rows(&pupils, Some(&Schema::new(strict.collect())?)).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "column `score`, row 2: the value is outside the bounds of the column"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod capture;
mod cell;
mod error;
mod give;
mod take;

pub use error::{RowRule, RowsError};

#[cfg(test)]
mod tests;
