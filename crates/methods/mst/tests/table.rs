//! Fits of tables: what the model shows and keeps.

use parable_core::{FitContext, Model, NoObserver, SampleError, Synthesizer};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Mst, MstConfig, MstModel};
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values,
};

/// Arm, score between 0 and 100 that is higher in the treated arm, and whether it was passed.
fn trial(rows: usize) -> Table {
    let levels = |names: [&str; 2]| Kind::nominal(Known::declared(Levels::new(names).unwrap()));
    let score = Kind::Integer {
        bounds: Some(Known::declared(Bounds { min: 0, max: 100 })),
        grid: None,
        format: NumberFormat::default(),
    };
    let fields = vec![
        Field::new("arm", levels(["control", "treated"])),
        Field::new("score", score),
        Field::new("passed <50>", levels(["no", "yes"])),
    ];
    let mut rng = Seed::from_u64(2).rng();
    let arm: Vec<u32> = (0..rows).map(|_| rng.below(2) as u32).collect();
    let score: Vec<i64> = arm
        .iter()
        .map(|&arm| {
            (45.0 + 8.0 * f64::from(arm) + 12.0 * rng.normal())
                .round()
                .clamp(0.0, 100.0) as i64
        })
        .collect();
    let passed = score.iter().map(|&score| u32::from(score >= 50)).collect();
    let columns = vec![
        Column::complete(Values::Codes(arm)),
        Column::complete(Values::Integer(score)),
        Column::complete(Values::Codes(passed)),
    ];
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

fn fit(table: &Table, config: MstConfig, epsilon: f64) -> MstModel {
    let budget = Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-6).unwrap());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::insecure_seeded([4; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Mst::new(config).fit(table, &mut context).unwrap()
}

/// Mean score of the treated less that of the others.
fn effect(table: &Table) -> f64 {
    let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
    for row in 0..table.rows() {
        if let (Some(arm), Some(score)) = (table.column(0).code(row), table.column(1).number(row)) {
            sums[arm as usize] += score;
            counts[arm as usize] += 1.0;
        }
    }
    sums[1] / counts[1] - sums[0] / counts[0]
}

#[test]
fn a_required_effect_is_kept() {
    let table = trial(5_000);
    let model = fit(
        &table,
        MstConfig::default().with_required(["arm", "score"]),
        1.0,
    );
    let made = model.sample(5_000, &Seed::from_u64(3)).unwrap();
    // The real effect is near 8 with a standard error of 0.34; noise and bins may move it by a
    // little more than twice as much.
    assert!(
        (effect(&table) - effect(&made)).abs() < 2.0,
        "{} {}",
        effect(&table),
        effect(&made)
    );
    // Nobody's arm is missing, and a noisy count of nobody is not taken for somebody.
    assert_eq!(made.column(0).missing_count(), 0);
    for row in 0..made.rows() {
        let score = made.column(1).number(row);
        assert!(score.is_none_or(|score| (0.0..=100.0).contains(&score)));
    }
}

#[test]
fn the_record_holds_nothing_that_was_not_declared_or_charged() {
    let table = trial(4_321);
    let model = fit(&table, MstConfig::default(), 1.0);
    let record = model.record();
    assert!(record.private && record.rows.is_none() && record.seed.is_none());
    assert!(record.table_digest.is_none());
    let text = serde_json::to_string(record).unwrap();
    assert!(
        !text.contains("4321"),
        "the number of rows is in the record"
    );
}

#[test]
fn too_few_rows_are_said_in_the_record() {
    let model = fit(&trial(60), MstConfig::default(), 0.1);
    assert_eq!(model.relations().count(), 0);
    assert!(model.record().warnings[0].contains("single columns"));
}

#[test]
fn the_picture_names_every_column_and_draws_every_relation() {
    let model = fit(&trial(5_000), MstConfig::default(), 1.0);
    let picture = Model::picture(&model, None).expect("a picture");
    assert!(picture.contains(">arm<") && picture.contains("passed &lt;50&gt;"));
    assert_eq!(picture.matches("<line").count(), model.relations().count());
    assert!(
        model
            .relations()
            .any(|(columns, _)| columns == ["score", "passed <50>"])
    );
}

/// Rows of several tables, one after the other.
fn joined(parts: &[Table]) -> Table {
    let columns = (0..parts[0].schema().len())
        .map(|at| Column::concat(parts.iter().map(|part| part.column(at))))
        .collect();
    Table::new(parts[0].schema().clone(), columns).unwrap()
}

#[test]
fn chunks_join_into_one_table() {
    let table = trial(5_000);
    let config = MstConfig::default().with_required(["arm", "score"]);
    let model = fit(&table, config, 1.0);
    let seed = Seed::from_u64(3);
    let at_once = model.sample(5_000, &seed).unwrap();
    let parts = |size| -> Vec<Table> {
        let chunks = model.sample_chunks(5_000, size, &seed).unwrap();
        chunks.map(Result::unwrap).collect()
    };
    assert_eq!(parts(5_000), std::slice::from_ref(&at_once));
    let chunked = parts(300);
    assert_eq!(chunked.len(), 17);
    let whole = joined(&chunked);
    assert_eq!(whole.rows(), 5_000);
    let arms = |table: &Table| -> Vec<usize> {
        let column = table.column(0);
        (0..2)
            .map(|arm| {
                (0..5_000)
                    .filter(|&row| column.code(row) == Some(arm))
                    .count()
            })
            .collect()
    };
    assert_eq!(arms(&whole), arms(&at_once));
    // Both have the counts of one table of groups; what differs is where in its group a score lies.
    // In groups 15 points wide the standard deviation of the effect is 15 / sqrt(12) * sqrt(2 /
    // 2,500) = 0.12, of the difference 0.17; six of them.
    assert!((effect(&whole) - effect(&at_once)).abs() < 1.0);
    assert!(model.sample_chunks(0, 10, &seed).unwrap().next().is_none());
}

#[test]
fn given_scores_stay_to_the_point_and_arms_follow_them() {
    let table = trial(20_000);
    let config = MstConfig::default().with_required(["arm", "score"]);
    let model = fit(&table, config, 4.0);
    let field = table.schema().fields()[1].clone();
    let schema = Schema::new(vec![field]).unwrap();
    let ask = |scores: Vec<i64>| {
        let column = Column::complete(Values::Integer(scores));
        let given = Table::new(schema.clone(), vec![column]).unwrap();
        model.sample_given(&given, &Seed::from_u64(5), &NoObserver)
    };
    let scores: Vec<i64> = (0..4_000)
        .map(|row| if row % 2 == 0 { 41 } else { 59 })
        .collect();
    let made = ask(scores.clone()).unwrap();
    let Values::Integer(found) = made.column(1).values() else {
        panic!("scores are integers")
    };
    assert_eq!(*found, scores);
    let treated = |score: i64| {
        let rows = (0..4_000).filter(|&row| scores[row] == score);
        rows.filter(|&row| made.column(0).code(row) == Some(1))
            .count() as f64
            / 2_000.0
    };
    // Two normals with means 45 and 53 and standard deviation 12: odds exp(8 (score - 49) / 144).
    for score in [41, 59] {
        let odds = (8.0 * (score as f64 - 49.0) / 144.0).exp();
        let expected = odds / (1.0 + odds);
        assert!(
            (treated(score) - expected).abs() < 0.06,
            "{score}: {} {expected}",
            treated(score)
        );
    }
    assert!(matches!(ask(vec![50, 101]), Err(SampleError::Given { .. })));
    assert_eq!(ask(vec![]).unwrap().rows(), 0);
}
