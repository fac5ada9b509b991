//! Reads tables and expected numbers for the vector tests; each test file uses a part of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};

use parable_table::{Field, Kind, NumberFormat, Role, Schema, Table, csv, read_typed};
use serde_json::Value;

/// The columns of numbers of the simulated trial.
pub(crate) const TRIAL_NUMBERS: [&str; 10] = [
    "pretest1",
    "pretest2",
    "posttest1",
    "posttest2",
    "income",
    "age_years",
    "mixture",
    "heavy",
    "attendance",
    "uniform",
];

/// The columns of numbers of Adult.
pub(crate) const ADULT_NUMBERS: [&str; 6] = [
    "age",
    "fnlwgt",
    "education_num",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
];

/// The folder of vectors of this crate.
pub(crate) fn own_vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The folder of vectors of real tables; says so where it is not there.
pub(crate) fn shared_vectors() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors/metrics");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// The table in a file: the named columns are continuous, all others nominal; roles as given.
pub(crate) fn table(path: &Path, numeric: &[&str], roles: &[(&str, Role)]) -> Table {
    let raw = csv::read(path, &csv::ReadOptions::default()).unwrap();
    let fields = raw.names.iter().map(|name| {
        let kind = if numeric.contains(&name.as_str()) {
            Kind::Continuous {
                bounds: None,
                grid: None,
                format: NumberFormat::default(),
            }
        } else {
            Kind::Nominal { levels: None }
        };
        let role = roles.iter().find(|(column, _)| column == name);
        Field::new(name, kind).with_role(role.map_or(Role::Covariate, |(_, role)| role.clone()))
    });
    let schema = Schema::new(fields.collect()).unwrap();
    read_typed(&raw, &schema).unwrap().0
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Entries of one metric of an expected file.
pub(crate) fn entries<'a>(expected: &'a Value, metric: &str) -> Vec<&'a Value> {
    let entries = expected[metric].as_array();
    entries
        .unwrap_or_else(|| panic!("no entry for {metric}"))
        .iter()
        .filter(|entry| {
            entry
                .get("library")
                .is_none_or(|library| library.as_str().is_some_and(|l| l.starts_with("reference")))
        })
        .collect()
}

/// Compares with an entry's tolerance: the larger of the relative and the absolute one.
#[track_caller]
pub(crate) fn check(what: &str, actual: Option<f64>, expected: &Value, entry: &Value) {
    if expected.is_null() || expected == "nan" {
        assert_eq!(actual, None, "{what}");
        return;
    }
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {expected}"));
    let of = |name: &str| entry["tolerance"][name].as_f64().unwrap_or(0.0);
    let tolerance = (of("rel") * expected.abs()).max(of("abs"));
    let actual = actual.unwrap_or_else(|| panic!("{what}: undefined, expected {expected}"));
    assert!(
        (actual - expected).abs() <= tolerance,
        "{what}: {actual}, expected {expected} within {tolerance:e}"
    );
}
