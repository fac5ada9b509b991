//! Tables into files of separated values.

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use rayon::prelude::*;

use super::dialect::delimiter_byte;
use super::error::{CsvError, CsvFault};
use crate::parse::{date, number};
use crate::{
    AtomicFile, Column, Dialect, Field, Kind, NumberFormat, Overwrite, RawTable, Table, Values,
};

/// A record of writing: rows, and values that will not read back alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Data rows.
    pub rows: usize,
    /// Numeric columns with values that are spelled like one of their missing codes, and in how
    /// many rows.
    pub lookalikes: Vec<(String, usize)>,
}

/// Writes the table, every value as its source spelled it: levels by their text, numbers by their
/// marks and decimals, dates by their format, missing values by their code or as the column writes
/// absent ones. Fields are quoted where that is needed, and only there.
///
/// Where a level or text is spelled like the column's mark for absent values, absent values are
/// written as empty fields, which always read as absent.
///
/// # Errors
/// The writer refuses (a full disk); a text reads as a missing value; a date is beyond its format;
/// the delimiter is none.
pub fn write(table: &Table, out: impl Write, dialect: &Dialect) -> Result<Written, CsvError> {
    Ok(write_table(table, out, dialect)?)
}

/// [`write()`] to a file, which appears when it is complete.
///
/// # Errors
/// As [`write()`], and the file exists and `overwrite` is [`Overwrite::Refuse`].
pub fn write_file(
    table: &Table,
    path: impl AsRef<Path>,
    dialect: &Dialect,
    overwrite: Overwrite,
) -> Result<Written, CsvError> {
    to_file(path.as_ref(), overwrite, |file| {
        write_table(table, file, dialect)
    })
}

/// Writes the texts of a raw table in its own dialect.
///
/// # Errors
/// The writer refuses; the delimiter is none.
pub fn write_raw(table: &RawTable, out: impl Write) -> Result<(), CsvError> {
    Ok(write_texts(table, out)?)
}

/// [`write_raw`] to a file, which appears when it is complete.
///
/// # Errors
/// As [`write_raw`], and the file exists and `overwrite` is [`Overwrite::Refuse`].
pub fn write_raw_file(
    table: &RawTable,
    path: impl AsRef<Path>,
    overwrite: Overwrite,
) -> Result<(), CsvError> {
    to_file(path.as_ref(), overwrite, |file| write_texts(table, file))
}

fn to_file<T>(
    path: &Path,
    overwrite: Overwrite,
    write: impl FnOnce(&mut AtomicFile) -> Result<T, CsvFault>,
) -> Result<T, CsvError> {
    let mut file = AtomicFile::create(path, overwrite).map_err(CsvFault::File)?;
    let written = write(&mut file).map_err(|fault| CsvError::from(fault).in_file(path))?;
    file.commit().map_err(CsvFault::File)?;
    Ok(written)
}

/// Rows are spelled in blocks of this many, the blocks of one batch in parallel, and written in
/// order.
const BLOCK_ROWS: usize = 4096;
const BATCH_BLOCKS: usize = 32;

fn write_table(table: &Table, mut out: impl Write, dialect: &Dialect) -> Result<Written, CsvFault> {
    let style = Style::new(dialect, table.columns().len())?;
    let fields = table.schema().fields().iter();
    let names = fields.map(|field| field.header.as_deref().unwrap_or(&field.name));
    style.write_header(names, &mut out)?;
    let columns: Vec<Speller<'_>> = table
        .schema()
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| Speller::new(field, column, &style))
        .collect::<Result<_, _>>()?;
    write_blocks(table.rows(), out, |rows, bytes| {
        let mut scratch = String::new();
        for row in rows {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    bytes.push(style.delimiter);
                }
                column.spell(row, &mut scratch, bytes, &style)?;
            }
            style.end_line(bytes);
        }
        Ok(())
    })?;
    let lookalikes = columns
        .par_iter()
        .filter_map(|column| {
            let rows = column.lookalikes();
            (rows > 0).then(|| (column.field.name.clone(), rows))
        })
        .collect();
    Ok(Written {
        rows: table.rows(),
        lookalikes,
    })
}

fn write_texts(table: &RawTable, mut out: impl Write) -> Result<(), CsvFault> {
    let style = Style::new(&table.dialect, table.columns.len())?;
    let names = table.names.iter().enumerate();
    let names = names.map(|(column, name)| table.header(column).unwrap_or(name));
    style.write_header(names, &mut out)?;
    write_blocks(table.rows, out, |rows, bytes| {
        for row in rows {
            for (index, column) in table.columns.iter().enumerate() {
                if index > 0 {
                    bytes.push(style.delimiter);
                }
                style.push_field(column.get(row), bytes);
            }
            style.end_line(bytes);
        }
        Ok(())
    })
}

fn write_blocks(
    rows: usize,
    mut out: impl Write,
    spell: impl Fn(std::ops::Range<usize>, &mut Vec<u8>) -> Result<(), CsvFault> + Sync,
) -> Result<(), CsvFault> {
    let blocks = rows.div_ceil(BLOCK_ROWS);
    let mut buffers: Vec<Vec<u8>> = vec![Vec::new(); blocks.min(BATCH_BLOCKS)];
    for first in (0..blocks).step_by(BATCH_BLOCKS) {
        let batch = &mut buffers[..(blocks - first).min(BATCH_BLOCKS)];
        // Collecting keeps the order, so the error of the lowest block is the one reported.
        let spelled: Vec<Result<(), CsvFault>> = batch
            .par_iter_mut()
            .enumerate()
            .map(|(index, bytes)| {
                let start = (first + index) * BLOCK_ROWS;
                bytes.clear();
                spell(start..(start + BLOCK_ROWS).min(rows), bytes)
            })
            .collect();
        spelled.into_iter().collect::<Result<(), _>>()?;
        for bytes in batch {
            out.write_all(bytes).map_err(CsvFault::Write)?;
        }
    }
    out.flush().map_err(CsvFault::Write)
}

/// Delimiter, line end and rules of quoting.
struct Style {
    delimiter: u8,
    crlf: bool,
    bom: bool,
    sep_line: bool,
    /// A lone empty field would be a blank line, which readers skip.
    quote_empty: bool,
}

impl Style {
    fn new(dialect: &Dialect, columns: usize) -> Result<Self, CsvFault> {
        Ok(Self {
            delimiter: delimiter_byte(dialect.delimiter)?,
            crlf: dialect.crlf,
            bom: dialect.bom,
            sep_line: dialect.sep_line,
            quote_empty: columns == 1,
        })
    }

    fn write_header<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        out: &mut impl Write,
    ) -> Result<(), CsvFault> {
        let mut bytes = Vec::new();
        if self.bom {
            bytes.extend_from_slice(b"\xef\xbb\xbf");
        }
        if self.sep_line {
            bytes.extend_from_slice(b"sep=");
            bytes.push(self.delimiter);
            self.end_line(&mut bytes);
        }
        for (index, name) in names.enumerate() {
            if index > 0 {
                bytes.push(self.delimiter);
            }
            self.push_field(name, &mut bytes);
        }
        self.end_line(&mut bytes);
        out.write_all(&bytes).map_err(CsvFault::Write)
    }

    fn end_line(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(if self.crlf { b"\r\n" } else { b"\n" });
    }

    fn push_field(&self, text: &str, bytes: &mut Vec<u8>) {
        let special = |byte: &u8| matches!(byte, b'"' | b'\n' | b'\r') || *byte == self.delimiter;
        let quoted = text.as_bytes().iter().any(special)
            || (text.is_empty() && self.quote_empty)
            // At the start of a file this would be taken for a byte order mark.
            || text.starts_with('\u{feff}');
        if !quoted {
            bytes.extend_from_slice(text.as_bytes());
            return;
        }
        bytes.push(b'"');
        for &byte in text.as_bytes() {
            if byte == b'"' {
                bytes.push(b'"');
            }
            bytes.push(byte);
        }
        bytes.push(b'"');
    }

    fn field(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.push_field(text, &mut bytes);
        bytes
    }
}

/// Spells the cells of one column.
struct Speller<'a> {
    field: &'a Field,
    column: &'a Column,
    /// What stands for each missing byte, ready to write; index 0 is not used.
    missing: Vec<Vec<u8>>,
    /// For a categorical column the levels, ready to write.
    levels: Vec<Vec<u8>>,
}

impl<'a> Speller<'a> {
    fn new(field: &'a Field, column: &'a Column, style: &Style) -> Result<Self, CsvFault> {
        let is_level = |text: &str| {
            field
                .kind
                .levels()
                .is_some_and(|levels| levels.code(text).is_some())
        };
        let absent = match is_level(&field.absent) || field.kind == Kind::Text {
            true => "",
            false => &field.absent,
        };
        let codes = field.missing_codes.iter().map(|code| code.text.as_str());
        let speller = Self {
            missing: ["", absent]
                .into_iter()
                .chain(codes.clone())
                .map(|text| style.field(text))
                .collect(),
            levels: field
                .kind
                .levels()
                .map(|levels| levels.iter().map(|level| style.field(level)).collect())
                .unwrap_or_default(),
            field,
            column,
        };
        speller.refuse_ambiguous(&codes.collect::<Vec<_>>())?;
        Ok(speller)
    }

    /// A level or text that is in use and spelled like a missing value would come back as one.
    fn refuse_ambiguous(&self, codes: &[&str]) -> Result<(), CsvFault> {
        let rows = 0..self.column.len();
        let present = |row: &usize| !self.column.is_missing(*row);
        let row = match (self.column.values(), self.field.kind.levels()) {
            (Values::Codes(values), Some(levels)) => {
                let taken: Vec<bool> = levels
                    .iter()
                    .map(|level| level.is_empty() || codes.contains(&level))
                    .collect();
                if !taken.contains(&true) {
                    return Ok(());
                }
                rows.filter(present)
                    .find(|&row| taken[values[row] as usize])
            }
            (Values::Text(texts), _) => rows.filter(present).find(|&row| {
                let text = texts.get(row);
                text.is_empty() || text == self.field.absent || codes.contains(&text)
            }),
            _ => None,
        };
        match row {
            Some(row) => Err(CsvFault::Ambiguous {
                column: self.field.name.clone(),
                row: row + 1,
            }),
            None => Ok(()),
        }
    }

    fn spell(
        &self,
        row: usize,
        scratch: &mut String,
        bytes: &mut Vec<u8>,
        style: &Style,
    ) -> Result<(), CsvFault> {
        if let Some(missing) = self.column.missing(row) {
            bytes.extend_from_slice(&self.missing[usize::from(missing.to_byte())]);
            return Ok(());
        }
        scratch.clear();
        match (self.column.values(), &self.field.kind) {
            (Values::Codes(codes), _) => {
                bytes.extend_from_slice(&self.levels[codes[row] as usize]);
                return Ok(());
            }
            (Values::Text(texts), _) => {
                style.push_field(texts.get(row), bytes);
                return Ok(());
            }
            (Values::Continuous(values), kind) => {
                number::spell_real(scratch, values[row], number_format(kind));
            }
            (Values::Integer(values), Kind::Date { format, .. }) => {
                *scratch = date::spell_date(values[row], format)
                    .ok_or_else(|| self.unspellable(row, format))?;
            }
            (Values::Integer(values), Kind::DateTime { format, unit, .. }) => {
                *scratch = date::spell_date_time(values[row], format, *unit)
                    .ok_or_else(|| self.unspellable(row, format))?;
            }
            (Values::Integer(values), kind) => {
                number::spell_integer(scratch, values[row], number_format(kind));
            }
        }
        style.push_field(scratch, bytes);
        Ok(())
    }

    fn unspellable(&self, row: usize, format: &str) -> CsvFault {
        CsvFault::Unspellable {
            column: self.field.name.clone(),
            row: row + 1,
            format: format.to_owned(),
        }
    }

    /// Rows whose number is spelled like a missing code of the column.
    fn lookalikes(&self) -> usize {
        let format = number_format(&self.field.kind);
        let codes: Vec<f64> = std::iter::once(self.field.absent.as_str())
            .chain(
                self.field
                    .missing_codes
                    .iter()
                    .map(|code| code.text.as_str()),
            )
            .filter_map(|text| number::parse(text, format).ok())
            .map(|number| number.value)
            .collect();
        if codes.is_empty() {
            return 0;
        }
        (0..self.column.len())
            .filter_map(|row| self.column.number(row))
            .filter(|value| codes.contains(value))
            .count()
    }
}

fn number_format(kind: &Kind) -> &NumberFormat {
    static PLAIN: LazyLock<NumberFormat> = LazyLock::new(NumberFormat::default);
    match kind {
        Kind::Integer { format, .. } | Kind::Continuous { format, .. } => format,
        _ => &PLAIN,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn fields_are_quoted_only_where_needed() {
        let style = Style::new(&Dialect::default(), 1).unwrap();
        for (text, expected) in [
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("a;b", "a;b"),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("", "\"\""),
        ] {
            assert_eq!(style.field(text), expected.as_bytes());
        }
    }

    #[test]
    fn a_writer_that_refuses_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let table = RawTable {
            names: vec!["a".to_owned()],
            columns: vec![crate::RawColumn::default()],
            ..RawTable::default()
        };
        let error = write_raw(&table, Full).unwrap_err();
        assert!(matches!(error.fault(), CsvFault::Write(_)));
    }
}
