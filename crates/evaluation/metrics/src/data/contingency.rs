//! Contingency tables: columns in few cells, and the real and synthetic rows of each combination.

use crate::data::frame::{Data, FrameColumn};
use parable_linalg::quantile;

/// A column cut into few cells.
pub(crate) struct Grouped {
    pub(crate) cells: usize,
    pub(crate) real: Vec<u32>,
    pub(crate) synthetic: Vec<u32>,
    #[cfg(test)]
    pub(crate) breaks: Vec<f64>,
}

impl Grouped {
    /// Cells numbered from 0.
    pub(crate) fn new(cells: usize, real: Vec<u32>, synthetic: Vec<u32>) -> Self {
        Self {
            cells,
            real,
            synthetic,
            #[cfg(test)]
            breaks: Vec::new(),
        }
    }

    /// The same with some of the real rows in the place of the synthetic ones.
    pub(crate) fn against_own_rows(&self, rows: &[usize]) -> Self {
        let picked = rows.iter().map(|&row| self.real[row]).collect();
        Self::new(self.cells, self.real.clone(), picked)
    }

    /// Levels as they are; numbers in `groups` groups: quantiles of the values of both tables, or
    /// intervals of equal width if ties leave fewer than three. Missing is a cell of its own.
    pub(crate) fn of(column: &FrameColumn, groups: usize) -> Self {
        match &column.data {
            Data::Codes { labels, codes } => Self::new(
                labels.len() + 1,
                codes.real.clone(),
                codes.synthetic.clone(),
            ),
            Data::Numbers(numbers) => {
                let breaks = Self::breaks(&numbers.real, &numbers.synthetic, groups);
                let last = breaks.len().saturating_sub(1) as u32;
                let group = |&x: &f64| match x.is_nan() {
                    true => 0,
                    // Closed on the left, the last group on both sides.
                    false => {
                        (breaks.partition_point(|&edge| edge <= x) as u32).clamp(1, last.max(1))
                    }
                };
                Self {
                    cells: last as usize + 2,
                    real: numbers.real.iter().map(group).collect(),
                    synthetic: numbers.synthetic.iter().map(group).collect(),
                    #[cfg(test)]
                    breaks,
                }
            }
        }
    }
}

impl Grouped {
    /// The edges of the groups of a numeric column, ascending.
    pub(crate) fn breaks(real: &[f64], synthetic: &[f64], groups: usize) -> Vec<f64> {
        let mut pooled: Vec<f64> = real
            .iter()
            .chain(synthetic)
            .copied()
            .filter(|x| !x.is_nan())
            .collect();
        if pooled.is_empty() {
            return Vec::new();
        }
        pooled.sort_unstable_by(f64::total_cmp);
        let mut breaks: Vec<f64> = (0..=groups)
            .map(|group| quantile(&pooled, group as f64 / groups as f64))
            .collect();
        breaks.dedup();
        if breaks.len() < 4 {
            let (low, high) = (pooled[0], pooled[pooled.len() - 1]);
            let width = (high - low) / groups as f64;
            breaks = (0..groups)
                .map(|group| low + width * group as f64)
                .collect();
            breaks.push(high);
            breaks.dedup();
        }
        breaks
    }
}

/// The cells of a table over these columns with real and synthetic counts.
pub(crate) fn cross(columns: &[&Grouped]) -> (Vec<u64>, Vec<u64>) {
    const DENSE: u64 = 1 << 18;
    let size = columns.iter().try_fold(1u64, |size, column| {
        size.checked_mul(column.cells as u64)
            .filter(|&size| size <= DENSE)
    });
    let key = |row: usize, pick: fn(&Grouped) -> &[u32]| {
        columns.iter().fold(0u64, |key, column| {
            key.wrapping_mul(column.cells as u64) + u64::from(pick(column)[row])
        })
    };
    let rows = |pick: fn(&Grouped) -> &[u32]| columns.first().map_or(0, |c| pick(c).len());
    let real: fn(&Grouped) -> &[u32] = |column| &column.real;
    let synthetic: fn(&Grouped) -> &[u32] = |column| &column.synthetic;
    if let Some(size) = size {
        let count = |pick| {
            let mut counts = vec![0u64; size as usize];
            (0..rows(pick)).for_each(|row| counts[key(row, pick) as usize] += 1);
            counts
        };
        return (count(real), count(synthetic));
    }
    // Cells in order of their codes, so that sums do not depend on the order of rows.
    if columns
        .iter()
        .try_fold(1u64, |size, c| size.checked_mul(c.cells as u64))
        .is_some()
    {
        let sorted = |pick| {
            let mut keys: Vec<u64> = (0..rows(pick)).map(|row| key(row, pick)).collect();
            keys.sort_unstable();
            keys
        };
        return merge(&sorted(real), &sorted(synthetic));
    }
    let sorted = |pick: fn(&Grouped) -> &[u32]| {
        let cell = |row: usize| -> Vec<u32> { columns.iter().map(|c| pick(c)[row]).collect() };
        let mut cells: Vec<Vec<u32>> = (0..rows(pick)).map(cell).collect();
        cells.sort_unstable();
        cells
    };
    merge(&sorted(real), &sorted(synthetic))
}

/// Counts of each distinct value of two ascending lists.
fn merge<T: Ord>(real: &[T], synthetic: &[T]) -> (Vec<u64>, Vec<u64>) {
    let (mut i, mut j) = (0, 0);
    let (mut in_real, mut in_synthetic) = (Vec::new(), Vec::new());
    while i < real.len() || j < synthetic.len() {
        let cell = match (real.get(i), synthetic.get(j)) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => break,
        };
        let o = real[i..].iter().take_while(|&x| x == cell).count();
        let s = synthetic[j..].iter().take_while(|&x| x == cell).count();
        in_real.push(o as u64);
        in_synthetic.push(s as u64);
        i += o;
        j += s;
    }
    (in_real, in_synthetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::frame::Frame;
    use crate::testing::{number, table, text};

    #[test]
    fn ties_leave_equal_widths_when_fewer_than_three_groups_remain() {
        let mostly_zero: Vec<Option<f64>> = (0..20)
            .map(|i| Some(if i < 18 { 0.0 } else { 10.0 }))
            .collect();
        let real = table(vec![number("x", &mostly_zero)]);
        let frame = Frame::new(&real, &real, None);
        let grouped = Grouped::of(&frame.columns[0], 5);
        assert_eq!(grouped.breaks, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!((grouped.real[0], grouped.real[19]), (1, 5));
    }

    #[test]
    fn sparse_and_dense_tables_agree() {
        let letters = ["a", "b", "c", "d"];
        let column = |shift: usize| {
            let values: Vec<Option<&str>> = (0..300)
                .map(|i| Some(letters[(i * i + shift * i) % 4]))
                .collect();
            text(if shift == 1 { "x" } else { "y" }, &values)
        };
        let real = table(vec![column(1), column(2)]);
        let frame = Frame::new(&real, &real, None);
        let mut grouped: Vec<Grouped> = frame.columns.iter().map(|c| Grouped::of(c, 5)).collect();
        let (dense, _) = cross(&grouped.iter().collect::<Vec<_>>());
        let occupied: Vec<u64> = dense.into_iter().filter(|&count| count > 0).collect();
        grouped.iter_mut().for_each(|column| column.cells = 1 << 20);
        let (sparse, _) = cross(&grouped.iter().collect::<Vec<_>>());
        assert_eq!(occupied, sparse);
    }
}
