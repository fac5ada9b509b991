//! Tables for people: schema, typed columns with typed missing values, CSV, cleaning and restoring.
//!
//! The three types to learn first: [`Schema`] says what each column is and where that knowledge came from, [`Table`] holds
//! columns that fit a schema, and [`RawTable`] is what stands in a file before anything is interpreted.

mod atomic;
mod cell;
pub mod clean;
mod column;
mod constraint;
pub mod constraints;
pub mod csv;
mod distinct;
mod error;
mod field;
mod flag;
pub mod infer;
mod kind;
mod levels;
mod parse;
mod provenance;
mod raw;
mod schema;
pub mod schema_file;
mod strings;
mod table;
mod typed;

pub use atomic::{AtomicFile, AtomicFileError, Overwrite};
pub use cell::Cell;
pub use clean::{CleanError, Issue, MissingPlan, PlanOptions, Preview, Recipe, Step};
pub use column::{Column, Missing, Values};
pub use constraint::{Condition, Constraint};
pub use error::{SchemaError, TableError};
pub use field::{Field, MissingCode, Role};
pub use infer::{InferOptions, Inference, infer};
pub use kind::{Bounds, Grid, Kind, NumberFormat};
pub use levels::Levels;
pub use provenance::{Known, Provenance};
pub use raw::{Dialect, RawColumn, RawTable};
pub use schema::Schema;
pub use strings::Strings;
pub use table::Table;
pub use typed::{ReadIssue, ReadIssues, ReadRule, TypedError, read_typed};
