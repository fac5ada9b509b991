//! `parable synthesize`: from a table to its synthetic version in one go.

use std::time::Instant;

use parable::Conditions;

use super::fit::Work;
use super::private::apart;
use super::sample::{Wanted, sample};
use crate::args::Synthesize;
use crate::failure::Failure;
use crate::session::Session;

pub(crate) fn run(options: &Synthesize, session: &Session) -> Result<(), Failure> {
    apart(&options.private, &options.out.out)?;
    let out = &*options.out.out;
    let outputs = session.claim(options.input.files(), [out], options.out.force)?;
    let started = Instant::now();
    let work = Work::prepare(&options.input, &options.method, &options.private, session)?;
    // The fit and the sample must not share random numbers: the seed of a table must not tell the
    // draws of the fit.
    let seed = options.seed.stream("synthesize/fit");
    let (fitted, _) = work.fit(&options.private, &seed, None, session)?;
    // The real table is not needed any more: its memory is free for the synthetic one.
    let Work { source, method, .. } = work;
    let dialect = source.dialect();
    drop(source);
    let rows = super::sample::rows(options.rows, &fitted)?;
    let wanted = Wanted {
        rows,
        conditions: &Conditions::default(),
        diverse: &options.diverse,
    };
    let seed = options.seed.stream("synthesize/sample");
    let synthetic = sample(&fitted, &wanted, &seed, session)?;
    outputs.table(out, &synthetic.table, dialect)?;
    let seconds = started.elapsed().as_secs_f64();
    let columns = synthetic.table.schema().len();
    let shown = out.display();
    session.say_beside(
        &outputs,
        &serde_json::json!({ "out": out, "method": method.name(), "rows": rows, "columns": columns, "seconds": seconds, "repairs": synthetic.repairs }),
        &format!(
            "{rows} synthetic rows x {columns} columns by {} in {seconds:.1} s: {shown}",
            method.name()
        ),
    );
    Ok(())
}
