//! Real public tables from raw file to restored synthetic file, without a schema written by hand.
//!
//! The tables are not part of the project: they are looked for in `../shared/data` beside the
//! workspace and the tests say loudly when they are absent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use parable::table::{RawTable, csv};

fn data(name: &str) -> Option<PathBuf> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../../shared/data/{name}.csv"));
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there; this test checked nothing",
        path.display()
    );
    None
}

fn read(path: &Path) -> RawTable {
    csv::read(path, &csv::ReadOptions::default()).expect("a table")
}

fn column(table: &RawTable, name: &str) -> usize {
    table
        .names
        .iter()
        .position(|other| other == name)
        .expect("a column")
}

/// Synthesises with seed 1 and checks what holds for every table: columns, order, rows, and shares
/// of empty fields within 2 points.
#[track_caller]
fn synthetic(name: &str) -> Option<(RawTable, RawTable)> {
    let path = data(name)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("synthetic.csv");
    let output = Command::new(env!("CARGO_BIN_EXE_parable"))
        .args([
            "synthesize".as_ref(),
            path.as_os_str(),
            "--method".as_ref(),
            "cart".as_ref(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (real, made) = (read(&path), read(&out));
    assert_eq!(real.names, made.names);
    assert_eq!(real.rows, made.rows);
    for (name, (real, made)) in real
        .names
        .iter()
        .zip(real.columns.iter().zip(&made.columns))
    {
        let empty = |cells: &parable::table::RawColumn| {
            (0..cells.cells.len())
                .filter(|&row| cells.get(row).is_empty())
                .count() as f64
                / cells.cells.len() as f64
        };
        let difference = (empty(real) - empty(made)).abs();
        assert!(
            difference <= 0.02,
            "`{name}`: the share of empty fields is off by {difference:.3}"
        );
    }
    Some((real, made))
}

/// Whether each text of one column still goes with the same text of the other.
#[track_caller]
fn follows(real: &RawTable, made: &RawTable, by: &str, what: &str) {
    let pairs = |table: &RawTable| -> Vec<(String, String)> {
        let (by, what) = (column(table, by), column(table, what));
        (0..table.rows)
            .map(|row| {
                (
                    table.columns[by].get(row).to_owned(),
                    table.columns[what].get(row).to_owned(),
                )
            })
            .collect()
    };
    let known: HashMap<String, String> = pairs(real).into_iter().collect();
    for (by, what) in pairs(made) {
        assert_eq!(
            known.get(&by),
            Some(&what),
            "a text does not go with the other column"
        );
    }
}

#[test]
fn star_trial() {
    let Some((real, made)) = synthetic("star_trial") else {
        return;
    };
    follows(&real, &made, "class_type", "treat_small");
    let status = column(&made, "hs_status");
    let flags: Vec<usize> = (0..made.names.len())
        .filter(|&c| made.names[c].starts_with("hs_") && c != status)
        .collect();
    for row in 0..made.rows {
        let ones = flags
            .iter()
            .filter(|&&flag| made.columns[flag].get(row) == "1")
            .count();
        let expected = usize::from(!made.columns[status].get(row).is_empty());
        assert_eq!(ones, expected, "row {row}: flags do not go with the status");
    }
    let id = &made.columns[column(&made, "student_id")];
    assert_eq!(id.texts.len(), made.rows, "ids are unique");
    let mut class_of_teacher = HashMap::new();
    for row in 0..made.rows {
        let at = |name: &str| made.columns[column(&made, name)].get(row).to_owned();
        let class = (at("school_id"), at("class_type"));
        assert_eq!(
            *class_of_teacher
                .entry(at("teacher_id"))
                .or_insert(class.clone()),
            class,
            "a class in two schools or arms"
        );
    }
}

#[test]
fn sd2011() {
    // `agegr` has four empty cells that `age` does not explain, so it is not a map of texts; the
    // shares are checked.
    synthetic("sd2011");
}

#[test]
fn acs_national2019() {
    let Some((real, made)) = synthetic("acs_national2019") else {
        return;
    };
    follows(&real, &made, "PUMA", "DENSITY");
    follows(&real, &made, "INDP", "INDP_CAT");
}

#[test]
fn starwars_survey() {
    synthetic("starwars_survey");
}

#[test]
fn adult() {
    let Some((real, made)) = synthetic("adult") else {
        return;
    };
    follows(&real, &made, "education_num", "education");
}
