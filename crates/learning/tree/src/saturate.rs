//! Saturated trees: a leaf for each combination of the predictors' bins.

use crate::nodes::{GrownTree, SplitRule};
use crate::predictor::Predictor;

/// Grows a tree with a leaf for each combination of bins among the rows.
///
/// Rows are divided by the first predictor until each node has one of its bins, then by the next.
/// Bins that no row of a node has go with the larger half, so that an unseen combination ends in
/// the leaf that agrees with it on most predictors.
#[must_use]
pub fn saturate(predictors: &[Predictor<'_>], mut rows: Vec<u32>) -> GrownTree {
    let mut grown = GrownTree::default();
    let mut open = vec![(0, rows.len(), 0, None)];
    while let Some((start, end, depth, right_of)) = open.pop() {
        if let Some(split) = right_of {
            grown.set_right(split);
        }
        let held = &mut rows[start..end];
        let Some((place, left_bins)) = (depth..predictors.len())
            .find_map(|place| Some((place, halves(&predictors[place], held)?)))
        else {
            grown.push_leaf(held.iter().copied());
            continue;
        };
        let Predictor { feature, bins, .. } = predictors[place];
        let goes_left = |row: u32| left_bins[usize::from(bins[row as usize])];
        held.sort_by_key(|&row| !goes_left(row));
        let middle = start + held.partition_point(|&row| goes_left(row));
        let split = grown.push_split(feature, SplitRule::set(&left_bins));
        open.push((middle, end, place, Some(split)));
        open.push((start, middle, place, None));
    }
    grown
}

/// The bins that go left, where about half of the rows are; `None` if all rows have the same bin.
fn halves(predictor: &Predictor<'_>, rows: &[u32]) -> Option<Vec<bool>> {
    let mut counts = vec![0usize; predictor.binning.bins()];
    for &row in rows {
        counts[usize::from(predictor.bins[row as usize])] += 1;
    }
    let first = counts.iter().position(|&count| count > 0)?;
    let last = counts.iter().rposition(|&count| count > 0)?;
    if first == last {
        return None;
    }
    let (mut before, mut cut) = (0, first);
    for bin in first..last {
        if counts[bin] > 0 && before * 2 < rows.len() {
            before += counts[bin];
            cut = bin;
        }
    }
    let left_is_larger = before * 2 >= rows.len();
    let left = (0..counts.len())
        .map(|bin| {
            if counts[bin] > 0 {
                bin <= cut
            } else {
                left_is_larger
            }
        })
        .collect();
    Some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binning::Binning;

    #[test]
    fn every_combination_is_a_leaf_and_an_unseen_one_finds_the_nearest() {
        let binning = Binning::nominal(5, 1);
        // Level 4 of the first and the pair (3, 4) do not occur.
        let first: Vec<u16> = (0..400).map(|row| row % 4).collect();
        let second: Vec<u16> = (0..400)
            .map(|row| if row % 4 == 3 { 0 } else { row / 4 % 5 })
            .collect();
        let predictor = |feature, bins| Predictor {
            feature,
            binning: &binning,
            bins,
            min_rows: 1,
        };
        let grown = saturate(
            &[predictor(0, &first), predictor(1, &second)],
            (0..400).collect(),
        );
        assert_eq!(grown.leaves(), 3 * 5 + 1);
        for leaf in 0..grown.leaves() {
            let pair = |row: u32| (first[row as usize], second[row as usize]);
            let held = grown.leaf(leaf);
            assert!(held.iter().all(|&row| pair(row) == pair(held[0])));
        }
    }
}
