//! Columns as ranks of their values, and rows by rank, so that rows with values in a range are
//! counted without looking at the others.

use crate::ColumnScale;
use crate::data::frame::{Data, Each, FrameColumn};

/// One column as ranks over all tables: 0 for missing, then 1, 2, ... in ascending order of its
/// distinct values.
#[derive(Debug)]
pub(crate) struct Ranks {
    /// Distinct values that are not missing.
    pub(crate) values: u32,
    /// Whether the order of the values means anything.
    pub(crate) ordered: bool,
    pub(crate) codes: Each<Vec<u32>>,
}

impl Ranks {
    pub(crate) fn of(column: &FrameColumn) -> Self {
        match &column.data {
            Data::Codes { labels, codes } => Self {
                values: labels.len() as u32,
                ordered: column.scale == ColumnScale::Ordinal,
                codes: codes.clone(),
            },
            Data::Numbers(numbers) => {
                let holdout = numbers.holdout.as_deref().unwrap_or_default();
                let mut distinct: Vec<f64> = [&numbers.real, &numbers.synthetic, holdout]
                    .into_iter()
                    .flatten()
                    .copied()
                    .filter(|x| !x.is_nan())
                    .collect();
                distinct.sort_unstable_by(f64::total_cmp);
                distinct.dedup();
                let rank = |&x: &f64| match x.is_nan() {
                    true => 0,
                    false => distinct.partition_point(|&other| other < x) as u32 + 1,
                };
                Self {
                    values: distinct.len() as u32,
                    ordered: true,
                    codes: numbers.map(|values| values.iter().map(rank).collect()),
                }
            }
        }
    }
}

/// The rows of one table in the order of their ranks in one column.
#[derive(Debug)]
pub(crate) struct Postings {
    /// Where the rows of each rank begin in `rows`; one entry more than there are ranks.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Postings {
    /// Of these ranks, the largest possible one being `values`.
    pub(crate) fn of(codes: &[u32], values: u32) -> Self {
        let mut starts = vec![0u32; values as usize + 2];
        for &code in codes {
            starts[code as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; codes.len()];
        for (row, &code) in codes.iter().enumerate() {
            rows[next[code as usize] as usize] = row as u32;
            next[code as usize] += 1;
        }
        Self { starts, rows }
    }

    /// The rows with ranks from `low` to `high`, both included.
    pub(crate) fn rows(&self, low: u32, high: u32) -> &[u32] {
        if low > high {
            return &[];
        }
        let from = self.starts[low as usize] as usize;
        &self.rows[from..self.starts[high as usize + 1] as usize]
    }

    /// The ranks that some row has, ascending.
    pub(crate) fn present(&self) -> impl Iterator<Item = u32> {
        (0..self.starts.len() as u32 - 1)
            .filter(|&code| self.starts[code as usize] < self.starts[code as usize + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::frame::Frame;
    use crate::testing::{number, table};

    #[test]
    fn ranks_run_over_all_tables_and_missing_comes_first() {
        let real = table(vec![number("x", &[Some(2.0), None, Some(-1.0)])]);
        let synthetic = table(vec![number("x", &[Some(5.0), Some(2.0)])]);
        let frame = Frame::new(&real, &synthetic, None);
        let ranks = Ranks::of(&frame.columns[0]);
        assert_eq!(ranks.values, 3);
        assert_eq!(ranks.codes.real, [2, 0, 1]);
        assert_eq!(ranks.codes.synthetic, [3, 2]);
        let rows = Postings::of(&ranks.codes.real, ranks.values);
        assert_eq!(rows.rows(0, 0), [1]);
        assert_eq!(rows.rows(1, 3), [2, 0]);
        assert_eq!(rows.rows(3, 2), [0u32; 0]);
        assert_eq!(rows.present().collect::<Vec<_>>(), [0, 1, 2]);
    }
}
