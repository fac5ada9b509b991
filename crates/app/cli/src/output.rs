//! Output files of a command, which are written all or none, and standard output.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use parable::table::{AtomicFile, Overwrite};

use crate::failure::{Failure, chain};

/// Returns whether a path is `-`: standard input or standard output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The output files of one command. They are claimed before the work, so that an hour of fitting
/// does not end at a file that exists.
#[derive(Debug)]
pub(crate) struct Outputs {
    overwrite: Overwrite,
    /// One of the outputs is standard output.
    standard: bool,
}

impl Outputs {
    /// Checks that none of the files exists, unless they may be replaced.
    pub(crate) fn claim<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        force: bool,
    ) -> Result<Self, Failure> {
        let mut standard = false;
        for path in paths {
            if is_standard(path) {
                if standard {
                    return Err(Failure::input(
                        "two outputs go to standard output; name a file for one of them",
                    ));
                }
                standard = true;
            } else if !force && path.exists() {
                return Err(Failure::input(format!(
                    "{}: exists already; --force replaces it",
                    path.display()
                )));
            }
        }
        Ok(Self {
            overwrite: if force {
                Overwrite::Replace
            } else {
                Overwrite::Refuse
            },
            standard,
        })
    }

    /// Returns whether standard output holds one of the outputs.
    pub(crate) fn uses_standard_output(&self) -> bool {
        self.standard
    }

    /// Creates a folder and its parents.
    pub(crate) fn folder(path: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(path)
            .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))
    }

    /// Writes one file beside its name and renames it, or writes to standard output.
    pub(crate) fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut Sink) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Failure::environment(format!("{}: {}", path.display(), chain(error)))
        };
        let target = match is_standard(path) {
            true => Target::Standard(BufWriter::new(io::stdout())),
            false => {
                let file = AtomicFile::create(path, self.overwrite);
                Target::File(file.map_err(|error| failed(&error))?)
            }
        };
        let mut sink = Sink {
            target,
            closed: false,
        };
        let written = write(&mut sink);
        let flushed = match (&written, &mut sink.target) {
            (Ok(()), Target::Standard(_)) => sink.flush(),
            _ => Ok(()),
        };
        if sink.closed {
            return Err(Failure::closed());
        }
        written?;
        flushed.map_err(|error| failed(&error))?;
        match sink.target {
            Target::Standard(_) => Ok(()),
            Target::File(file) => file.commit().map_err(|error| failed(&error)),
        }
    }

    /// Writes one text file.
    pub(crate) fn text(&self, path: &Path, text: &str) -> Result<(), Failure> {
        self.write(path, |file| {
            file.write_all(text.as_bytes())
                .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))
        })
    }

    /// Writes one table in the spelling of its source.
    pub(crate) fn table(
        &self,
        path: &Path,
        table: &parable::table::Table,
        dialect: parable::table::Dialect,
    ) -> Result<(), Failure> {
        self.write(path, |file| {
            parable::table::csv::write(table, file, &dialect)
                .map(drop)
                .map_err(|error| {
                    Failure::environment(format!("{}: {}", path.display(), chain(&error)))
                })
        })
    }
}

/// An output that is being written.
#[derive(Debug)]
pub(crate) struct Sink {
    target: Target,
    /// The reader at the other end of a pipe has gone.
    closed: bool,
}

#[derive(Debug)]
enum Target {
    File(AtomicFile),
    Standard(BufWriter<Stdout>),
}

impl Sink {
    fn note_closed<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.closed |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.target {
            Target::File(file) => file.write(bytes),
            Target::Standard(out) => out.write(bytes),
        };
        self.note_closed(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.target {
            Target::File(file) => file.flush(),
            Target::Standard(out) => out.flush(),
        };
        self.note_closed(result)
    }
}

/// Checks that no output is one of the inputs, whatever the spelling of its path, links included,
/// and that standard input is read once. `--force` does not lift this: it means an earlier result,
/// never the source.
pub(crate) fn apart<'a>(
    inputs: impl IntoIterator<Item = &'a Path>,
    outputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Failure> {
    let inputs: Vec<&Path> = inputs.into_iter().collect();
    if inputs.iter().filter(|path| is_standard(path)).count() > 1 {
        return Err(Failure::input(
            "two inputs are `-`, but standard input can be read once; name a file for one of them",
        ));
    }
    for output in outputs {
        if let Some(input) = inputs.iter().find(|input| same_file(input, output)) {
            return Err(Failure::input(format!(
                "{}: is the input {} itself, which is never replaced; write to another file",
                output.display(),
                input.display()
            )));
        }
    }
    Ok(())
}

/// Returns whether two paths name one existing regular file.
fn same_file(left: &Path, right: &Path) -> bool {
    if is_standard(left) || is_standard(right) {
        return false;
    }
    let (Ok(left), Ok(right)) = (left.canonicalize(), right.canonicalize()) else {
        return false;
    };
    if !left.is_file() {
        return false;
    }
    #[cfg(unix)]
    {
        // Hard links are one file under two names.
        use std::os::unix::fs::MetadataExt as _;
        if let (Ok(left), Ok(right)) = (left.metadata(), right.metadata()) {
            return (left.dev(), left.ino()) == (right.dev(), right.ino());
        }
    }
    left == right
}

/// Returns the paths of these names in a folder.
pub(crate) fn in_folder<const N: usize>(
    folder: &Path,
    names: [impl AsRef<Path>; N],
) -> [PathBuf; N] {
    names.map(|name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_found_under_other_paths() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.csv");
        std::fs::write(&file, "a\n1\n").expect("written");
        let spelled = folder.path().join(".").join("a.csv");
        assert!(same_file(&file, &spelled));
        assert!(!same_file(&file, &folder.path().join("b.csv")));
        assert!(!same_file(folder.path(), folder.path()));
        assert!(!same_file(Path::new("-"), Path::new("-")));
        #[cfg(unix)]
        {
            let link = folder.path().join("link.csv");
            std::os::unix::fs::symlink(&file, &link).expect("a link");
            assert!(same_file(&file, &link) && same_file(&link, &file));
            let hard = folder.path().join("hard.csv");
            std::fs::hard_link(&file, &hard).expect("a link");
            assert!(same_file(&file, &hard));
        }
    }

    #[test]
    fn standard_input_and_output_are_used_once() {
        let standard = Path::new("-");
        assert!(apart([standard], [standard]).is_ok());
        assert!(apart([standard, standard], []).is_err());
        assert!(Outputs::claim([standard], false).is_ok());
        assert!(Outputs::claim([standard, standard], true).is_err());
    }
}
