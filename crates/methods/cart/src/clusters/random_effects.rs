//! Random effects: the part of a column that depends on the cluster and the arm, beyond its tree.
//!
//! A tree cannot split on the identity of a school, and rarely splits on an effect of a tenth of a
//! standard deviation. The random effect of clusters is estimated from the positions of training
//! rows in their leaves: the share of its leaf up to a row, as a normal score, is the residual of
//! the tree, and `rho` is its intraclass correlation. A draw then takes the quantile of its leaf at
//! `phi(shift + sqrt(rho) Z + sqrt(1 - rho) e)`, so that each leaf keeps its distribution, its grid
//! and its gaps. The shift belongs to the arm and is found when rows are drawn, so that each arm
//! has the mean of its real rows. Codes without an order have no such position; see
//! `nominal_effects`.

use parable_tree::GrownTree;

use crate::clusters::nominal_effects::NominalEffects;
use crate::tree::Leaves;
use crate::values::normal::interval_score;
use crate::values::normal_ranks::Linear;

/// Effects of arms and clusters on the draws of one tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RandomEffects {
    /// Mean of the code values of each arm's rows, missing where an arm has none; empty without
    /// arms.
    pub(crate) arms: Vec<Option<f64>>,
    /// Share of the variance of scores that clusters of each coarser level have in common, beyond
    /// the level above; empty for codes without an order.
    pub(crate) clusters: Vec<f64>,
    /// Effects for codes without an order.
    pub(crate) nominal: Option<NominalEffects>,
    /// Linear terms, for columns synthesized by normal ranks.
    pub(crate) linear: Option<Linear>,
}

impl RandomEffects {
    /// Returns, for each coarser level, the intraclass correlation of what the tree left
    /// unexplained.
    pub(crate) fn common_parts(&self) -> Vec<f64> {
        match &self.nominal {
            Some(nominal) => nominal.common_parts(),
            None => self.clusters.clone(),
        }
    }

    /// Returns whether clusters of this level have an effect.
    pub(crate) fn alike(&self, outer: usize) -> bool {
        match &self.nominal {
            Some(nominal) => nominal.alike(outer),
            None => self.clusters.get(outer).is_some_and(|&part| part > 0.0),
        }
    }
}

/// The groups that training rows belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups<'a> {
    /// The arm of each row and how many arms there are.
    pub(crate) arms: Option<(&'a [u8], usize)>,
    /// The cluster of each row and how many there are, coarsest level first.
    pub(crate) clusters: &'a [(Vec<u32>, usize)],
}

/// Largest share of the variance that clusters may explain.
pub(crate) const MAX_COMMON: f64 = 0.95;
/// Fills the leaves of a grown tree and estimates its effects.
///
/// - `codes`: what each row of the table holds, in the order of draws
pub(crate) fn estimate(
    grown: &GrownTree,
    codes: &[u32],
    groups: Groups<'_>,
) -> (Leaves, RandomEffects) {
    let mut leaves = Leaves::default();
    let wanted = !groups.clusters.is_empty();
    let mut scores = Scores::default();
    let mut sorted: Vec<(u32, u32)> = Vec::new();
    for leaf in 0..grown.leaf_ends.len() {
        sorted.clear();
        sorted.extend(
            grown
                .leaf(leaf)
                .iter()
                .map(|&row| (codes[row as usize], row)),
        );
        sorted.sort_unstable();
        let mut entries: Vec<(u32, u32)> = Vec::new();
        for &(code, _) in &sorted {
            match entries.last_mut() {
                Some((last, count)) if *last == code => *count += 1,
                _ => entries.push((code, 1)),
            }
        }
        if wanted {
            scores.push(&sorted, &entries);
        }
        leaves.push(entries);
    }
    let mut effects = RandomEffects::default();
    if !groups.clusters.is_empty() {
        if let Some((arms, count)) = groups.arms {
            scores.centre(arms, count);
        }
        effects.clusters = scores.common_parts(groups.clusters);
    }
    (leaves, effects)
}

/// Normal scores of training rows within their leaves.
#[derive(Debug, Default)]
struct Scores {
    rows: Vec<u32>,
    score: Vec<f64>,
    /// Where each leaf ends in `rows`, and the variance of its scores: by how much a score moves if
    /// what lies behind it moves by one.
    ends: Vec<usize>,
    slope: Vec<f64>,
}

impl Scores {
    fn push(&mut self, sorted: &[(u32, u32)], entries: &[(u32, u32)]) {
        let held = sorted.len() as f64;
        let (mut before, mut place, mut slope) = (0.0, 0, 0.0);
        for &(_, count) in entries {
            let share = f64::from(count) / held;
            let score = interval_score(before, (before + share).min(1.0));
            slope += share * score * score;
            for &(_, row) in &sorted[place..place + count as usize] {
                self.rows.push(row);
                self.score.push(score);
            }
            place += count as usize;
            before += share;
        }
        self.ends.push(self.rows.len());
        self.slope.push(slope);
    }

    fn leaf(&self, leaf: usize) -> std::ops::Range<usize> {
        let start = if leaf == 0 { 0 } else { self.ends[leaf - 1] };
        start..self.ends[leaf]
    }

    /// Removes the mean of each arm from the scores: differences of arms are not cluster effects.
    fn centre(&mut self, arms: &[u8], count: usize) {
        let mut sums = vec![(0.0, 0.0); count];
        for (&row, &score) in self.rows.iter().zip(&self.score) {
            let sum = &mut sums[usize::from(arms[row as usize])];
            *sum = (sum.0 + score, sum.1 + 1.0);
        }
        for (&row, score) in self.rows.iter().zip(&mut self.score) {
            let (sum, rows) = sums[usize::from(arms[row as usize])];
            *score -= sum / rows;
        }
    }

    /// The common part of each level: products of scores over pairs of rows in one cluster (and not
    /// in one finer cluster) against the products of their slopes. A row moves its own leaf's
    /// reference too, so that leaf mates of one cluster see less of what they share.
    fn common_parts(&self, levels: &[(Vec<u32>, usize)]) -> Vec<f64> {
        let mut pairs: Vec<(f64, f64, f64)> = Vec::with_capacity(levels.len());
        for (of_row, count) in levels {
            let mut seen = vec![0u32; *count];
            let mut sums = vec![(0.0, 0.0, 0.0); *count];
            let mut own = (0.0, 0.0, 0.0);
            for leaf in 0..self.ends.len() {
                let range = self.leaf(leaf);
                for index in range.clone() {
                    seen[of_row[self.rows[index] as usize] as usize] += 1;
                }
                for index in range.clone() {
                    let cluster = of_row[self.rows[index] as usize] as usize;
                    let alone = 1.0 - f64::from(seen[cluster]) / range.len() as f64;
                    let (score, slope) = (self.score[index], self.slope[leaf] * alone);
                    let sum = &mut sums[cluster];
                    *sum = (sum.0 + score, sum.1 + slope, sum.2 + 1.0);
                    own = (own.0 + score * score, own.1 + slope * slope, own.2 + 1.0);
                }
                for index in range {
                    seen[of_row[self.rows[index] as usize] as usize] = 0;
                }
            }
            let all = sums.iter().fold((-own.0, -own.1, -own.2), |all, sum| {
                (
                    all.0 + sum.0 * sum.0,
                    all.1 + sum.1 * sum.1,
                    all.2 + sum.2 * sum.2,
                )
            });
            pairs.push(all);
        }
        let mut common = Vec::with_capacity(levels.len());
        let mut sum = 0.0;
        for (level, &(score, slope, count)) in pairs.iter().enumerate() {
            let finer = pairs.get(level + 1).copied().unwrap_or_default();
            let (score, slope, count) = (score - finer.0, slope - finer.1, count - finer.2);
            // Where leaves are all but pure nothing is left to correlate, and the ratio is noise.
            let informative = count > 0.0 && slope > 0.01 * count;
            let total = if informative { score / slope } else { sum };
            let part = (total - sum).clamp(0.0, MAX_COMMON - sum);
            common.push(part);
            sum += part;
        }
        common
    }
}

/// Returns the mean value of each arm's rows.
pub(crate) fn arm_means(rows: impl Iterator<Item = (u8, f64)>, count: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0.0); count];
    for (arm, value) in rows {
        let sum = &mut sums[usize::from(arm)];
        *sum = (sum.0 + value, sum.1 + 1.0);
    }
    sums.iter()
        .map(|&(sum, rows)| (rows > 0.0).then(|| sum / rows))
        .collect()
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    /// One leaf with all rows, or leaves of so many rows one after the other.
    fn leaves(rows: u32, each: u32) -> GrownTree {
        let mut grown = GrownTree::default();
        for start in (0..rows).step_by(each as usize) {
            grown.push_leaf(start..(start + each).min(rows));
        }
        grown
    }

    /// Rows of `clusters` clusters of 20, whose numbers share the part `common` of their variance;
    /// in tenths, as codes.
    fn codes(clusters: usize, common: f64) -> (Vec<u32>, Vec<u32>) {
        let mut rng = Seed::from_u64(3).rng();
        let shared: Vec<f64> = (0..clusters).map(|_| rng.normal()).collect();
        // Rows of one cluster stand apart, so that leaves of neighbouring rows hold many clusters.
        let of: Vec<u32> = (0..clusters * 20)
            .map(|row| (row % clusters) as u32)
            .collect();
        let code = |&cluster: &u32| {
            let x = common.sqrt() * shared[cluster as usize] + (1.0 - common).sqrt() * rng.normal();
            ((x + 5.0) * 10.0).clamp(0.0, 99.0) as u32
        };
        (of.iter().map(code).collect(), of)
    }

    #[test]
    fn what_clusters_share_is_found_in_one_leaf_and_in_many() {
        for common in [0.0, 0.2, 0.5] {
            let (codes, of) = codes(300, common);
            for each in [6_000, 60] {
                let clusters = [(of.clone(), 300)];
                let groups = Groups {
                    arms: None,
                    clusters: &clusters,
                };
                let (leaves, effects) = estimate(&leaves(6_000, each), &codes, groups);
                assert_eq!(leaves.len(), 6_000usize.div_ceil(each as usize));
                // With 300 clusters of 20 the standard error of an intraclass correlation of 0.5 is
                // 0.03, of 0 it is 0.005.
                let found = effects.clusters[0];
                assert!(
                    (found - common).abs() < 0.02 + 0.2 * common,
                    "{common} found as {found} in leaves of {each}"
                );
            }
        }
    }

    #[test]
    fn what_arms_differ_by_is_not_what_clusters_share() {
        // Whole clusters are in one of two arms that lie far apart; within arms clusters have
        // nothing in common.
        let mut rng = Seed::from_u64(4).rng();
        let of: Vec<u32> = (0..4_000).map(|row| row % 200).collect();
        let arms: Vec<u8> = of.iter().map(|cluster| (cluster % 2) as u8).collect();
        let codes: Vec<u32> = arms
            .iter()
            .map(|&arm| 30 * u32::from(arm) + rng.below(40) as u32)
            .collect();
        let clusters = [(of, 200)];
        let part = |arms: Option<(&[u8], usize)>| {
            let groups = Groups {
                arms,
                clusters: &clusters,
            };
            estimate(&leaves(4_000, 4_000), &codes, groups).1.clusters[0]
        };
        assert!(part(None) > 0.4, "{}", part(None));
        assert!(part(Some((&arms, 2))) < 0.03, "{}", part(Some((&arms, 2))));
    }

    #[test]
    fn leaves_hold_codes_in_their_order_with_their_counts() {
        let codes = [2, 0, 2, 1, 0, 0];
        let groups = Groups {
            arms: None,
            clusters: &[],
        };
        let (leaves, effects) = estimate(&leaves(6, 6), &codes, groups);
        assert_eq!(
            (leaves.codes, leaves.running),
            (vec![0, 1, 2], vec![3, 4, 6])
        );
        assert!(effects.clusters.is_empty());
    }

    #[test]
    fn arms_without_rows_have_no_mean() {
        let rows = [(0, 1.0), (2, 4.0), (0, 2.0)];
        assert_eq!(arm_means(rows.into_iter(), 3), [Some(1.5), None, Some(4.0)]);
    }
}
