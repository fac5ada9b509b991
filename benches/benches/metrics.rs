//! What every metric costs, with its value beside the time.
//!
//! Each metric of the registry runs once on a pair of its own, so that nothing is shared with the
//! one before; `sections` is the whole default report, in which nearest neighbours and codes are
//! shared. Times are CPU seconds of this process (user and system), not wall time. Tables: Adult,
//! 32,561 rows against as many that `cart` made of them, the other 16,281 rows as the holdout
//! (where `../shared/data` has it); with `preset_c` as an argument the simulated trial of 67,200
//! pupils instead. A further argument picks the metrics whose id contains it.

use std::path::Path;

use parable_benches::cpu_seconds;
use parable_cart::Cart;
use parable_clean::{InferOptions, infer};
use parable_core::{FitContext, Model, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_metrics::{Evaluation, EvaluationOptions, Pair, registry};
use parable_seed::Seed;
use parable_table::{Table, csv, read_typed};
use parable_trials::{Preset, Trial, TrialConfig};

struct Case {
    name: &'static str,
    real: Table,
    synthetic: Table,
    holdout: Option<Table>,
}

fn adult() -> Option<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/adult.csv");
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    }
    let raw = csv::read(&path, &csv::ReadOptions::default()).expect("a readable table");
    let schema = infer(&raw, &InferOptions::default()).schema;
    let (table, _) = read_typed(&raw, &schema).expect("values that fit the schema");
    let rows: Vec<usize> = (0..table.rows()).collect();
    let (real, holdout) = rows.split_at(32_561);
    let real = table.take(real);
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = Cart::default().fit(&real, &mut context).expect("a fit");
    let synthetic = model.sample(real.rows(), &Seed::from_u64(1)).expect("rows");
    Some(Case {
        name: "adult 32,561 x 15",
        real,
        synthetic,
        holdout: Some(table.take(holdout)),
    })
}

fn preset_c() -> Case {
    let simulate = |seed: u64| {
        let config = TrialConfig::new(Preset::C);
        let trial = Trial::simulate(&config, &Seed::from_u64(seed)).expect("a trial");
        trial.table
    };
    Case {
        name: "preset C 67,200 x 36",
        real: simulate(1),
        synthetic: simulate(2),
        holdout: None,
    }
}

/// User and system time of this process in seconds, and its peak memory in MB; not a number and
/// zero where the system does not say.
fn used() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    (cpu_seconds(), kilobytes.unwrap_or(0.0) / 1024.0)
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with('-'))
        .collect();
    let large = arguments.iter().any(|text| text == "preset_c");
    let wanted = |id: &str| {
        let mut picks = arguments
            .iter()
            .filter(|text| *text != "preset_c")
            .peekable();
        picks.peek().is_none() || picks.any(|text| id.contains(text.as_str()))
    };
    let Some(case) = (if large { Some(preset_c()) } else { adult() }) else {
        return;
    };
    let pair = || {
        let pair = Pair::new(&case.real, &case.synthetic).expect("the same columns");
        match &case.holdout {
            Some(holdout) => pair.with_holdout(holdout).expect("the same columns"),
            None => pair,
        }
    };
    let options = EvaluationOptions::default();
    let seed = Seed::from_u64(1);
    println!("{}: CPU s, value", case.name);
    if wanted("sections") {
        let before = used().0;
        let mut evaluator = Evaluation::of(&case.real, &case.synthetic)
            .with_options(options.clone())
            .seed(&seed);
        if let Some(holdout) = &case.holdout {
            evaluator = evaluator.holdout(holdout);
        }
        let evaluation = evaluator.run().expect("an evaluation");
        let (after, peak) = used();
        println!(
            "{:44} {:9.2}  {} scores, peak of the process {peak:.0} MB",
            "sections",
            after - before,
            evaluation.scores.len()
        );
    }
    // Predictions are made where a column is named.
    let predicted = case.real.named("income").map(|_| "income");
    for metric in registry(&options.with_predict(predicted)) {
        if !wanted(metric.id()) {
            continue;
        }
        let fresh = pair();
        let before = used().0;
        let score = metric
            .metric()
            .score(&fresh, &seed.stream(metric.id()))
            .expect("a score");
        let spent = used().0 - before;
        let value = match (score.value, score.reason) {
            (Some(value), _) => format!("{value:.4}"),
            (None, reason) => reason.map_or("none", |reason| reason.text()).to_owned(),
        };
        println!("{:44} {spent:9.2}  {value}", metric.id());
    }
}
