//! The command line `parable`: synthetic versions of sensitive tables, from a shell.
//!
//! This crate holds no logic of its own: it reads arguments, calls the library, shows progress and
//! writes files beside their final names before it renames them. `parable --help` teaches the rest.
//!
//! A program of your own is the same command line with one more method:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use parable::Methods;
//! # fn my_method() -> parable::MethodInfo { parable::baseline::method() }
//!
//! fn main() -> Result<ExitCode, parable::Error> {
//!     Ok(parable_cli::run(Methods::builtin().with(my_method())?))
//! }
//! ```

mod args;
mod commands;
mod failure;
mod meter;
mod output;
mod progress;
mod session;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use parable::Methods;

use crate::args::{Arguments, Command};
use crate::session::Session;

/// Runs the command line of this process with these methods, and returns its exit code.
///
/// Exits at once for `--help`, `--version` and arguments that cannot be parsed.
#[must_use]
pub fn run(methods: Methods) -> ExitCode {
    run_with(methods, std::env::args_os())
}

/// Runs the command line with these methods and arguments, the name of the program first.
///
/// Exits at once for `--help`, `--version` and arguments that cannot be parsed.
#[must_use]
pub fn run_with(
    methods: Methods,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> ExitCode {
    let arguments = Arguments::parse_from(arguments);
    let session = Session::new(methods, arguments.quiet, arguments.json);
    let result = match arguments.command {
        Command::Demo(options) => commands::demo::run(&options, &session),
        Command::Simulate(options) => commands::simulate::run(&options, &session),
        Command::Schema(options) => commands::schema::run(&options, &session),
        Command::Clean(options) => commands::clean::run(&options, &session),
        Command::Fit(options) => commands::fit::run(&options, &session),
        Command::Sample(options) => commands::sample::run(&options, &session),
        Command::Synthesize(options) => commands::synthesize::run(&options, &session),
        Command::Evaluate(options) => commands::evaluate::run(&options, &session),
        Command::Inspect(options) => commands::inspect::run(&options, &session),
        Command::Methods => commands::methods::run(&session),
        Command::Privacy(options) => commands::privacy::run(&options.question, &session),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(session.json),
    }
}
