//! `parable synthesize`: from a table to its synthetic version in one go.

use std::time::Instant;

use super::fit::Work;
use super::sample::sample_diverse;
use super::say;
use crate::args::Synthesize;
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Synthesize, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let written = std::iter::once(&options.out.out).chain(&options.private.ledger);
    let outputs = Outputs::claim(written.map(|path| &**path), options.out.force)?;
    let started = Instant::now();
    let work = Work::prepare(&options.input, &options.method, &options.private, terminal)?;
    // Learning and making must not share random numbers: whoever has the table's seed would know the draws of the fit.
    let seed = options.seed.stream("synthesize/fit");
    let (fitted, ledger) = work.fit(&options.private, &seed, None, terminal)?;
    let rows = super::sample::rows(options.rows, &fitted)?;
    let made = sample_diverse(
        &fitted,
        rows,
        &options.diverse,
        &options.seed.stream("synthesize/sample"),
        terminal,
    )?;
    outputs.table(&options.out.out, &made.table, work.source.dialect())?;
    work.write_ledger(&options.private, &ledger, &outputs)?;
    let seconds = started.elapsed().as_secs_f64();
    let columns = made.table.schema().len();
    let shown = options.out.out.display();
    say(
        json,
        &serde_json::json!({ "out": options.out.out, "method": work.method.name(), "rows": rows, "columns": columns, "seconds": seconds, "repairs": made.repairs }),
        &format!(
            "{rows} synthetic rows x {columns} columns by {} in {seconds:.1} s: {shown}",
            work.method.name()
        ),
    );
    Ok(())
}
