//! `parable evaluate`: a page about a synthetic table.

use std::path::{Path, PathBuf};

use parable::metrics::{Evaluation, EvaluationOptions, registry};
use parable::report::{
    Bands, Cost, MadeFrom, MethodResult, Release, Report, ReportInput, coarse_columns,
};
use parable::seed::Seed;
use parable::{EvaluationPlan, Source, TimedEvaluation};

use super::sample::open;
use crate::args::{Evaluate, MadeFromName, Measured};
use crate::failure::Failure;
use crate::meter::Meter;
use crate::output::{Outputs, in_folder};
use crate::session::Session;

/// A synthetic table and its name on the page.
struct Candidate {
    name: String,
    table: Source,
}

pub(crate) fn run(options: &Evaluate, session: &Session) -> Result<(), Failure> {
    if options.what.list_metrics {
        list_metrics(session);
        return Ok(());
    }
    if let Some(path) = &options.shown.write_bands {
        return write_bands(path, options.force, session);
    }
    let (Some(real), Some(synthetic), Some(folder)) =
        (&options.real, &options.synthetic, &options.out)
    else {
        return Err(Failure::input("evaluate needs REAL, SYNTHETIC and --out"));
    };
    let stem = if options.shown.release {
        "release"
    } else {
        "report"
    };
    let paths = in_folder(
        folder,
        [
            format!("{stem}.html"),
            format!("{stem}.md"),
            format!("{stem}.json"),
        ],
    );
    let review = options.shown.review.as_deref();
    let claimed = paths.iter().map(PathBuf::as_path).chain(review);
    let also = named_files(&options.what.also)?;
    let read = [&**real, &**synthetic].into_iter();
    let read = read.chain(also.iter().map(|(_, path)| &**path));
    let read = read.chain(options.what.copy.iter().map(|path| &**path));
    let read = read.chain(options.holdout.as_deref());
    let read = read.chain(options.schema.as_deref());
    let read = read.chain(options.shown.model.as_deref());
    let outputs = session.claim(read, claimed, options.force)?;
    let bands = bands(options.shown.bands.as_deref())?;
    let model = match &options.shown.model {
        Some(path) => Some(open(path, session)?),
        None => None,
    };

    let real = session.source(real, options.schema.as_deref())?;
    // The other tables are read as the real one was, so that a level is the same level everywhere.
    let alike = |path: &Path| session.alike(path, real.table().schema());
    let main = alike(synthetic)?;
    let mut candidates = vec![Candidate {
        name: main.name().to_owned(),
        table: main,
    }];
    for (name, path) in also {
        candidates.push(Candidate {
            name,
            table: alike(&path)?,
        });
    }
    let copies: Vec<Source> = options
        .what
        .copy
        .iter()
        .map(|path| alike(path))
        .collect::<Result<_, _>>()?;
    let holdout = options.holdout.as_deref().map(alike).transpose()?;

    let plan = EvaluationPlan::default()
        .with_holdout(holdout.as_ref().map(Source::table))
        .with_options(evaluation_options(&options.what))
        .with_only(options.what.metrics.clone());
    let comparison = Comparison {
        real: &real,
        seed: &options.seed,
        min_cell: bands.min_cell,
        session,
    };
    let mut results = Vec::with_capacity(candidates.len());
    for (index, candidate) in candidates.iter().enumerate() {
        // Copies are of the first table's model.
        let plan = match index {
            0 => plan.clone().with_copies(copies.iter().map(Source::table)),
            _ => plan.clone(),
        };
        let mut result = comparison.with(candidate, &plan)?;
        if index == 0 {
            if let Some(fitted) = &model {
                result = result
                    .with_record(fitted.record().clone())
                    .with_training(fitted.training())
                    .with_cleaning(fitted.cleaning_steps());
            }
            if let Some(made_from) = options.shown.made_from {
                result = result.with_made_from(made_from.into());
            }
            if !copies.is_empty() {
                result = result.with_note(format!(
                    "estimates of models are combined over {} synthetic tables",
                    copies.len() + 1
                ));
            }
        }
        results.push(result);
    }
    let report = Report::new(input(options, &real, bands, results));
    Outputs::folder(folder)?;
    write(&outputs, &paths, &report, options.shown.release)?;
    if let Some(path) = review {
        let _work = session.work("looking for rows to review");
        let review = plan.review(real.table(), candidates[0].table.table(), &options.seed)?;
        outputs.write(path, |file| {
            review.write_csv(file).map_err(Failure::environment)
        })?;
        session.note(format!(
            "{}: {} rows to look at. Do not release this file",
            path.display(),
            review.rows.len()
        ));
    }
    answer(options, &report, &paths, session);
    Ok(())
}

/// The real table, and what every comparison with it has in common.
struct Comparison<'a> {
    real: &'a Source,
    seed: &'a Seed,
    /// Fewest rows that a published number may stand for.
    min_cell: u64,
    session: &'a Session,
}

impl Comparison<'_> {
    /// Evaluates one table and measures the cost.
    fn with(
        &self,
        candidate: &Candidate,
        plan: &EvaluationPlan<'_>,
    ) -> Result<MethodResult, Failure> {
        let (real, table) = (self.real.table(), candidate.table.table());
        let meter = Meter::start();
        let TimedEvaluation {
            evaluation,
            metric_seconds,
            ..
        } = {
            let work = self.session.work(&format!("evaluating {}", candidate.name));
            plan.run(real, table, self.seed, &work)?
        };
        let cost = Cost::default()
            .with_evaluate(meter.usage())
            .with_metric_seconds(metric_seconds);
        let result = MethodResult::new(&candidate.name, evaluation)
            .with_cost(cost)
            .with_coarse(coarse_columns(real, table, self.min_cell));
        let warnings = candidate.table.warnings().iter();
        Ok(warnings.fold(result, MethodResult::with_note))
    }
}

fn input(
    options: &Evaluate,
    real: &Source,
    bands: Bands,
    results: Vec<MethodResult>,
) -> ReportInput {
    let table = real.table();
    let mut input = ReportInput::new(
        format!("Synthetic version of {}", real.name()),
        real.name(),
        table.rows() as u64,
        table.schema().len() as u64,
        table.schema().clone(),
    )
    .with_bands(bands);
    if let Some(days) = options.shown.person_days {
        input = input.with_person_days(days);
    }
    for warning in real.warnings() {
        input = input.with_note(warning);
    }
    results.into_iter().fold(input, ReportInput::with_method)
}

/// Writes the pages: the owner's, or those made for others. Never both into one folder, so that the
/// folder can be handed on.
fn write(
    outputs: &Outputs,
    [html, markdown, data]: &[PathBuf; 3],
    report: &Report,
    release: bool,
) -> Result<(), Failure> {
    let texts = if release {
        let release = report.to_release();
        [release.to_html(), release.to_markdown(), release.to_json()]
    } else {
        [report.to_html(), report.to_markdown(), report.to_json()]
    };
    for (path, text) in [html, markdown, data].into_iter().zip(&texts) {
        outputs.text(path, text)?;
    }
    Ok(())
}

/// Prints the result: numbers for the owner, bands where the result is for others.
fn answer(
    options: &Evaluate,
    report: &Report,
    [html, markdown, data]: &[PathBuf; 3],
    session: &Session,
) {
    let versions: Vec<(&str, &Evaluation)> = report
        .input()
        .methods
        .iter()
        .map(|method| (method.name.as_str(), &method.evaluation))
        .collect();
    let Some((_, first)) = versions.first() else {
        return;
    };
    let mut object = serde_json::json!({ "report": html, "markdown": markdown, "json": data });
    let table = if options.shown.release {
        let release = report.to_release();
        object["bands"] = bands_by_id(&release);
        release
            .bands()
            .iter()
            .map(|(_, id, band)| format!("{id:<44}{band}"))
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        object["scores"] = scores(first);
        if versions.len() > 1 {
            object["methods"] = versions
                .iter()
                .map(|(name, evaluation)| ((*name).to_owned(), scores(evaluation)))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        summary(&versions)
    };
    session.say(&object, &format!("{table}\nreport: {}", html.display()));
}

fn bands_by_id(release: &Release) -> serde_json::Value {
    let mut methods = serde_json::Map::new();
    for (method, id, band) in release.bands() {
        let entry = methods
            .entry(method.to_owned())
            .or_insert_with(|| serde_json::json!({}));
        entry[id] = serde_json::json!(band);
    }
    methods.into()
}

fn evaluation_options(what: &Measured) -> EvaluationOptions {
    let options = EvaluationOptions::default()
        .with_keys(&what.keys)
        .with_targets(&what.targets)
        .with_subgroups(&what.subgroups)
        .with_predict(&what.predict);
    what.formula
        .iter()
        .cloned()
        .fold(options, EvaluationOptions::with_formula)
}

fn list_metrics(session: &Session) {
    let all = registry(&EvaluationOptions::default());
    let object: Vec<_> = all
        .iter()
        .map(|metric| {
            serde_json::json!({ "id": metric.id(), "title": metric.title(), "explanation": metric.explanation(), "default": metric.is_default() })
        })
        .collect();
    let lines: Vec<String> = all
        .iter()
        .map(|metric| {
            let asked = if metric.is_default() {
                ""
            } else {
                " (only when asked for)"
            };
            format!("{}{asked}\n    {}", metric.id(), metric.explanation())
        })
        .collect();
    session.say(&serde_json::json!({ "metrics": object }), &lines.join("\n"));
}

fn write_bands(path: &Path, force: bool, session: &Session) -> Result<(), Failure> {
    let outputs = Outputs::claim([path], force)?;
    outputs.text(path, &(Bands::default().to_json() + "\n"))?;
    session.say(
        &serde_json::json!({ "bands": path }),
        &format!("limits of the bands: {}", path.display()),
    );
    Ok(())
}

fn bands(path: Option<&Path>) -> Result<Bands, Failure> {
    let Some(path) = path else {
        return Ok(Bands::default());
    };
    let failed =
        |problem: &dyn std::fmt::Display| Failure::input(format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Bands::from_json(&text).map_err(|error| failed(&error))
}

/// Parses `NAME=FILE` arguments and refuses a name that is used twice.
fn named_files(arguments: &[String]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut files: Vec<(String, PathBuf)> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let (name, path) = argument
            .split_once('=')
            .filter(|(name, path)| !name.is_empty() && !path.is_empty())
            .ok_or_else(|| {
                Failure::input(format!(
                    "--also {argument}: expected NAME=FILE, such as independent=other.csv"
                ))
            })?;
        if files.iter().any(|(known, _)| known == name) {
            return Err(Failure::input(format!(
                "--also {name}: this name is used twice"
            )));
        }
        files.push((name.to_owned(), PathBuf::from(path)));
    }
    Ok(files)
}

impl From<MadeFromName> for MadeFrom {
    fn from(name: MadeFromName) -> Self {
        match name {
            MadeFromName::Metadata => Self::Metadata,
            MadeFromName::PlausibleValues => Self::PlausibleValues,
            MadeFromName::OneWay => Self::OneWay,
            MadeFromName::Joint => Self::Joint,
        }
    }
}

/// Returns the scores by id, for programs.
pub(super) fn scores(evaluation: &Evaluation) -> serde_json::Value {
    evaluation
        .scores
        .iter()
        .map(|score| (score.id.clone(), serde_json::json!(score.value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Formats the scores as a table for people, one column per synthetic version.
pub(super) fn summary(versions: &[(&str, &Evaluation)]) -> String {
    let mut lines = vec![
        versions
            .iter()
            .fold(format!("{:<44}", "metric"), |line, (name, _)| {
                format!("{line}{name:>16}")
            }),
    ];
    let first = versions
        .first()
        .map_or(&[][..], |(_, evaluation)| evaluation.scores.as_slice());
    for score in first {
        let cells = versions
            .iter()
            .map(|(_, evaluation)| match evaluation.value(&score.id) {
                Some(value) => format!("{value:>16.4}"),
                None => format!("{:>16}", "-"),
            });
        lines.push(cells.fold(format!("{:<44}", score.id), |line, cell| line + &cell));
    }
    lines.join("\n")
}
