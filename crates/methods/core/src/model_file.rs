//! Model files: one readable header line, attachments, and a body that belongs to the method.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{FitRecord, Model, ModelFileError};

const FORMAT: &str = "parable-model";
const VERSION: u32 = 1;
/// A header line longer than this is not read: a foreign file may have no line end at all.
const MAX_HEADER_BYTES: usize = 256 << 20;

/// A model file taken apart: what it says of itself, what was attached, and the method's own bytes.
///
/// On disk: one line of JSON, so that `head -1` is an audit; then the attachments one after the
/// other in the order of the header; then the body. Each part's length and SHA-256 stand in the
/// header, so that a damaged file is refused before anything is made of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModelFile {
    /// How the model came about.
    pub record: FitRecord,
    /// The program that wrote the file, with its version.
    pub written_by: String,
    /// Parts that belong to the user of the model and not to the method, such as the recipe that
    /// restores the source's columns.
    pub attachments: BTreeMap<String, Vec<u8>>,
    /// The method's own bytes.
    pub body: Vec<u8>,
}

/// The stored header, version 1.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    method: String,
    written_by: String,
    record: FitRecord,
    parts: Vec<Part>,
}

/// The least that every version's header has.
#[derive(Deserialize)]
struct AnyHeader {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Part {
    name: String,
    bytes: usize,
    sha256: String,
}

const BODY: &str = "body";

impl ModelFile {
    /// The file of a model, without attachments.
    ///
    /// # Errors
    /// Whatever the model meets when it writes its body.
    pub fn of(model: &dyn Model) -> Result<Self, ModelFileError> {
        let mut body = Vec::new();
        model.write_body(&mut body)?;
        Ok(Self {
            record: model.record().clone(),
            written_by: concat!("parable ", env!("CARGO_PKG_VERSION")).to_owned(),
            attachments: BTreeMap::new(),
            body,
        })
    }

    /// The same with one more attachment.
    #[must_use]
    pub fn with_attachment(mut self, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        self.attachments.insert(name.into(), bytes);
        self
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Whatever writing meets.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        let parts = self.parts().map(|(name, bytes)| Part {
            name: name.to_owned(),
            bytes: bytes.len(),
            sha256: sha256(bytes),
        });
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            method: self.record.method.clone(),
            written_by: self.written_by.clone(),
            record: self.record.clone(),
            parts: parts.collect(),
        };
        serde_json::to_writer(&mut *out, &header).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        self.parts()
            .try_for_each(|(_, bytes)| out.write_all(bytes))?;
        Ok(out.flush()?)
    }

    fn parts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.attachments
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .chain([(BODY, self.body.as_slice())])
    }

    /// Reads a file written by [`ModelFile::write`] and checks every part of it.
    ///
    /// # Errors
    /// Not a model file, a version this build does not know, a file cut short or changed.
    pub fn read(input: &mut dyn Read) -> Result<Self, ModelFileError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        let end = bytes
            .iter()
            .take(MAX_HEADER_BYTES)
            .position(|&b| b == b'\n')
            .ok_or(ModelFileError::Foreign)?;
        let header = read_header(&bytes[..end])?;
        let mut rest = &bytes[end + 1..];
        let mut attachments = BTreeMap::new();
        let mut body = None;
        for part in header.parts {
            let damaged = |problem| ModelFileError::Damaged {
                part: part.name.clone(),
                problem,
            };
            let (content, after) = rest
                .split_at_checked(part.bytes)
                .ok_or_else(|| damaged("is cut short"))?;
            if sha256(content) != part.sha256 {
                return Err(damaged("was changed after writing"));
            }
            rest = after;
            if part.name == BODY {
                body = Some(content.to_vec());
            } else {
                attachments.insert(part.name, content.to_vec());
            }
        }
        if !rest.is_empty() {
            return Err(ModelFileError::Damaged {
                part: "end".to_owned(),
                problem: "is followed by more bytes",
            });
        }
        let body = body.ok_or(ModelFileError::Damaged {
            part: BODY.to_owned(),
            problem: "is absent",
        })?;
        Ok(Self {
            record: header.record,
            written_by: header.written_by,
            attachments,
            body,
        })
    }
}

fn read_header(line: &[u8]) -> Result<Header, ModelFileError> {
    let any: AnyHeader = serde_json::from_slice(line).map_err(|_| ModelFileError::Foreign)?;
    if any.format != FORMAT {
        return Err(ModelFileError::Foreign);
    }
    if any.version != VERSION {
        return Err(ModelFileError::Version {
            found: any.version,
            oldest: VERSION,
            newest: VERSION,
        });
    }
    serde_json::from_slice(line).map_err(|_| ModelFileError::Damaged {
        part: "header".to_owned(),
        problem: "does not have the fields of its version",
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads the models of one method back from their files.
pub trait ModelReader: Send + Sync {
    /// The method whose models it reads; equal to [`Synthesizer::name`](crate::Synthesizer::name).
    fn method(&self) -> &'static str;

    /// Makes the model that wrote this file.
    ///
    /// # Errors
    /// [`ModelFileError::Body`] for bytes the method does not write.
    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError>;
}
