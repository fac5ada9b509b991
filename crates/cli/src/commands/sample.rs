//! `parable sample`: a synthetic table from a model file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use parable::seed::Seed;
use parable::{Fitted, Synthetic};

use super::say;
use crate::args::Sample;
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Sample, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let outputs = Outputs::claim([&*options.out.out], options.out.force)?;
    let fitted = open(&options.model)?;
    let rows = match options.rows.or(fitted.record().rows) {
        Some(rows) => rows,
        None => {
            return Err(Failure::input(
                "this model does not say how many rows it learnt from; pass --rows",
            ));
        }
    };
    let made = sample(&fitted, rows, &options.seed, terminal)?;
    outputs.table(&options.out.out, &made.table, fitted.dialect())?;
    let shown = options.out.out.display();
    say(
        json,
        &serde_json::json!({ "out": options.out.out, "rows": rows, "seed": options.seed, "repairs": made.repairs }),
        &format!("{rows} synthetic rows: {shown}"),
    );
    Ok(())
}

/// Reads a model file.
pub(super) fn open(path: &Path) -> Result<Fitted, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::input(format!("{shown}: {error}")))?;
    Fitted::read(&mut BufReader::new(file))
        .map_err(|error| Failure::input(format!("{shown}: {}", crate::failure::chain(&error))))
}

/// Samples and restores, telling the user what was repaired.
pub(super) fn sample(
    fitted: &Fitted,
    rows: usize,
    seed: &Seed,
    terminal: &Terminal,
) -> Result<Synthetic, Failure> {
    let work = terminal.work("sampling");
    let made = fitted.sample(rows, seed, &work)?;
    drop(work);
    made.repairs
        .iter()
        .for_each(|repair| terminal.note(format!("repaired: {repair}")));
    Ok(made)
}
