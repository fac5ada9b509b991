//! The distinct values of a column, numbered in their natural order.

use rustc_hash::FxHashMap;

use crate::{Column, Values};

/// The distinct cells of a column: values first, in ascending order (text in order of appearance),
/// then the reasons for missing values.
#[derive(Clone, Debug)]
pub struct Distinct {
    /// For each row the number of its cell.
    pub codes: Vec<u32>,
    /// For each number the first row that holds the cell.
    pub first_rows: Vec<usize>,
    /// How many of the numbers stand for values; those from here on stand for missing reasons.
    pub values: usize,
}

impl Distinct {
    /// Numbers the cells of a column.
    pub fn of(column: &Column) -> Self {
        match &column.values {
            Values::Integer(values) => Self::ordered(column, |row| values[row], i64::cmp),
            Values::Continuous(values) => Self::ordered(
                column,
                // Adding zero turns -0 into 0, which is the same value.
                |row| (values[row] + 0.0).to_bits(),
                |a, b| f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
            ),
            Values::Codes(codes) => Self::ordered(column, |row| codes[row], u32::cmp),
            Values::Text(texts) => Self::ordered(
                column,
                |row| texts.get(row),
                |_, _| std::cmp::Ordering::Equal,
            ),
        }
    }

    fn ordered<K: Copy + Eq + std::hash::Hash>(
        column: &Column,
        key: impl Fn(usize) -> K,
        order: impl Fn(&K, &K) -> std::cmp::Ordering,
    ) -> Self {
        let rows = column.len();
        let missing = column.missing_bytes();
        let mut numbers: FxHashMap<K, u32> = FxHashMap::default();
        let mut found: Vec<(K, usize)> = Vec::new();
        let mut reasons: [usize; 256] = [usize::MAX; 256];
        let mut codes = Vec::with_capacity(rows);
        for row in 0..rows {
            let byte = missing.map_or(0, |bytes| bytes[row]);
            if byte != 0 {
                let first = &mut reasons[usize::from(byte)];
                *first = (*first).min(row);
                codes.push(u32::MAX - u32::from(byte));
                continue;
            }
            let key = key(row);
            let next = found.len() as u32;
            codes.push(*numbers.entry(key).or_insert_with(|| {
                found.push((key, row));
                next
            }));
        }
        let mut order_of: Vec<u32> = (0..found.len() as u32).collect();
        order_of.sort_by(|&a, &b| order(&found[a as usize].0, &found[b as usize].0));
        let mut rank = vec![0u32; found.len()];
        let mut first_rows = Vec::with_capacity(found.len());
        for (position, &number) in order_of.iter().enumerate() {
            rank[number as usize] = position as u32;
            first_rows.push(found[number as usize].1);
        }
        let values = found.len();
        let mut reason_codes = [0u32; 256];
        for byte in 1..256 {
            if reasons[byte] != usize::MAX {
                reason_codes[byte] = first_rows.len() as u32;
                first_rows.push(reasons[byte]);
            }
        }
        for code in &mut codes {
            let byte = u32::MAX - *code;
            *code = if (1..256).contains(&byte) {
                reason_codes[byte as usize]
            } else {
                rank[*code as usize]
            };
        }
        Self {
            codes,
            first_rows,
            values,
        }
    }

    /// How many distinct cells there are, missing reasons included.
    pub fn len(&self) -> usize {
        self.first_rows.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the number stands for a missing reason.
    pub fn is_missing(&self, code: u32) -> bool {
        code as usize >= self.values
    }

    /// How many rows hold each cell.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.len()];
        for &code in &self.codes {
            counts[code as usize] += 1;
        }
        counts
    }

    /// Numbers the combinations of cells of several columns in order of appearance: one number per
    /// row, and how many there are.
    pub fn combinations(columns: &[&Self]) -> (Vec<u32>, usize) {
        let Some((first, rest)) = columns.split_first() else {
            return (Vec::new(), 0);
        };
        let mut numbers = first.codes.clone();
        let mut distinct = first.len();
        for column in rest {
            let mut seen: FxHashMap<(u32, u32), u32> = FxHashMap::default();
            for (number, &code) in numbers.iter_mut().zip(&column.codes) {
                let next = seen.len() as u32;
                *number = *seen.entry((*number, code)).or_insert(next);
            }
            distinct = seen.len();
        }
        (numbers, distinct)
    }
}

/// For each group the most frequent code among its rows (the lowest of several), `u32::MAX` for a
/// group without rows.
pub fn majorities(groups: &[u32], group_count: usize, codes: &[u32]) -> Vec<u32> {
    let mut pairs: Vec<u64> = groups
        .iter()
        .zip(codes)
        .map(|(&group, &code)| u64::from(group) << 32 | u64::from(code))
        .collect();
    pairs.sort_unstable();
    let mut best = vec![(0usize, u32::MAX); group_count];
    for run in pairs.chunk_by(|a, b| a == b) {
        let (group, code) = ((run[0] >> 32) as usize, run[0] as u32);
        if run.len() > best[group].0 {
            best[group] = (run.len(), code);
        }
    }
    best.into_iter().map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_upwards_and_missing_reasons_come_last() {
        let column = Column::with_missing(
            Values::Continuous(vec![3.0, -0.0, 0.0, 0.0, 0.0, -7.5]),
            vec![0, 0, 3, 1, 0, 0],
        );
        let distinct = Distinct::of(&column);
        assert_eq!(distinct.codes, [2, 1, 4, 3, 1, 0]);
        assert_eq!(distinct.values, 3);
        assert_eq!(distinct.first_rows, [5, 1, 0, 3, 2]);
        assert_eq!(distinct.counts(), [1, 2, 1, 1, 1]);
    }

    #[test]
    fn the_majority_of_a_tie_is_the_lowest_code() {
        assert_eq!(
            majorities(&[0, 0, 1, 1, 1], 3, &[5, 4, 1, 2, 2]),
            [4, 2, u32::MAX]
        );
    }
}
