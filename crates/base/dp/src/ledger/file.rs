//! The ledger as a file: JSON lines, each with the hash of the line before it.
//!
//! The first line is a header; each further line is one charged release. Changing, removing or
//! exchanging a line breaks the chain; cutting off the end does not, so the digest of the last line
//! belongs into whatever is published with the data. [`verify`] needs the text alone: it replays
//! all charges against the budget and can evaluate them.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::budget::Budget;
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::mechanism::noise_source::NoiseSource;
use crate::unit::PrivacyUnit;

/// Name of the format, in the header.
const FORMAT: &str = "parable-privacy-ledger";
/// Newest version that this build reads and writes.
const VERSION: u32 = 1;

/// Origin of the noise of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoiseOrigin {
    /// A generator keyed by the operating system.
    OperatingSystem,
    /// A seed that somebody knows: nothing is private.
    InsecureSeed,
    /// Noise drawn elsewhere.
    External,
}

impl NoiseOrigin {
    /// Returns the origin of the noise of a source.
    pub const fn of(source: &NoiseSource) -> Self {
        if source.is_insecure() {
            Self::InsecureSeed
        } else {
            Self::OperatingSystem
        }
    }
}

/// First line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    written_by: String,
    dataset: String,
    unit: PrivacyUnit,
    budget: Budget,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    index: u64,
    purpose: String,
    event: crate::event::Event,
    noise: NoiseOrigin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    previous: String,
}

/// The end of a chain of lines.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// SHA-256 of the last line.
    digest: String,
    lines: u64,
}

impl Chain {
    /// Starts a chain, and returns its header line.
    pub(super) fn start(unit: PrivacyUnit, budget: Budget, dataset: &str) -> (Self, String) {
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: concat!("parable-dp ", env!("CARGO_PKG_VERSION")).to_owned(),
            dataset: dataset.to_owned(),
            unit,
            budget,
        };
        let line = serde_json::to_string(&header).expect("a header is JSON");
        let chain = Self {
            digest: digest(&line),
            lines: 1,
        };
        (chain, line)
    }

    /// Returns the chain with one more release, and the line of that release.
    pub(super) fn next(
        &self,
        entry: &Entry,
        noise: NoiseOrigin,
        time: Option<&str>,
    ) -> (Self, String) {
        let line = Line {
            index: self.lines,
            purpose: entry.purpose.clone(),
            event: entry.event.clone(),
            noise,
            time: time.map(str::to_owned),
            previous: self.digest.clone(),
        };
        let line = serde_json::to_string(&line).expect("an entry is JSON");
        let chain = Self {
            digest: digest(&line),
            lines: self.lines + 1,
        };
        (chain, line)
    }
}

/// A ledger file as a text in memory. [`Ledger::open_file`] keeps one on disk.
#[derive(Clone, Debug)]
pub struct LedgerLog {
    text: String,
    chain: Chain,
}

impl LedgerLog {
    /// Starts a log without releases.
    ///
    /// - `dataset`: a public name of the data, never anything computed from it
    pub fn new(ledger: &Ledger, dataset: &str) -> Self {
        let (chain, line) = Chain::start(ledger.unit(), ledger.budget(), dataset);
        let text = line + "\n";
        Self { text, chain }
    }

    /// Continues the log in a text: verifies it, and returns it with the ledger after its charges.
    ///
    /// # Errors
    ///
    /// As [`verify`].
    pub fn resume(text: &str) -> Result<(Self, Ledger), LedgerFileError> {
        let found = verify(text)?;
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let chain = found.chain();
        Ok((Self { text, chain }, found.ledger))
    }

    /// Appends a charged release. `time` is stated by the caller, if at all.
    pub fn append(&mut self, entry: &Entry, noise: NoiseOrigin, time: Option<&str>) {
        let (chain, line) = self.chain.next(entry, noise, time);
        self.text.push_str(&line);
        self.text.push('\n');
        self.chain = chain;
    }

    /// Returns the text: the header, then one line for each release.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the SHA-256 of the last line, in hexadecimal, by which a reader can tell whether the
    /// end of the file is missing.
    pub fn digest(&self) -> &str {
        &self.chain.digest
    }
}

/// A ledger file whose chain and charges were verified.
#[derive(Debug)]
#[non_exhaustive]
pub struct VerifiedLedger {
    /// Public name of the data.
    pub dataset: String,
    /// The ledger after all charges.
    pub ledger: Ledger,
    /// Whether all noise came from the operating system.
    pub secure_noise: bool,
    /// SHA-256 of the last line.
    pub digest: String,
}

impl VerifiedLedger {
    /// The end of its chain.
    pub(super) fn chain(&self) -> Chain {
        Chain {
            digest: self.digest.clone(),
            lines: 1 + self.ledger.entries().len() as u64,
        }
    }
}

/// A ledger file that cannot be verified or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerFileError {
    /// A line does not follow the format.
    #[error("line {line} is not a line of a privacy ledger")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// The fault.
        #[source]
        source: serde_json::Error,
    },
    /// The last line was not written to its end.
    #[error(
        "line {line} is incomplete: the program stopped while it was written, before anything was \
         released under it; delete this line to go on"
    )]
    Torn {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line is not text.
    #[error("line {line} is not text in UTF-8")]
    Encoding {
        /// Number of the line, from 1.
        line: usize,
    },
    /// The first line names another format.
    #[error("the file is not a privacy ledger")]
    Format,
    /// Written by a newer build.
    #[error("the ledger has version {found}, but this build reads versions 1 to {newest}")]
    Version {
        /// Version of the file.
        found: u32,
        /// Newest version that is read.
        newest: u32,
    },
    /// A line was changed, removed or exchanged.
    #[error(
        "the chain is broken at line {line}: a line before it was changed, removed or exchanged"
    )]
    Chain {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A release that the budget does not admit.
    #[error("line {line} records a release that the budget does not admit")]
    Refused {
        /// Number of the line, from 1.
        line: usize,
        /// The cause.
        #[source]
        source: LedgerError,
    },
    /// The file belongs to another privacy unit.
    #[error(
        "the privacy unit differs: the ledger file has {found:?}, not {asked:?}; give the same unit, or another file"
    )]
    OtherUnit {
        /// Unit of the file.
        found: PrivacyUnit,
        /// Unit asked for.
        asked: PrivacyUnit,
    },
    /// The file belongs to another budget.
    #[error(
        "the budget differs: the ledger file has {found:?}, not {asked:?}; give the same budget, or another file"
    )]
    OtherBudget {
        /// Budget of the file.
        found: Budget,
        /// Budget asked for.
        asked: Budget,
    },
    /// Another process is charging releases to the file.
    #[error("the ledger file `{}` is in use by another process: wait for it to end", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be opened or read.
    #[error("the ledger file `{}` could not be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Reads a ledger file, checks its chain, and replays every charge against the budget.
///
/// # Errors
///
/// [`LedgerFileError`] names the first line that is wrong.
pub fn verify(text: &str) -> Result<VerifiedLedger, LedgerFileError> {
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().ok_or(LedgerFileError::Format)?;
    let last_line = text.lines().count();
    let wrong = |line: usize, source: serde_json::Error| {
        if source.is_eof() && line == last_line && !text.ends_with('\n') {
            LedgerFileError::Torn { line }
        } else {
            LedgerFileError::Line { line, source }
        }
    };
    let peek: serde_json::Value = serde_json::from_str(first).map_err(|e| wrong(1, e))?;
    if peek["format"] != FORMAT {
        return Err(LedgerFileError::Format);
    }
    let version = peek["version"]
        .as_u64()
        .and_then(|v| u32::try_from(v).ok())
        .unwrap_or(0);
    if version != VERSION {
        return Err(LedgerFileError::Version {
            found: version,
            newest: VERSION,
        });
    }
    let header: Header = serde_json::from_str(first).map_err(|e| wrong(1, e))?;
    let mut ledger = Ledger::open(header.unit, header.budget);
    let mut last = digest(first);
    let mut secure_noise = true;
    for (index, text) in lines {
        let line = index + 1;
        let parsed: Line = serde_json::from_str(text).map_err(|e| wrong(line, e))?;
        if parsed.previous != last || parsed.index != index as u64 {
            return Err(LedgerFileError::Chain { line });
        }
        ledger
            .replay(&parsed.purpose, parsed.event)
            .map_err(|source| LedgerFileError::Refused { line, source })?;
        secure_noise &= parsed.noise == NoiseOrigin::OperatingSystem;
        last = digest(text);
    }
    Ok(VerifiedLedger {
        dataset: header.dataset,
        ledger,
        secure_noise,
        digest: last,
    })
}

fn digest(line: &str) -> String {
    Sha256::digest(line.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delta, Event, NoiseMultiplier, Rho};

    fn log() -> (Ledger, LedgerLog) {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(1.0).unwrap()));
        let mut log = LedgerLog::new(&ledger, "adult");
        for i in 0..4 {
            let event = Event::Gaussian {
                noise_multiplier: NoiseMultiplier::new(2.0 + f64::from(i)).unwrap(),
            };
            let _ = ledger.try_spend(&format!("marginal {i}"), event).unwrap();
            log.append(
                ledger.entries().last().unwrap(),
                NoiseOrigin::OperatingSystem,
                Some("2026-01-01"),
            );
        }
        (ledger, log)
    }

    #[test]
    fn epsilon_follows_from_the_file_alone() {
        let (ledger, log) = log();
        let found = verify(log.as_str()).unwrap();
        assert_eq!(found.ledger.entries(), ledger.entries());
        assert_eq!(found.ledger.spent(), ledger.spent());
        assert_eq!(found.digest, log.digest());
        assert!(found.secure_noise);
        let delta = Delta::new(1e-6).unwrap();
        assert_eq!(
            found.ledger.evaluate(delta).unwrap(),
            ledger.evaluate(delta).unwrap()
        );
    }

    #[test]
    fn sees_a_line_changed_removed_or_exchanged() {
        let (_, log) = log();
        let lines: Vec<&str> = log.as_str().lines().collect();
        let broken = |lines: &[&str]| {
            matches!(
                verify(&lines.join("\n")),
                Err(LedgerFileError::Chain { .. })
            )
        };
        let changed = lines[2].replace("3.0", "9.0");
        assert_ne!(changed, lines[2]);
        assert!(broken(&[lines[0], lines[1], &changed, lines[3], lines[4]]));
        assert!(broken(&[lines[0], lines[1], lines[3], lines[4]]));
        assert!(broken(&[lines[0], lines[2], lines[1], lines[3], lines[4]]));
        // A cut end leaves a valid chain with another digest.
        let cut = verify(&lines[..4].join("\n")).unwrap();
        assert_ne!(cut.digest, log.digest());
    }

    #[test]
    fn refuses_what_the_budget_does_not_admit_and_newer_files() {
        let ledger = Ledger::open(
            PrivacyUnit::one_row(),
            Budget::zcdp(Rho::new(0.01).unwrap()),
        );
        let mut log = LedgerLog::new(&ledger, "adult");
        let event = Event::Gaussian {
            noise_multiplier: NoiseMultiplier::new(1.0).unwrap(),
        };
        log.append(
            &Entry {
                purpose: "sneaked in".to_owned(),
                event,
            },
            NoiseOrigin::External,
            None,
        );
        assert!(matches!(
            verify(log.as_str()),
            Err(LedgerFileError::Refused { line: 2, .. })
        ));
        let newer = log.as_str().replace("\"version\":1", "\"version\":2");
        assert!(matches!(
            verify(&newer),
            Err(LedgerFileError::Version { found: 2, .. })
        ));
        assert!(matches!(verify("{}"), Err(LedgerFileError::Format)));
        assert!(verify("").is_err());
    }
}
