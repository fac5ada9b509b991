//! The page of a real evaluation: a simulated trial against a table whose columns were drawn one by
//! one.

mod html_check;

use parable_baseline::Independent;
use parable_core::{FitContext, Model, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_metrics::{Evaluation, EvaluationOptions};
use parable_report::{Cost, KnownEffect, KnownTruth, MethodResult, Report, ReportInput};
use parable_seed::Seed;
use parable_table::{Kind, Schema, Table};
use parable_trials::{Preset, Trial, TrialConfig};

/// The table without its unit ids, as cleaning leaves it.
fn modelled(trial: &Trial) -> Table {
    let table = &trial.table;
    let (fields, columns) = table
        .schema()
        .fields()
        .iter()
        .zip(table.columns())
        .filter(|(field, _)| field.kind != Kind::Text)
        .map(|(field, column)| (field.clone(), column.clone()))
        .unzip();
    let schema = Schema::with_constraints(fields, table.schema().constraints().to_vec());
    Table::new(schema.expect("fewer columns"), columns).expect("the same rows")
}

#[test]
fn a_trial_drawn_column_by_column_is_shown_to_have_lost_its_relations() {
    let seed = Seed::from_u64(7);
    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &seed).expect("a trial");
    let real = modelled(&trial);
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(seed.stream("fit"), &mut ledger, &mut noise);
    let model = Independent.fit(&real, &mut context).expect("a model");
    let synthetic = model
        .sample(trial.table.rows(), &seed.stream("sample"))
        .expect("a table");
    let other =
        Trial::simulate(&TrialConfig::new(Preset::A), &seed.stream("other")).expect("a trial");
    // Pupils nobody learnt from: they tell what is knowledge about everybody.
    let held_out =
        Trial::simulate(&TrialConfig::new(Preset::A), &seed.stream("held out")).expect("a trial");
    let held_out = modelled(&held_out);
    let evaluate = |table| {
        Evaluation::of(&real, table)
            .holdout(&held_out)
            .with_options(EvaluationOptions::default().with_baseline_repeats(1))
            .seed(&seed.stream("evaluate"))
            .run()
            .expect("an evaluation")
    };

    let mut truth = KnownTruth::default().with_note("Truth: mean over the pupils of this trial of the score with the programme less the score without it.");
    for outcome in &trial.truth.outcomes {
        truth = truth
            .with_effect(
                KnownEffect::new(&outcome.column, outcome.overall.own_units)
                    .with_effect_size(outcome.overall.control_sds),
            )
            .with_icc(&outcome.column, outcome.icc);
    }
    let input = ReportInput::new(
        "Simulated trial A",
        "preset A, seed 7",
        trial.table.rows() as u64,
        trial.table.schema().len() as u64,
        trial.table.schema().clone(),
    )
    .with_method(
        MethodResult::new("independent", evaluate(&synthetic))
            .with_record(model.record().clone())
            .with_cost(Cost::default().with_fit_seconds(0.01)),
    )
    .with_method(MethodResult::new(
        "another trial",
        evaluate(&modelled(&other)),
    ))
    .with_method(MethodResult::new("copy", evaluate(&real)))
    .with_truth(truth);
    let report = Report::new(input);
    let html = report.to_html();
    if let Some(dir) = std::env::var_os("PARABLE_REPORT_DIR") {
        std::fs::write(std::path::Path::new(&dir).join("real.html"), &html)
            .expect("a folder to write to");
    }
    html_check::check(&html);
    assert!(html.contains(
        "No formal guarantee: the method read the real rows without differential privacy."
    ));
    assert_eq!(Report::from_json(&report.to_json()), Ok(report.clone()));

    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("json");
    let band =
        |method: usize, goal: usize| json["methods"][method]["verdicts"][goal]["band"].clone();
    assert_eq!(
        band(0, 0),
        "D",
        "independent columns have lost all relations"
    );
    assert_eq!(
        band(0, 1),
        "D",
        "and the schools are not in one arm any more"
    );
    assert_eq!(band(2, 0), "A", "a copy is faithful");
    assert_eq!(band(2, 1), "A", "and useful");
    assert_eq!(band(2, 2), "D", "and dangerous");
    // Attacks on so few pupils leave wide intervals, so the band of another sample is not asked
    // for: only that it holds no copies.
    let findings = &json["methods"][1]["verdicts"][2]["findings"];
    for (finding, measure) in [(0, "Copied rows"), (1, "Near copies")] {
        assert_eq!(findings[finding]["measure"], measure);
        assert_eq!(findings[finding]["band"], "A", "{findings}");
    }
}
