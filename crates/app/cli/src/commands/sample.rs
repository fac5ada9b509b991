//! `parable sample`: a synthetic table from a model file.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use parable::core::Diversity;
use parable::seed::Seed;
use parable::{Conditions, Fitted, Synthetic};

use crate::args::{DiverseArgs, Sample};
use crate::failure::Failure;
use crate::output::is_standard;
use crate::session::Session;

pub(crate) fn run(options: &Sample, session: &Session) -> Result<(), Failure> {
    let paths = copies(&options.out.out, options.copies);
    if is_standard(&options.out.out) && options.copies > 1 {
        return Err(Failure::input(
            "--copies writes several files; standard output holds one table",
        ));
    }
    let inputs = std::iter::once(&*options.model).chain(options.given.as_deref());
    let written = paths.iter().map(|path| &**path);
    let outputs = session.claim(inputs, written, options.out.force)?;
    let fitted = open(&options.model, session)?;
    let conditions = conditions(options)?;
    let mut repairs = Vec::new();
    let mut tables = Vec::new();
    for copy in 0..options.copies {
        // The first copy is what a single one would be.
        let seed = match copy {
            0 => options.seed,
            copy => options.seed.stream("sample/copy").index(copy.into()),
        };
        let rows = match conditions.rows() {
            Some(rows) => rows,
            None => rows(options.rows, &fitted)?,
        };
        let wanted = Wanted {
            rows,
            conditions: &conditions,
            diverse: &options.diverse,
        };
        let synthetic = sample(&fitted, &wanted, &seed, session)?;
        repairs.push(synthetic.repairs);
        tables.push(synthetic.table);
    }
    for (path, table) in paths.iter().zip(&tables) {
        outputs.table(path, table, fitted.dialect())?;
    }
    let rows = tables[0].rows();
    let shown: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    session.say_beside(
        &outputs,
        &serde_json::json!({ "out": paths, "rows": rows, "seed": options.seed, "repairs": repairs }),
        &format!("{rows} synthetic rows: {}", shown.join(", ")),
    );
    Ok(())
}

/// Returns the files of this many copies: the name itself for one, numbered ones for more.
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

/// Returns the values that rows must have.
fn conditions(options: &Sample) -> Result<Conditions, Failure> {
    if let Some(path) = &options.given {
        return Ok(Conditions::read(path)?);
    }
    let mut conditions = Conditions::default();
    for condition in &options.values {
        conditions = conditions.matching(condition);
    }
    Ok(conditions)
}

/// Returns the number of rows: the one wanted, or that of the table the model learnt from.
pub(super) fn rows(wanted: Option<usize>, fitted: &Fitted) -> Result<usize, Failure> {
    wanted
        .or_else(|| fitted.model().typical_rows())
        .ok_or_else(|| {
            Failure::input("this model does not know how many rows it learnt from; use --rows")
        })
}

/// Reads a model file.
pub(super) fn open(path: &Path, session: &Session) -> Result<Fitted, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::input(format!("{shown}: {error}")))?;
    Fitted::read_with(&mut BufReader::new(file), &session.methods)
        .map_err(|error| Failure::input(format!("{shown}: {}", crate::failure::chain(&error))))
}

/// The rows to sample.
pub(super) struct Wanted<'a> {
    pub(super) rows: usize,
    pub(super) conditions: &'a Conditions,
    pub(super) diverse: &'a DiverseArgs,
}

/// Samples and restores, telling the user what was repaired and how many values were exchanged.
pub(super) fn sample(
    fitted: &Fitted,
    wanted: &Wanted<'_>,
    seed: &Seed,
    session: &Session,
) -> Result<Synthetic, Failure> {
    let rules = rules(wanted.diverse)?;
    let work = session.work("sampling");
    let builder = fitted.sample(wanted.rows).seed(*seed).observer(&work);
    let synthetic = builder.given(wanted.conditions).diverse(&rules).run()?;
    drop(work);
    for (rule, answer) in rules.iter().zip(&synthetic.diversified) {
        let keys = rule.keys.join(", ");
        session.note(format!(
            "groups with the same {keys} that agreed in {}: {} broken by an exchange of two values, {} left",
            rule.target, answer.exchanged, answer.left
        ));
    }
    note_repairs(&synthetic, session);
    Ok(synthetic)
}

/// Tells the user what was repaired.
pub(super) fn note_repairs(synthetic: &Synthetic, session: &Session) {
    for repair in &synthetic.repairs {
        session.note(format!("repaired: {repair}"));
    }
}

/// Returns the rules of diversity that the user asks for.
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
