//! What draws repeat, keep and leave out.

mod analysis;

use analysis::fit;
use parable_cart::{CartConfig, CartReader, Smoothing, VisitOrder};
use parable_core::{FitContext, FitError, Model, ModelFile, ModelReader, Synthesizer};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Strings, Table, Values};

fn levels<const N: usize>(names: [&str; N]) -> Kind {
    Kind::nominal(Known::declared(Levels::new(names).expect("distinct")))
}

/// 2,000 incomes on two groups, with one person far out in each direction and one in a gap.
fn incomes() -> (Table, [i64; 3]) {
    let mut rng = Seed::from_u64(5).rng();
    let planted = [9_999_999, -7_777, 444_444];
    let group: Vec<u32> = (0..2_000).map(|row| u32::from(row % 3 == 0)).collect();
    let income: Vec<i64> = group
        .iter()
        .enumerate()
        .map(|(row, &group)| match row {
            500 => planted[0],
            700 => planted[1],
            900 => planted[2],
            _ => 20_000 + 15_000 * i64::from(group) + (4_000.0 * rng.normal()) as i64,
        })
        .collect();
    let fields = vec![
        Field::new("group", levels(["a", "b"])),
        Field::new("income", Kind::integer()),
    ];
    let columns = vec![
        Column::complete(Values::Codes(group)),
        Column::complete(Values::Integer(income)),
    ];
    (
        Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table"),
        planted,
    )
}

fn integers(table: &Table, name: &str) -> Vec<i64> {
    match table.named(name).expect("a column").1.values() {
        Values::Integer(numbers) => numbers.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn people_who_stand_alone_are_not_repeated() {
    let (real, planted) = incomes();
    let model = fit(&real, &CartConfig::default());
    for seed in 0..5 {
        let made = integers(
            &model
                .sample(4_000, &Seed::from_u64(seed))
                .expect("a sample"),
            "income",
        );
        assert!(made.iter().all(|income| !planted.contains(income)));
        // Without the planted ones incomes lie within 5 sd of their groups' means.
        assert!(made.iter().all(|&income| (0..=55_000).contains(&income)));
    }
    let mut file = Vec::new();
    model.write_body(&mut file).expect("a body");
    for number in planted {
        let text = number.to_string();
        assert!(
            !file
                .windows(text.len())
                .any(|window| window == text.as_bytes()),
            "the file holds {number}"
        );
    }
    let off = fit(&real, &CartConfig::default().with_smoothing(Smoothing::Off));
    let made = integers(
        &off.sample(4_000, &Seed::from_u64(0)).expect("a sample"),
        "income",
    );
    assert!(
        made.contains(&planted[0]),
        "without smoothing numbers are repeated, or this test could not fail"
    );
}

#[test]
fn numbers_that_one_person_has_are_rarely_met_again() {
    let (real, _) = incomes();
    let there = integers(&real, "income");
    let made = integers(
        &fit(&real, &CartConfig::default())
            .sample(2_000, &Seed::from_u64(1))
            .expect("a sample"),
        "income",
    );
    let copies = made.iter().filter(|income| there.contains(income)).count();
    // 2,000 incomes stand on about 20,000 whole numbers, most of them in the middle: chance alone
    // meets one in six.
    assert!(copies < 500, "{copies}");
}

#[test]
fn spikes_keep_their_share_and_other_numbers_stay_beside_them() {
    let mut rng = Seed::from_u64(6).rng();
    let arm: Vec<u32> = (0..3_000).map(|row| row % 2).collect();
    let dose: Vec<f64> = arm
        .iter()
        .map(|&arm| {
            if arm == 0 || rng.chance(0.2) {
                0.0
            } else {
                5.0 + (10.0 * rng.uniform() * 100.0).round() / 100.0
            }
        })
        .collect();
    let fields = vec![
        Field::new("arm", levels(["c", "t"])),
        Field::new("dose", Kind::continuous(2)),
    ];
    let columns = vec![
        Column::complete(Values::Codes(arm)),
        Column::complete(Values::Continuous(dose)),
    ];
    let real = Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table");
    let model = fit(&real, &CartConfig::default());
    assert!(model.trees().iter().any(|tree| tree.part == "spike"));
    let made = model.sample(3_000, &Seed::from_u64(1)).expect("a sample");
    for row in 0..3_000 {
        let dose = made.column(1).number(row).expect("a dose");
        let treated = made.column(0).code(row) == Some(1);
        assert!(dose == 0.0 || (treated && dose >= 4.9), "{dose}");
        assert_eq!((dose * 100.0).round() / 100.0, dose, "off the grid");
    }
    let zero = |table: &Table| {
        (0..3_000)
            .filter(|&row| table.column(1).number(row) == Some(0.0))
            .count()
    };
    assert!(zero(&real).abs_diff(zero(&made)) <= 30);
}

#[test]
fn missing_values_keep_their_reasons_and_what_they_depend_on() {
    let mut rng = Seed::from_u64(7).rng();
    let group: Vec<u32> = (0..3_000).map(|row| row % 3).collect();
    let missing: Vec<u8> = group
        .iter()
        .map(|&group| match group {
            0 => 0,
            1 => u8::from(rng.chance(0.4)),
            _ => 2 * u8::from(rng.chance(0.9)),
        })
        .collect();
    let score: Vec<i64> = (0..3_000).map(|_| 40 + rng.below(30) as i64).collect();
    let fields = vec![
        Field::new("group", levels(["a", "b", "c"])),
        Field::new("score", Kind::integer()).with_missing_codes(["-8"]),
    ];
    let columns = vec![
        Column::complete(Values::Codes(group)),
        Column::with_missing(Values::Integer(score), missing),
    ];
    let real = Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table");
    let made = fit(&real, &CartConfig::default())
        .sample(3_000, &Seed::from_u64(1))
        .expect("a sample");
    let share = |table: &Table, group: u32, byte: Option<u8>| {
        let rows: Vec<usize> = (0..3_000)
            .filter(|&row| table.column(0).code(row) == Some(group))
            .collect();
        let is = |row: usize| {
            table
                .column(1)
                .missing(row)
                .map(parable_table::Missing::to_byte)
                == byte
        };
        rows.iter().filter(|&&row| is(row)).count() as f64 / rows.len() as f64
    };
    for group in 0..3 {
        for byte in [None, Some(1), Some(2)] {
            let (there, here) = (share(&real, group, byte), share(&made, group, byte));
            // Draws are balanced within leaves: off by rounding, not by chance.
            assert!(
                (there - here).abs() < 0.01,
                "group {group}, reason {byte:?}: {there} became {here}"
            );
        }
    }
}

#[test]
fn a_school_column_with_many_levels_is_a_target_and_a_predictor_like_any_other() {
    let rows = 6_000;
    let names: Vec<String> = (0..1_280).map(|level| format!("L{level:04}")).collect();
    let place: Vec<u32> = (0..rows).map(|row| row * 7 % 1_280).collect();
    let kind: Vec<u32> = place.iter().map(|&place| place % 5).collect();
    let score: Vec<i64> = place
        .iter()
        .map(|&place| i64::from(place % 5) * 10 + i64::from(place / 300))
        .collect();
    let fields = vec![
        Field::new("kind", levels(["a", "b", "c", "d", "e"])),
        Field::new(
            "place",
            Kind::nominal(Known::declared(Levels::new(names).expect("distinct"))),
        ),
        Field::new("score", Kind::integer()),
    ];
    let columns = vec![
        Column::complete(Values::Codes(kind)),
        Column::complete(Values::Codes(place)),
        Column::complete(Values::Integer(score)),
    ];
    let real = Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table");
    let order = ["kind", "place", "score"].map(str::to_owned).to_vec();
    let config = CartConfig::default().with_visit_order(VisitOrder::Given(order));
    let made = fit(&real, &config)
        .sample(rows as usize, &Seed::from_u64(1))
        .expect("a sample");
    let kept = (0..rows as usize)
        .filter(|&row| made.column(1).code(row).map(|place| place % 5) == made.column(0).code(row))
        .count();
    assert_eq!(kept, rows as usize, "a place determines its kind");
    let near = (0..rows as usize).filter(|&row| {
        let place = f64::from(made.column(1).code(row).expect("a place"));
        let score = made.column(2).number(row).expect("a score");
        (score - (place % 5.0 * 10.0 + (place / 300.0).floor())).abs() <= 2.0
    });
    assert!(near.count() > rows as usize * 95 / 100);
}

#[test]
fn text_is_refused_by_name_and_an_unknown_column_of_the_order_too() {
    let texts: Strings = ["x", "y"].into_iter().collect();
    let schema = Schema::new(vec![Field::new("remarks", Kind::Text)]).expect("a schema");
    let table = Table::new(schema, vec![Column::complete(Values::Text(texts))]).expect("a table");
    let refused = |table: &Table, config: CartConfig| {
        let mut ledger = parable_dp::Ledger::open(
            parable_dp::PrivacyUnit::one_row(),
            parable_dp::Budget::Unlimited,
        );
        let mut noise = parable_dp::NoiseSource::operating_system();
        let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
        parable_cart::Cart::new(config)
            .fit(table, &mut context)
            .expect_err("a refusal")
    };
    assert_eq!(
        refused(&table, CartConfig::default()).column(),
        Some("remarks")
    );
    let order = VisitOrder::Given(vec!["nobody".to_owned()]);
    let error = refused(&incomes().0, CartConfig::default().with_visit_order(order));
    assert!(matches!(error, FitError::Setting { .. }), "{error}");
}

#[test]
fn a_school_id_that_is_missing_or_not_nested_is_an_ordinary_column() {
    let rows = 600;
    let names = |count: u32| Levels::new((0..count).map(|id| format!("S{id}"))).expect("distinct");
    let first: Vec<u32> = (0..rows).map(|row| row / 60).collect();
    let second: Vec<u32> = (0..rows).map(|row| row % 12).collect();
    let fields = vec![
        Field::new("first", Kind::nominal(Known::declared(names(10)))).with_role(Role::ClusterId),
        Field::new("second", Kind::nominal(Known::declared(names(12)))).with_role(Role::ClusterId),
        Field::new("third", Kind::nominal(Known::declared(names(12)))).with_role(Role::ClusterId),
    ];
    let holes = (0..rows).map(|row| u8::from(row % 5 == 0)).collect();
    let columns = vec![
        Column::complete(Values::Codes(first)),
        Column::complete(Values::Codes(second.clone())),
        Column::with_missing(Values::Codes(second), holes),
    ];
    let real = Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table");
    let model = fit(&real, &CartConfig::default());
    let made = model.sample(600, &Seed::from_u64(1)).expect("a sample");
    assert!(made.column(2).missing_count().abs_diff(120) < 12);
    assert!(
        model
            .trees()
            .iter()
            .any(|tree| tree.column == "second" && tree.part == "value")
    );
}

#[test]
fn damaged_bodies_are_refused_or_sample_without_a_panic() {
    let (real, _) = incomes();
    let model = fit(
        &real.take(&(0..300).collect::<Vec<_>>()),
        &CartConfig::default(),
    );
    let good = ModelFile::of(&model).expect("a file");
    for at in 0..good.body.len() {
        for change in [0x01, 0x80] {
            let mut bad = good.clone();
            bad.body[at] ^= change;
            if let Ok(model) = CartReader.read(&bad) {
                let made = model.sample(20, &Seed::from_u64(1));
                assert!(made.map_or(true, |made| made.rows() == 20));
            }
        }
    }
}
