//! Merging levels too rare to be seen through the noise, and drawing them back.

use std::collections::BTreeMap;

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use crate::Apportionment;

/// Levels of one attribute merged into groups, with the share of each level within its group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// The group of each level.
    pub of: Vec<u32>,
    /// The estimated number of rows with each level.
    pub rows: Vec<f64>,
}

impl Groups {
    /// Groups of levels such that, where possible, each holds at least `least` rows.
    ///
    /// The first `ordered` levels stand in an order and merge with neighbours only: a level with
    /// enough rows stays alone, and runs of rarer levels between such are cut into groups with
    /// enough rows each. The other levels, which have no order, share one group if they are rare.
    #[must_use]
    pub fn of(rows: Vec<f64>, ordered: usize, least: f64) -> Self {
        let classes = vec![0; rows.len()];
        Self::within(rows, &classes, ordered, least)
    }

    /// As [`Groups::of`], merging levels of one class only: what rules tell apart stays apart.
    ///
    /// # Panics
    /// If there are fewer classes than levels.
    #[must_use]
    pub fn within(rows: Vec<f64>, classes: &[u32], ordered: usize, least: f64) -> Self {
        let mut of = vec![0u32; rows.len()];
        let mut next = 0u32;
        let mut level = 0;
        while level < ordered {
            if rows[level] >= least {
                of[level] = next;
                next += 1;
                level += 1;
                continue;
            }
            let end = (level..ordered)
                .find(|&l| rows[l] >= least || classes[l] != classes[level])
                .unwrap_or(ordered);
            next = cut_run(&rows, level..end, least, next, &mut of);
            level = end;
        }
        let (frequent, rare): (Vec<usize>, Vec<usize>) =
            (ordered..rows.len()).partition(|&l| rows[l] >= least);
        for level in frequent {
            of[level] = next;
            next += 1;
        }
        let mut shared: BTreeMap<u32, u32> = BTreeMap::new();
        for level in rare {
            of[level] = *shared.entry(classes[level]).or_insert_with(|| {
                next += 1;
                next - 1
            });
        }
        Self { of, rows }
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.iter().max().map_or(0, |&group| group as usize + 1)
    }

    /// Whether there is no level and therefore no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Whether every group from the first to the last has a level, and no share is negative or no
    /// number.
    #[must_use]
    pub fn has_no_gaps(&self) -> bool {
        (0..self.len() as u32).all(|group| self.of.contains(&group))
            && self
                .rows
                .iter()
                .all(|rows| *rows >= 0.0 && rows.is_finite())
    }

    /// The levels of each group, with their shares.
    fn members(&self) -> Vec<(Vec<u32>, Vec<f64>)> {
        let mut members = vec![(Vec::new(), Vec::new()); self.len()];
        for (level, (&group, &rows)) in self.of.iter().zip(&self.rows).enumerate() {
            let (levels, shares): &mut (Vec<u32>, Vec<f64>) = &mut members[group as usize];
            levels.push(level as u32);
            shares.push(rows);
        }
        for (_, shares) in &mut members {
            // A group nobody is estimated to be in: all its levels alike.
            if shares.iter().all(|&share| share <= 0.0) {
                shares.fill(1.0);
            }
        }
        members
    }

    /// Levels for a column of groups: in each group as close to the shares as whole numbers can be,
    /// in random order.
    ///
    /// # Panics
    /// If a code is no group.
    #[must_use]
    pub fn draw_back(&self, groups: &[u32], seed: &Seed) -> Vec<u32> {
        let mut rows = vec![0; self.len()];
        groups.iter().for_each(|&group| rows[group as usize] += 1);
        self.levels(&rows, &seed.stream("counts"))
            .hand_out(groups, seed)
    }

    /// The levels that take the place of groups in a table with this many rows of each group, to be
    /// handed out in one or more parts.
    #[must_use]
    pub fn levels(&self, rows: &[u64], seed: &Seed) -> GroupLevels {
        let mut rng = seed.rng();
        let members = self.members().into_iter().zip(rows);
        GroupLevels {
            of: members
                .map(|((levels, shares), &rows)| {
                    (levels, Apportionment::new(&shares, rows, rng.uniform()))
                })
                .collect(),
        }
    }
}

/// For each group its levels, and how many rows are still to get each: in all as close to the
/// shares as whole numbers can be.
#[derive(Clone, Debug)]
pub struct GroupLevels {
    of: Vec<(Vec<u32>, Apportionment)>,
}

impl GroupLevels {
    /// Levels for a column of groups, in random order.
    ///
    /// # Panics
    /// If a code is no group.
    pub fn hand_out(&mut self, groups: &[u32], seed: &Seed) -> Vec<u32> {
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); self.of.len()];
        for (row, &group) in groups.iter().enumerate() {
            rows_of[group as usize].push(row as u32);
        }
        let mut column = vec![0u32; groups.len()];
        for (group, (rows, (levels, left))) in rows_of.iter_mut().zip(&mut self.of).enumerate() {
            if let [level] = levels[..] {
                for &row in &*rows {
                    column[row as usize] = level;
                }
                continue;
            }
            let mut rng = seed.index(group as u64).rng();
            rng.shuffle(rows);
            let taken = left.take(rows.len() as u64, rng.uniform());
            let by_level = levels
                .iter()
                .zip(taken)
                .flat_map(|(&level, count)| std::iter::repeat_n(level, count as usize));
            for (&row, level) in rows.iter().zip(by_level) {
                column[row as usize] = level;
            }
        }
        column
    }
}

/// Cuts a run of rare ordered levels into groups with enough rows; what is left at its end joins
/// the last of them if that is less than half.
fn cut_run(
    rows: &[f64],
    run: std::ops::Range<usize>,
    least: f64,
    first: u32,
    of: &mut [u32],
) -> u32 {
    let (mut group, mut sum) = (first, 0.0);
    for level in run.clone() {
        of[level] = group;
        sum += rows[level];
        if sum >= least && level + 1 < run.end {
            group += 1;
            sum = 0.0;
        }
    }
    if sum < 0.5 * least && group > first {
        for level in run {
            if of[level] == group {
                of[level] = group - 1;
            }
        }
        group -= 1;
    }
    group + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[f64], ordered: usize, least: f64, expected: &[u32]) {
        assert_eq!(Groups::of(rows.to_vec(), ordered, least).of, expected);
    }

    #[test]
    fn ordered_levels_merge_with_neighbours_and_frequent_ones_stay_alone() {
        check(&[50.0, 4.0, 4.0, 4.0, 60.0], 5, 10.0, &[0, 1, 1, 1, 2]);
        check(&[6.0, 6.0, 6.0, 6.0], 4, 10.0, &[0, 0, 1, 1]);
        // What is left at the end of a run joins the group before it when it is small.
        check(&[6.0, 6.0, 3.0, 90.0], 4, 10.0, &[0, 0, 0, 1]);
        check(&[1.0, 1.0], 2, 10.0, &[0, 0]);
        check(&[], 0, 10.0, &[]);
    }

    #[test]
    fn rare_levels_without_order_share_one_group() {
        check(&[50.0, 2.0, 30.0, 1.0], 0, 10.0, &[0, 2, 1, 2]);
        // Two ordered levels, then a missing reason.
        check(&[20.0, 20.0, 3.0], 2, 10.0, &[0, 1, 2]);
    }

    #[test]
    fn levels_come_back_in_their_shares() {
        let groups = Groups::of(vec![100.0, 3.0, 0.0, 1.0], 0, 10.0);
        let column: Vec<u32> = (0..400).map(|row| u32::from(row % 4 == 0)).collect();
        let back = groups.draw_back(&column, &Seed::from_u64(1));
        let count = |level| back.iter().filter(|&&l| l == level).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [300, 75, 0, 25]);
        let empty = Groups::of(vec![0.0, 0.0], 0, 10.0);
        assert!(empty.draw_back(&[0; 10], &Seed::from_u64(1)).contains(&1));
    }

    #[test]
    fn levels_of_different_classes_stay_apart() {
        let rows = vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 50.0, 1.0];
        let groups = Groups::within(rows, &[0, 0, 1, 1, 0, 1, 0, 0], 4, 10.0);
        assert_eq!(groups.of, [0, 0, 1, 1, 3, 4, 2, 3]);
        assert!(groups.has_no_gaps());
    }

    #[test]
    fn parts_of_a_table_share_its_levels_out_as_a_whole() {
        let groups = Groups::of(vec![100.0, 3.0, 0.0, 1.0], 0, 10.0);
        let mut levels = groups.levels(&[0, 40], &Seed::from_u64(1));
        let mut counts = [0; 4];
        for part in 0..20 {
            for level in levels.hand_out(&[1, 1], &Seed::from_u64(part)) {
                counts[level as usize] += 1;
            }
        }
        assert_eq!(counts, [0, 30, 0, 10]);
    }
}
