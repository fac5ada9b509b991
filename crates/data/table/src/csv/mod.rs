//! Separated values in and out.
//!
//! Reading interprets nothing: every cell stays the text it is in the file, in one dictionary per
//! column ([`RawTable`](crate::RawTable)). Writing spells every value as its source did. Files have
//! a header and are quoted as RFC 4180 describes; compressed by gzip, in UTF-16 or in Windows-1252
//! they are read as well, and written in UTF-8. The delimiter, the line end and the byte order mark
//! of a file are found on reading and kept in its [`Dialect`](crate::Dialect). Blank lines between
//! rows are skipped.

mod decode;
mod dialect;
mod dictionary;
mod error;
mod read;
mod write;

pub use decode::Encoding;
#[cfg(feature = "rows")]
pub(crate) use dictionary::Dictionary;
pub use error::{CsvError, CsvFault};
pub use read::{ReadOptions, read, read_from, read_str};
pub use write::{Written, write, write_file, write_raw, write_raw_file};
