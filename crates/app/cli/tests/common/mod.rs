//! A folder with a small trial in it, and the program.
#![allow(dead_code, unreachable_pub)] // each test program uses a part

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a small trial in it.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).expect("written");
        self.text(name)
    }

    /// The path as an argument.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// Pupils in schools, small enough to fit in a moment.
    pub fn table(&self) -> String {
        let mut text = String::from("pupil_id,school_id,arm,fsm,pre,post\n");
        for row in 0..240 {
            let (school, noise) = (row / 20, (row * 7919) % 23);
            let post = if row % 11 == 3 {
                String::new()
            } else {
                format!("{}", 40 + school + noise / 2)
            };
            text.push_str(&format!(
                "{:04},S{school:02},{},{},{}.5,{post}\n",
                1000 + row,
                school % 2,
                row % 3 % 2,
                30 + noise
            ));
        }
        self.write("trial.csv", text)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

pub fn parable(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parable"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[track_caller]
pub fn succeeds(arguments: &[&str]) -> String {
    let output = parable(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs, expects this exit code and these words on standard error, and gives the message.
#[track_caller]
pub fn fails(code: i32, words: &[&str], arguments: &[&str]) -> String {
    let output = parable(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(!message.contains("panicked"), "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    message
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("readable")
}
