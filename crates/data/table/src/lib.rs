//! Tables for people: schema, typed columns with typed missing values, CSV, cleaning and restoring.
//!
//! The three types to learn first: [`Schema`] says what each column is and where that knowledge
//! came from, [`Table`] holds columns that fit a schema, and [`RawTable`] is what stands in a file
//! before anything is interpreted.
//!
//! ```
//! use parable_clean::infer;
//! use parable_table::{Kind, Missing, Role, csv, read_typed};
//!
//! let file = "school_id;arm;score;happy\n\
//!             s1;control;12,5;rarely\ns1;control;9,25;often\n\
//!             s2;treated;NA;always\ns2;treated;14;often\n";
//!
//! // Texts as they stand in the file; the delimiter is found out.
//! let raw = csv::read_str(file, &csv::ReadOptions::default())?;
//!
//! // A guess of what they mean, and why. The schema can be written to a file, edited and read
//! // again: see `schema_file`.
//! let guess = infer(&raw, &Default::default());
//! assert_eq!(guess.schema.fields()[1].role, Role::Treatment);
//! assert!(matches!(guess.schema.fields()[2].kind, Kind::Continuous { .. }));
//! assert!(guess.notes[2].reasons.iter().any(|reason| reason.contains("decimal mark `,`")));
//!
//! // Typed columns: numbers, codes of levels, and why a value is missing.
//! let (table, warnings) = read_typed(&raw, &guess.schema)?;
//! let (_, score) = table.named("score").ok_or("no such column")?;
//! assert_eq!((score.number(1), score.missing(2)), (Some(9.25), Some(Missing::Absent)));
//! assert!(warnings.is_empty());
//!
//! // Written as the source spells it.
//! let mut out = Vec::new();
//! csv::write(&table, &mut out, &raw.dialect)?;
//! assert_eq!(String::from_utf8(out)?, file);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atomic;
mod cell;
pub mod codebook;
mod column;
mod constraint;
pub mod constraints;
pub mod csv;
mod digests;
pub mod distinct;
mod error;
pub mod expression;
mod field;
mod kind;
mod levels;
#[cfg(feature = "ndarray")]
mod matrix;
mod note;
pub mod parse;
mod provenance;
mod public;
mod raw;
#[cfg(feature = "rows")]
pub mod rows;
mod schema;
pub mod schema_file;
mod strings;
mod table;
mod table_file;
mod typed;

pub use atomic::{AtomicFile, AtomicFileError, Overwrite};
pub use cell::Cell;
pub use column::{Column, Missing, Values};
pub use constraint::{Condition, Constraint};
pub use digests::digests;
pub use error::{ColumnError, SchemaError, TableError};
pub use field::{Field, MissingCode, Role, Unreadable};
pub use kind::{Bound, Bounds, Exponent, Grid, Kind, Negative, NumberFormat, TimeUnit};
pub use levels::Levels;
#[cfg(feature = "ndarray")]
pub use matrix::MatrixError;
pub use note::Note;
pub use provenance::{Known, Provenance};
pub use raw::{Dialect, RawColumn, RawTable};
pub use schema::Schema;
pub use strings::Strings;
pub use table::Table;
pub use table_file::TableFileError;
pub use typed::{ReadIssue, ReadIssues, ReadRule, TypedError, read_typed};
