//! Context of a command: the methods, the terminal, and the form of the answer.

use std::path::Path;

use parable::table::{Schema, schema_file};
use parable::{Methods, Source};

use crate::failure::{Failure, chain, print};
use crate::output::{Outputs, apart, is_standard};
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

    /// Claims the output files before the work starts: none exists (unless `force`), none is an
    /// input, and standard output holds either data or an answer in JSON.
    pub(crate) fn claim<'a>(
        &self,
        inputs: impl IntoIterator<Item = &'a Path>,
        outputs: impl IntoIterator<Item = &'a Path> + Clone,
        force: bool,
    ) -> Result<Outputs, Failure> {
        apart(inputs, outputs.clone())?;
        if self.json && outputs.clone().into_iter().any(is_standard) {
            return Err(Failure::input(
                "--json and the output `-` both write to standard output; name a file for the output, or leave --json out",
            ));
        }
        Outputs::claim(outputs, force)
    }

    /// Prints a line for people, or an object for programs.
    pub(crate) fn say(&self, object: &serde_json::Value, text: &str) {
        let text: &dyn std::fmt::Display = if self.json { object } else { &text };
        print(&format!("{text}\n"));
    }

    /// Prints the answer of a command with outputs: as [`say`](Self::say), or as a note on standard
    /// error where standard output holds an output.
    pub(crate) fn say_beside(&self, outputs: &Outputs, object: &serde_json::Value, text: &str) {
        match outputs.uses_standard_output() {
            true => self.note(text),
            false => self.say(object, text),
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
            _ if is_standard(data) => {
                let schema = schema.map(schema_file::read).transpose();
                let schema = schema.map_err(parable::Error::from)?;
                self.standard(schema.as_ref())?
            }
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

    /// Reads a table as another one was read: with its schema.
    pub(crate) fn alike(&self, data: &Path, schema: &Schema) -> Result<Source, Failure> {
        let _work = self.work(&format!("reading {}", data.display()));
        match is_standard(data) {
            true => self.standard(Some(schema)),
            false => Ok(Source::read_with(data, schema)?),
        }
    }

    fn standard(&self, schema: Option<&Schema>) -> Result<Source, Failure> {
        Source::from_reader("stdin", std::io::stdin(), schema)
            .map_err(|error| Failure::input(format!("standard input: {}", chain(&error))))
    }
}
