//! Context of a command: the methods, the terminal, and the form of the answer.

use std::path::Path;

use parable::{Methods, Source};

use crate::failure::Failure;
use crate::progress::{Terminal, Work};

/// Context of a command.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) methods: Methods,
    terminal: Terminal,
    /// Whether the answer is JSON, for programs.
    pub(crate) json: bool,
}

impl Session {
    pub(crate) fn new(methods: Methods, quiet: bool, json: bool) -> Self {
        Self {
            methods,
            terminal: Terminal::new(quiet),
            json,
        }
    }

    /// Prints a line for people, or an object for programs.
    pub(crate) fn say(&self, object: &serde_json::Value, text: &str) {
        if self.json {
            println!("{object}");
        } else {
            println!("{text}");
        }
    }

    /// Prints a note for the user.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        self.terminal.note(text);
    }

    /// Shows a piece of work with a bar of its own, removed when it is done.
    pub(crate) fn work(&self, what: &str) -> Work {
        self.terminal.work(what)
    }

    /// Reads a table, with the schema in a file or one inferred from the rows, and notes which.
    pub(crate) fn source(&self, data: &Path, schema: Option<&Path>) -> Result<Source, Failure> {
        let _work = self.work(&format!("reading {}", data.display()));
        let source = match schema {
            Some(schema) => Source::read_with_schema_file(data, schema)?,
            None => Source::read(data)?,
        };
        if source.inferred() {
            self.note(format!(
                "note: types, roles and missing codes of {} were worked out from its rows; `parable schema {0}` shows and saves them",
                data.display()
            ));
        }
        for warning in source.warnings() {
            self.note(format!("warning: {}: {warning}", data.display()));
        }
        Ok(source)
    }
}
