//! Long fits that can go on after an interruption: a file that says how far one is, and what was spent.
//!
//! A checkpoint belongs to one fit: settings, schema, seed, budget and the charges so far stand in it, and a fit that differs in any of them is
//! refused. Going on charges nothing that stands in it a second time.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use parable_dp::{Budget, Entry, Event, Ledger, PrivacyUnit, Receipt};
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{FitContext, FitError, NoiseProvenance, digest};

const FORMAT: &str = "parable-checkpoint";
const VERSION: u32 = 1;
/// More numbers than any network has: a damaged header must not ask for all memory.
const MOST_NUMBERS: usize = 1 << 31;

/// Where a fit keeps its checkpoint, and how often it writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpointing {
    /// The file. If it is there, the fit goes on from it; the folder must exist.
    pub path: PathBuf,
    /// Steps between two writings, at least 1.
    pub every: u64,
}

impl Checkpointing {
    /// A checkpoint at this path, written about every so many steps (at least one).
    pub fn new(path: impl Into<PathBuf>, every: u64) -> Self {
        Self {
            path: path.into(),
            every: every.max(1),
        }
    }
}

impl From<PathBuf> for Checkpointing {
    /// Writes about every 100 steps.
    fn from(path: PathBuf) -> Self {
        Self::new(path, 100)
    }
}

impl From<&Path> for Checkpointing {
    /// Writes about every 100 steps.
    fn from(path: &Path) -> Self {
        Self::new(path, 100)
    }
}

/// Why a fit cannot go on from a checkpoint, or cannot write one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Reading or writing failed.
    #[error("checkpoint {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The first line is not the header of a checkpoint.
    #[error("{} is no parable checkpoint: its first line is not a checkpoint header", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A version this build cannot read.
    #[error("checkpoint {} has version {found}; this build reads version {readable}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The version that can be read.
        readable: u32,
    },
    /// The file ends early, was changed after writing, or lacks something.
    #[error("checkpoint {} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It belongs to another fit.
    #[error("checkpoint {} belongs to another fit: {what} differs", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}

/// What a checkpoint must agree in with the fit that goes on from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    method: String,
    method_version: String,
    config: serde_json::Value,
    schema: Schema,
    /// SHA-256 of the seed.
    seed: String,
    unit: PrivacyUnit,
    budget: Budget,
    noise: NoiseProvenance,
    /// SHA-256 of the table, for fits without privacy: a private fit may not say anything exact about its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table_digest: Option<String>,
}

/// A matrix of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckpointArray {
    /// Its name, unique in the file.
    pub name: String,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// The numbers, row by row; as many as the shape says.
    pub numbers: Vec<f32>,
}

impl CheckpointArray {
    /// A matrix with a name.
    pub fn new(name: impl Into<String>, shape: [usize; 2], numbers: Vec<f32>) -> Self {
        Self {
            name: name.into(),
            shape,
            numbers,
        }
    }
}

/// How far a fit is: what was charged, what the method says of itself, and the numbers of its networks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint {
    identity: Identity,
    /// All charges of the ledger when it was written.
    pub ledger: Vec<Entry>,
    /// What the method wrote: counters, released counts.
    pub state: serde_json::Value,
    /// Numbers of networks and of their optimisers.
    pub arrays: Vec<CheckpointArray>,
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    identity: Identity,
    ledger: Vec<Entry>,
    state: serde_json::Value,
    arrays: Vec<Shape>,
    /// Of all bytes after this line.
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct AnyHeader {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    name: String,
    shape: [usize; 2],
}

/// A fit as its checkpoints see it.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    every: u64,
    identity: Identity,
}

impl CheckpointFile {
    /// The file of this fit, if the context asks for one. `private` says whether the table may be recognised by a digest.
    #[must_use]
    pub fn of(
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        table: &Table,
        private: bool,
        context: &FitContext<'_>,
    ) -> Option<Self> {
        let asked = context.checkpoint.as_ref()?;
        let schema = table.schema();
        let noise = match (private, context.noise.is_insecure()) {
            (false, _) => NoiseProvenance::None,
            (true, true) => NoiseProvenance::InsecureSeed,
            (true, false) => NoiseProvenance::OperatingSystem,
        };
        Some(Self {
            path: asked.path.clone(),
            every: asked.every.max(1),
            identity: Identity {
                method: method.to_owned(),
                method_version: method_version.to_owned(),
                config: serde_json::to_value(config).unwrap_or(serde_json::Value::Null),
                schema: if private {
                    schema.public()
                } else {
                    schema.clone()
                },
                seed: sha256(context.seed.to_string().as_bytes()),
                unit: context.ledger.unit(),
                budget: context.ledger.budget(),
                noise,
                table_digest: (!private).then(|| digest(table)),
            },
        })
    }

    /// Steps between two writings.
    #[must_use]
    pub fn every(&self) -> u64 {
        self.every
    }

    /// Writes the checkpoint beside its place and then into it, so that there is a whole one at any time.
    ///
    /// # Errors
    /// [`CheckpointError::Io`].
    pub fn write(
        &self,
        ledger: &Ledger,
        state: serde_json::Value,
        arrays: Vec<CheckpointArray>,
    ) -> Result<(), CheckpointError> {
        let checkpoint = Checkpoint {
            // The measure in which a budget is kept may have been chosen since the fit began.
            identity: Identity {
                budget: ledger.budget(),
                ..self.identity.clone()
            },
            ledger: ledger.entries().to_vec(),
            state,
            arrays,
        };
        let failed = |source| CheckpointError::Io {
            path: self.path.clone(),
            source,
        };
        checkpoint.write(&self.path).map_err(failed)
    }

    /// The checkpoint to go on from, after its charges were entered into the ledger of the context where they were not yet. `None` if the file is
    /// not there.
    ///
    /// The second part holds the receipts of the charges for which `open` is true: a training that is charged once and drawn step by step. The method
    /// must know how much of them was drawn.
    ///
    /// # Errors
    /// A file that is damaged, foreign or of another fit; a ledger with other charges, which is left as it is.
    pub fn resume(
        &self,
        context: &mut FitContext<'_>,
        open: impl Fn(&Event) -> bool,
    ) -> Result<Option<(Checkpoint, Vec<Receipt>)>, FitError> {
        let Some(checkpoint) = Checkpoint::read(&self.path)? else {
            return Ok(None);
        };
        let differs = |what| CheckpointError::Other {
            path: self.path.clone(),
            what,
        };
        let (own, found) = (&self.identity, &checkpoint.identity);
        let parts = [
            ("the method", own.method == found.method),
            (
                "the version of the method",
                own.method_version == found.method_version,
            ),
            ("a setting", own.config == found.config),
            ("the schema", own.schema == found.schema),
            ("the seed", own.seed == found.seed),
            ("the privacy unit", own.unit == found.unit),
            ("the kind of noise", own.noise == found.noise),
            ("the table", own.table_digest == found.table_digest),
            ("the budget", own.budget.is_kept_by(found.budget)),
        ];
        if let Some((what, _)) = parts.iter().find(|(_, same)| !same) {
            return Err(differs(what).into());
        }
        let receipts = (context.ledger)
            .resume(checkpoint.identity.budget, &checkpoint.ledger)?
            .ok_or_else(|| differs("the ledger"))?
            .into_iter()
            .filter(|receipt| open(receipt.event()))
            .collect();
        Ok(Some((checkpoint, receipts)))
    }

    /// What to say about a state the method cannot use.
    #[must_use]
    pub fn damaged(&self, problem: &'static str) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            problem,
        }
    }
}

impl Checkpoint {
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut body = Vec::new();
        for array in &self.arrays {
            body.extend(array.numbers.iter().flat_map(|x| x.to_le_bytes()));
        }
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            identity: self.identity.clone(),
            ledger: self.ledger.clone(),
            state: self.state.clone(),
            arrays: self
                .arrays
                .iter()
                .map(|array| Shape {
                    name: array.name.clone(),
                    shape: array.shape,
                })
                .collect(),
            sha256: sha256(&body),
        };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let mut file = File::create(&beside)?;
        serde_json::to_writer(&mut file, &header)?;
        file.write_all(b"\n")?;
        file.write_all(&body)?;
        file.sync_all()?;
        fs::rename(beside, path)
    }

    /// The checkpoint in a file; `None` if there is none.
    fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(CheckpointError::Io {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let damaged = |problem| CheckpointError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let foreign = || CheckpointError::Foreign {
            path: path.to_owned(),
        };
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (line, rest) = end.map_or((&bytes[..], &[][..]), |end| {
            (&bytes[..end], &bytes[end + 1..])
        });
        if end.is_none() {
            let own = format!("{{\"format\":\"{FORMAT}\"");
            return Err(if line.starts_with(own.as_bytes()) {
                damaged("it is cut short")
            } else {
                foreign()
            });
        }
        let any: AnyHeader = serde_json::from_slice(line).map_err(|_| foreign())?;
        if any.format != FORMAT {
            return Err(foreign());
        }
        if any.version != VERSION {
            return Err(CheckpointError::Version {
                path: path.to_owned(),
                found: any.version,
                readable: VERSION,
            });
        }
        let header: Header = serde_json::from_slice(line)
            .map_err(|_| damaged("its header does not have the fields of its version"))?;
        let counts: Option<Vec<usize>> = header
            .arrays
            .iter()
            .map(|array| array.shape[0].checked_mul(array.shape[1]))
            .collect();
        let total = counts.as_ref().and_then(|counts| {
            counts
                .iter()
                .try_fold(0usize, |sum, &count| sum.checked_add(count))
        });
        let (Some(counts), Some(total)) = (counts, total) else {
            return Err(damaged("its arrays have no possible sizes"));
        };
        if total > MOST_NUMBERS || rest.len() != 4 * total {
            return Err(damaged("it is cut short or followed by more bytes"));
        }
        if sha256(rest) != header.sha256 {
            return Err(damaged("it was changed after writing"));
        }
        let (words, _) = rest.as_chunks::<4>();
        let mut words = words.iter().map(|word| f32::from_le_bytes(*word));
        let arrays = header.arrays.into_iter().zip(counts);
        Ok(Some(Self {
            identity: header.identity,
            ledger: header.ledger,
            state: header.state,
            arrays: arrays
                .map(|(array, count)| CheckpointArray {
                    name: array.name,
                    shape: array.shape,
                    numbers: words.by_ref().take(count).collect(),
                })
                .collect(),
        }))
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
