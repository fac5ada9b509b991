//! The best split on one predictor of a numeric response.
//!
//! A split is scored by the sum over both sides of (sum of the response)^2 / rows, which is largest
//! where the squared error is smallest; two classes are the same problem as the numbers 0 and 1.
//! Bins with an order are cut. Levels without one are first ordered by the mean of the response in
//! the node: that order contains the best subset (Fisher 1958; Breiman et al. 1984, section 4.2.2).

use crate::best::{ALL_MISSING, Axis, BestSplit, Split, Threshold};

/// Rows and sum of the response in one bin of a node, or in a whole node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BinSum {
    pub(crate) bin: u16,
    pub(crate) rows: f64,
    pub(crate) sum: f64,
}

/// Looks for a better split on one predictor.
///
/// - `bins`: the bins that have rows, ascending
/// - `node`: sums of the whole node
pub(crate) fn scan_numbers(bins: &mut [BinSum], axis: Axis, node: BinSum, best: &mut BestSplit) {
    if bins.len() < 2 {
        return;
    }
    if !axis.ordered {
        if bins.len() > 2 {
            // Means are compared as they are rounded: products would not order near ties
            // consistently.
            bins.sort_unstable_by(|a, b| {
                (a.sum / a.rows)
                    .total_cmp(&(b.sum / b.rows))
                    .then(a.bin.cmp(&b.bin))
            });
        }
        let inner = &bins[..bins.len() - 1];
        if let Some((reached, count)) = sweep(inner, BinSum::default(), node, best.threshold(axis))
        {
            best.take(
                reached,
                axis,
                Split::sets(bins.iter().map(|b| b.bin), count),
            );
        }
        return;
    }
    let values = bins.partition_point(|bin| usize::from(bin.bin) < axis.values);
    let (values, missing) = bins.split_at(values);
    let high = |count: usize| values.get(count).map(|bin| bin.bin);
    let inner = values.len().saturating_sub(usize::from(missing.is_empty()));
    if let Some((reached, count)) = sweep(
        &values[..inner],
        BinSum::default(),
        node,
        best.threshold(axis),
    ) {
        let split = Split::cut(values[count - 1].bin, high(count), axis, 0);
        best.take(reached, axis, split);
    }
    if missing.is_empty() {
        return;
    }
    let inner = values.len().saturating_sub(1);
    let all_missing = missing.iter().fold(BinSum::default(), |all, bin| BinSum {
        rows: all.rows + bin.rows,
        sum: all.sum + bin.sum,
        ..all
    });
    if let Some((reached, count)) = sweep(&values[..inner], all_missing, node, best.threshold(axis))
    {
        let split = Split::cut(values[count - 1].bin, high(count), axis, ALL_MISSING);
        best.take(reached, axis, split);
    }
    if missing.len() > 1 {
        for one in missing {
            let alone = std::slice::from_ref(one);
            if let Some((reached, _)) = sweep(alone, BinSum::default(), node, best.threshold(axis))
            {
                best.take(reached, axis, Split::all_but_missing(one.bin, axis));
            }
        }
    }
}

/// The best prefix of the bins, if it is better than what is known: what it reaches and its length.
#[inline]
fn sweep(
    bins: &[BinSum],
    mut left: BinSum,
    node: BinSum,
    mut best: Threshold,
) -> Option<(Threshold, usize)> {
    let mut found = 0;
    for (index, bin) in bins.iter().enumerate() {
        left.rows += bin.rows;
        left.sum += bin.sum;
        let rows_right = node.rows - left.rows;
        if rows_right < best.min_rows {
            break;
        }
        if left.rows < best.min_rows {
            continue;
        }
        let sum_right = node.sum - left.sum;
        let above = left.sum * left.sum * rows_right + sum_right * sum_right * left.rows;
        let below = left.rows * rows_right;
        if best.offer(above, below, (left.rows, rows_right)) {
            found = index + 1;
        }
    }
    (found > 0).then_some((best, found))
}
