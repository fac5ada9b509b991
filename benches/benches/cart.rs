//! Fit and sample times of `cart`, with the quality of what comes out printed before them.
//!
//! Reads the tables of `../shared/data/bench` (see the README there), on which other packages were measured; without them there is nothing to
//! compare with, and the bench says so and ends. Peers on the same tables: `docs/methods/cart.md`.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::Command;

use criterion::{Criterion, criterion_group, criterion_main};
use parable_cart::{Cart, CartModel};
use parable_core::{FitContext, Model, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values};

const SEEDS: u64 = 5;

/// A table and, if disclosure was measured on it, its keys and target.
struct Case {
    name: &'static str,
    keys: &'static [&'static str],
    target: &'static str,
}

const CASES: [Case; 4] = [
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

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/bench")
}

fn load(name: &str) -> Option<Table> {
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

fn fit(table: &Table) -> CartModel {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Cart::default().fit(table, &mut context).expect("a fit")
}

/// A column of both tables in common groups: levels, or fifths of the pooled numbers, missing values apart.
struct Grouped {
    real: Vec<usize>,
    made: Vec<usize>,
    groups: usize,
}

fn grouped(real: &Column, made: &Column) -> Grouped {
    let cuts = cuts(real, made);
    let of = |column: &Column| -> Vec<usize> {
        (0..column.len())
            .map(|row| match (column.code(row), column.number(row)) {
                (Some(code), _) => code as usize + 1,
                (_, Some(number)) => cuts.partition_point(|&cut| cut <= number) + 1,
                _ => 0,
            })
            .collect()
    };
    let (real, made) = (of(real), of(made));
    let groups = real.iter().chain(&made).max().map_or(1, |&last| last + 1);
    Grouped { real, made, groups }
}

fn cuts(real: &Column, made: &Column) -> Vec<f64> {
    let numbers = |column: &Column| -> Vec<f64> {
        (0..column.len())
            .filter_map(|row| column.number(row))
            .collect()
    };
    let mut pooled = [numbers(real), numbers(made)].concat();
    pooled.sort_unstable_by(f64::total_cmp);
    let Some(last) = pooled.len().checked_sub(1) else {
        return Vec::new();
    };
    let quantile = |fifth: usize| {
        let place = last as f64 * fifth as f64 / 5.0;
        let below = place as usize;
        pooled[below] + (place - below as f64) * (pooled[(below + 1).min(last)] - pooled[below])
    };
    let mut breaks: Vec<f64> = (0..=5).map(quantile).collect();
    breaks.dedup();
    if breaks.len() < 4 {
        breaks = (0..=5)
            .map(|fifth| pooled[0] + (pooled[last] - pooled[0]) * f64::from(fifth) / 5.0)
            .collect();
    }
    breaks[1..breaks.len() - 1].to_vec()
}

/// Voas-Williamson statistic over its degrees of freedom (`S_pMSE`): 1 is what independent draws from the truth give.
fn spmse(
    real: impl Iterator<Item = usize>,
    made: impl Iterator<Item = usize>,
    cells: usize,
) -> Option<f64> {
    let (mut there, mut here) = (vec![0.0; cells], vec![0.0; cells]);
    real.for_each(|cell| there[cell] += 1.0);
    made.for_each(|cell| here[cell] += 1.0);
    let rows = |counts: &[f64]| counts.iter().sum::<f64>();
    let share = rows(&here) / (rows(&here) + rows(&there));
    let held = there.iter().zip(&here).filter(|(t, h)| **t + **h > 0.0);
    let (sum, count) = held.fold((0.0, 0.0), |(sum, count), (t, h)| {
        let off = h - t * share / (1.0 - share);
        (sum + off * off / ((t + h) * share), count + 1.0)
    });
    (count > 1.0).then(|| sum / (count - 1.0))
}

fn cell(table: &Table, column: usize, row: usize) -> u64 {
    let column = table.column(column);
    match (column.code(row), column.number(row)) {
        (Some(code), _) => u64::from(code),
        (_, Some(number)) => number.to_bits(),
        _ => u64::MAX,
    }
}

fn cells(table: &Table, columns: &[usize], row: usize) -> Vec<u64> {
    columns
        .iter()
        .map(|&column| cell(table, column, row))
        .collect()
}

/// Share of synthetic rows that equal some real row in every column.
fn copies(real: &Table, made: &Table) -> f64 {
    let all: Vec<usize> = (0..real.schema().len()).collect();
    let known: HashSet<Vec<u64>> = (0..real.rows()).map(|row| cells(real, &all, row)).collect();
    let found = (0..made.rows()).filter(|&row| known.contains(&cells(made, &all, row)));
    found.count() as f64 / made.rows() as f64
}

/// Share of real rows whose keys stand in the synthetic table with one target only, and that one theirs (DiSCO).
fn disco(real: &Table, made: &Table, case: &Case) -> Option<f64> {
    let keys = case
        .keys
        .iter()
        .map(|key| real.schema().position(key))
        .collect::<Option<Vec<_>>>()?;
    let target = real.schema().position(case.target)?;
    let mut known: HashMap<Vec<u64>, Option<u64>> = HashMap::new();
    for row in 0..made.rows() {
        let own = cell(made, target, row);
        let entry = known.entry(cells(made, &keys, row)).or_insert(Some(own));
        *entry = entry.filter(|&only| only == own);
    }
    let right = (0..real.rows()).filter(|&row| {
        known.get(&cells(real, &keys, row)).copied().flatten() == Some(cell(real, target, row))
    });
    Some(right.count() as f64 / real.rows() as f64)
}

fn report(case: &Case, real: &Table, model: &CartModel) {
    let count = real.schema().len();
    let (mut one, mut two, mut worst, mut copied, mut disclosed) =
        (0.0, 0.0, Vec::new(), 0.0, Vec::new());
    for seed in 0..SEEDS {
        let made = model
            .sample(real.rows(), &Seed::from_u64(seed))
            .expect("a sample");
        let columns: Vec<Grouped> = (0..count)
            .map(|c| grouped(real.column(c), made.column(c)))
            .collect();
        let single: Vec<f64> = columns
            .iter()
            .filter_map(|c| spmse(c.real.iter().copied(), c.made.iter().copied(), c.groups))
            .collect();
        let mut pairs = Vec::new();
        for (index, a) in columns.iter().enumerate() {
            for b in &columns[..index] {
                let join = |a: &[usize], c: &[usize]| -> Vec<usize> {
                    a.iter().zip(c).map(|(x, y)| x * b.groups + y).collect()
                };
                let (there, here) = (join(&a.real, &b.real), join(&a.made, &b.made));
                pairs.extend(spmse(
                    there.into_iter(),
                    here.into_iter(),
                    a.groups * b.groups,
                ));
            }
        }
        one += single.iter().sum::<f64>() / single.len() as f64;
        two += pairs.iter().sum::<f64>() / pairs.len() as f64;
        worst.push(pairs.iter().copied().fold(0.0, f64::max));
        copied += copies(real, &made);
        disclosed.extend(disco(real, &made, case));
    }
    let seeds = SEEDS as f64;
    let percent = |share: f64| 100.0 * share;
    let disclosed = match disclosed.len() {
        0 => "no keys".to_owned(),
        held => format!(
            "{:.1} %",
            percent(disclosed.iter().sum::<f64>() / held as f64)
        ),
    };
    println!(
        "{}: S_pMSE one-way {:.2}, two-way {:.2}, worst two-way {:.2} (largest of {SEEDS} seeds {:.2}); full copies {:.2} %, DiSCO {disclosed}",
        case.name,
        one / seeds,
        two / seeds,
        worst.iter().sum::<f64>() / seeds,
        worst.iter().copied().fold(0.0, f64::max),
        percent(copied / seeds),
    );
}

fn cart(criterion: &mut Criterion) {
    for case in &CASES {
        let Some(table) = load(case.name) else {
            eprintln!(
                "SKIPPED: no table `{}` in {} (or no gzip)",
                case.name,
                folder().display()
            );
            continue;
        };
        let model = fit(&table);
        report(case, &table, &model);
        let shape = format!(
            "{}-{}cols-{}",
            case.name,
            table.schema().len(),
            table.rows()
        );
        let mut group = criterion.benchmark_group("cart");
        group.sample_size(10);
        group.bench_function(format!("fit/{shape}"), |bench| bench.iter(|| fit(&table)));
        group.bench_function(format!("sample/{shape}"), |bench| {
            bench.iter(|| {
                model
                    .sample(table.rows(), &Seed::from_u64(1))
                    .expect("a sample")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, cart);
criterion_main!(benches);
