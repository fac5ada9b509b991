//! A ledger file on disk, to which charges are appended before they are granted.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::file::{Chain, LedgerFileError, NoiseOrigin, verify};
use super::{Entry, Ledger};
use crate::ledger::budget::Budget;
use crate::unit::PrivacyUnit;

/// The file of a ledger, locked as long as the ledger lives.
#[derive(Debug)]
pub(super) struct Recorder {
    file: File,
    path: PathBuf,
    dataset: String,
    /// Bytes of the file that hold complete lines.
    length: u64,
    /// The last line lacks its end.
    needs_newline: bool,
    /// Absent before the first charge: the header is written with it.
    chain: Option<Chain>,
    created: bool,
}

impl Recorder {
    /// Opens or creates a file, and returns the ledger that it holds, if it holds one.
    pub(super) fn open(
        path: &Path,
        dataset: &str,
    ) -> Result<(Self, Option<Ledger>), LedgerFileError> {
        let failed = |source| LedgerFileError::Io {
            path: path.to_owned(),
            source,
        };
        let created = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = path.to_owned();
                return Err(LedgerFileError::InUse { path });
            }
            // A file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let mut recorder = Self {
            file,
            path: path.to_owned(),
            dataset: dataset.to_owned(),
            length: bytes.len() as u64,
            needs_newline: !bytes.is_empty() && !bytes.ends_with(b"\n"),
            chain: None,
            created,
        };
        if bytes.is_empty() {
            return Ok((recorder, None));
        }
        let found = verify(text(&bytes)?)?;
        recorder.chain = Some(found.chain());
        Ok((recorder, Some(found.ledger)))
    }

    /// Whether the file has no header yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.chain.is_none()
    }

    /// Appends a charge, on disk before this returns. The file is as it was after an error.
    pub(super) fn append(
        &mut self,
        (unit, budget): (PrivacyUnit, Budget),
        entry: &Entry,
        noise: NoiseOrigin,
    ) -> io::Result<()> {
        let mut text = String::new();
        if self.needs_newline {
            text.push('\n');
        }
        let start = match &self.chain {
            Some(chain) => chain.clone(),
            None => {
                let (chain, line) = Chain::start(unit, budget, &self.dataset);
                text.push_str(&line);
                text.push('\n');
                chain
            }
        };
        let (chain, line) = start.next(entry, noise, None);
        text.push_str(&line);
        text.push('\n');
        if let Err(error) = self.write(text.as_bytes()) {
            // What is left of the line would be found as torn; without it the next charge can go
            // on.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += text.len() as u64;
        self.needs_newline = false;
        self.chain = Some(chain);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // A file that was made for charges that never came.
        if self.created && self.chain.is_none() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The bytes as text; the end of a character can be missing where the last line was torn.
fn text(bytes: &[u8]) -> Result<&str, LedgerFileError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        match error.error_len() {
            None => LedgerFileError::Torn { line },
            Some(_) => LedgerFileError::Encoding { line },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::LedgerError;
    use crate::{Event, Rho};

    #[test]
    fn a_charge_that_cannot_be_written_is_not_granted() {
        let place = std::env::temp_dir().join(format!("parable-ledger-{}", std::process::id()));
        std::fs::write(&place, "").unwrap();
        let budget = Budget::zcdp(Rho::new(1.0).unwrap());
        let mut ledger = Ledger::open_file(&place, "t", PrivacyUnit::one_row(), budget).unwrap();
        // The file loses its right to be written, as on a full disk.
        ledger.recorder.as_mut().unwrap().file = File::open(&place).unwrap();
        let event = Event::Zcdp {
            rho: Rho::new(0.5).unwrap(),
        };
        let refused = ledger.try_spend("half", event).unwrap_err();
        assert!(
            matches!(refused, LedgerError::NotRecorded { .. }),
            "{refused}"
        );
        assert!(
            ledger.entries().is_empty() && ledger.remaining_rho() == Some(Rho::new(1.0).unwrap())
        );
        drop(ledger);
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "");
        std::fs::remove_file(&place).unwrap();
    }

    #[test]
    fn half_a_character_at_the_end_is_a_torn_line() {
        let torn = "{}\n{\"purpose\":\"é".as_bytes();
        assert!(matches!(
            text(&torn[..torn.len() - 1]),
            Err(LedgerFileError::Torn { line: 2 })
        ));
        assert!(matches!(
            text(b"{}\n\xff{}"),
            Err(LedgerFileError::Encoding { line: 2 })
        ));
    }
}
