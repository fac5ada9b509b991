//! Long fits that can go on after an interruption: a file that says how far one is, and what was
//! spent.
//!
//! A checkpoint belongs to one fit: settings, schema, seed, budget and the charges so far stand in
//! it, and a fit that differs in any of them is refused. Going on charges nothing that stands in it
//! a second time.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use parable_dp::{Budget, Entry, Event, Ledger, PrivacyUnit, Receipt};
use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{CheckpointError, Checkpointing, FitContext, FitError, FitRecord, NoiseProvenance};

const FORMAT: &str = "parable-checkpoint";
const VERSION: u32 = 1;
/// More numbers than any network has: a damaged header must not ask for all memory.
const MOST_NUMBERS: usize = 1 << 31;

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
    /// SHA-256 of the table, for fits without privacy: a private fit may not say anything exact
    /// about its rows.
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

/// How far a fit is: what was charged, what the method says of itself, and the numbers of its
/// networks.
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
    /// The file of a fit without a privacy guarantee, if the context asks for one; a digest
    /// recognises the table.
    #[must_use]
    pub fn non_private(
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        table: &Table,
        context: &FitContext<'_>,
    ) -> Option<Self> {
        let asked = context.checkpoint.as_ref()?;
        let fitted = FitRecord::non_private(method, method_version, config, table, context);
        Some(Self::of(asked, fitted, context.seed))
    }

    /// The file of a private fit, if the context asks for one: nothing of it depends on rows.
    #[must_use]
    pub fn private(
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        schema: &Schema,
        context: &FitContext<'_>,
    ) -> Option<Self> {
        let asked = context.checkpoint.as_ref()?;
        let public = schema.public();
        let fitted = FitRecord::private(method, method_version, config, &public, context);
        Some(Self::of(asked, fitted, context.seed))
    }

    fn of(asked: &Checkpointing, fitted: FitRecord, seed: Seed) -> Self {
        Self {
            path: asked.path.clone(),
            every: asked.every.max(1),
            identity: Identity {
                method: fitted.method,
                method_version: fitted.method_version,
                config: fitted.config,
                schema: fitted.schema,
                seed: sha256(seed.to_string().as_bytes()),
                unit: fitted.unit,
                budget: fitted.budget,
                noise: fitted.noise,
                table_digest: fitted.table_digest,
            },
        }
    }

    /// Steps between two writings.
    #[must_use]
    pub fn every(&self) -> u64 {
        self.every
    }

    /// Writes the checkpoint beside its place and then into it, so that there is a whole one at any
    /// time.
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

    /// The checkpoint to go on from, after its charges were entered into the ledger of the context
    /// where they were not yet. `None` if the file is not there.
    ///
    /// The second part holds the receipts of the charges for which `open` is true: a training that
    /// is charged once and drawn step by step. The method must know how much of them was drawn.
    ///
    /// # Errors
    /// A file that is damaged, foreign or of another fit; a ledger with other charges, which is
    /// left as it is.
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
