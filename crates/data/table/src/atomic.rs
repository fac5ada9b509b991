//! Output files that appear whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The treatment of an output file that exists already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it alone and report [`AtomicFileError::Exists`].
    #[default]
    Refuse,
    /// Replace it once the new content is complete.
    Replace,
}

/// A file that is written beside its destination and renamed into place by
/// [`commit`](Self::commit).
///
/// Dropping it without a commit, or an error while writing (a full disk), leaves the destination as
/// it was and removes what was written. A destination that exists and is no regular file
/// (`/dev/stdout`, a named pipe) cannot be renamed over and is written to directly.
///
/// ```
/// use std::io::Write;
/// use parable_table::{AtomicFile, Overwrite};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("report.txt");
/// let mut file = AtomicFile::create(&path, Overwrite::Refuse)?;
/// file.write_all(b"complete")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "complete");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    target: Target,
    path: PathBuf,
    overwrite: Overwrite,
}

#[derive(Debug)]
enum Target {
    Beside(BufWriter<NamedTempFile>),
    Direct(BufWriter<File>),
}

/// An output file that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AtomicFileError {
    /// The destination exists and may not be replaced.
    #[error("`{}` exists already and is not overwritten without being told to", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// The operating system refused; `source` says why.
    #[error("`{}` could not be written", path.display())]
    Io {
        /// The destination.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

const BUFFER_BYTES: usize = 1 << 16;

impl AtomicFile {
    /// Starts a file that will stand at `path` once it is committed.
    ///
    /// # Errors
    /// The path exists and `overwrite` is [`Overwrite::Refuse`]; the folder does not exist or may
    /// not be written to.
    pub fn create(path: impl AsRef<Path>, overwrite: Overwrite) -> Result<Self, AtomicFileError> {
        let path = path.as_ref();
        let refused = |source| AtomicFileError::Io {
            path: path.to_owned(),
            source,
        };
        // A link keeps pointing where it did: the file behind it is the destination.
        let destination = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let target = match std::fs::metadata(&destination) {
            Ok(found) if found.is_dir() => {
                return Err(refused(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            Ok(found) if !found.is_file() => {
                let file = File::options()
                    .write(true)
                    .open(&destination)
                    .map_err(refused)?;
                Target::Direct(BufWriter::with_capacity(BUFFER_BYTES, file))
            }
            Ok(_) if overwrite == Overwrite::Refuse => {
                return Err(AtomicFileError::Exists {
                    path: path.to_owned(),
                });
            }
            _ => {
                let folder = match destination.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder,
                    _ => Path::new("."),
                };
                let mut builder = tempfile::Builder::new();
                builder.prefix(".parable-").suffix(".part");
                #[cfg(unix)]
                {
                    // What a plainly created file gets; the umask still applies.
                    use std::os::unix::fs::PermissionsExt;
                    builder.permissions(std::fs::Permissions::from_mode(0o666));
                }
                let file = builder.tempfile_in(folder).map_err(refused)?;
                Target::Beside(BufWriter::with_capacity(BUFFER_BYTES, file))
            }
        };
        Ok(Self {
            target,
            path: destination,
            overwrite,
        })
    }

    /// Where the file will stand.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what was written durable and puts it in its place.
    ///
    /// # Errors
    /// The last bytes could not be written; the destination appeared in the meantime and
    /// `overwrite` is [`Overwrite::Refuse`].
    pub fn commit(self) -> Result<(), AtomicFileError> {
        let Self {
            target,
            path,
            overwrite,
        } = self;
        let refused = |source| AtomicFileError::Io {
            path: path.clone(),
            source,
        };
        match target {
            Target::Direct(mut file) => file.flush().map_err(refused),
            Target::Beside(buffer) => {
                let file = buffer
                    .into_inner()
                    .map_err(|error| refused(error.into_error()))?;
                file.as_file().sync_all().map_err(refused)?;
                let placed = match overwrite {
                    Overwrite::Replace => file.persist(&path),
                    Overwrite::Refuse => file.persist_noclobber(&path),
                };
                match placed {
                    Ok(_) => Ok(()),
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(AtomicFileError::Exists { path })
                    }
                    Err(error) => Err(refused(error.error)),
                }
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Beside(file) => file.write(bytes),
            Target::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Beside(file) => file.flush(),
            Target::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(&[b'x'; 200_000]).unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_told_to_and_only_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        std::fs::write(&path, "old").unwrap();
        assert!(matches!(
            AtomicFile::create(&path, Overwrite::Refuse),
            Err(AtomicFileError::Exists { .. })
        ));
        let mut file = AtomicFile::create(&path, Overwrite::Replace).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        file.commit().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        std::fs::write(&path, "theirs").unwrap();
        assert!(matches!(file.commit(), Err(AtomicFileError::Exists { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_path() {
        let error = AtomicFile::create("/nowhere/at/all/x.csv", Overwrite::Refuse).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all/x.csv"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let mut file = AtomicFile::create("/dev/full", Overwrite::Refuse).unwrap();
        let wrote = file.write_all(&[b'x'; 200_000]);
        assert_eq!(wrote.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
