//! Real tables with guessed schemas, where they are there: one half of the rows judged as a
//! synthetic copy of the other.

use std::path::Path;

use parable_clean::{InferOptions, infer};
use parable_metrics::{Evaluation, EvaluationOptions};
use parable_seed::Seed;
use parable_table::{csv, read_typed};

#[test]
fn the_second_half_of_a_table_is_a_good_copy_of_the_first() {
    for name in [
        "star_trial",
        "sd2011",
        "acs_national2019",
        "starwars_survey",
        "adult",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../../shared/data")
            .join(format!("{name}.csv"));
        if !path.exists() {
            eprintln!("SKIPPED: {} is not there", path.display());
            continue;
        }
        let raw = csv::read(&path, &csv::ReadOptions::default()).unwrap();
        let schema = infer(&raw, &InferOptions::default()).schema;
        let (table, _) = read_typed(&raw, &schema).unwrap();
        let mut rows: Vec<usize> = (0..table.rows()).collect();
        Seed::from_u64(3).rng().shuffle(&mut rows);
        rows.truncate(6_000);
        let (first, second) = rows.split_at(rows.len() / 2);
        let (real, other) = (table.take(first), table.take(second));
        let evaluation = Evaluation::of(&real, &other)
            .with_options(EvaluationOptions::default().with_baseline_repeats(1))
            .seed(&Seed::from_u64(1))
            .run()
            .unwrap();
        for score in &evaluation.scores {
            assert_eq!(
                score.value.is_none(),
                score.reason.is_some(),
                "{name}: {}",
                score.id
            );
            // Rows for a person to look at: cargo test -- --nocapture.
            eprintln!(
                "{name:16} {:44} {:>12} resample {:>12} independent {:>12}",
                score.id,
                score.value.map_or_else(
                    || format!("{:?}", score.reason.unwrap()),
                    |v| format!("{v:.4}")
                ),
                score
                    .baseline
                    .resample
                    .map_or_else(String::new, |v| format!("{v:.4}")),
                score
                    .baseline
                    .independent
                    .map_or_else(String::new, |v| format!("{v:.4}")),
            );
        }
        let text = evaluation.to_json();
        assert_eq!(Evaluation::from_json(&text).unwrap(), evaluation, "{name}");
        // Halves of one table differ by sampling noise; a shuffled table has lost relations.
        let mass = evaluation.value("mass_mad").unwrap();
        assert!(mass < 0.02, "{name}: {mass}");
        let rms = evaluation.score("association_rms").unwrap();
        assert!(rms.value < rms.baseline.independent, "{name}: {rms:?}");
        let share = evaluation
            .score("nearest_gower_share_below_real_p01")
            .unwrap();
        assert!(
            share.value.is_some_and(|share| share < 0.05),
            "{name}: {share:?}"
        );
    }
}
