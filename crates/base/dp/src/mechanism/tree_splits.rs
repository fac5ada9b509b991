//! Private choice of a histogram's bins: a tree of halves that grows where rows are.

use std::ops::Range;

use super::discrete_laplace::{draw, short_fraction};
use super::{MechanismError, covered};
use crate::event::Event;
use crate::ledger::Receipt;
use crate::mechanism::noise_source::NoiseSource;
use crate::number::Epsilon;
use crate::unit::{PrivacyUnit, Relation};

/// Splits a row of cells in halves again and again, wherever enough rows are (PrivTree: Zhang, Xiao
/// & Xie 2016), with a loss that does not depend on how deep the tree grows.
///
/// A stretch of cells at depth `d` with count `c` is split if `max(c - d * decay, threshold -
/// decay) + noise > threshold`. Differences from the paper: the noise is discrete Laplace noise,
/// drawn exactly, and the decay is a whole number.
///
/// **Loss.** Let the noise be `P(x)` proportional to `exp(-|x| / t)`, and `decay >= t ln 2`. One
/// more row raises the counts on one path of the tree by one. Write `b` for the value compared with
/// the threshold after the raise. A split's log-probability grows by `1 / t` if `b <= threshold +
/// 1`, since that is the exponential part of the tail, and by at most `exp(-s / t) / t` if `b =
/// threshold + 1 + s` (because there the probability that no split happens is `exp(-s / t) / (1 +
/// exp(-1 / t))` of an exponential tail). A node whose value was cut off before and after does not
/// change at all, so that all others have `b > threshold - decay`. From one node to the one above
/// it `b` grows by at least the decay: the deepest loses at most `1 / t`, the next has `s >= 0`,
/// the next `s >= decay`, and so on. The sum is at most `(1 + 1 + 1/2 + 1/4 + ...) / t = 3 / t`.
/// The leaf at the end of the path is less likely to stay whole with one more row, and by at most
/// `1 / t` more likely with one less. So `t = 3 / epsilon` for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeSplits {
    requested: Epsilon,
    numerator: u64,
    denominator: u64,
    decay: i64,
    threshold: i64,
}

const NAME: &str = "private splits";

impl TreeSplits {
    /// Splits with loss `epsilon` for everybody of this unit, of stretches with more than about
    /// `threshold` rows.
    ///
    /// # Errors
    ///
    /// [`MechanismError::OutOfRange`] unless the scale of the noise, three times the rows of a
    /// person (six for replaced ones) over `epsilon`, is between `2^-30` and `2^40`.
    pub fn new(
        epsilon: Epsilon,
        unit: &PrivacyUnit,
        threshold: u32,
    ) -> Result<Self, MechanismError> {
        let rows = f64::from(unit.max_rows.get());
        // A replaced row is one that leaves and one that enters.
        let changes = match unit.relation {
            Relation::AddRemove | Relation::ReplaceNull => rows,
            Relation::ReplaceOne => 2.0 * rows,
        };
        // A few units in the last place more, so that rounding cannot make it less.
        let scale = 3.0 * changes / epsilon.get() * (1.0 + 4.0 * f64::EPSILON);
        let (numerator, denominator) = short_fraction(scale).ok_or(MechanismError::OutOfRange {
            mechanism: NAME,
            parameter: "scale",
            value: scale,
            rule: "between 2^-30 and 2^40",
        })?;
        let exact = numerator as f64 / denominator as f64;
        let decay = (exact * std::f64::consts::LN_2 * (1.0 + 1e-12))
            .ceil()
            .max(1.0) as i64;
        Ok(Self {
            requested: epsilon,
            numerator,
            denominator,
            decay,
            threshold: i64::from(threshold),
        })
    }

    /// The event of one tree.
    pub const fn event(&self) -> Event {
        Event::PureDp {
            epsilon: self.requested,
        }
    }

    /// The leaves of the tree over these cells, in order: stretches that cover all of them. Every
    /// row lies in one cell.
    ///
    /// # Errors
    ///
    /// [`MechanismError::ReceiptMismatch`] when the receipt is for something else or for a smaller
    /// loss.
    pub fn split(
        &self,
        receipt: Receipt,
        cells: &[i64],
        source: &mut NoiseSource,
    ) -> Result<Vec<Range<usize>>, MechanismError> {
        let covers =
            matches!(receipt.event(), Event::PureDp { epsilon } if *epsilon >= self.requested);
        covered(&receipt, covers, NAME)?;
        let mut running = Vec::with_capacity(cells.len() + 1);
        let mut sum = 0i64;
        running.push(0);
        for &cell in cells {
            sum = sum.saturating_add(cell);
            running.push(sum);
        }
        let mut leaves = Vec::new();
        // Depth first, the left half on top: leaves come out in order.
        let mut open = vec![(0..cells.len(), 0i64)];
        while let Some((stretch, depth)) = open.pop() {
            // Single cells are leaves whatever they hold: no noise is needed to say so.
            if stretch.len() > 1 {
                let count = running[stretch.end] - running[stretch.start];
                let value = count
                    .saturating_sub(depth.saturating_mul(self.decay))
                    .max(self.threshold - self.decay);
                let noise = draw(self.numerator, self.denominator, source);
                if value.saturating_add(noise) > self.threshold {
                    let middle = stretch.start + stretch.len() / 2;
                    open.push((middle..stretch.end, depth + 1));
                    open.push((stretch.start..middle, depth + 1));
                    continue;
                }
            }
            if !stretch.is_empty() {
                leaves.push(stretch);
            }
        }
        Ok(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Ledger};

    fn receipt(event: Event, unit: PrivacyUnit) -> Receipt {
        Ledger::open(unit, Budget::Unlimited)
            .try_spend("test", event)
            .unwrap()
    }

    fn epsilon(value: f64) -> Epsilon {
        Epsilon::new(value).unwrap()
    }

    /// How often each of the trees over these cells came out in so many runs.
    fn shares(mechanism: &TreeSplits, cells: &[i64], runs: u32) -> Vec<(Vec<usize>, f64)> {
        let mut source = NoiseSource::insecure_seeded([7; 32]);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..runs {
            let receipt = receipt(mechanism.event(), PrivacyUnit::one_row());
            let leaves = mechanism.split(receipt, cells, &mut source).unwrap();
            let starts: Vec<usize> = leaves.iter().map(|leaf| leaf.start).collect();
            *counts.entry(starts).or_insert(0u32) += 1;
        }
        let share = |count: u32| f64::from(count) / f64::from(runs);
        counts
            .into_iter()
            .map(|(tree, count)| (tree, share(count)))
            .collect()
    }

    /// The largest logarithm of a ratio of shares of a tree over two tables, among trees frequent
    /// enough to tell.
    fn loss(mechanism: &TreeSplits, one: &[i64], other: &[i64]) -> f64 {
        let runs = 60_000;
        let (one, other) = (shares(mechanism, one, runs), shares(mechanism, other, runs));
        let mut worst = 0.0f64;
        for (tree, share) in &one {
            let found = other.iter().find(|(own, _)| own == tree);
            if let Some((_, own)) = found.filter(|(_, own)| *own > 0.01 && *share > 0.01) {
                worst = worst.max((share / own).ln().abs());
            }
        }
        worst
    }

    #[test]
    fn leaves_are_small_where_rows_are_and_cover_everything() {
        let mut cells = vec![0i64; 64];
        cells[40] = 5_000;
        cells[41] = 5_000;
        let mechanism = TreeSplits::new(epsilon(1.0), &PrivacyUnit::one_row(), 100).unwrap();
        let mut source = NoiseSource::insecure_seeded([1; 32]);
        let receipt = receipt(mechanism.event(), PrivacyUnit::one_row());
        let leaves = mechanism.split(receipt, &cells, &mut source).unwrap();
        assert!(leaves.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((leaves[0].start, leaves[leaves.len() - 1].end), (0, 64));
        assert!(leaves.contains(&(40..41)) && leaves.contains(&(41..42)));
        // Each node of the empty half splits with a probability of 0.15: on average 1.4 leaves.
        assert!(
            leaves.iter().filter(|leaf| leaf.start < 32).count() <= 8,
            "{leaves:?}"
        );
    }

    #[test]
    fn one_row_changes_no_tree_by_more_than_the_loss_and_less_noise_would_show() {
        // Shares of at least 1 % of 60,000 runs have a relative standard deviation of at most 4 %,
        // their log ratio of 6 %: allow five of them.
        let (one, other) = ([3i64, 0, 0, 0], [4i64, 0, 0, 0]);
        for value in [0.5, 1.5] {
            let mechanism = TreeSplits::new(epsilon(value), &PrivacyUnit::one_row(), 2).unwrap();
            assert!(loss(&mechanism, &one, &other) < value + 0.3);
        }
        // A tenth of the noise for the same claim.
        let mut broken = TreeSplits::new(epsilon(0.5), &PrivacyUnit::one_row(), 2).unwrap();
        broken.numerator /= 10;
        broken.decay = 1;
        let seen = loss(&broken, &one, &other);
        assert!(seen > 0.5 + 0.3, "{seen}");
    }

    #[test]
    fn units_of_more_rows_get_more_noise_and_receipts_must_cover() {
        let one = TreeSplits::new(epsilon(1.0), &PrivacyUnit::one_row(), 0).unwrap();
        let unit = PrivacyUnit::new(Relation::ReplaceOne, 5).unwrap();
        let many = TreeSplits::new(epsilon(1.0), &unit, 0).unwrap();
        let scale = |own: &TreeSplits| own.numerator as f64 / own.denominator as f64;
        assert!(scale(&one) >= 3.0 && scale(&many) >= 30.0);
        assert!(one.decay as f64 >= scale(&one) * std::f64::consts::LN_2);
        let mut source = NoiseSource::insecure_seeded([1; 32]);
        let cheap = receipt(
            Event::PureDp {
                epsilon: epsilon(0.5),
            },
            unit,
        );
        assert!(matches!(
            one.split(cheap, &[1, 2], &mut source),
            Err(MechanismError::ReceiptMismatch { .. })
        ));
        let paid = receipt(one.event(), unit);
        assert!(one.split(paid, &[], &mut source).unwrap().is_empty());
    }
}
