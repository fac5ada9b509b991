//! `parable demo`: the main job from end to end, on a trial whose truth is known.

use std::time::Instant;

use parable::clean::Recipe;
use parable::dp::{Budget, Delta, Epsilon, PrivacyUnit};
use parable::metrics::Evaluation;
use parable::report::{Cost, KnownEffect, KnownTruth, MethodResult, Report, ReportInput};
use parable::seed::Seed;
use parable::table::{Dialect, Schema, schema_file};
use parable::trials::{Trial, TrialConfig};
use parable::{
    Cleaned, EvaluationPlan, Fitted, Method, Priorities, PrivacyParams, Source, Synthetic,
};

use super::evaluate::{scores, summary};
use super::sample::note_repairs;
use super::simulate::{preset, pretty};
use crate::args::Demo;
use crate::failure::{Failure, chain};
use crate::meter::Meter;
use crate::output::{Outputs, in_folder};
use crate::session::Session;

/// The methods shown, best first.
const DEMO: [&str; 3] = ["cart", "swift", "independent"];

/// The budget of the private method in the demonstration: a usual choice for so many people.
const EPSILON: f64 = 1.0;
const DELTA: f64 = 1e-6;

/// The result of one method.
struct Made {
    method: &'static str,
    fitted: Fitted,
    synthetic: Synthetic,
    evaluation: Evaluation,
    cost: Cost,
}

pub(crate) fn run(options: &Demo, session: &Session) -> Result<(), Failure> {
    let started = Instant::now();
    let folder = &options.out;
    let names = [
        "trial.csv",
        "schema.json",
        "truth.json",
        "cleaning.md",
        "report.html",
        "report.md",
        "report.json",
    ];
    let [data, schema, truth, log, html, report_md, report_json] = in_folder(folder, names);
    let tables = DEMO.map(|method| folder.join(format!("synthetic-{method}.csv")));
    let fixed = [
        &data,
        &schema,
        &truth,
        &log,
        &html,
        &report_md,
        &report_json,
    ];
    let outputs = Outputs::claim(
        fixed.into_iter().chain(&tables).map(|path| &**path),
        options.force,
    )?;

    let (trial, holdout) = simulate(options, session)?;
    let source = Source::from_table(
        format!("trial {:?}", preset(options.preset)),
        trial.table.clone(),
    );
    session.note(format!(
        "simulated {} pupils x {} columns",
        trial.table.rows(),
        trial.table.schema().len()
    ));

    let demonstration = Demonstration {
        source: &source,
        holdout: &holdout,
        seed: &options.seed,
        session,
    };
    let mut made = Vec::with_capacity(DEMO.len());
    let mut cleaning = String::new();
    for name in DEMO {
        let method = with_effects(name, source.table().schema(), session)?;
        let cleaned = Cleaned::for_method(source.table(), method.capabilities())?;
        if cleaning.is_empty() {
            cleaning = cleaned.to_markdown();
            cleaned
                .steps()
                .iter()
                .for_each(|step| session.note(format!("cleaning: {step}")));
        }
        made.push(demonstration.of(&cleaned, &method)?);
    }

    Outputs::folder(folder)?;
    outputs.table(&data, &trial.table, Dialect::default())?;
    outputs.text(&schema, &schema_file::to_json(trial.table.schema()))?;
    outputs.text(&truth, &pretty(&trial.truth)?)?;
    outputs.text(&log, &cleaning)?;
    for (path, made) in tables.iter().zip(&made) {
        outputs.table(path, &made.synthetic.table, Dialect::default())?;
    }
    let report = Report::new(page(options, &source, &trial, &made));
    outputs.text(&html, &report.to_html())?;
    outputs.text(&report_md, &report.to_markdown())?;
    outputs.text(&report_json, &report.to_json())?;

    let versions: Vec<(&str, &Evaluation)> = made
        .iter()
        .map(|made| (made.method, &made.evaluation))
        .collect();
    let methods: serde_json::Map<String, serde_json::Value> = versions
        .iter()
        .map(|(name, evaluation)| ((*name).to_owned(), scores(evaluation)))
        .collect();
    let seconds = started.elapsed().as_secs_f64();
    session.say(
        &serde_json::json!({ "report": html, "seconds": seconds, "methods": methods }),
        &format!(
            "{}\n\n{seconds:.1} s; open {}",
            summary(&versions),
            html.display()
        ),
    );
    Ok(())
}

/// Simulates the trial, and a holdout of as many pupils of the same population.
fn simulate(options: &Demo, session: &Session) -> Result<(Trial, Trial), Failure> {
    let _work = session.work("simulating");
    let config = TrialConfig::new(preset(options.preset));
    let draw =
        |seed: &Seed| Trial::simulate(&config, seed).map_err(|error| Failure::input(chain(&error)));
    Ok((
        draw(&options.seed)?,
        draw(&options.seed.stream("demo/holdout"))?,
    ))
}

/// Returns the method; a private one spends on the treatment effects first.
fn with_effects(name: &str, schema: &Schema, session: &Session) -> Result<Method, Failure> {
    let method = session.methods.get(name, "")?;
    if !method.capabilities().private {
        return Ok(method);
    }
    let columns = Recipe::declared_columns(schema).map_err(parable::Error::from)?;
    let priorities = Priorities::default()
        .with_effects(&columns)
        .map_err(parable::Error::from)?;
    Ok(session.methods.get_with(name, "", &priorities)?)
}

fn privacy_params(method: &Method) -> Result<PrivacyParams, Failure> {
    if !method.capabilities().private {
        return Ok(PrivacyParams::none());
    }
    let epsilon = Epsilon::new(EPSILON).map_err(Failure::input)?;
    let delta = Delta::new(DELTA).map_err(Failure::input)?;
    Ok(PrivacyParams {
        budget: Budget::approx(epsilon, delta),
        unit: PrivacyUnit::one_row(),
    })
}

/// The tables that every method is shown on.
struct Demonstration<'a> {
    source: &'a Source,
    holdout: &'a Trial,
    seed: &'a Seed,
    session: &'a Session,
}

impl Demonstration<'_> {
    /// Fits, samples and evaluates one method, and measures the cost of each step.
    fn of(&self, cleaned: &Cleaned, method: &Method) -> Result<Made, Failure> {
        let (session, seed) = (self.session, self.seed);
        let meter = Meter::start();
        let fitted = {
            let work = session.work(&format!("fitting {}", method.name()));
            let mut ledger = privacy_params(method)?.ledger();
            let builder = self
                .source
                .fit(method.clone())
                .seed(seed.stream("demo/fit"));
            let builder = builder.cleaned(cleaned).ledger(&mut ledger);
            builder.observer(&work).run()?
        };
        let fit = meter.usage();
        let real = self.source.table();
        let meter = Meter::start();
        let synthetic = {
            let work = session.work("sampling");
            let builder = fitted.sample(real.rows()).seed(seed.stream("demo/sample"));
            builder.observer(&work).run()?
        };
        note_repairs(&synthetic, session);
        let sample = meter.usage();
        let meter = Meter::start();
        let timed = {
            let work = session.work(&format!("evaluating {}", method.name()));
            let seed = seed.stream("demo/evaluate");
            let plan = EvaluationPlan::default().with_holdout(Some(&self.holdout.table));
            plan.run(real, &synthetic.table, &seed, &work)?
        };
        let cost = Cost::default()
            .with_fit(fit)
            .with_sample(sample)
            .with_evaluate(meter.usage())
            .with_metric_seconds(timed.metric_seconds);
        Ok(Made {
            method: method.name(),
            fitted,
            synthetic,
            evaluation: timed.evaluation,
            cost,
        })
    }
}

fn page(options: &Demo, source: &Source, trial: &Trial, made: &[Made]) -> ReportInput {
    let mut truth = KnownTruth::default().with_note(
        "The simulator knows both outcomes of every pupil: the mean of outcome with the programme less outcome without it, before anything goes missing.",
    );
    for outcome in &trial.truth.outcomes {
        let effect = KnownEffect::new(&outcome.column, outcome.overall.own_units);
        truth = truth.with_effect(effect.with_effect_size(outcome.overall.control_sds));
    }
    let table = source.table();
    let mut input = ReportInput::new(
        format!("Simulated trial {:?}", preset(options.preset)),
        source.name(),
        table.rows() as u64,
        table.schema().len() as u64,
        table.schema().clone(),
    )
    .with_truth(truth)
    .with_note("The real table is simulated: nobody in it exists.")
    .with_note("The holdout is another draw of as many pupils from the same simulated population.");
    for one in made {
        let mut result = MethodResult::new(one.method, one.evaluation.clone())
            .with_record(one.fitted.record().clone())
            .with_training(one.fitted.training())
            .with_cost(one.cost.clone())
            .with_cleaning(one.fitted.cleaning_steps());
        for repair in &one.synthetic.repairs {
            result = result.with_note(repair);
        }
        input = input.with_method(result);
    }
    input
}
