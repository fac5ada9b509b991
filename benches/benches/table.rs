//! Reading, guessing, typing and writing a table of 36 columns.
//!
//! `table/<step>/200000x36`; throughput is in bytes of the file. The table is made by seed:
//! identifiers, groups, scores with decimals, counts, names of categories, yes and no, dates, a
//! tenth of all cells empty.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parable_clean::infer;
use parable_seed::Seed;
use parable_table::csv::{self, ReadOptions};
use parable_table::read_typed;

const ROWS: usize = 200_000;
const COLUMNS: usize = 36;

fn file() -> String {
    let mut rng = Seed::from_u64(11).stream("bench/table").rng();
    let names: Vec<String> = (0..COLUMNS)
        .map(|column| format!("column_{column}"))
        .collect();
    let mut out = names.join(",") + "\n";
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            if column > 0 {
                out.push(',');
            }
            if column > 1 && rng.chance(0.1) {
                continue;
            }
            // Writing to a string cannot fail.
            let _ = match column % 12 {
                0 => write!(out, "{}", 1_000_000 + row * (column + 1)),
                1 => write!(out, "school {}", rng.below(400)),
                2 | 3 => write!(out, "{:.2}", 50.0 + 10.0 * rng.normal()),
                4 => write!(out, "{}", rng.below(100)),
                5 => write!(out, "{}", rng.below(100_000)),
                6 => write!(out, "{}", ["yes", "no"][rng.below(2) as usize]),
                7 => write!(
                    out,
                    "2021-{:02}-{:02}",
                    1 + rng.below(12),
                    1 + rng.below(28)
                ),
                8 => write!(out, "\"level {}, quoted\"", rng.below(20)),
                9 => write!(out, "{:.6}", rng.uniform()),
                10 => write!(out, "{}", rng.below(2)),
                _ => write!(
                    out,
                    "{}",
                    ["rural", "urban", "suburban", "inner city"][rng.below(4) as usize]
                ),
            };
        }
        out.push('\n');
    }
    out
}

fn table(criterion: &mut Criterion) {
    let file = file();
    let raw = csv::read_str(&file, &ReadOptions::default()).expect("the file is well formed");
    let schema = infer(&raw, &Default::default()).schema;
    let (typed, _) = read_typed(&raw, &schema).expect("a guessed schema fits");
    let mut group = criterion.benchmark_group("table");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(8))
        .throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("read/200000x36", |bench| {
        bench.iter(|| csv::read_str(black_box(&file), &ReadOptions::default()));
    });
    group.bench_function("infer/200000x36", |bench| {
        bench.iter(|| infer(black_box(&raw), &Default::default()));
    });
    group.bench_function("type/200000x36", |bench| {
        bench.iter(|| read_typed(black_box(&raw), &schema));
    });
    group.bench_function("write/200000x36", |bench| {
        bench.iter(|| csv::write(black_box(&typed), std::io::sink(), &raw.dialect));
    });
    group.finish();
}

criterion_group!(benches, table);
criterion_main!(benches);
