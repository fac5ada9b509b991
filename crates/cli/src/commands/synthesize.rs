//! `parable synthesize`: from a table to its synthetic version in one go.

use std::time::Instant;

use super::fit::fit_source;
use super::sample::sample;
use super::{method, say, source};
use crate::args::Synthesize;
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Synthesize, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let outputs = Outputs::claim([&*options.out.out], options.out.force)?;
    let method = method(&options.method)?;
    let started = Instant::now();
    let source = source(
        &options.input.data,
        options.input.schema.as_deref(),
        terminal,
    )?;
    // Learning and making must not share random numbers: whoever has the table's seed would know the draws of the fit.
    let fitted = fit_source(
        &source,
        &method,
        &options.seed.stream("synthesize/fit"),
        terminal,
    )?;
    let rows = options.rows.unwrap_or(source.table().rows());
    let made = sample(
        &fitted,
        rows,
        &options.seed.stream("synthesize/sample"),
        terminal,
    )?;
    outputs.table(&options.out.out, &made.table, source.dialect())?;
    let seconds = started.elapsed().as_secs_f64();
    let columns = made.table.schema().len();
    let shown = options.out.out.display();
    say(
        json,
        &serde_json::json!({ "out": options.out.out, "method": method.name(), "rows": rows, "columns": columns, "seconds": seconds, "repairs": made.repairs }),
        &format!(
            "{rows} synthetic rows x {columns} columns by {} in {seconds:.1} s: {shown}",
            method.name()
        ),
    );
    Ok(())
}
