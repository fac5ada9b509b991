//! How long the whole default evaluation takes; run by hand: `cargo test -p parable-metrics --test
//! speed -- --ignored --nocapture`.

use std::path::Path;
use std::time::Instant;

use parable_clean::{InferOptions, infer};
use parable_metrics::{Distance, Evaluation, EvaluationOptions, NearestScore, NearestStatistic};
use parable_seed::Seed;
use parable_table::{Table, csv, read_typed};
use parable_trials::{Preset, Trial, TrialConfig};

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    eprintln!("{what}: {:.2} s", start.elapsed().as_secs_f64());
    result
}

/// Times an evaluation with one distance, without and with the reference tables.
fn time(name: &str, real: &Table, synthetic: &Table) {
    for distance in [Distance::Gower, Distance::RawManhattan] {
        timed(
            &format!("{name}, neighbours by {}", distance.name()),
            || {
                let options = EvaluationOptions::default().with_distances(vec![distance]);
                Evaluation::of(real, synthetic)
                    .with_metric(NearestScore::new(
                        distance,
                        NearestStatistic::Median,
                        &options,
                    ))
                    .without_default_metrics()
                    .with_options(options)
                    .run()
                    .unwrap()
            },
        );
    }
    timed(&format!("{name}, everything"), || {
        Evaluation::of(real, synthetic)
            .seed(&Seed::from_u64(1))
            .run()
            .unwrap()
    });
}

#[test]
#[ignore = "a measurement, not a check"]
fn adult() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/adult.csv");
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    }
    let raw = csv::read(&path, &csv::ReadOptions::default()).unwrap();
    let schema = infer(&raw, &InferOptions::default()).schema;
    let (table, _) = read_typed(&raw, &schema).unwrap();
    let real: Vec<usize> = (0..32_561).collect();
    let mut rng = Seed::from_u64(2).rng();
    // Real rows the "synthesizer" never saw, filled up with rows that exchange half of their
    // columns: realistic distances.
    let synthetic: Vec<usize> = (0..32_561)
        .map(|_| rng.below(table.rows() as u64) as usize)
        .collect();
    let partner: Vec<usize> = (0..32_561)
        .map(|_| rng.below(table.rows() as u64) as usize)
        .collect();
    let (schema, left) = table.take(&synthetic).into_parts();
    let (_, right) = table.take(&partner).into_parts();
    let mixed = left.into_iter().zip(right).enumerate();
    let columns = mixed.map(|(i, (a, b))| if i % 2 == 0 { a } else { b });
    let synthetic = Table::new(schema, columns.collect()).unwrap();
    time("adult 32,561 x 15", &table.take(&real), &synthetic);
}

#[test]
#[ignore = "a measurement, not a check"]
fn preset_b() {
    let simulate = |seed: u64| {
        let config = TrialConfig::new(Preset::B);
        Trial::simulate(&config, &Seed::from_u64(seed))
            .unwrap()
            .table
    };
    time("preset B 9,900 x 34", &simulate(1), &simulate(2));
}

#[test]
#[ignore = "a measurement, not a check"]
fn preset_c() {
    let simulate = |seed: u64| {
        let config = TrialConfig::new(Preset::C);
        Trial::simulate(&config, &Seed::from_u64(seed))
            .unwrap()
            .table
    };
    time("preset C 67,200 x 36", &simulate(1), &simulate(2));
}
