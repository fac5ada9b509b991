//! The pipeline in memory: what a method is given, and what comes back.

use parable::seed::Seed;
use parable::table::{Constraint, Table, constraints};
use parable::trials::{Preset, Trial, TrialConfig};
use parable::{Fitted, Methods, Source, Synthetic};

fn trial() -> Source {
    let trial = Trial::simulate(&TrialConfig::new(Preset::A), &Seed::from_u64(7)).expect("a trial");
    Source::from_table("trial", trial.table)
}

fn made(source: &Source, method: &str) -> (Fitted, Synthetic) {
    let method = Methods::builtin().get(method, "").expect("a method");
    let fitted = source.fit(method).seed(1).run().expect("a fit");
    let made = fitted.sample(1_200).seed(2).run().expect("a sample");
    (fitted, made)
}

/// The share of rows in the treated arm.
fn treated(table: &Table) -> f64 {
    let (_, arm) = table.named("treatment").expect("an arm");
    (0..table.rows())
        .filter(|&row| arm.code(row) == Some(1))
        .count() as f64
        / table.rows() as f64
}

#[test]
fn cart_keeps_schema_rules_and_arms() {
    let source = trial();
    let (_, made) = made(&source, "cart");
    assert_eq!(made.table.schema(), source.table().schema());
    assert!(
        constraints::check(&made.table)
            .expect("rules fit")
            .is_empty()
    );
    // 24 of 48 schools of 25 pupils each are treated; sizes alone move the share of rows by less than this.
    assert!((treated(&made.table) - treated(source.table())).abs() < 0.1);
}

#[test]
fn the_baseline_keeps_every_column_and_no_cluster() {
    let source = trial();
    let (_, made) = made(&source, "independent");
    let names = |table: &Table| -> Vec<String> {
        table
            .schema()
            .fields()
            .iter()
            .map(|field| field.name.clone())
            .collect()
    };
    assert_eq!(names(&made.table), names(source.table()));
    // A binomial share of 1,200 rows has sd 0.0144; 5 sd = 0.072 is exceeded with probability below 1e-6.
    assert!(
        (treated(&made.table) - treated(source.table())).abs() < 0.072,
        "repairs moved whole arms"
    );
    let cluster = |rule: &Constraint| matches!(rule, Constraint::ClusterConstant { .. });
    assert!(!made.table.schema().constraints().iter().any(cluster));
}

#[test]
fn a_model_file_samples_what_its_model_samples() {
    let source = trial();
    let (fitted, made) = made(&source, "cart");
    let mut bytes = Vec::new();
    fitted.write(&mut bytes).expect("written");
    let read = Fitted::read(&mut bytes.as_slice()).expect("read");
    assert_eq!(read.sample(1_200).seed(2).run().expect("a sample"), made);
    assert_eq!(read.to_markdown(), fitted.to_markdown());
}
