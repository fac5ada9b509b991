//! Tables and measures that several benchmarks share; the benchmarks live in `benches/`.

use std::path::Path;

use parable_domain::{AttrSet, Codes, Domain, MarginalSource};

/// Adult as codes, from a file of `../shared/data/bench`; nothing where it is not there.
#[must_use]
pub fn adult_codes(file: &str) -> Option<Codes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/bench");
    let text = std::fs::read_to_string(folder.join(file)).ok()?;
    let levels = std::fs::read_to_string(folder.join("adult_codes.domain.json")).ok()?;
    let levels: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&levels).ok()?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, code) in columns.iter_mut().zip(line.split(',')) {
            column.push(code.parse().ok()?);
        }
    }
    let attrs = names
        .iter()
        .map(|name| Some((*name, levels.get(*name)?.as_u64()? as u32)));
    let attrs: Option<Vec<(&str, u32)>> = attrs.collect();
    Codes::new(Domain::new(attrs?).ok()?, columns).ok()
}

/// Mean and largest total variation distance over these tables.
///
/// # Panics
/// On a set that is not in both.
#[must_use]
pub fn errors(real: &Codes, made: &Codes, sets: &[AttrSet]) -> [f64; 2] {
    let real = real.counts(sets).expect("counts");
    let made = made.counts(sets).expect("counts");
    let distances: Vec<f64> = real
        .iter()
        .zip(&made)
        .map(|(p, q)| {
            let (n, m) = (p.total() as f64, q.total() as f64);
            let cells = p.cells().iter().zip(q.cells());
            0.5 * cells
                .map(|(&p, &q)| (p as f64 / n - q as f64 / m).abs())
                .sum::<f64>()
        })
        .collect();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    [mean, distances.iter().copied().fold(0.0, f64::max)]
}

/// User and system seconds of this process so far, where the system tells (Linux, where clock ticks
/// are hundredths of a second).
#[must_use]
pub fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    match ticks.len() {
        2 => ticks.iter().sum::<f64>() / 100.0,
        _ => f64::NAN,
    }
}
