//! `parable fit`: a model file from a table.

use std::time::Instant;

use parable::seed::Seed;
use parable::{Cleaned, Fitted, Method, Source};

use super::{method, say, source};
use crate::args::Fit;
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Fit, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let outputs = Outputs::claim([&*options.model], options.force)?;
    let method = method(&options.method)?;
    let source = source(
        &options.input.data,
        options.input.schema.as_deref(),
        terminal,
    )?;
    let started = Instant::now();
    let fitted = fit_source(&source, &method, &options.seed, terminal)?;
    let seconds = started.elapsed().as_secs_f64();
    let shown = options.model.display();
    outputs.write(&options.model, |file| Ok(fitted.write(file)?))?;
    let (rows, columns) = (source.table().rows(), source.table().schema().len());
    say(
        json,
        &serde_json::json!({ "model": options.model, "method": method.name(), "rows": rows, "columns": columns, "seconds": seconds }),
        &format!(
            "{} learnt from {rows} rows x {columns} columns in {seconds:.1} s: {shown}",
            method.name()
        ),
    );
    Ok(())
}

/// Cleans and fits, telling the user what cleaning did.
pub(super) fn fit_source(
    source: &Source,
    method: &Method,
    seed: &Seed,
    terminal: &Terminal,
) -> Result<Fitted, Failure> {
    let cleaned = {
        let _work = terminal.work("cleaning");
        Cleaned::for_method(source.table(), method)?
    };
    cleaned
        .steps()
        .iter()
        .for_each(|step| terminal.note(format!("cleaning: {step}")));
    cleaned
        .issues()
        .iter()
        .for_each(|issue| terminal.note(format!("note: {issue}")));
    let work = terminal.work(&format!("fitting {}", method.name()));
    Ok(Fitted::fit(source, &cleaned, method, seed, &work)?)
}
