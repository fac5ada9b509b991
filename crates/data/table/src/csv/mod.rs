//! Separated values in and out.
//!
//! Reading interprets nothing: every cell stays the text it is in the file, in one dictionary per
//! column ([`RawTable`](crate::RawTable)). Writing spells every value as its source did. Files are
//! UTF-8, with a header, quoted as RFC 4180 describes; the delimiter, the line end and the byte
//! order mark of a file are found on reading and kept in its [`Dialect`](crate::Dialect). Blank
//! lines between rows are skipped.

mod dialect;
mod dictionary;
mod error;
mod read;
mod write;

#[cfg(feature = "rows")]
pub(crate) use dictionary::Dictionary;
pub use error::{CsvError, CsvFault};
pub use read::{ReadOptions, read, read_from, read_str};
pub use write::{Written, write, write_file, write_raw, write_raw_file};
