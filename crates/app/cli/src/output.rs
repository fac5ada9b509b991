//! Output files of a command, which are written all or none.

use std::path::{Path, PathBuf};

use parable::table::{AtomicFile, Overwrite};

use crate::failure::Failure;

/// The output files of one command. They are claimed before the work, so that an hour of fitting
/// does not end at a file that exists.
#[derive(Debug)]
pub(crate) struct Outputs {
    overwrite: Overwrite,
}

impl Outputs {
    /// Checks that none of the files exists, unless they may be replaced.
    pub(crate) fn claim<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        force: bool,
    ) -> Result<Self, Failure> {
        let taken = paths.into_iter().find(|path| !force && path.exists());
        if let Some(path) = taken {
            return Err(Failure::input(format!(
                "{}: exists already; --force replaces it",
                path.display()
            )));
        }
        Ok(Self {
            overwrite: if force {
                Overwrite::Replace
            } else {
                Overwrite::Refuse
            },
        })
    }

    /// Creates a folder and its parents.
    pub(crate) fn folder(path: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(path)
            .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))
    }

    /// Writes one file beside its name and renames it.
    pub(crate) fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut AtomicFile) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Failure::environment(format!(
                "{}: {}",
                path.display(),
                crate::failure::chain(error)
            ))
        };
        let mut file = AtomicFile::create(path, self.overwrite).map_err(|error| failed(&error))?;
        write(&mut file)?;
        file.commit().map_err(|error| failed(&error))
    }

    /// Writes one text file.
    pub(crate) fn text(&self, path: &Path, text: &str) -> Result<(), Failure> {
        use std::io::Write as _;
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
                    Failure::environment(format!(
                        "{}: {}",
                        path.display(),
                        crate::failure::chain(&error)
                    ))
                })
        })
    }
}

/// Returns the paths of these names in a folder.
pub(crate) fn in_folder<const N: usize>(
    folder: &Path,
    names: [impl AsRef<Path>; N],
) -> [PathBuf; N] {
    names.map(|name| folder.join(name))
}
