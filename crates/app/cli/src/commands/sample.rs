//! `parable sample`: a synthetic table from a model file.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use parable::core::Diversity;
use parable::seed::Seed;
use parable::table::Table;
use parable::{Fitted, Synthetic};

use super::say;
use crate::args::{DiverseArgs, Sample};
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Sample, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let paths = copies(&options.out.out, options.copies);
    let outputs = Outputs::claim(paths.iter().map(|path| &**path), options.out.force)?;
    let fitted = open(&options.model)?;
    let given = given(options, &fitted)?;
    let mut repairs = Vec::new();
    let mut tables = Vec::new();
    for copy in 0..options.copies {
        // The first copy is what a single one would be.
        let seed = match copy {
            0 => options.seed,
            copy => options.seed.stream("sample/copy").index(copy.into()),
        };
        let made = match &given {
            Some(given) => sample_given(&fitted, given, &seed, terminal)?,
            None => {
                let rows = rows(options.rows, &fitted)?;
                sample_diverse(&fitted, rows, &options.diverse, &seed, terminal)?
            }
        };
        repairs.push(made.repairs);
        tables.push(made.table);
    }
    for (path, table) in paths.iter().zip(&tables) {
        outputs.table(path, table, fitted.dialect())?;
    }
    let rows = tables[0].rows();
    let shown: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    say(
        json,
        &serde_json::json!({ "out": paths, "rows": rows, "seed": options.seed, "repairs": repairs }),
        &format!("{rows} synthetic rows: {}", shown.join(", ")),
    );
    Ok(())
}

/// The files of this many copies: the name itself for one, numbered ones for more.
fn copies(out: &Path, copies: u32) -> Vec<PathBuf> {
    if copies == 1 {
        return vec![out.to_owned()];
    }
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let ending = out.extension().map_or_else(String::new, |ending| {
        format!(".{}", ending.to_string_lossy())
    });
    (1..=copies)
        .map(|copy| out.with_file_name(format!("{stem}-{copy}{ending}")))
        .collect()
}

/// The values that rows must have, if there are any.
fn given(options: &Sample, fitted: &Fitted) -> Result<Option<Table>, Failure> {
    if let Some(path) = &options.given {
        return Ok(Some(fitted.read_given(path)?));
    }
    if options.values.is_empty() {
        return Ok(None);
    }
    let values: Vec<(&str, &str)> = options
        .values
        .iter()
        .map(|value| {
            value.split_once('=').ok_or_else(|| {
                Failure::input(format!(
                    "--where {value}: expected COLUMN=VALUE, such as arm=treated"
                ))
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(
        fitted.repeat_given(&values, rows(options.rows, fitted)?)?,
    ))
}

/// How many rows to make when the user does not say.
pub(super) fn rows(wanted: Option<usize>, fitted: &Fitted) -> Result<usize, Failure> {
    wanted
        .or_else(|| fitted.model().typical_rows())
        .ok_or_else(|| {
            Failure::input("this model does not say how many rows it learnt from; pass --rows")
        })
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
    told(made, terminal)
}

/// As [`sample`], with values exchanged as asked, telling the user how many.
pub(super) fn sample_diverse(
    fitted: &Fitted,
    rows: usize,
    asked: &DiverseArgs,
    seed: &Seed,
    terminal: &Terminal,
) -> Result<Synthetic, Failure> {
    let rules = rules(asked)?;
    if rules.is_empty() {
        return sample(fitted, rows, seed, terminal);
    }
    let work = terminal.work("sampling");
    let (made, answers) = fitted.sample_diverse(rows, &rules, seed, &work)?;
    drop(work);
    for (rule, answer) in rules.iter().zip(answers) {
        let keys = rule.keys.join(", ");
        terminal.note(format!(
            "groups with the same {keys} that agreed in {}: {} broken by an exchange of two values, {} left",
            rule.target, answer.exchanged, answer.left
        ));
    }
    told(made, terminal)
}

/// What the user asks to be diverse.
fn rules(asked: &DiverseArgs) -> Result<Vec<Diversity>, Failure> {
    let rule = |text: &String| {
        let (target, keys) = text.split_once('=').ok_or_else(|| {
            Failure::input(format!(
                "--diverse {text}: expected TARGET=KEY,KEY, such as income=age,sex"
            ))
        })?;
        let keys = keys.split(',').filter(|key| !key.is_empty());
        Ok(Diversity::new(target, keys).with_min_rows(asked.diverse_rows as usize))
    };
    asked.diverse.iter().map(rule).collect()
}

fn sample_given(
    fitted: &Fitted,
    given: &Table,
    seed: &Seed,
    terminal: &Terminal,
) -> Result<Synthetic, Failure> {
    let work = terminal.work("sampling");
    let made = fitted.sample_given(given, seed, &work)?;
    drop(work);
    told(made, terminal)
}

fn told(made: Synthetic, terminal: &Terminal) -> Result<Synthetic, Failure> {
    made.repairs
        .iter()
        .for_each(|repair| terminal.note(format!("repaired: {repair}")));
    Ok(made)
}
