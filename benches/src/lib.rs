//! Tables that several benchmarks share; the benchmarks live in `benches/`.

use std::path::Path;

use parable_domain::{Codes, Domain};

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
