//! `parable evaluate`: a page about a synthetic table.

use std::path::Path;
use std::time::Instant;

use parable::Source;
use parable::metrics::Evaluation;
use parable::report::{Cost, MethodResult, Report, ReportInput};

use super::{say, source};
use crate::args::Evaluate;
use crate::failure::Failure;
use crate::output::{Outputs, in_folder};
use crate::progress::Terminal;

pub(crate) fn run(options: &Evaluate, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let [html, data] = in_folder(&options.out.out, ["report.html", "report.json"]);
    let outputs = Outputs::claim([&*html, &*data], options.out.force)?;
    let real = source(&options.real, options.schema.as_deref(), terminal)?;
    // The other tables are read as the real one was, so that a level is the same level everywhere.
    let alike = |path: &Path| -> Result<Source, Failure> {
        let _work = terminal.work(&format!("reading {}", path.display()));
        Ok(Source::read_with(path, Some(real.table().schema()))?)
    };
    let synthetic = alike(&options.synthetic)?;
    let holdout = options.holdout.as_deref().map(alike).transpose()?;
    let started = Instant::now();
    let evaluation = {
        let work = terminal.work("evaluating");
        parable::judge(
            real.table(),
            synthetic.table(),
            holdout.as_ref().map(Source::table),
            &options.seed,
            &work,
        )?
    };
    let cost = Cost::default().with_evaluate_seconds(started.elapsed().as_secs_f64());
    let mut result = MethodResult::new(synthetic.name(), evaluation.clone()).with_cost(cost);
    for warning in synthetic.warnings() {
        result = result.with_note(warning);
    }
    let table = real.table();
    let input = ReportInput::new(
        format!("Synthetic version of {}", real.name()),
        real.name(),
        table.rows() as u64,
        table.schema().len() as u64,
        table.schema().clone(),
    )
    .with_method(result);
    let report = Report::new(input);
    Outputs::folder(&options.out.out)?;
    outputs.text(&html, &report.to_html())?;
    outputs.text(&data, &report.to_json())?;
    say(
        json,
        &serde_json::json!({ "report": html, "json": data, "scores": scores(&evaluation) }),
        &format!(
            "{}\nreport: {}",
            summary(&[(synthetic.name(), &evaluation)]),
            html.display()
        ),
    );
    Ok(())
}

/// The scores by id, for programs.
pub(super) fn scores(evaluation: &Evaluation) -> serde_json::Value {
    evaluation
        .scores
        .iter()
        .map(|score| (score.id.clone(), serde_json::json!(score.value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The scores as a table for people, one column per synthetic version.
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
