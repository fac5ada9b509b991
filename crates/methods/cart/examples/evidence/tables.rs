//! The tables that other packages were measured on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use parable_table::{Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values};

/// A table and, if disclosure was measured on it, its keys and target.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) target: &'static str,
}

pub(crate) const CASES: [Case; 4] = [
    Case {
        name: "adult",
        keys: &["age", "sex", "race", "marital_status", "education"],
        target: "income",
    },
    Case {
        name: "sd2011",
        keys: &[],
        target: "",
    },
    Case {
        name: "star",
        keys: &["gender", "race", "birthmonth", "g1surban", "g1tyears"],
        target: "g1freelunch",
    },
    Case {
        name: "sim67k",
        keys: &[],
        target: "",
    },
];

/// Beside the repository, seen from whichever crate this stands in.
pub(crate) fn folder() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = own
        .ancestors()
        .map(|folder| folder.join("shared/data/bench"));
    let found = beside.into_iter().find(|folder| folder.is_dir());
    found.unwrap_or_else(|| own.join("../shared/data/bench"))
}

pub(crate) fn load(name: &str) -> Option<Table> {
    let file = folder().join(format!("cart_{name}.csv.gz"));
    let kinds = std::fs::read(folder().join(format!("cart_{name}.kinds.json"))).ok()?;
    let kinds: HashMap<String, String> = serde_json::from_slice(&kinds).ok()?;
    // Unpacked by the system's own tool: a dependency for four files would be too much.
    let text = Command::new("gzip")
        .arg("-dc")
        .arg(&file)
        .output()
        .ok()
        .filter(|made| made.status.success())?;
    let text = String::from_utf8(text.stdout).ok()?;
    let mut lines = text.lines().map(split);
    let header = lines.next()?;
    let rows: Vec<Vec<String>> = lines.collect();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (position, name) in header.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[position].as_str()).collect();
        let missing = cells.iter().map(|cell| u8::from(cell.is_empty())).collect();
        let (kind, values) = if kinds[name] == "cat" {
            levels(&cells)
        } else {
            numbers(&cells)
        };
        fields.push(Field::new(name.clone(), kind));
        columns.push(Column::with_missing(values, missing));
    }
    Table::new(Schema::new(fields).ok()?, columns).ok()
}

fn split(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            sign => cells.last_mut().expect("one cell").push(sign),
        }
    }
    cells
}

fn levels(cells: &[&str]) -> (Kind, Values) {
    let mut names: Vec<&str> = cells
        .iter()
        .copied()
        .filter(|cell| !cell.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    let codes = cells
        .iter()
        .map(|cell| names.binary_search(cell).unwrap_or(0) as u32)
        .collect();
    let names = Levels::new(names).expect("distinct names");
    (Kind::nominal(Known::observed(names)), Values::Codes(codes))
}

fn numbers(cells: &[&str]) -> (Kind, Values) {
    let kind = Kind::Continuous {
        bounds: None,
        grid: None,
        format: NumberFormat::default(),
    };
    let number = |cell: &&str| cell.parse().unwrap_or(0.0);
    (kind, Values::Continuous(cells.iter().map(number).collect()))
}
