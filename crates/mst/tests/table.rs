//! Fits of tables: what the model shows and keeps.

use parable_core::{FitContext, Model, Synthesizer};
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
    // The real effect is near 8 with a standard error of 0.34; noise and bins may move it by a little more than twice as much.
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
    let picture = model.picture();
    assert!(picture.contains(">arm<") && picture.contains("passed &lt;50&gt;"));
    assert_eq!(picture.matches("<line").count(), model.relations().count());
    assert!(
        model
            .relations()
            .any(|(columns, _)| columns == ["score", "passed <50>"])
    );
}
