//! What keys tell about a target, counted.

use rustc_hash::FxHashMap;

use super::keys::{Coded, KeyIds, MIXED, NONE, single_values, tally};
use crate::DisclosureMeasures;

/// Real rows per key from which on a target that follows from the keys is taken to restate them.
const ROWS_PER_KEY: usize = 10;

/// The numbers of a sweep: all that its ranking and its means need.
#[derive(Clone, Copy)]
pub(super) struct Quick {
    pub(super) disclosed_share: f64,
    pub(super) disclosive_in_real: f64,
    pub(super) excess: f64,
    /// What the real table itself would tell beyond guessing.
    pub(super) real_excess: f64,
    /// The keys tell everybody's target, and not because they name single people: the target
    /// restates the keys.
    pub(super) determined: bool,
}

pub(super) fn quick(ids: &KeyIds, in_real: &[u32], in_synthetic: &[u32], values: usize) -> Quick {
    let told = single_values(ids.keys, &ids.synthetic, in_synthetic);
    let own = single_values(ids.keys, &ids.real, in_real);
    let shares = tally(values, in_real);
    let n = ids.real.len() as f64;
    let (mut correct, mut chance, mut disclosive, mut own_chance) = (0u64, 0.0, 0u64, 0.0);
    for (&id, &code) in ids.real.iter().zip(in_real) {
        if own[id as usize] < MIXED {
            disclosive += 1;
            own_chance += f64::from(shares[code as usize]) / n;
        }
        let named = told[id as usize];
        if named < MIXED {
            correct += u64::from(named == code);
            chance += f64::from(shares[named as usize]) / n;
        }
    }
    Quick {
        disclosed_share: correct as f64 / n,
        disclosive_in_real: disclosive as f64 / n,
        excess: (correct as f64 - chance) / n,
        real_excess: (disclosive as f64 - own_chance) / n,
        determined: disclosive as usize == ids.real.len()
            && own.iter().filter(|&&value| value != NONE).count() * ROWS_PER_KEY <= ids.real.len(),
    }
}

/// All measures of one key set and target.
pub(super) fn measures(ids: &KeyIds, target: &Coded) -> DisclosureMeasures {
    let (in_real, in_synthetic) = (&target.codes.real, &target.codes.synthetic);
    let told = single_values(ids.keys, &ids.synthetic, in_synthetic);
    let own = single_values(ids.keys, &ids.real, in_real);
    let (per_key, per_key_synthetic) =
        (tally(ids.keys, &ids.real), tally(ids.keys, &ids.synthetic));
    let shares = tally(target.values, in_real);
    let pair = |id: u32, code: u32| u64::from(id) << 32 | u64::from(code);
    let count_pairs = |ids: &[u32], codes: &[u32]| {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for (&id, &code) in ids.iter().zip(codes) {
            *counts.entry(pair(id, code)).or_insert(0) += 1;
        }
        counts
    };
    let pairs = count_pairs(&ids.real, in_real);
    let pairs_synthetic = count_pairs(&ids.synthetic, in_synthetic);

    let n = ids.real.len() as f64;
    let mut measures = DisclosureMeasures {
        real_rows: ids.real.len() as u64,
        ..DisclosureMeasures::default()
    };
    let (mut found, mut disclosive, mut both, mut chance) = (0u64, 0u64, 0u64, 0.0);
    let (mut unique, mut unique_found, mut replicated) = (0u64, 0u64, 0u64);
    let (mut cap, mut cap_real) = (0.0, 0.0);
    let mut told_right = vec![0u64; ids.keys];
    for (&id, &code) in ids.real.iter().zip(in_real) {
        let key = id as usize;
        let named = told[key];
        let there = per_key_synthetic[key];
        found += u64::from(there > 0);
        disclosive += u64::from(own[key] < MIXED);
        if per_key[key] == 1 {
            unique += 1;
            unique_found += u64::from(there > 0);
            replicated += u64::from(there == 1);
        }
        if named < MIXED {
            measures.matched += 1;
            measures.correct += u64::from(named == code);
            told_right[key] += u64::from(named == code);
            both += u64::from(own[key] == named);
            chance += f64::from(shares[named as usize]) / n;
        }
        if there > 0 {
            let same = pairs_synthetic.get(&pair(id, code)).copied().unwrap_or(0);
            cap += f64::from(same) / f64::from(there);
        }
        cap_real += f64::from(pairs[&pair(id, code)]) / f64::from(per_key[key]);
    }
    let (mut disclosive_synthetic, mut unique_synthetic, mut cap_synthetic) = (0u64, 0u64, 0.0);
    for (&id, &code) in ids.synthetic.iter().zip(in_synthetic) {
        let key = id as usize;
        disclosive_synthetic += u64::from(told[key] < MIXED);
        unique_synthetic += u64::from(per_key_synthetic[key] == 1);
        cap_synthetic +=
            f64::from(pairs_synthetic[&pair(id, code)]) / f64::from(per_key_synthetic[key]);
    }
    let of_real = |part: f64| (n > 0.0).then(|| part / n);
    let m = ids.synthetic.len() as f64;
    let of_synthetic = |part: f64| (m > 0.0).then(|| part / m);
    measures.disclosed_share = of_real(measures.correct as f64);
    measures.tcap =
        (measures.matched > 0).then(|| measures.correct as f64 / measures.matched as f64);
    measures.correct_among_found = (found > 0).then(|| measures.correct as f64 / found as f64);
    measures.baseline_match = of_real(
        shares
            .iter()
            .map(|&c| f64::from(c) * f64::from(c))
            .sum::<f64>()
            / n.max(1.0),
    );
    measures.baseline_majority = of_real(shares.iter().copied().max().map_or(0.0, f64::from));
    measures.excess = of_real(measures.correct as f64 - chance);
    measures.disclosive_in_real = of_real(disclosive as f64);
    measures.disclosive_synthetic_rows = of_synthetic(disclosive_synthetic as f64);
    measures.found = of_real(found as f64);
    measures.disclosive_in_synthetic = of_real(measures.matched as f64);
    measures.disclosive_in_both = of_real(both as f64);
    measures.unique = of_real(unique as f64);
    measures.unique_synthetic = of_synthetic(unique_synthetic as f64);
    measures.unique_found = of_real(unique_found as f64);
    measures.replicated_uniques = of_real(replicated as f64);
    measures.cap = (found > 0).then(|| cap / found as f64);
    measures.zero_cap = of_real(cap);
    measures.cap_real = of_real(cap_real);
    measures.cap_synthetic = of_synthetic(cap_synthetic);
    let keys = told_right.iter().filter(|&&rows| rows > 0).count();
    measures.largest_key = told_right.iter().copied().max().unwrap_or(0);
    measures.mean_key = (keys > 0).then(|| measures.correct as f64 / keys as f64);
    measures
}

/// Real rows by true value of the target: how many there are, how many are told any value, how many
/// the true one.
pub(super) fn by_level(ids: &KeyIds, target: &Coded) -> Vec<[u64; 3]> {
    let (in_real, in_synthetic) = (&target.codes.real, &target.codes.synthetic);
    let told = single_values(ids.keys, &ids.synthetic, in_synthetic);
    let mut counts = vec![[0u64; 3]; target.values];
    for (&id, &code) in ids.real.iter().zip(in_real) {
        let named = told[id as usize];
        let [rows, matched, correct] = &mut counts[code as usize];
        *rows += 1;
        *matched += u64::from(named < MIXED);
        *correct += u64::from(named == code);
    }
    counts
}

/// The real rows whose keys tell the true value of the target.
pub(super) fn told_rows(ids: &KeyIds, target: &Coded) -> Vec<u32> {
    let told = single_values(ids.keys, &ids.synthetic, &target.codes.synthetic);
    let rows = ids.real.iter().zip(&target.codes.real).zip(0..);
    rows.filter(|&((&id, &code), _)| told[id as usize] == code)
        .map(|(_, row)| row)
        .collect()
}
