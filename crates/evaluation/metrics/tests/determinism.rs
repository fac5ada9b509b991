//! Same tables and seed, same bytes, on any number of threads; and the JSON form reads back.

mod reading;

use parable_metrics::{Evaluation, EvaluationOptions, MetricError};
use parable_seed::Seed;
use parable_table::Role;

fn evaluate(threads: usize) -> Evaluation {
    let folder = reading::own_vectors();
    let numbers = ["pretest1", "posttest1", "income", "uniform"];
    let roles = [
        ("arm", Role::Treatment),
        ("school", Role::ClusterId),
        ("posttest1", Role::Outcome),
    ];
    let read = |name: &str| reading::table(&folder.join(name), &numbers, &roles);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(|| {
        let (real, synthetic) = (read("trial_real.csv"), read("trial_synth.csv"));
        let holdout = read("trial_control.csv");
        Evaluation::of(&real, &synthetic)
            .holdout(&holdout)
            .with_options(EvaluationOptions::default().with_baseline_repeats(2))
            .seed(&Seed::from_u64(7))
            .run()
            .unwrap()
    })
}

#[test]
fn one_and_four_threads_write_the_same_bytes_and_they_read_back() {
    let (one, four) = (evaluate(1), evaluate(4));
    let text = one.to_json();
    assert_eq!(text, four.to_json());
    assert_eq!(Evaluation::from_json(&text).unwrap(), one);
}

#[test]
fn other_files_are_refused() {
    for text in [
        "",
        "{}",
        "[1]",
        r#"{"format":"parable-schema","version":1}"#,
    ] {
        let error = Evaluation::from_json(text).unwrap_err();
        assert!(matches!(error, MetricError::UnknownFormat { .. }), "{text}");
    }
    let damaged = r#"{"format":"parable-evaluation","version":1}"#;
    let error = Evaluation::from_json(damaged).unwrap_err();
    assert!(matches!(error, MetricError::Damaged { .. }));
}
