//! The command line `parable`: synthetic tables from sensitive ones, from a shell.
//!
//! This crate holds no logic of its own: it reads arguments, calls the library, shows progress and writes files beside their
//! final names before it renames them. `parable --help` teaches the rest.

mod args;
mod commands;
mod failure;
mod meter;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let terminal = progress::Terminal::new(arguments.quiet);
    let result = match arguments.command {
        args::Command::Demo(options) => commands::demo::run(&options, &terminal, arguments.json),
        args::Command::Simulate(options) => {
            commands::simulate::run(&options, &terminal, arguments.json)
        }
        args::Command::Schema(options) => {
            commands::schema::run(&options, &terminal, arguments.json)
        }
        args::Command::Clean(options) => commands::clean::run(&options, &terminal, arguments.json),
        args::Command::Fit(options) => commands::fit::run(&options, &terminal, arguments.json),
        args::Command::Sample(options) => {
            commands::sample::run(&options, &terminal, arguments.json)
        }
        args::Command::Synthesize(options) => {
            commands::synthesize::run(&options, &terminal, arguments.json)
        }
        args::Command::Evaluate(options) => {
            commands::evaluate::run(&options, &terminal, arguments.json)
        }
        args::Command::Inspect(options) => commands::inspect::run(&options, arguments.json),
        args::Command::Methods => commands::methods::run(arguments.json),
        args::Command::Privacy(options) => {
            commands::privacy::run(&options.question, arguments.json)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(arguments.json),
    }
}
