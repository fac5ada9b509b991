//! A table in a file becomes a synthetic table in a file: `cargo run --example csv_to_synthetic -- DATA.csv SYNTH.csv`.
//! Without arguments it simulates a trial and works in a temporary folder.

use std::error::Error;
use std::path::PathBuf;

use parable::core::NoObserver;
use parable::seed::Seed;
use parable::table::{Dialect, Overwrite, csv};
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Cleaned, Fitted, Method, Source};

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

    // Types, roles and missing codes are worked out from the rows; `source.why(column)` says why.
    let source = Source::read(&data, None)?;
    let method = Method::new("cart", serde_json::Map::new())?;

    // Cleaning drops what can be put back: ids, constants, descriptions of other columns.
    let cleaned = Cleaned::for_method(source.table(), &method)?;
    for step in cleaned.steps() {
        println!("cleaning: {step}");
    }

    let fitted = Fitted::fit(&source, &cleaned, &method, &Seed::from_u64(1), &NoObserver)?;
    let made = fitted.sample(source.table().rows(), &Seed::from_u64(2), &NoObserver)?;
    csv::write_file(&made.table, &synth, &source.dialect(), Overwrite::Refuse)?;

    let evaluation = parable::judge(
        source.table(),
        &made.table,
        None,
        &Seed::from_u64(3),
        &NoObserver,
    )?;
    for score in evaluation.scores.iter().take(5) {
        println!("{}: {:?}", score.id, score.value);
    }
    println!("{} synthetic rows", made.table.rows());
    Ok(())
}
