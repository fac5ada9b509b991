//! From the bytes of a file to UTF-8: compression and encodings.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use super::error::CsvFault;

/// The encoding of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-16 where a byte order mark says so, otherwise UTF-8; a file that is neither is read as
    /// Windows-1252.
    #[default]
    Auto,
    /// UTF-8, and nothing else.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, of which Latin-1 is the printable part.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// The first bytes of files compressed in ways that are not read, and what undoes it.
const COMPRESSED: [(&[u8], &str, &str); 4] = [
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d"),
    (
        b"PK\x03\x04",
        "zip (or is a spreadsheet)",
        "unzip, or save it as CSV",
    ),
    (b"\xfd7zXZ", "xz", "xz -d"),
    (b"BZh", "bzip2", "bzip2 -d"),
];

/// Returns a reader of the file as UTF-8, gzip undone.
///
/// # Errors
/// [`CsvFault::Compressed`] for another compression, [`CsvFault::Read`].
pub(super) fn decoded<'a>(
    mut source: impl Read + Send + 'a,
    encoding: Encoding,
) -> Result<Box<dyn Read + Send + 'a>, CsvFault> {
    let mut start = [0; 6];
    let read = fill(&mut source, &mut start).map_err(CsvFault::Read)?;
    let start = start[..read].to_vec();
    let gzip = start.starts_with(b"\x1f\x8b");
    let found = COMPRESSED.iter().find(|(mark, ..)| start.starts_with(mark));
    if let Some(&(_, kind, remedy)) = found {
        return Err(CsvFault::Compressed { kind, remedy });
    }
    let whole = io::Cursor::new(start).chain(source);
    match gzip {
        true => characters(MultiGzDecoder::new(whole), encoding),
        false => characters(whole, encoding),
    }
}

fn characters<'a>(
    mut source: impl Read + Send + 'a,
    encoding: Encoding,
) -> Result<Box<dyn Read + Send + 'a>, CsvFault> {
    if encoding == Encoding::Windows1252 {
        return Ok(Box::new(Windows1252 {
            source,
            buffer: vec![0; 1 << 16],
            ready: Vec::new(),
            used: 0,
        }));
    }
    let mut mark = [0; 2];
    let read = fill(&mut source, &mut mark).map_err(CsvFault::Read)?;
    let mark = mark[..read].to_vec();
    let unit = match mark.as_slice() {
        b"\xff\xfe" => u16::from_le_bytes,
        b"\xfe\xff" => u16::from_be_bytes,
        _ => return Ok(Box::new(io::Cursor::new(mark).chain(source))),
    };
    if encoding == Encoding::Utf8 {
        return Err(CsvFault::Utf16);
    }
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(CsvFault::Read)?;
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if bytes.len() % 2 == 0 => Ok(Box::new(io::Cursor::new(text.into_bytes()))),
        _ => Err(CsvFault::Utf16),
    }
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut used = 0;
    while used < buffer.len() {
        match source.read(&mut buffer[used..]) {
            Ok(0) => break,
            Ok(bytes) => used += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(used)
}

/// Windows-1252 as UTF-8.
struct Windows1252<R> {
    source: R,
    buffer: Vec<u8>,
    ready: Vec<u8>,
    used: usize,
}

impl<R: Read> Read for Windows1252<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.ready.len() {
            let read = self.source.read(&mut self.buffer)?;
            let text: String = self.buffer[..read]
                .iter()
                .map(|&byte| character(byte))
                .collect();
            self.ready = text.into_bytes();
            self.used = 0;
        }
        let bytes = out.len().min(self.ready.len() - self.used);
        out[..bytes].copy_from_slice(&self.ready[self.used..self.used + bytes]);
        self.used += bytes;
        Ok(bytes)
    }
}

/// The character of a byte, by the index of the WHATWG encoding standard: Latin-1 but for 0x80 to
/// 0x9f.
fn character(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}',
        '\u{2021}', '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}',
        '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}',
        '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}',
        '\u{178}',
    ];
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], encoding: Encoding, expected: &str) {
        let mut text = String::new();
        let mut reader = decoded(bytes, encoding).expect("a reader");
        reader.read_to_string(&mut text).expect("UTF-8");
        assert_eq!(text, expected);
    }

    #[test]
    fn encodings_and_gzip_are_undone() {
        check("a,\u{e9}\n".as_bytes(), Encoding::Auto, "a,\u{e9}\n");
        check(b"", Encoding::Auto, "");
        check(b"a", Encoding::Windows1252, "a");
        check(
            b"\xe9\x80\x9f",
            Encoding::Windows1252,
            "\u{e9}\u{20ac}\u{178}",
        );
        check(b"\xff\xfea\0\xe9\0", Encoding::Auto, "a\u{e9}");
        check(b"\xfe\xff\0a\0\xe9", Encoding::Auto, "a\u{e9}");
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zipped.write_all(b"a,b\n1,2\n").expect("in memory");
        let zipped = zipped.finish().expect("in memory");
        check(&zipped, Encoding::Auto, "a,b\n1,2\n");
    }

    #[test]
    fn what_cannot_be_decoded_is_named() {
        let fault = |bytes: &'static [u8]| {
            decoded(bytes, Encoding::Auto)
                .err()
                .map(|fault| fault.to_string())
        };
        assert!(fault(b"\x28\xb5\x2f\xfd123").is_some_and(|text| text.contains("zstd -d")));
        assert!(fault(b"PK\x03\x04xl").is_some_and(|text| text.contains("CSV")));
        assert!(fault(b"\xff\xfea").is_some(), "half a character");
    }
}
