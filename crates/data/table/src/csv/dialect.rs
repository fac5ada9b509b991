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
    }
}

/// The position of the first line feed that is not inside quotes.
fn first_line_end(sample: &[u8]) -> Option<usize> {
    let mut quoted = false;
    sample.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b'\n' && !quoted
    })
}

/// Numbers of fields of the first records; the last one of a sample that was cut off does not
/// count.
fn widths(sample: &[u8], complete: bool, delimiter: u8) -> Vec<usize> {
    let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; 1 << 12], vec![0; 1 << 8]);
    let (mut rest, mut fields) = (sample, 0);
    let mut widths = Vec::new();
    while widths.len() < SAMPLE_RECORDS {
        let (result, read, _, ended) = core.read_record(rest, &mut output, &mut ends);
        rest = &rest[read..];
        fields += ended;
        match result {
            ReadRecordResult::InputEmpty if complete => {}
            ReadRecordResult::InputEmpty | ReadRecordResult::End => break,
            // The texts themselves are not looked at, so the buffers are simply used again.
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
            ReadRecordResult::Record => {
                widths.push(fields);
                fields = 0;
            }
        }
    }
    widths
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
