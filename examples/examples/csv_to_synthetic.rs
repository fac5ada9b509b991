//! A table in a file becomes a synthetic table in a file:
//! `cargo run --example csv_to_synthetic -- DATA.csv SYNTH.csv`. Without arguments it simulates a
//! trial and works in a temporary folder.

use std::error::Error;
use std::path::PathBuf;

use parable::cart::Cart;
use parable::seed::Seed;
use parable::table::{Dialect, Overwrite, csv};
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Evaluation, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let scratch = tempfile::tempdir()?;
    let (data, synth) = match (arguments.next(), arguments.next()) {
        (Some(data), Some(synth)) => (data, synth),
        _ => {
            let data = scratch.path().join("trial.csv");
            let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7))?;
            csv::write_file(&trial.table, &data, &Dialect::default(), Overwrite::Refuse)?;
            (data, scratch.path().join("synthetic.csv"))
        }
    };

    // Types, roles and missing codes are inferred from the rows; `source.notes()` says why.
    let source = Source::read(&data)?;

    // Cleaning drops what can be put back: ids, constants, descriptions of other columns.
    let fitted = source.fit(Cart::default()).seed(1).run()?;
    for step in fitted.cleaning_steps() {
        println!("cleaning: {step}");
    }
    let synthetic = fitted.sample(source.table().rows()).seed(2).run()?;
    csv::write_file(
        &synthetic.table,
        &synth,
        &source.dialect(),
        Overwrite::Refuse,
    )?;

    let (real, table) = (source.table(), &synthetic.table);
    let evaluation = Evaluation::of(real, table).seed(&Seed::from_u64(3)).run()?;
    for score in evaluation.scores.iter().take(5) {
        println!("{}: {:?}", score.id, score.value);
    }
    println!("{} synthetic rows", synthetic.table.rows());
    Ok(())
}
