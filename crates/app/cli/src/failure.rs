//! Failures of commands: a message for people, an exit code for programs.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The input or the arguments are wrong.
    Input,
    /// Something outside the input went wrong.
    Environment,
    /// The user cancelled.
    Cancelled,
    /// The reader of standard output has enough, as `head` does.
    Closed,
}

impl Failure {
    /// Creates a failure of the input; the message names file, column, row and rule.
    pub(crate) fn input(problem: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Input,
            message: problem.to_string(),
        }
    }

    /// Creates a failure outside the input, such as a full disk.
    pub(crate) fn environment(problem: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Environment,
            message: problem.to_string(),
        }
    }

    /// Creates the early end of a command whose reader closed the pipe; it is no failure.
    pub(crate) fn closed() -> Self {
        Self {
            kind: Kind::Closed,
            message: String::new(),
        }
    }

    /// Creates the failure of a command that the user cancelled.
    pub(crate) fn cancelled() -> Self {
        Self {
            kind: Kind::Cancelled,
            message: "cancelled; nothing was written".to_owned(),
        }
    }

    /// Creates the failure of a command that the user cancelled and that can resume.
    pub(crate) fn paused(checkpoint: &Path) -> Self {
        let shown = checkpoint.display();
        Self {
            kind: Kind::Cancelled,
            message: format!("cancelled; the same command resumes from {shown}"),
        }
    }

    /// Prints the message (on standard output as JSON if asked for) and returns the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let (name, code) = match self.kind {
            Kind::Closed => return ExitCode::SUCCESS,
            Kind::Environment => ("environment", 1),
            Kind::Input => ("input", 2),
            Kind::Cancelled => ("cancelled", 130),
        };
        complain(&format!("error: {}", self.message));
        if json {
            let object = serde_json::json!({ "error": { "kind": name, "message": self.message } });
            print(&format!("{object}\n"));
        }
        ExitCode::from(code)
    }
}

/// Prints a text on standard output. A pipe whose reader has gone is nobody's fault.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        complain(&format!("error: standard output: {error}"));
    }
}

/// Prints a line on standard error, where one can be printed.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Returns the messages of an error and its sources, in that order.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Transparent wrappers repeat their cause.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

impl From<parable::Error> for Failure {
    fn from(error: parable::Error) -> Self {
        if error.is_cancelled() {
            Self::cancelled()
        } else if error.is_environment() {
            Self::environment(chain(&error))
        } else {
            Self::input(chain(&error))
        }
    }
}
