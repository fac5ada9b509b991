//! Whole numbers that follow expectations: rounded once, then handed out in parts.

/// Rows that wait in cells, to be handed out in parts that each follow the whole as closely as
/// whole numbers can.
///
/// Made once from expectations ([`Apportionment::new`]); the parts taken add up to it, cell by
/// cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apportionment {
    left: Vec<u64>,
    total: u64,
}

impl Apportionment {
    /// `rows` rows shared among cells in proportion to these weights: each cell gets its
    /// expectation, rounded up or down.
    ///
    /// Systematic sampling: row `k` goes to the cell that holds the point `k + offset` of the
    /// running sums. With `offset` uniform between 0 and 1 the expectation of each cell is kept.
    /// Cells of weight 0 stay empty, unless all are: then the first gets everything.
    #[must_use]
    pub fn new(weights: &[f64], rows: u64, offset: f64) -> Self {
        let mut left = vec![0; weights.len()];
        round(weights, rows, offset, &mut left);
        Self { left, total: rows }
    }

    /// Remainder of each cell.
    #[must_use]
    pub fn left(&self) -> &[u64] {
        &self.left
    }

    /// Takes up to `rows` rows, from each cell its share of what is left, rounded up or down;
    /// `offset` as in [`Apportionment::new`].
    pub fn take(&mut self, rows: u64, offset: f64) -> Vec<u64> {
        let mut taken = vec![0; self.left.len()];
        let rows = rows.min(self.total);
        take(&mut self.left, self.total, rows, offset, |cell, count| {
            taken[cell] = count;
        });
        self.total -= rows;
        taken
    }
}

/// See [`Apportionment::new`].
pub(crate) fn round(weights: &[f64], rows: u64, offset: f64, counts: &mut [u64]) {
    let total: f64 = weights.iter().filter(|weight| **weight > 0.0).sum();
    let last = weights.iter().rposition(|weight| *weight > 0.0);
    let scale = rows as f64 / total;
    let (mut sum, mut given) = (0.0, 0);
    for (cell, (&weight, count)) in weights.iter().zip(counts.iter_mut()).enumerate() {
        *count = 0;
        if weight > 0.0 {
            sum += weight * scale;
            // What rounding of the running sum leaves over goes to the last cell.
            let upto = if Some(cell) == last {
                rows
            } else {
                ((sum - offset).ceil().max(0.0) as u64).clamp(given, rows)
            };
            *count = upto - given;
            given = upto;
        }
    }
    if last.is_none()
        && let Some(first) = counts.first_mut()
    {
        *first = rows;
    }
}

/// Takes `rows` of the `total` rows left, in whole numbers throughout: a cell never gives more than
/// it has. Reports cells that give something.
pub(crate) fn take(
    left: &mut [u64],
    total: u64,
    rows: u64,
    offset: f64,
    mut report: impl FnMut(usize, u64),
) {
    if rows == 0 {
        return;
    }
    let small = total <= u64::from(u32::MAX);
    let start = ((offset * total as f64) as u64).min(total - 1);
    let (mut sum, mut given) = (0u64, 0u64);
    for (cell, own) in left.iter_mut().enumerate() {
        if *own == 0 {
            continue;
        }
        sum += *own;
        let upto = if rows == total {
            sum
        } else if small {
            (sum * rows + start) / total
        } else {
            ((u128::from(sum) * u128::from(rows) + u128::from(start)) / u128::from(total)) as u64
        };
        let taken = upto - given;
        given = upto;
        if taken > 0 {
            *own -= taken;
            report(cell, taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parable_seed::Seed;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cells_get_their_expectation_rounded_and_parts_add_up(
            weights in proptest::collection::vec(0.0..10.0f64, 1..12), rows in 0u64..5_000, parts in 1u64..9, number in any::<u64>(), large in any::<bool>(),
        ) {
            // Above 2^32 rows the wider arithmetic is used.
            let rows = if large { rows << 33 } else { rows };
            let weights: Vec<f64> = weights.into_iter().map(|w| if w < 2.0 { 0.0 } else { w }).collect();
            let mut rng = Seed::from_u64(number).rng();
            let mut supply = Apportionment::new(&weights, rows, rng.uniform());
            let whole = supply.left().to_vec();
            prop_assert_eq!(whole.iter().sum::<u64>(), rows);
            let total: f64 = weights.iter().sum();
            if total > 0.0 {
                for (&count, weight) in whole.iter().zip(&weights) {
                    let expected = rows as f64 * weight / total;
                    prop_assert!((count as f64 - expected).abs() < 1.0 + 1e-9 * expected);
                    prop_assert!(*weight > 0.0 || count == 0);
                }
            }
            let mut sums = vec![0; whole.len()];
            let size = rows.div_ceil(parts);
            for _ in 0..parts {
                let before = supply.left().to_vec();
                let left: u64 = before.iter().sum();
                let taken = supply.take(size, rng.uniform());
                prop_assert_eq!(taken.iter().sum::<u64>(), size.min(left));
                for cell in 0..sums.len() {
                    let share = before[cell] as f64 * size.min(left) as f64 / left.max(1) as f64;
                    prop_assert!((taken[cell] as f64 - share).abs() <= 1.0 + 1e-9 * share);
                    sums[cell] += taken[cell];
                }
            }
            prop_assert_eq!(sums, whole);
        }
    }

    #[test]
    fn every_cell_keeps_its_expectation_over_offsets() {
        let weights = [0.2, 0.5, 3.0, 0.0, 0.3];
        let mut sums = [0u64; 5];
        for (first, second) in (0..200).flat_map(|a| (0..200).map(move |b| (a, b))) {
            let offset = |step: i32| (f64::from(step) + 0.5) / 200.0;
            let mut supply = Apportionment::new(&weights, 2, offset(first));
            let taken = supply.take(1, offset(second));
            taken
                .iter()
                .zip(&mut sums)
                .for_each(|(count, sum)| *sum += count);
        }
        // One of four parts of weight for each of 40,000 draws; the grid of offsets moves each end
        // of a cell by at most one of 200 lines.
        for (sum, weight) in sums.iter().zip(weights) {
            assert!((*sum as f64 - 10_000.0 * weight).abs() <= 400.0, "{sums:?}");
        }
    }
}
