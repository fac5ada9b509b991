//! How many real rows stand in a table by chance alone.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{RowIds, bits};
use crate::OverlapChance;
use crate::data::frame::{Data, Frame};

/// Tables with more columns than this have no neighbours to speak of that differ in one column.
const NARROW: usize = 12;
/// Standard deviations from the mean to the upper limit.
const DEVIATIONS: f64 = 2.0;

/// Returns the shares of equal rows that chance gives; `None` without columns or with fewer than
/// two real rows or no synthetic one.
pub(super) fn by_chance(
    frame: &Frame,
    rounding: &BTreeMap<String, f64>,
    ids: &RowIds,
) -> Option<OverlapChance> {
    let (real, synthetic) = (ids.real.len(), ids.synthetic.len());
    if ids.columns.is_empty() || real < 2 || synthetic == 0 {
        return None;
    }
    let others = real as f64 - 1.0;
    let narrow = ids.columns.len() <= NARROW;
    // For each row the logarithm of the chance that independent columns of the others give it.
    let mut independent = vec![0.0f64; real];
    // For each row a hash that is a sum over columns, so that a column can be taken out again.
    let mut hashes = vec![0u64; real];
    let mut parts: Vec<(Vec<u64>, Vec<f64>)> = Vec::new();
    for (at, column) in frame.comparable().enumerate() {
        let values: Vec<u64> = match &column.data {
            Data::Numbers(numbers) => {
                let step = rounding.get(&column.name).copied();
                numbers.real.iter().map(|&x| bits(x, step)).collect()
            }
            Data::Codes { codes, .. } => codes.real.iter().map(|&code| u64::from(code)).collect(),
        };
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        values
            .iter()
            .for_each(|&v| *counts.entry(v).or_insert(0) += 1);
        let shares = values.iter().map(|v| f64::from(counts[v] - 1) / others);
        let hashed = values.iter().map(|&value| mixed(value, at as u64));
        independent
            .iter_mut()
            .zip(shares.clone())
            .for_each(|(sum, share)| *sum += share.ln());
        if narrow {
            let hashed: Vec<u64> = hashed.collect();
            hashes
                .iter_mut()
                .zip(&hashed)
                .for_each(|(sum, hash)| *sum = sum.wrapping_add(*hash));
            parts.push((hashed, shares.collect()));
        }
    }
    let mut chances: Vec<f64> = independent.into_iter().map(f64::exp).collect();
    for (hashed, shares) in &parts {
        let rest = |row: usize| hashes[row].wrapping_sub(hashed[row]);
        let mut alike: FxHashMap<u64, u32> = FxHashMap::default();
        (0..real).for_each(|row| *alike.entry(rest(row)).or_insert(0) += 1);
        for (row, chance) in chances.iter_mut().enumerate() {
            let neighbours = f64::from(alike[&rest(row)] - 1) / others;
            *chance = chance.max(neighbours * shares[row]);
        }
    }
    let mut times: FxHashMap<u32, (u32, usize)> = FxHashMap::default();
    for (row, &id) in ids.real.iter().enumerate() {
        times.entry(id).or_insert((0, row)).0 += 1;
    }
    // In the order of rows, so that sums are the same in every run.
    let mut distinct: Vec<(u32, usize)> = times.into_values().collect();
    distinct.sort_unstable_by_key(|&(_, row)| row);
    let mut all = Sum::default();
    let mut unique = Sum::default();
    let mut drawn = 0.0;
    for (times, row) in distinct {
        let chance = chances[row].max(f64::from(times - 1) / others).min(1.0);
        let present = -f64::exp_m1(synthetic as f64 * f64::ln_1p(-chance));
        all.add(present);
        if times == 1 {
            unique.add(present);
        }
        drawn += chance;
    }
    let drawn = drawn.min(1.0);
    let spread = (drawn * (1.0 - drawn) / synthetic as f64).sqrt();
    Some(OverlapChance {
        distinct_real_rows: all.upper_mean(),
        unique_real_rows: unique.upper_mean(),
        synthetic_rows: (drawn + DEVIATIONS * spread).min(1.0),
    })
}

/// A sum of events that happen or not, each by its own chance.
#[derive(Default)]
struct Sum {
    events: f64,
    mean: f64,
    variance: f64,
}

impl Sum {
    fn add(&mut self, chance: f64) {
        self.events += 1.0;
        self.mean += chance;
        self.variance += chance * (1.0 - chance);
    }

    fn upper_mean(&self) -> f64 {
        if self.events == 0.0 {
            return 0.0;
        }
        ((self.mean + DEVIATIONS * self.variance.sqrt()) / self.events).min(1.0)
    }
}

/// A hash of a value of a column: the finaliser of splitmix64.
fn mixed(value: u64, column: u64) -> u64 {
    let mut mixed = value.wrapping_add((column + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table, texts};

    fn chance(real: &parable_table::Table, synthetic: &parable_table::Table) -> OverlapChance {
        let frame = Frame::new(real, synthetic, None);
        let none = BTreeMap::new();
        by_chance(&frame, &none, &RowIds::of(&frame, &none)).unwrap()
    }

    #[test]
    fn rows_that_many_people_have_come_up_by_chance() {
        let cells: Vec<String> = (0..600).map(|row| format!("c{}", row % 12)).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let real = table(vec![
            texts("x", &["a", "b"].repeat(300)),
            texts("y", &cells),
        ]);
        let found = chance(&real, &real);
        assert!(found.distinct_real_rows > 0.999, "{found:?}");
        assert_eq!(found.unique_real_rows, 0.0);
    }

    #[test]
    fn rows_that_resemble_nobody_do_not() {
        let values: Vec<f64> = (0..200).map(|row| f64::from(row) * 1.5).collect();
        let real = table(vec![
            texts("x", &["a", "b"].repeat(100)),
            numbers("y", &values),
        ]);
        let found = chance(&real, &real);
        assert_eq!(found, OverlapChance::default());
    }
}
