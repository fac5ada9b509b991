//! The program `parable`: the command line with the built-in methods.

use std::process::ExitCode;

fn main() -> ExitCode {
    parable_cli::run(parable::Methods::builtin())
}
