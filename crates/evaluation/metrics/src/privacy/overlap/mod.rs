//! Rows that stand in both tables (specification 5.1).

mod chance;
mod score;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

pub use self::score::OverlapScore;
use crate::data::frame::{Data, Frame};
use crate::{Analysis, Cache, EvaluationProgress, MetricError, Overlap, OverlapCounts};

/// One number per distinct row over all tables.
pub(crate) struct RowIds {
    /// The columns that were compared.
    pub(crate) columns: Vec<String>,
    pub(crate) real: Vec<u32>,
    pub(crate) synthetic: Vec<u32>,
    holdout: Vec<u32>,
}

impl RowIds {
    /// By all columns but row ids, free text and renamed clusters; numbers of the columns named in
    /// `rounding` by the nearest multiple of their step.
    pub(crate) fn of(frame: &Frame, rounding: &BTreeMap<String, f64>) -> Self {
        let rows = frame.rows;
        let holdout = rows.holdout.unwrap_or(0);
        // Real rows first, then synthetic, then holdout: columns are joined one at a time, so that
        // equality is exact and no row needs a key of its own.
        let mut ids = vec![0u32; rows.real + rows.synthetic + holdout];
        let mut columns = Vec::new();
        for column in frame.comparable() {
            columns.push(column.name.clone());
            let mut known: FxHashMap<(u32, u64), u32> = FxHashMap::default();
            let mut join = |start: usize, values: &mut dyn Iterator<Item = u64>| {
                for (id, value) in ids[start..].iter_mut().zip(values) {
                    let next = known.len() as u32;
                    *id = *known.entry((*id, value)).or_insert(next);
                }
            };
            match &column.data {
                Data::Numbers(numbers) => {
                    let step = rounding.get(&column.name).copied();
                    let bits = |&x: &f64| bits(x, step);
                    join(0, &mut numbers.real.iter().map(bits));
                    join(rows.real, &mut numbers.synthetic.iter().map(bits));
                    if let Some(values) = &numbers.holdout {
                        join(rows.real + rows.synthetic, &mut values.iter().map(bits));
                    }
                }
                Data::Codes { codes, .. } => {
                    let wide = |&code: &u32| u64::from(code);
                    join(0, &mut codes.real.iter().map(wide));
                    join(rows.real, &mut codes.synthetic.iter().map(wide));
                    if let Some(codes) = &codes.holdout {
                        join(rows.real + rows.synthetic, &mut codes.iter().map(wide));
                    }
                }
            }
        }
        // Without a column to compare no two rows are known to be equal.
        if columns.is_empty() {
            ids = (0..ids.len() as u32).collect();
        }
        let holdout = ids.split_off(rows.real + rows.synthetic);
        let synthetic = ids.split_off(rows.real);
        Self {
            columns,
            real: ids,
            synthetic,
            holdout,
        }
    }
}

/// What stands for a number when rows are compared: its bits after rounding to multiples of a step.
fn bits(x: f64, step: Option<f64>) -> u64 {
    // NaN has many patterns; missing equals missing.
    match x.is_nan() {
        true => u64::MAX,
        false => step.map_or(x, |step| (x / step).round() + 0.0).to_bits(),
    }
}

/// The key of the overlap of rows in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct OverlapAnalysis;

impl Analysis for OverlapAnalysis {
    type Output = Overlap;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Overlap, MetricError> {
        Ok(overlap(&cache.frame(), cache.rounding()))
    }
}

/// Counts equal rows, on all rows.
fn overlap(frame: &Frame, rounding: &BTreeMap<String, f64>) -> Overlap {
    let ids = RowIds::of(frame, rounding);
    let mut synthetic = count(&ids.real, &ids.synthetic);
    synthetic.by_chance = chance::by_chance(frame, rounding, &ids);
    Overlap {
        rounded: rounding.clone(),
        synthetic,
        holdout: frame
            .rows
            .holdout
            .map(|_| count(&ids.holdout, &ids.synthetic)),
        columns: ids.columns,
    }
}

fn count(real: &[u32], synthetic: &[u32]) -> OverlapCounts {
    let tally = |ids: &[u32]| {
        let mut counts: FxHashMap<u32, u64> = FxHashMap::default();
        for &id in ids {
            *counts.entry(id).or_insert(0) += 1;
        }
        counts
    };
    let (in_real, in_synthetic) = (tally(real), tally(synthetic));
    let mut counts = OverlapCounts {
        real_rows: real.len() as u64,
        distinct_real_rows: in_real.len() as u64,
        synthetic_rows: synthetic.len() as u64,
        ..OverlapCounts::default()
    };
    for (id, &times) in &in_real {
        let there = in_synthetic.get(id).copied().unwrap_or(0);
        counts.unique_real_rows += u64::from(times == 1);
        if there > 0 {
            counts.real_rows_in_synthetic += times;
            counts.distinct_real_rows_in_synthetic += 1;
            counts.synthetic_rows_in_real += there;
            counts.unique_real_rows_matched += u64::from(times == 1);
            counts.replicated_uniques += u64::from(times == 1 && there == 1);
        }
    }
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    counts.share_of_real_rows = share(counts.real_rows_in_synthetic, counts.real_rows);
    counts.share_of_distinct_real_rows = share(
        counts.distinct_real_rows_in_synthetic,
        counts.distinct_real_rows,
    );
    counts.share_of_synthetic_rows = share(counts.synthetic_rows_in_real, counts.synthetic_rows);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, numbers, table, text, texts};

    fn exactly(frame: &Frame) -> Overlap {
        overlap(frame, &BTreeMap::new())
    }

    #[test]
    fn declared_rounding_makes_near_numbers_equal() {
        let real = table(vec![number(
            "x",
            &[Some(1.04), Some(-0.04), None, Some(7.0)],
        )]);
        let synthetic = table(vec![number(
            "x",
            &[Some(0.96), Some(0.04), None, Some(7.06)],
        )]);
        let frame = Frame::new(&real, &synthetic, None);
        let found = |rounding: &BTreeMap<String, f64>| {
            overlap(&frame, rounding).synthetic.real_rows_in_synthetic
        };
        assert_eq!(found(&BTreeMap::new()), 1);
        // In steps of 0.1: 1.0, 0.0 (whatever its sign), missing, 7.0 against 7.1.
        assert_eq!(found(&BTreeMap::from([("x".to_owned(), 0.1)])), 3);
    }

    #[test]
    fn duplicates_count_as_rows_and_missing_equals_missing() {
        let real = table(vec![
            text("a", &[Some("x"), Some("x"), Some("y"), None]),
            numbers("b", &[1.0, 1.0, 2.0, 3.0]),
        ]);
        let synthetic = table(vec![
            text("a", &[Some("x"), None, Some("z")]),
            numbers("b", &[1.0, 3.0, 9.0]),
        ]);
        let counts = exactly(&Frame::new(&real, &synthetic, None)).synthetic;
        assert_eq!(counts.share_of_real_rows, Some(0.75));
        assert_eq!(counts.share_of_distinct_real_rows, Some(2.0 / 3.0));
        assert_eq!(counts.share_of_synthetic_rows, Some(2.0 / 3.0));
        assert_eq!(counts.unique_real_rows, 2);
        assert_eq!(counts.unique_real_rows_matched, 1);
        assert_eq!(counts.replicated_uniques, 1);
    }

    #[test]
    fn a_perfect_copy_overlaps_wholly() {
        let real = table(vec![
            texts("a", &["x", "y", "x", "y"]),
            number("b", &[Some(1.0), None, None, Some(-0.0)]),
        ]);
        let counts = exactly(&Frame::new(&real, &real, Some(&real)));
        assert_eq!(counts.synthetic.share_of_real_rows, Some(1.0));
        assert_eq!(counts.holdout.unwrap().share_of_real_rows, Some(1.0));
    }

    #[test]
    fn empty_tables_have_no_share() {
        let real = table(vec![numbers("b", &[1.0])]);
        let synthetic = table(vec![numbers("b", &[])]);
        let counts = exactly(&Frame::new(&real, &synthetic, None)).synthetic;
        assert_eq!(counts.share_of_real_rows, Some(0.0));
        assert_eq!(counts.share_of_synthetic_rows, None);
    }
}
