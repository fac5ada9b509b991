//! Errors of files of separated values.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::AtomicFileError;

/// A file of separated values that could not be read or written: what is wrong, and in which file.
#[derive(Debug)]
pub struct CsvError {
    path: Option<PathBuf>,
    fault: Box<CsvFault>,
}

impl CsvError {
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The file, when it has a path.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &CsvFault {
        &self.fault
    }
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "`{}`: ", path.display())?;
        }
        self.fault.fmt(f)
    }
}

impl std::error::Error for CsvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.fault)
    }
}

impl From<CsvFault> for CsvError {
    fn from(fault: CsvFault) -> Self {
        Self {
            path: None,
            fault: Box::new(fault),
        }
    }
}

/// A fault in a file of separated values. Rows count data rows from 1; row 0 is the header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvFault {
    /// The operating system refused.
    #[error("the file could not be read")]
    Read(#[source] io::Error),
    /// The operating system refused, for example because the disk is full.
    #[error("the table could not be written")]
    Write(#[source] io::Error),
    /// The output file could not be made.
    #[error(transparent)]
    File(#[from] AtomicFileError),
    /// There is not even a header.
    #[error("the file is empty; expected a header line")]
    Empty,
    /// The file is UTF-16 where UTF-8 was asked for, or damaged UTF-16.
    #[error("the file is encoded as UTF-16, damaged or unexpected; save it as UTF-8")]
    Utf16,
    /// The file is compressed in a way that is not read.
    #[error("the file is compressed as {kind}; undo that first: {remedy}")]
    Compressed {
        /// The name of the compression.
        kind: &'static str,
        /// What undoes it.
        remedy: &'static str,
    },
    /// A byte that is not UTF-8.
    #[error(
        "{}: the byte at offset {offset} of the file is not valid UTF-8; save the file as UTF-8 (for Windows-1252: iconv -f windows-1252 -t utf-8)",
        place(*row)
    )]
    InvalidUtf8 {
        /// The data row from 1, 0 for the header.
        row: u64,
        /// Position of the first bad byte in the file, from 0.
        offset: u64,
    },
    /// A row with too many or too few fields.
    #[error(
        "row {row} (line {line}) has {found} fields; expected {expected}, as in the header{}",
        remedy(*row, *expected, *found)
    )]
    Ragged {
        /// The data row, from 1.
        row: u64,
        /// The line of the file on which the row ends, from 1.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in this row.
        found: usize,
    },
    /// A header in which no column has a name.
    #[error("the header is empty: no column has a name")]
    EmptyHeader,
    /// A row longer than the limit; usually a quote that is never closed, or a file that is no
    /// table.
    #[error(
        "{} is longer than the limit of {limit} bytes; a quote that is never closed is the usual reason",
        place(*row)
    )]
    RowTooLong {
        /// The data row from 1, 0 for the header.
        row: u64,
        /// The limit.
        limit: usize,
    },
    /// More rows than cell numbers can address.
    #[error("the file has more than {limit} rows")]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// A delimiter that is not one ASCII character, or is the quote or a line end.
    #[error("the delimiter must be one ASCII character other than a quote or a line end")]
    BadDelimiter,
    /// A text that would read back as a missing value.
    #[error(
        "column `{column}`, row {row}: the text is spelled like a missing value of that column"
    )]
    Ambiguous {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// A value that the column's format cannot spell.
    #[error("column `{column}`, row {row}: the format `{format}` cannot spell the value")]
    Unspellable {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The format of the column.
        format: String,
    },
}

fn remedy(row: u64, expected: usize, found: usize) -> &'static str {
    match row {
        1 if found == expected + 1 => {
            "; if rows begin with names of rows, put a name for them first in the header"
        }
        1 if expected == 1 => "; if the first line is a title, remove it",
        _ => "; a field that contains the delimiter must be quoted",
    }
}

fn place(row: u64) -> String {
    match row {
        0 => "the header".to_owned(),
        row => format!("row {row}"),
    }
}
