//! Finding out how a file spells a table.

use csv_core::ReadRecordResult;

use super::CsvFault;
use crate::Dialect;

/// In the order of preference when a sample fits several.
const CANDIDATES: [u8; 4] = *b",;\t|";
const SAMPLE_RECORDS: usize = 200;

/// The delimiter as a byte.
pub(super) fn delimiter_byte(delimiter: char) -> Result<u8, CsvFault> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => Ok(byte),
        _ => Err(CsvFault::BadDelimiter),
    }
}

/// The dialect of the file that starts with this sample (byte order mark taken off), `complete` if
/// the sample is all of it.
///
/// The delimiter is the one that splits the header and all following rows into the same number of
/// fields, at least two; if several do, the one with most fields; if none does, the one that splits
/// the header into most.
pub(super) fn detect(sample: &[u8], complete: bool, bom: bool, given: Option<char>) -> Dialect {
    let delimiter = given.unwrap_or_else(|| {
        let (mut best, mut best_score) = (CANDIDATES[0], (false, 1));
        for candidate in CANDIDATES {
            let widths = widths(sample, complete, candidate);
            let Some(&header) = widths.first() else {
                continue;
            };
            let even = header > 1 && widths.iter().all(|&width| width == header);
            if (even, header) > best_score {
                (best, best_score) = (candidate, (even, header));
            }
        }
        char::from(best)
    });
    let crlf = first_line_end(sample).is_some_and(|end| end > 0 && sample[end - 1] == b'\r');
    Dialect {
        delimiter,
        crlf,
        bom,
        sep_line: false,
    }
}

/// Returns the delimiter that the first line names, and the length of that line, if the file starts
/// with `sep=` as spreadsheet programs write it.
pub(super) fn sep_line(sample: &[u8]) -> Option<(u8, usize)> {
    let rest = sample
        .strip_prefix(b"sep=")
        .or_else(|| sample.strip_prefix(b"Sep="))?;
    let (&delimiter, rest) = rest.split_first()?;
    let line_end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    Some((delimiter, 5 + line_end))
}

/// Records that may stand above a header.
const MAX_PREAMBLE: usize = 20;

/// How many records at the start of the sample are a title, comments or empty lines above the
/// header: they have at most one field with a text (comments begin with `#` and have other numbers
/// of fields), and all records after them have the same number of fields, at least two.
pub(super) fn preamble(sample: &[u8], complete: bool, delimiter: u8) -> usize {
    above_header(&records(sample, complete, delimiter))
}

/// [`preamble`] of records that are split already.
fn above_header(records: &[Record]) -> usize {
    let above = |record: &Record, width: usize| {
        record.texts <= 1 || (record.comment && record.width != width)
    };
    (1..records.len().min(MAX_PREAMBLE + 1))
        .find(|&lines| {
            let (title, table) = records.split_at(lines);
            let width = table[0].width;
            table.len() >= 2
                && width >= 2
                && table[0].texts >= 2
                && table.iter().all(|record| record.width == width)
                && title.iter().all(|record| above(record, width))
        })
        .filter(|_| records[0].texts <= 1 || records[0].comment)
        .unwrap_or(0)
}

/// The position of the first line feed that is not inside quotes.
fn first_line_end(sample: &[u8]) -> Option<usize> {
    let mut quoted = false;
    sample.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b'\n' && !quoted
    })
}

/// One of the first records.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Number of fields.
    width: usize,
    /// Fields that are not empty.
    texts: usize,
    /// The record begins with `#`.
    comment: bool,
}

/// Numbers of fields of the first records, without those that stand above a header.
fn widths(sample: &[u8], complete: bool, delimiter: u8) -> Vec<usize> {
    let records = records(sample, complete, delimiter);
    records[above_header(&records)..]
        .iter()
        .map(|record| record.width)
        .collect()
}

/// The first records; the last one of a sample that was cut off does not count.
fn records(sample: &[u8], complete: bool, delimiter: u8) -> Vec<Record> {
    let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; 1 << 16], vec![0; 1 << 12]);
    let (mut rest, mut record) = (sample, Record::default());
    let mut records = Vec::new();
    let mut begins = true;
    while records.len() < SAMPLE_RECORDS {
        let (result, read, _, ended) = core.read_record(rest, &mut output, &mut ends);
        if begins {
            record.comment = rest.first() == Some(&b'#');
        }
        begins = false;
        rest = &rest[read..];
        record.width += ended;
        // The ends count from the start of the record; a field that did not fit into the buffer is
        // not empty.
        let starts = std::iter::once(0).chain(ends[..ended].iter().copied());
        record.texts += starts
            .zip(&ends[..ended])
            .filter(|(start, end)| start != *end)
            .count();
        match result {
            ReadRecordResult::InputEmpty if complete => {}
            ReadRecordResult::InputEmpty | ReadRecordResult::End => break,
            // The texts themselves are not looked at, so the buffers are simply used again.
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            ReadRecordResult::Record => {
                records.push(record);
                record = Record::default();
                begins = true;
            }
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &str, delimiter: char) {
        assert_eq!(
            detect(sample.as_bytes(), true, false, None).delimiter,
            delimiter
        );
    }

    #[test]
    fn the_delimiter_is_the_one_that_splits_all_rows_alike() {
        check("a,b\n1,2\n", ',');
        check("a;b\n1,5;2,5\n", ';');
        check("a\tb c\n1\t2,5\n", '\t');
        check("a|b|c\n1|2|3\n", '|');
        check("name;note\n\"x, y\";\"1,2,3\"\n", ';');
    }

    #[track_caller]
    fn check_preamble(sample: &str, lines: usize) {
        assert_eq!(preamble(sample.as_bytes(), true, b','), lines, "{sample}");
    }

    #[test]
    fn titles_and_comments_above_a_header_are_told_from_rows() {
        check_preamble("Export of 2024,,\n,,\na,b,c\n1,2,3\n", 2);
        check_preamble("Export of 2024\na,b,c\n1,2,3\n4,5,6\n", 1);
        check_preamble("# made by, a program\n# x\na,b,c\n1,2,3\n", 2);
        check_preamble("#chrom,pos,id\n1,2,3\n1,3,4\n", 0);
        check_preamble("a,b,c\n1,2,3\n4,5,6\n", 0);
        check_preamble("a\n1\n2\n", 0);
        check_preamble("a\n1,2\n", 0);
        check("Report\n\na;b;c\n1,5;2;3\n2,5;2;3\n", ';');
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        assert_eq!(sep_line(b"sep=;\r\na;b\n"), Some((b';', 7)));
        assert_eq!(sep_line(b"sep=,\na,b\n"), Some((b',', 6)));
        assert_eq!(sep_line(b"sep=a,b\n"), None);
        assert_eq!(sep_line(b"sepal,b\n"), None);
    }

    #[test]
    fn one_column_reads_as_comma_separated() {
        check("a\n1\n2\n", ',');
        check("a", ',');
    }

    #[test]
    fn a_ragged_file_is_split_as_its_header() {
        check("a,b,c\n1,2\n1,2,3\n", ',');
    }

    #[test]
    fn line_ends_are_those_of_the_first_line() {
        assert!(detect(b"a,b\r\n1,2\r\n", true, false, None).crlf);
        assert!(!detect(b"a,b\n1,2\r\n", true, false, None).crlf);
        assert!(detect(b"\"a\nb\",c\r\n1,2\r\n", true, false, None).crlf);
    }
}
