//! What a synthetic school trial must keep, on simulated trials.

mod analysis;

use analysis::{
    adjusted_effect, arms_of, fit, intraclass_correlation, modelled, overlap, share_missing,
};
use parable_cart::CartConfig;
use parable_core::Model;
use parable_seed::Seed;
use parable_table::{Constraint, Role, Table};
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
    // Over three trials and ten samples each the mean overlap was 0.86 to 0.96, the likeness off by at most 0.015 on average.
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
            // 66 of 132 schools; their sizes vary by a third, which moves the share by 0.03 (1 sd) at most.
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
