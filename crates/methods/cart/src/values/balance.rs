//! Balanced draws: random numbers that are spread evenly.

use parable_seed::Seed;
use rayon::prelude::*;

use crate::values::normal::probit;

/// Rows that share one stream of random numbers.
pub(crate) const BLOCK: usize = 4_096;

/// The golden ratio's fraction, in units of 2^-64: multiples of it fill the unit interval more
/// evenly than those of any other number.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// One number in [0, 1) per row, such that rows of one leaf, of one arm within it, and of leaves
/// next to each other have evenly spread ones.
///
/// Rows are put into the order of leaf, arm and chance (or `tie`, where given), and row `i` of that
/// order gets the fraction of `start + i * golden ratio`.
pub(crate) fn even_shares(
    leaves: &[u32],
    arms: Option<&[u8]>,
    tie: Option<&[u32]>,
    seed: &Seed,
) -> Vec<f64> {
    let mut keys: Vec<(u64, u64)> = vec![(0, 0); leaves.len()];
    keys.par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, keys)| {
            let mut rng = seed.index(block as u64).rng();
            for (offset, key) in keys.iter_mut().enumerate() {
                let row = block * BLOCK + offset;
                let arm = arms.map_or(0, |arms| arms[row]);
                let chance = tie.map_or_else(|| rng.next_u64() >> 32, |tie| u64::from(tie[row]));
                *key = (
                    u64::from(leaves[row]) << 8 | u64::from(arm),
                    chance << 32 | row as u64,
                );
            }
        });
    keys.par_sort_unstable();
    let start = seed.stream("start").rng().next_u64();
    let mut shares = vec![0.0; leaves.len()];
    for (place, (_, key)) in keys.iter().enumerate() {
        let row = (key & 0xffff_ffff) as usize;
        let turn = (place as u64).wrapping_mul(GOLDEN).wrapping_add(start);
        shares[row] = (turn >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
    }
    shares
}

/// One number in [0, 1) per row, each on its own.
pub(crate) fn independent_shares(rows: usize, seed: &Seed) -> Vec<f64> {
    let mut shares = vec![0.0; rows];
    shares
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, shares)| {
            let mut rng = seed.index(block as u64).rng();
            shares.iter_mut().for_each(|share| *share = rng.uniform());
        });
    shares
}

/// One normal score per cluster: within each arm the quantiles of the normal distribution in the
/// order of `raw`, so that arms differ in them by nothing but what the sizes of clusters do, and
/// that is taken out.
///
/// - `arms`: the arm of each cluster, if arms are whole clusters
/// - `rows`: the rows of each cluster
/// - `raw`: a normal number for each cluster
pub(crate) fn even_scores(arms: Option<&[u8]>, rows: &[u32], raw: &[f64]) -> Vec<f64> {
    let mut members: Vec<Vec<usize>> = Vec::new();
    for cluster in 0..rows.len() {
        let arm = arms.map_or(0, |arms| usize::from(arms[cluster]));
        if members.len() <= arm {
            members.resize(arm + 1, Vec::new());
        }
        members[arm].push(cluster);
    }
    let mut scores = vec![0.0; rows.len()];
    for members in &mut members {
        if members.len() < 2 {
            members
                .iter()
                .for_each(|&cluster| scores[cluster] = raw[cluster]);
            continue;
        }
        members.sort_by(|&a, &b| raw[a].total_cmp(&raw[b]).then(a.cmp(&b)));
        let count = members.len() as f64;
        for (place, &cluster) in members.iter().enumerate() {
            scores[cluster] = probit((place as f64 + 0.5) / count);
        }
        let weight: f64 = members
            .iter()
            .map(|&cluster| f64::from(rows[cluster]))
            .sum();
        let mean = members
            .iter()
            .map(|&c| scores[c] * f64::from(rows[c]))
            .sum::<f64>()
            / weight.max(1.0);
        members.iter().for_each(|&cluster| scores[cluster] -= mean);
        let square = members
            .iter()
            .map(|&cluster| scores[cluster].powi(2))
            .sum::<f64>()
            / count;
        if square > 0.0 {
            members
                .iter()
                .for_each(|&cluster| scores[cluster] /= square.sqrt());
        }
    }
    scores
}

/// Gives the shares of each leaf and arm to its units in the order of `raw`: the same shares,
/// depending on what `raw` knows.
///
/// - `raw`: a number for each unit
pub(crate) fn in_order(shares: &mut [f64], leaves: &[u32], arms: Option<&[u8]>, raw: &[f64]) {
    let key = |unit: usize| (leaves[unit], arms.map_or(0, |arms| arms[unit]));
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| {
        let (first, second) = (key(a), key(b));
        first
            .cmp(&second)
            .then(raw[a].total_cmp(&raw[b]))
            .then(a.cmp(&b))
    });
    for own in order.chunk_by(|&a, &b| key(a) == key(b)) {
        let mut held: Vec<f64> = own.iter().map(|&unit| shares[unit]).collect();
        held.sort_unstable_by(f64::total_cmp);
        own.iter()
            .zip(held)
            .for_each(|(&unit, share)| shares[unit] = share);
    }
}

/// Divides `total` among units in proportion to their weights (largest remainder), at least one
/// each; `total` is not below the number of units.
pub(crate) fn share_out(weights: &[f64], total: usize) -> Vec<u32> {
    let units = weights.len();
    if units == 0 {
        return Vec::new();
    }
    let sum: f64 = weights.iter().map(|weight| weight.max(0.0)).sum();
    // One row each is set aside; the rest goes by weight, less that one.
    let rest = (total - units) as f64;
    let scale = total as f64 / if sum > 0.0 { sum } else { units as f64 };
    let wanted: Vec<f64> = weights
        .iter()
        .map(|&weight| (if sum > 0.0 { weight.max(0.0) } else { 1.0 } * scale - 1.0).max(0.0))
        .collect();
    let wanted_sum: f64 = wanted.iter().sum();
    let exact: Vec<f64> = wanted
        .iter()
        .map(|want| {
            if wanted_sum > 0.0 {
                want / wanted_sum * rest
            } else {
                rest / units as f64
            }
        })
        .collect();
    let mut counts: Vec<u32> = exact.iter().map(|want| *want as u32).collect();
    let given: usize = counts.iter().map(|&count| count as usize).sum();
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|&a, &b| {
        let left = |unit: usize| exact[unit] - f64::from(counts[unit]);
        left(b).total_cmp(&left(a)).then(a.cmp(&b))
    });
    let missing = (total - units).saturating_sub(given);
    for place in 0..missing {
        counts[order[place % units]] += 1;
    }
    counts.iter_mut().for_each(|count| *count += 1);
    counts
}

/// Changes every size by the same number of rows, to no less than one row, until they add up to
/// `total`, which is not below the number of units.
///
/// Scaling instead would make large classes of small ones where a school is larger than its classes
/// say, and what only large classes have would change with them.
pub(crate) fn level_out(sizes: &[f64], total: usize) -> Vec<u32> {
    let at = |change: f64| sizes.iter().map(move |size| (size + change).max(1.0));
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let (mut low, mut high) = (-largest, total as f64);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if at(middle).sum::<f64>() < total as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    share_out(&at(high).collect::<Vec<_>>(), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_even_in_every_leaf_and_arm() {
        let leaves: Vec<u32> = (0..20_000).map(|row| row % 40).collect();
        let arms: Vec<u8> = (0..20_000).map(|row| (row / 40 % 2) as u8).collect();
        let shares = even_shares(&leaves, Some(&arms), None, &Seed::from_u64(1));
        for leaf in 0..40 {
            for arm in 0..2 {
                let held: Vec<f64> = (0..20_000)
                    .filter(|&row| leaves[row] == leaf && arms[row] == arm)
                    .map(|row| shares[row])
                    .collect();
                for tenth in 0..10 {
                    let low = f64::from(tenth) / 10.0;
                    let inside = held.iter().filter(|&&x| x >= low && x < low + 0.1).count();
                    // 250 rows, 25 expected; multiples of the golden ratio miss by a few at most,
                    // chance by 5 (1 sd).
                    assert!(inside.abs_diff(25) <= 3, "{inside}");
                }
            }
        }
    }

    #[test]
    fn scores_have_no_weighted_mean_in_any_arm() {
        let arms: Vec<u8> = (0..60).map(|cluster| cluster % 2).collect();
        let rows: Vec<u32> = (0..60).map(|cluster| 10 + cluster * cluster % 37).collect();
        let mut rng = Seed::from_u64(2).rng();
        let raw: Vec<f64> = (0..60).map(|_| rng.normal()).collect();
        let scores = even_scores(Some(&arms), &rows, &raw);
        for arm in 0..2 {
            let of: Vec<usize> = (0..60).filter(|&c| arms[c] == arm).collect();
            let mean: f64 = of.iter().map(|&c| scores[c] * f64::from(rows[c])).sum();
            let square: f64 = of.iter().map(|&c| scores[c].powi(2)).sum::<f64>() / 30.0;
            assert!(mean.abs() < 1e-9 && (square - 1.0).abs() < 1e-9);
            let mut order = of.clone();
            order.sort_by(|&a, &b| raw[a].total_cmp(&raw[b]));
            assert!(order.is_sorted_by(|&a, &b| scores[a] <= scores[b]));
        }
    }

    #[test]
    fn shares_follow_an_order_within_each_leaf_and_arm() {
        let mut shares = [0.9, 0.1, 0.5, 0.3, 0.7];
        let leaves = [0, 0, 0, 1, 1];
        in_order(&mut shares, &leaves, None, &[1.0, 3.0, 2.0, 0.0, -1.0]);
        assert_eq!(shares, [0.1, 0.9, 0.5, 0.7, 0.3]);
        let arms = [0, 1, 0, 1, 1];
        in_order(
            &mut shares,
            &leaves,
            Some(&arms),
            &[2.0, 0.0, 1.0, 0.0, 1.0],
        );
        assert_eq!(shares, [0.5, 0.9, 0.1, 0.3, 0.7]);
    }

    #[test]
    fn what_is_shared_out_adds_up() {
        assert_eq!(share_out(&[1.0, 1.0, 2.0], 8), [2, 2, 4]);
        assert_eq!(share_out(&[0.0, 0.0], 5), [3, 2]);
        assert_eq!(share_out(&[1000.0, 1.0, 1.0], 4), [2, 1, 1]);
        assert_eq!(share_out(&[], 0), [0u32; 0]);
        assert_eq!(level_out(&[20.0, 20.0, 5.0], 48), [21, 21, 6]);
        assert_eq!(level_out(&[20.0, 20.0, 2.0], 33), [16, 16, 1]);
        assert_eq!(level_out(&[1.0, 1.0], 2), [1, 1]);
        assert_eq!(level_out(&[], 0), [0u32; 0]);
        for total in 7..200 {
            let counts = share_out(&[3.0, 0.5, 9.0, 2.2, 0.0, 4.0, 1.0], total);
            assert_eq!(counts.iter().sum::<u32>() as usize, total);
            assert!(counts.iter().all(|&count| count >= 1));
        }
    }
}
