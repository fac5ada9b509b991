//! Pupils in schools: what a school has, all its pupils have.

use std::collections::HashMap;

use parable_core::{FitContext, Model, NoObserver, Synthesizer};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit, Relation};
use parable_mst::{Mst, MstConfig, MstModel, Strategy};
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Condition, Constraint, Field, Kind, Known, Levels, NumberFormat, Role, Schema,
    Table, Values,
};

const SCHOOLS: u32 = 40;
const PUPILS: usize = 100;

fn levels(texts: impl IntoIterator<Item = String>) -> Kind {
    Kind::nominal(Known::declared(Levels::new(texts).unwrap()))
}

/// Every second school is treated; schools differ in size and in their mean score, and the treated
/// score eight points more.
fn trial(rules: Vec<Constraint>) -> Table {
    let whole = |min, max| Kind::Integer {
        bounds: Some(Known::declared(Bounds { min, max })),
        grid: None,
        format: NumberFormat::default(),
    };
    let fields = vec![
        Field::new("school", levels((0..SCHOOLS).map(|s| format!("S{s}"))))
            .with_role(Role::ClusterId),
        Field::new("arm", levels(["control", "treated"].map(String::from)))
            .with_role(Role::Treatment),
        Field::new("size", whole(0, 2_000)),
        Field::new("score", whole(0, 100)).with_role(Role::Outcome),
    ];
    let mut all = vec![Constraint::ClusterConstant {
        cluster: "school".into(),
        columns: vec!["arm".into(), "size".into()],
    }];
    all.extend(rules);
    let mut rng = Seed::from_u64(6).rng();
    let (mut school, mut arm, mut size, mut score) = (vec![], vec![], vec![], vec![]);
    for name in 0..SCHOOLS {
        let effect = 6.0 * rng.normal();
        for _ in 0..PUPILS {
            school.push(name);
            arm.push(name % 2);
            size.push(i64::from(200 + 37 * name));
            let own = 50.0 + effect + 8.0 * f64::from(name % 2) + 10.0 * rng.normal();
            score.push((own.round() as i64).clamp(0, 100));
        }
    }
    let columns = vec![
        Column::complete(Values::Codes(school)),
        Column::complete(Values::Codes(arm)),
        Column::complete(Values::Integer(size)),
        Column::complete(Values::Integer(score)),
    ];
    Table::new(Schema::with_constraints(fields, all).unwrap(), columns).unwrap()
}

fn fit(table: &Table, config: MstConfig, epsilon: f64, unit: PrivacyUnit) -> (MstModel, Ledger) {
    let budget = Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-6).unwrap());
    let mut ledger = Ledger::open(unit, budget);
    let mut noise = NoiseSource::insecure_seeded([4; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = Mst::new(config).fit(table, &mut context).unwrap();
    (model, ledger)
}

/// The arm and size of each school.
type Constants = HashMap<u32, (Option<u32>, Option<f64>)>;

/// What is constant in each school, or the school in which it varies.
fn constants(tables: &[Table]) -> Result<Constants, u32> {
    let mut known = HashMap::new();
    for table in tables {
        for row in 0..table.rows() {
            if let Some(school) = table.column(0).code(row) {
                let own = (table.column(1).code(row), table.column(2).number(row));
                if *known.entry(school).or_insert(own) != own {
                    return Err(school);
                }
            }
        }
    }
    Ok(known)
}

#[test]
fn schools_keep_one_arm_and_one_size_in_every_strategy_and_chunk() {
    let table = trial(Vec::new());
    for strategy in [Strategy::Swift, Strategy::Mst, Strategy::Independent] {
        for epsilon in [0.1, 3.0] {
            let config = MstConfig::default().with_strategy(strategy.clone());
            let (model, ledger) = fit(&table, config, epsilon, PrivacyUnit::one_row());
            assert!(ledger.spent().epsilon.unwrap().get() <= epsilon);
            let made = model.sample(4_000, &Seed::from_u64(3)).unwrap();
            let whole = constants(&[made]).unwrap_or_else(|s| panic!("{strategy:?}: school {s}"));
            let chunks = model.sample_chunks(4_000, 700, &Seed::from_u64(3)).unwrap();
            let chunks: Vec<Table> = chunks.map(Result::unwrap).collect();
            assert_eq!(constants(&chunks).unwrap(), whole);
        }
    }
}

#[test]
fn the_arms_of_schools_and_their_effect_are_kept_at_the_level_of_pupils() {
    let table = trial(Vec::new());
    let config = MstConfig::default().with_required(["arm", "score"]);
    let (model, ledger) = fit(&table, config, 4.0, PrivacyUnit::one_row());
    let charged = ledger
        .entries()
        .iter()
        .filter(|entry| entry.purpose.starts_with("clusters: "));
    assert_eq!(charged.count(), 1);
    assert!(
        model
            .record()
            .warnings
            .iter()
            .any(|w| w.contains("a fact about the cluster"))
    );
    let made = model.sample(4_000, &Seed::from_u64(3)).unwrap();
    let arms = constants(std::slice::from_ref(&made)).unwrap();
    let right = arms
        .iter()
        .filter(|(school, (arm, _))| *arm == Some(*school % 2))
        .count();
    // One hundred pupils behind noise of about a dozen: every school gets its own arm.
    assert_eq!(right, SCHOOLS as usize);
    let mean = |table: &Table, wanted: u32| {
        let rows = (0..table.rows()).filter(|&row| table.column(1).code(row) == Some(wanted));
        let scores: Vec<f64> = rows.filter_map(|row| table.column(3).number(row)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    let effect = |table: &Table| mean(table, 1) - mean(table, 0);
    assert!(
        (effect(&table) - effect(&made)).abs() < 2.0,
        "{} {}",
        effect(&table),
        effect(&made)
    );
}

#[test]
fn schools_as_the_unit_hide_which_has_which_arm_and_say_so() {
    let table = trial(Vec::new());
    let unit = PrivacyUnit::new(Relation::AddRemove, PUPILS as u32).unwrap();
    let (model, _) = fit(&table, MstConfig::default(), 1.0, unit);
    assert!(
        model
            .record()
            .warnings
            .iter()
            .any(|w| w.contains("hidden as a whole"))
    );
    let arms = constants(&[model.sample(4_000, &Seed::from_u64(3)).unwrap()]).unwrap();
    let right = arms
        .iter()
        .filter(|(school, (arm, _))| *arm == Some(*school % 2))
        .count();
    // Noise of more than a thousand rows on counts of a hundred: 40 fair coins stay below 36 heads
    // with a probability above 1 - 1e-6.
    assert!(right < 36, "{right} of {}", arms.len());
}

#[test]
fn an_allocation_that_is_declared_costs_nothing() {
    let rules = (0..2)
        .map(|arm| Constraint::When {
            condition: Condition::OneOf {
                column: "school".into(),
                values: (0..SCHOOLS)
                    .filter(|s| s % 2 == arm)
                    .map(|s| format!("S{s}"))
                    .collect(),
            },
            then: Condition::OneOf {
                column: "arm".into(),
                values: vec![["control", "treated"][arm as usize].to_owned()],
            },
        })
        .collect();
    let (schema, columns) = trial(rules).into_parts();
    // Without the sizes nothing is left to be released for clusters.
    let mut constraints = schema.constraints().to_vec();
    constraints[0] = Constraint::ClusterConstant {
        cluster: "school".into(),
        columns: vec!["arm".into()],
    };
    let schema = Schema::with_constraints(schema.fields().to_vec(), constraints).unwrap();
    let table = Table::new(schema, columns).unwrap();
    let (model, ledger) = fit(&table, MstConfig::default(), 0.1, PrivacyUnit::one_row());
    assert!(
        !ledger
            .entries()
            .iter()
            .any(|entry| entry.purpose.starts_with("clusters"))
    );
    let made = model.sample(2_000, &Seed::from_u64(3)).unwrap();
    for row in 0..2_000 {
        if let Some(school) = made.column(0).code(row) {
            assert_eq!(made.column(1).code(row), Some(school % 2));
        }
    }
}

#[test]
fn pupils_of_given_schools_carry_what_the_school_has() {
    let table = trial(Vec::new());
    let (model, _) = fit(&table, MstConfig::default(), 4.0, PrivacyUnit::one_row());
    let schema = Schema::new(vec![table.schema().fields()[0].clone()]).unwrap();
    let codes: Vec<u32> = (0..400).map(|row| row % 8).collect();
    let given = Table::new(schema, vec![Column::complete(Values::Codes(codes.clone()))]).unwrap();
    let made = model
        .sample_given(&given, &Seed::from_u64(5), &NoObserver)
        .unwrap();
    assert_eq!(constants(std::slice::from_ref(&made)).unwrap().len(), 8);
    for (row, &school) in codes.iter().enumerate() {
        assert_eq!(made.column(1).code(row), Some(school % 2));
    }
}
