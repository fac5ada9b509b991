//! Rules of the schema hold in every row, whatever the noise.

use parable_core::{FitContext, Model, NoObserver, SampleError, Synthesizer};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Mst, MstConfig, MstModel, Strategy, estimate};
use parable_seed::Seed;
use parable_table::constraints::broken_rows;
use parable_table::{
    Bounds, Column, Condition, Constraint, Field, Kind, Known, Levels, NumberFormat, Schema, Table,
    Values,
};

const AREAS: u32 = 3_000;
const REGIONS: u32 = 10;

fn levels(texts: impl IntoIterator<Item = String>) -> Kind {
    Kind::nominal(Known::declared(Levels::new(texts).unwrap()))
}

fn one_of(column: &str, values: impl IntoIterator<Item = String>) -> Condition {
    Condition::OneOf {
        column: column.into(),
        values: values.into_iter().collect(),
    }
}

/// Areas lie in regions, regions differ in how many pass; men are never pregnant, girls below 12
/// neither.
fn population(rows: usize) -> Table {
    let fields = vec![
        Field::new("area", levels((0..AREAS).map(|area| format!("a{area}")))),
        Field::new(
            "region",
            levels((0..REGIONS).map(|region| format!("r{region}"))),
        ),
        Field::new("passed", levels(["no", "yes"].map(String::from))),
        Field::new("sex", levels(["f", "m"].map(String::from))),
        Field::new("pregnant", levels(["no", "yes"].map(String::from))),
        Field::new(
            "age",
            Kind::Integer {
                bounds: Some(Known::declared(Bounds { min: 0, max: 99 })),
                grid: None,
                format: NumberFormat::default(),
            },
        ),
    ];
    let mut rules: Vec<Constraint> = (0..REGIONS)
        .map(|region| Constraint::When {
            condition: one_of(
                "area",
                (0..AREAS)
                    .filter(|a| a % REGIONS == region)
                    .map(|a| format!("a{a}")),
            ),
            then: one_of("region", [format!("r{region}")]),
        })
        .collect();
    let pregnant = || one_of("pregnant", ["yes".to_owned()]);
    rules.push(Constraint::Never {
        all: vec![one_of("sex", ["m".to_owned()]), pregnant()],
    });
    rules.push(Constraint::Never {
        all: vec![
            pregnant(),
            Condition::Below {
                column: "age".into(),
                value: 12.0,
            },
        ],
    });
    let mut rng = Seed::from_u64(4).rng();
    let mut columns = vec![Vec::new(); 5];
    let mut ages = Vec::new();
    for _ in 0..rows {
        // A few areas are large, most are tiny.
        let area = ((f64::from(AREAS)).powf(rng.uniform()) - 1.0) as u32;
        let region = area % REGIONS;
        let passed = rng.chance(0.1 + 0.08 * f64::from(region));
        let sex = rng.below(2) as u32;
        let age = rng.below(100) as i64;
        let pregnant = sex == 0 && (18..45).contains(&age) && rng.chance(0.3);
        for (column, code) in
            columns
                .iter_mut()
                .zip([area, region, u32::from(passed), sex, u32::from(pregnant)])
        {
            column.push(code);
        }
        ages.push(age);
    }
    let mut columns: Vec<Column> = columns
        .into_iter()
        .map(|codes| Column::complete(Values::Codes(codes)))
        .collect();
    columns.push(Column::complete(Values::Integer(ages)));
    Table::new(Schema::with_constraints(fields, rules).unwrap(), columns).unwrap()
}

fn fit(table: &Table, config: MstConfig, epsilon: f64) -> MstModel {
    let budget = Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-6).unwrap());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::insecure_seeded([4; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Mst::new(config).fit(table, &mut context).unwrap()
}

/// The share who passed in each region.
fn passed(table: &Table) -> Vec<f64> {
    let (mut sums, mut counts) = (vec![0.0; REGIONS as usize], vec![0.0; REGIONS as usize]);
    for row in 0..table.rows() {
        let code = |at: usize| table.column(at).code(row);
        if let (Some(region), Some(passed)) = (code(1), code(2)) {
            sums[region as usize] += f64::from(passed);
            counts[region as usize] += 1.0;
        }
    }
    sums.iter()
        .zip(counts)
        .map(|(sum, count)| sum / count)
        .collect()
}

#[test]
fn every_row_of_every_strategy_keeps_every_rule() {
    let table = population(20_000);
    assert!(broken_rows(&table).unwrap().iter().all(Vec::is_empty));
    let direct = Strategy::Direct {
        marginals: vec![
            vec!["area".into(), "passed".into()],
            vec!["pregnant".into(), "age".into()],
        ],
    };
    for strategy in [
        Strategy::Swift,
        Strategy::Mst,
        Strategy::Independent,
        direct,
    ] {
        for epsilon in [0.05, 3.0] {
            let config = MstConfig::default().with_strategy(strategy.clone());
            let model = fit(&table, config, epsilon);
            assert!(
                !model.record().warnings.iter().any(|w| w.contains("rule")),
                "{:?}",
                model.record().warnings
            );
            let made = model.sample(5_000, &Seed::from_u64(3)).unwrap();
            let broken: Vec<usize> = broken_rows(&made).unwrap().iter().map(Vec::len).collect();
            assert!(
                broken.iter().all(|&rows| rows == 0),
                "{strategy:?} {epsilon}: {broken:?}"
            );
            let chunked = model.sample_chunks(900, 400, &Seed::from_u64(3)).unwrap();
            for chunk in chunked {
                assert!(
                    broken_rows(&chunk.unwrap())
                        .unwrap()
                        .iter()
                        .all(Vec::is_empty)
                );
            }
        }
    }
}

#[test]
fn without_the_rules_rows_break_them() {
    let table = population(20_000);
    let (schema, columns) = table.into_parts();
    let free = Table::new(Schema::new(schema.fields().to_vec()).unwrap(), columns).unwrap();
    let made = fit(&free, MstConfig::default(), 3.0)
        .sample(5_000, &Seed::from_u64(3))
        .unwrap();
    let judged = Table::new(schema, made.into_parts().1).unwrap();
    assert!(
        broken_rows(&judged)
            .unwrap()
            .iter()
            .map(Vec::len)
            .sum::<usize>()
            > 1_000
    );
}

#[test]
fn three_thousand_areas_keep_what_is_known_of_their_regions() {
    let table = population(40_000);
    let config = MstConfig::default().with_required(["region", "passed"]);
    let model = fit(&table, config, 2.0);
    // Merged areas lie within regions, so that the model is small: it never holds areas times
    // regions.
    let cells = model.estimated().field().tree().cells();
    assert!(cells < 20_000, "{cells}");
    let made = model.sample(40_000, &Seed::from_u64(3)).unwrap();
    // Shares from 0.10 to 0.82 in regions of 2,000 rows or more: noise of some 30 people in a cell
    // moves one by less than 0.03.
    for (real, made) in passed(&table).iter().zip(passed(&made)) {
        assert!((real - made).abs() < 0.1, "{real} {made}");
    }
    // The largest area of 3,000: one in twelve lives there.
    let share = |table: &Table| {
        (0..table.rows())
            .filter(|&row| table.column(0).code(row) == Some(0))
            .count() as f64
            / table.rows() as f64
    };
    assert!((share(&table) - share(&made)).abs() < 0.02);
}

#[test]
fn given_values_and_rules_go_together() {
    let table = population(20_000);
    let model = fit(&table, MstConfig::default(), 3.0);
    let ask = |name: &str, codes: Vec<u32>| {
        let field = table.schema().field(name).unwrap().clone();
        let column = Column::complete(Values::Codes(codes));
        let given = Table::new(Schema::new(vec![field]).unwrap(), vec![column]).unwrap();
        model.sample_given(&given, &Seed::from_u64(7), &NoObserver)
    };
    for (name, code) in [("pregnant", 1), ("region", 3), ("area", 12)] {
        let made = ask(name, vec![code; 200]).unwrap();
        assert!(
            broken_rows(&made).unwrap().iter().all(Vec::is_empty),
            "{name}"
        );
        let (_, column) = made.named(name).unwrap();
        assert!((0..200).all(|row| column.code(row) == Some(code)), "{name}");
    }
    // A pregnant man is never made.
    let fields = [3, 4]
        .map(|at| table.schema().fields()[at].clone())
        .to_vec();
    let columns = vec![
        Column::complete(Values::Codes(vec![1])),
        Column::complete(Values::Codes(vec![1])),
    ];
    let given = Table::new(Schema::new(fields).unwrap(), columns).unwrap();
    let made = model.sample_given(&given, &Seed::from_u64(7), &NoObserver);
    assert!(
        matches!(made, Err(SampleError::Rare { unmatched: 1, .. })),
        "{made:?}"
    );
}

#[test]
fn a_publication_carries_its_rules_and_wrong_ones_are_refused() {
    let model = fit(&population(20_000), MstConfig::default(), 1.0);
    let mut publication = model.publication().clone();
    let text = serde_json::to_string(&publication).unwrap();
    let again = estimate(&serde_json::from_str(&text).unwrap(), &MstConfig::default()).unwrap();
    let rows =
        |estimated: &parable_mst::Estimated| estimated.generate(500, &Seed::from_u64(1)).unwrap();
    assert_eq!(rows(&again), rows(model.estimated()));
    for rule in [
        r#"{"rule":"never","all":[{"column":9,"codes":[0]}]}"#,
        r#"{"rule":"never","all":[]}"#,
        r#"{"rule":"never","all":[{"column":2,"codes":[7]}]}"#,
        r#"{"rule":"determines","by":3,"column":3,"codes":[0,0,0]}"#,
        r#"{"rule":"determines","by":3,"column":4,"codes":[0,0]}"#,
        r#"{"rule":"at_most","left":3,"right":4,"left_values":[],"right_values":[]}"#,
    ] {
        publication.rules = vec![serde_json::from_str(rule).unwrap()];
        let error = estimate(&publication, &MstConfig::default()).unwrap_err();
        assert!(error.to_string().contains("rule"), "{rule}: {error}");
    }
}

#[test]
fn rules_that_rows_may_break_are_named() {
    let (schema, columns) = population(3_000).into_parts();
    let rules = vec![Constraint::Determines {
        by: vec!["area".into()],
        column: "region".into(),
    }];
    let schema = Schema::with_constraints(schema.fields().to_vec(), rules).unwrap();
    let model = fit(
        &Table::new(schema, columns).unwrap(),
        MstConfig::default(),
        1.0,
    );
    assert!(
        model
            .record()
            .warnings
            .iter()
            .any(|warning| warning.contains("rule 1"))
    );
}
