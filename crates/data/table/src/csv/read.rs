//! Files of separated values into raw tables.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv_core::ReadRecordResult;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::decode::{self, Encoding};
use super::dialect;
use super::dictionary::Dictionary;
use super::error::{CsvError, CsvFault};
use crate::{RawColumn, RawTable};

/// Options of reading a file of separated values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Between fields. Default: found from the start of the file among comma, semicolon, tab and
    /// bar.
    pub delimiter: Option<char>,
    /// The encoding of the file. Default: found from its bytes.
    pub encoding: Encoding,
    /// Lines above the header that are skipped. Default: found from the start of the file.
    pub skip_lines: Option<usize>,
    /// Longest row in bytes of text plus fields. Default 16 MiB: far above real rows, and a quote
    /// that is never closed is found before it takes the memory of the machine.
    pub max_row_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            encoding: Encoding::Auto,
            skip_lines: None,
            max_row_bytes: 16 << 20,
        }
    }
}

impl ReadOptions {
    /// Sets the delimiter.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets the encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets how many lines above the header are skipped.
    #[must_use]
    pub fn with_skip_lines(mut self, lines: usize) -> Self {
        self.skip_lines = Some(lines);
        self
    }

    /// Sets the most bytes of a row.
    #[must_use]
    pub fn with_max_row_bytes(mut self, bytes: usize) -> Self {
        self.max_row_bytes = bytes;
        self
    }
}

/// The table in the file at this path.
///
/// Texts are kept as they are: no trimming, no types, leading zeros and `NA` included. A header
/// without rows is a table of no rows. Read as well: files compressed by gzip, UTF-16 with a byte
/// order mark, Windows-1252 (where the bytes are no UTF-8), a first line `sep=;`, a title or
/// comments above the header, and a delimiter at the end of each row. Columns without a name or
/// with that of an earlier column get names of their own, and [`RawTable::spelled`] remembers the
/// header. Splitting and the building of the dictionaries, one task per column, run side by side;
/// the result does not depend on the number of threads.
///
/// # Errors
/// See [`CsvFault`]; the error names the file, and the row and what was expected where a row is at
/// fault.
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<RawTable, CsvError> {
    let path = path.as_ref();
    let in_file = |error: CsvError| error.in_file(path);
    let open = || File::open(path).map_err(|error| in_file(CsvFault::Read(error).into()));
    match read_from(open()?, options) {
        Err(error)
            if options.encoding == Encoding::Auto
                && matches!(error.fault(), CsvFault::InvalidUtf8 { .. }) =>
        {
            let options = options.clone().with_encoding(Encoding::Windows1252);
            let mut table = read_from(open()?, &options).map_err(in_file)?;
            table.notes.push(
                "the file is not UTF-8 and was read as Windows-1252; synthetic tables are UTF-8"
                    .to_owned(),
            );
            Ok(table)
        }
        result => result.map_err(in_file),
    }
}

/// The table in a text.
///
/// # Errors
/// As [`read`].
pub fn read_str(text: &str, options: &ReadOptions) -> Result<RawTable, CsvError> {
    read_from(text.as_bytes(), options)
}

/// The table that a reader delivers. The reader needs no buffer of its own.
///
/// # Errors
/// As [`read`].
pub fn read_from(source: impl Read + Send, options: &ReadOptions) -> Result<RawTable, CsvError> {
    let mut input = Input::new(decode::decoded(source, options.encoding)?);
    if let Err(fault) = input.fill() {
        return Err(fault.at_row(0).into());
    }
    let bom = input.skip_bom();
    let mut notes = Vec::new();
    let sep_line = dialect::sep_line(input.ready());
    if let Some((_, bytes)) = sep_line {
        input.start += bytes;
    }
    let named = sep_line.map(|(delimiter, _)| char::from(delimiter));
    let delimiter = options.delimiter.or(named);
    let delimiter = delimiter.map(dialect::delimiter_byte).transpose()?;
    let mut dialect = dialect::detect(input.ready(), input.ended, bom, delimiter.map(char::from));
    dialect.sep_line = sep_line.is_some();
    let delimiter = dialect::delimiter_byte(dialect.delimiter)?;
    let above = match options.skip_lines {
        Some(lines) => lines,
        None => dialect::preamble(input.ready(), input.ended, delimiter),
    };
    let mut splitter = Splitter {
        core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
        input,
        max_row_bytes: options.max_row_bytes,
        rows: 0,
        line: 0,
    };
    for _ in 0..above {
        splitter.row(&mut Block::default(), 0)?;
    }
    if above > 0 && options.skip_lines.is_none() {
        notes.push(format!(
            "{above} lines above the header were skipped as a title, comments or empty lines"
        ));
    }
    let Header { names, spelled } = splitter.header()?;
    for (column, text) in &spelled {
        let what = match text.is_empty() {
            true => format!("column {} has no name in the header", column + 1),
            false => format!("the name `{text}` occurs twice in the header"),
        };
        notes.push(format!(
            "{what}; column {} is called `{}` here",
            column + 1,
            names[*column]
        ));
    }
    let (columns, rows) = splitter.columns(names.len())?;
    Ok(RawTable {
        names,
        columns,
        rows,
        dialect,
        spelled,
        notes,
    })
}

/// Rows are split and coded in blocks of about this many bytes: small enough to stay in a core's
/// cache while every column passes over it.
const BLOCK_BYTES: usize = 512 << 10;

/// Bytes of a file, checked to be UTF-8 before anyone sees them.
struct Input<R> {
    source: R,
    buffer: Vec<u8>,
    /// `buffer[start..valid]` is checked and not yet used; `buffer[valid..end]` is the beginning of
    /// a character.
    start: usize,
    valid: usize,
    end: usize,
    /// Position of `buffer[0]` in the file.
    offset: u64,
    ended: bool,
    /// Position in the file of a byte that is not UTF-8, reported when everything before it is
    /// used.
    bad: Option<u64>,
}

enum InputFault {
    Read(std::io::Error),
    InvalidUtf8 { offset: u64 },
}

impl InputFault {
    fn at_row(self, row: u64) -> CsvFault {
        match self {
            Self::Read(error) => CsvFault::Read(error),
            Self::InvalidUtf8 { offset } => CsvFault::InvalidUtf8 { row, offset },
        }
    }
}

impl<R: Read> Input<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; BLOCK_BYTES],
            start: 0,
            valid: 0,
            end: 0,
            offset: 0,
            ended: false,
            bad: None,
        }
    }

    fn ready(&self) -> &[u8] {
        &self.buffer[self.start..self.valid]
    }

    /// Reads on; to be called when everything ready is used. At the end of the file nothing is
    /// ready afterwards.
    fn fill(&mut self) -> Result<(), InputFault> {
        if let Some(offset) = self.bad {
            return Err(InputFault::InvalidUtf8 { offset });
        }
        self.buffer.copy_within(self.valid..self.end, 0);
        self.offset += self.valid as u64;
        self.end -= self.valid;
        (self.start, self.valid) = (0, 0);
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InputFault::Read(error)),
            }
        }
        self.valid = match std::str::from_utf8(&self.buffer[..self.end]) {
            Ok(_) => self.end,
            Err(error) => {
                if error.error_len().is_some() || self.ended {
                    self.bad = Some(self.offset + error.valid_up_to() as u64);
                }
                error.valid_up_to()
            }
        };
        match self.bad {
            Some(offset) if self.valid == 0 => Err(InputFault::InvalidUtf8 { offset }),
            _ => Ok(()),
        }
    }

    /// Whether the file starts with a byte order mark, which is used up.
    fn skip_bom(&mut self) -> bool {
        let bom = self.ready().starts_with(b"\xef\xbb\xbf");
        if bom {
            self.start = 3;
        }
        bom
    }
}

/// The names of the columns, and the texts of the header that are no names of their own, with the
/// positions of their columns.
struct Header {
    names: Vec<String>,
    spelled: Vec<(usize, String)>,
}

/// Rows as texts end to end and where each field ends.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    used: usize,
    /// Where each row starts in `bytes`.
    starts: Vec<usize>,
    /// Where each field ends, counted from the start of its row; one row after the other.
    ends: Vec<usize>,
    ends_used: usize,
}

impl Block {
    fn clear(&mut self) {
        (self.used, self.ends_used) = (0, 0);
        self.starts.clear();
    }

    fn rows(&self) -> usize {
        self.starts.len()
    }

    /// Whether the last field of the row that was split last, which has at least two, is empty.
    fn last_is_empty(&self) -> bool {
        self.ends[self.ends_used - 1] == self.ends[self.ends_used - 2]
    }

    /// Adds the cells of one column to its dictionary.
    fn code(&self, column: usize, columns: usize, dictionary: &mut Dictionary) {
        for (row, &start) in self.starts.iter().enumerate() {
            let field = row * columns + column;
            let from = if column == 0 { 0 } else { self.ends[field - 1] };
            dictionary.push(&self.bytes[start + from..start + self.ends[field]]);
        }
    }
}

struct Splitter<R> {
    core: csv_core::Reader,
    input: Input<R>,
    max_row_bytes: usize,
    /// Data rows split so far.
    rows: u64,
    /// The line on which the last row ended, from 1.
    line: u64,
}

impl<R: Read + Send> Splitter<R> {
    /// The names of the columns, and the texts of the header that are no names of their own.
    fn header(&mut self) -> Result<Header, CsvFault> {
        let mut block = Block::default();
        let Some(fields) = self.row(&mut block, 0)? else {
            return Err(CsvFault::Empty);
        };
        let mut texts: Vec<&str> = Vec::with_capacity(fields);
        let mut start = 0;
        for &end in &block.ends[..fields] {
            let text = std::str::from_utf8(&block.bytes[start..end]);
            texts.push(text.expect("input is checked before it is split"));
            start = end;
        }
        if texts.iter().all(|text| text.is_empty()) {
            return Err(CsvFault::EmptyHeader);
        }
        let mut taken: HashSet<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let mut met = HashSet::with_capacity(fields);
        let (mut names, mut spelled) = (Vec::with_capacity(fields), Vec::new());
        for (column, &text) in texts.iter().enumerate() {
            if !text.is_empty() && met.insert(text) {
                names.push(text.to_owned());
                continue;
            }
            let made = |number: usize| match text.is_empty() {
                true => format!("column_{number}"),
                false => format!("{text}.{number}"),
            };
            let first = if text.is_empty() { column + 1 } else { 2 };
            let fresh = (first..).map(made).find(|name| !taken.contains(name));
            let fresh = fresh.unwrap_or_default();
            taken.insert(fresh.clone());
            names.push(fresh);
            spelled.push((column, text.to_owned()));
        }
        Ok(Header { names, spelled })
    }

    fn columns(&mut self, columns: usize) -> Result<(Vec<RawColumn>, usize), CsvFault> {
        let mut dictionaries: Vec<Dictionary> = (0..columns).map(|_| Dictionary::new()).collect();
        let (mut coded, mut split) = (Block::default(), Block::default());
        self.block(&mut coded, columns)?;
        while coded.rows() > 0 {
            let (next, ()) = rayon::join(
                || self.block(&mut split, columns),
                || {
                    dictionaries
                        .par_iter_mut()
                        .enumerate()
                        .for_each(|(column, dictionary)| {
                            coded.code(column, columns, dictionary);
                        });
                },
            );
            next?;
            std::mem::swap(&mut coded, &mut split);
        }
        let columns = dictionaries
            .into_iter()
            .map(Dictionary::into_column)
            .collect();
        Ok((columns, self.rows as usize))
    }

    /// Splits the next rows, about [`BLOCK_BYTES`] of them; none at the end of the file.
    fn block(&mut self, block: &mut Block, columns: usize) -> Result<(), CsvFault> {
        block.clear();
        while block.used < BLOCK_BYTES && block.ends_used < BLOCK_BYTES {
            let start = block.used;
            let Some(found) = self.row(block, self.rows + 1)? else {
                break;
            };
            self.rows += 1;
            // A delimiter at the end of the row, which the header lacks.
            let found = match found == columns + 1 && block.last_is_empty() {
                true => {
                    block.ends_used -= 1;
                    columns
                }
                false => found,
            };
            if found != columns {
                return Err(CsvFault::Ragged {
                    row: self.rows,
                    line: self.line,
                    expected: columns,
                    found,
                });
            }
            if self.rows >= u64::from(u32::MAX) {
                return Err(CsvFault::TooManyRows {
                    limit: u64::from(u32::MAX) - 1,
                });
            }
            block.starts.push(start);
        }
        Ok(())
    }

    /// Splits one row and says how many fields it has; `None` at the end of the file.
    fn row(&mut self, block: &mut Block, row: u64) -> Result<Option<usize>, CsvFault> {
        let (start, first) = (block.used, block.ends_used);
        loop {
            if self.input.ready().is_empty() && !self.input.ended {
                self.input.fill().map_err(|fault| fault.at_row(row))?;
            }
            if self.input.ready().is_empty() {
                // What is left in front of a bad byte is not the end of the file.
                if let Some(offset) = self.input.bad {
                    return Err(CsvFault::InvalidUtf8 { row, offset });
                }
            }
            let (result, read, written, ended) = self.core.read_record(
                &self.input.buffer[self.input.start..self.input.valid],
                &mut block.bytes[block.used..],
                &mut block.ends[block.ends_used..],
            );
            self.input.start += read;
            block.used += written;
            block.ends_used += ended;
            if block.used - start + block.ends_used - first > self.max_row_bytes {
                return Err(CsvFault::RowTooLong {
                    row,
                    limit: self.max_row_bytes,
                });
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    let bytes = (block.bytes.len() * 2).max(BLOCK_BYTES * 2);
                    block.bytes.resize(bytes, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    let ends = (block.ends.len() * 2).max(1 << 12);
                    block.ends.resize(ends, 0);
                }
                ReadRecordResult::Record => {
                    // The splitter counts line feeds; the one that ended this row is not yet seen
                    // after `\r` or at the end of the file.
                    let fed = read > 0 && self.input.buffer[self.input.start - 1] == b'\n';
                    self.line = self.core.line() - u64::from(fed);
                    return Ok(Some(block.ends_used - first));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}
