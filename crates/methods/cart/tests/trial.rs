//! What a synthetic school trial must keep, on simulated trials.

mod analysis;

use analysis::{
    adjusted_effect, arms_of, fit, intraclass_correlation, mean_correlation, modelled,
    nominal_correlation, overlap, share_missing,
};
use parable_cart::{CartConfig, CartReader, CrossFit, Pruning};
use parable_core::{Model, ModelFile, ModelReader};
use parable_seed::Seed;
use parable_table::{Column, Constraint, Kind, Known, Levels, Role, Schema, Table, Values};
use parable_trials::{Preset, Trial, TrialConfig};

const SAMPLES: u64 = 4;

fn trial(preset: Preset, seed: u64) -> (Trial, Table) {
    let trial = Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(seed)).expect("a trial");
    let table = modelled(&trial.table);
    (trial, table)
}

fn check_constant(table: &Table) {
    for constraint in table.schema().constraints() {
        if let Constraint::ClusterConstant { cluster, columns } = constraint {
            let cluster = table.named(cluster).expect("the cluster column").1;
            for name in columns {
                let column = table.named(name).expect("a column").1;
                let mut known = std::collections::HashMap::new();
                for row in 0..table.rows() {
                    let cell = (
                        column.missing(row),
                        column.code(row),
                        column.number(row).map(f64::to_bits),
                    );
                    assert_eq!(
                        *known.entry(cluster.code(row)).or_insert(cell),
                        cell,
                        "{name} varies"
                    );
                }
            }
        }
    }
}

fn check(preset: Preset, seed: u64, least_overlap: f64, likeness: f64) {
    let (trial, real) = trial(preset, seed);
    let model = fit(&real, &CartConfig::default());
    let made: Vec<Table> = (0..SAMPLES)
        .map(|seed| {
            model
                .sample(real.rows(), &Seed::from_u64(seed))
                .expect("a sample")
        })
        .collect();
    made.iter().for_each(check_constant);
    let pre = &trial.truth.pre_test;
    let mean = |of: &dyn Fn(&Table) -> f64| made.iter().map(of).sum::<f64>() / SAMPLES as f64;
    for field in real
        .schema()
        .fields()
        .iter()
        .filter(|f| f.role == Role::Outcome && f.kind.is_numeric())
    {
        let name = &field.name;
        for robust in [true, false] {
            let there = adjusted_effect(&real, name, pre, robust);
            let kept = mean(&|made| overlap(there, adjusted_effect(made, name, pre, robust)));
            assert!(
                kept >= least_overlap,
                "{name}: intervals overlap by {kept:.2} (robust: {robust})"
            );
        }
        let (there, here) = (
            intraclass_correlation(&real, name),
            mean(&|made| intraclass_correlation(made, name)),
        );
        assert!(
            (there - here).abs() <= likeness,
            "{name}: intraclass correlation {there:.3} became {here:.3}"
        );
        for arm in arms_of(&real) {
            let there = share_missing(&real, name, arm);
            for made in &made {
                let here = share_missing(made, name, arm);
                assert!(
                    (there - here).abs() < 0.01,
                    "{name}: missing in arm {arm} {there:.3} became {here:.3}"
                );
            }
        }
    }
}

#[test]
fn effects_attrition_and_likeness_within_schools_survive_in_preset_b() {
    // Over three trials and ten samples each the mean overlap was 0.86 to 0.96, the likeness off by
    // at most 0.015 on average.
    check(Preset::B, 100, 0.75, 0.03);
}

#[test]
fn effects_survive_in_the_small_preset_a() {
    // With 48 schools likeness has a standard error of about 0.03 in the real table already.
    check(Preset::A, 101, 0.6, 0.08);
}

#[test]
fn schools_keep_their_number_and_the_arms_their_shares() {
    let (_, real) = trial(Preset::B, 100);
    let model = fit(&real, &CartConfig::default());
    let count = |table: &Table| {
        let schools = table.named("school_id").expect("schools").1;
        let mut codes: Vec<Option<u32>> = (0..table.rows()).map(|row| schools.code(row)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.len()
    };
    for (rows, schools) in [(real.rows(), 132), (990, 13), (1, 1), (20_000, 132)] {
        let made = model.sample(rows, &Seed::from_u64(3)).expect("a sample");
        assert_eq!((made.rows(), count(&made)), (rows, schools));
        check_constant(&made);
        if rows >= real.rows() {
            let treated = arms_of(&made)[1];
            let arm = made.named("treatment").expect("arms").1;
            let share = (0..rows)
                .filter(|&row| analysis::value(arm, row) == Some(treated))
                .count() as f64
                / rows as f64;
            // 66 of 132 schools; their sizes vary by a third, which moves the share by 0.03 (1 sd)
            // at most.
            assert!((share - 0.5).abs() < 0.12, "{share}");
        }
    }
}

#[test]
fn the_same_bytes_come_from_any_number_of_threads() {
    let (_, real) = trial(Preset::A, 102);
    let make = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            let model = fit(&real, &CartConfig::default());
            let mut body = Vec::new();
            model.write_body(&mut body).expect("a body");
            (
                body,
                model.sample(9_000, &Seed::from_u64(4)).expect("a sample"),
            )
        })
    };
    assert_eq!(make(1), make(4));
}

#[test]
fn schools_keep_what_they_are_in_several_columns_at_once() {
    let (_, real) = trial(Preset::A, 103);
    let model = fit(&real, &CartConfig::default());
    let made: Vec<Table> = (0..SAMPLES)
        .map(|seed| {
            model
                .sample(real.rows(), &Seed::from_u64(seed))
                .expect("a sample")
        })
        .collect();
    // Means of schools in two outcomes that schools have in common far beyond what pupils pass on.
    let of = |table: &Table| mean_correlation(table, "post_reading", "post_vocab_std");
    let there = of(&real);
    let here = made.iter().map(of).sum::<f64>() / SAMPLES as f64;
    // 48 schools: the correlation has a standard error of 0.1 in each of the four copies; drawn on
    // their own it was 0.3 lower.
    assert!((there - here).abs() < 0.2, "{there:.2} became {here:.2}");
    let of = |table: &Table| nominal_correlation(table, "ethnicity");
    let there = of(&real);
    let here = made.iter().map(of).sum::<f64>() / SAMPLES as f64;
    assert!((there - here).abs() < 0.03, "{there:.3} became {here:.3}");
}

#[test]
fn small_trials_say_what_does_not_hold_up() {
    let (_, real) = trial(Preset::A, 101);
    let model = fit(&real, &CartConfig::default());
    let told = |model: &parable_cart::CartModel| {
        let told = model.record().warnings.iter();
        told.filter(|warning| warning.contains("rows left out"))
            .cloned()
            .collect::<Vec<_>>()
    };
    let found = told(&model);
    // The month of birth depends on nothing in the simulation; the outcome on the pre-test.
    assert!(
        found.len() == 1 && found[0].contains("`birth_month`"),
        "{found:?}"
    );
    assert!(!found[0].contains("`post_reading`"), "{found:?}");
    let plain = fit(
        &real,
        &CartConfig::default()
            .with_cross_fit(CrossFit::Never)
            .with_pruning(Pruning::None),
    );
    assert_eq!(told(&plain), found, "told whether trees follow it or not");
    let leaves = |model: &parable_cart::CartModel, name: &str| {
        let trees = model.trees();
        let own = trees
            .iter()
            .find(|tree| tree.column == name && tree.part == "value");
        own.expect("a tree").leaves
    };
    assert_eq!(leaves(&model, "birth_month"), 1);
    assert!(leaves(&plain, "birth_month") > 50);
}

#[test]
fn more_rows_make_more_schools_where_there_are_names_for_them() {
    let (_, real) = trial(Preset::A, 104);
    let position = real.schema().position("school_id").expect("schools");
    let (schema, columns) = real.clone().into_parts();
    let remade = |kind: Kind, name: &dyn Fn(Vec<u32>) -> Values| {
        let mut fields = schema.fields().to_vec();
        fields[position].kind = kind;
        let mut columns = columns.clone();
        let code = |row: usize| columns[position].code(row).expect("a school");
        columns[position] = Column::complete(name((0..real.rows()).map(code).collect()));
        let rules = schema.constraints().to_vec();
        let schema = Schema::with_constraints(fields, rules).expect("a schema");
        Table::new(schema, columns).expect("a table")
    };
    let number = |code: u32| i64::from(code) + 500;
    let names = (0..100).map(|school| format!("school {school}"));
    let levels = Known::declared(Levels::new(names).expect("distinct"));
    let cases = [
        // Numbers go on; of 100 declared names 48 are in use.
        (
            remade(Kind::integer(), &|codes| {
                Values::Integer(codes.into_iter().map(number).collect())
            }),
            144,
        ),
        (
            remade(Kind::nominal(levels), &|codes| {
                Values::Codes(codes.into_iter().map(|code| 2 * code).collect())
            }),
            100,
        ),
        (real.clone(), 48),
    ];
    for (table, schools) in cases {
        let model = fit(&table, &CartConfig::default());
        let made = model.sample(3_600, &Seed::from_u64(5)).expect("a sample");
        let names = made.column(position);
        let mut rows: std::collections::BTreeMap<u64, usize> = std::collections::BTreeMap::new();
        for row in 0..3_600 {
            let name = analysis::value(names, row).expect("a name");
            *rows.entry(name.to_bits()).or_default() += 1;
        }
        assert_eq!(rows.len(), schools);
        let least = rows.values().min().copied().unwrap_or(0);
        assert!(least >= 5, "sizes are those of schools: {least}");
        let again = model.sample(3_600, &Seed::from_u64(5)).expect("a sample");
        assert_eq!(made, again);
        if schools == 144 {
            let largest = (0..3_600)
                .filter_map(|row| names.number(row))
                .fold(0.0, f64::max);
            assert_eq!(largest, 500.0 + 143.0);
        }
    }
}

#[test]
fn a_trial_survives_its_file_and_a_damaged_one_never_panics() {
    let config = TrialConfig::new(Preset::B).with_pupils(900);
    let trial = Trial::simulate(&config, &Seed::from_u64(105)).expect("a trial");
    let real = modelled(&trial.table);
    let model = fit(&real, &CartConfig::default());
    let good = ModelFile::of(&model).expect("a file");
    let seed = Seed::from_u64(6);
    let again = CartReader.read(&good).expect("a model");
    assert_eq!(
        again.sample(300, &seed).expect("a sample"),
        model.sample(300, &seed).expect("a sample")
    );
    // The first line holds what clusters have in common.
    let head = good
        .body
        .iter()
        .position(|&byte| byte == b'\n')
        .expect("a line");
    let mut rng = Seed::from_u64(7).rng();
    let mut read = 0;
    for _ in 0..400 {
        let mut bad = good.clone();
        let place = rng.below(head as u64) as usize;
        bad.body[place] = b"0123456789,[].-"[rng.below(15) as usize];
        if let Ok(model) = CartReader.read(&bad) {
            let _ = model.sample(60, &seed);
            read += 1;
        }
    }
    assert!(read > 0, "some changes of digits are changes of numbers");
}
