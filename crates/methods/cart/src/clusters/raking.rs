//! Raking of cluster sizes, so that the levels of their columns keep their shares of rows (Deming &
//! Stephan 1940).

use parable_table::{Levels, Table};

use crate::clusters::hierarchy::ClusterLevel;

/// Columns of finer clusters with more levels than this do not bind the sizes of clusters.
const MAX_LEVELS: usize = 8;
/// Rounds of raking; each meets the shares of the last column exactly and those of the others more
/// closely than the round before.
pub(crate) const ROUNDS: usize = 12;

/// Rows by code of each column of few levels that does not vary within the clusters of this level.
pub(crate) fn row_counts(table: &Table, level: &ClusterLevel) -> Vec<(usize, Vec<u32>)> {
    let few = |column: &usize| {
        table
            .levels(*column)
            .is_some_and(|levels| levels.len() <= MAX_LEVELS)
    };
    let of_column = |(column, first): &(usize, Vec<usize>)| {
        let mut counts = vec![0; table.levels(*column).map_or(0, Levels::len)];
        for (&row, &rows) in first.iter().zip(&level.rows) {
            if let Some(code) = table.column(*column).code(row) {
                counts[code as usize] += rows;
            }
        }
        (*column, counts)
    };
    level
        .columns
        .iter()
        .filter(|(column, _)| few(column))
        .map(of_column)
        .collect()
}

/// Scales the sizes of each code's units so that codes have their wanted shares of all rows; codes
/// without units or rows stay as they are.
pub(crate) fn rake(sizes: &mut [f64], codes: &[u32], wanted: &[u32]) {
    let mut made = vec![0.0; wanted.len()];
    for (&size, &code) in sizes.iter().zip(codes) {
        made[code as usize] += size;
    }
    let both = |code: usize| made[code] > 0.0 && wanted[code] > 0;
    let sum = |of: &dyn Fn(usize) -> f64| {
        (0..wanted.len())
            .filter(|&code| both(code))
            .map(of)
            .sum::<f64>()
    };
    let scale = sum(&|code| made[code]) / sum(&|code| f64::from(wanted[code]));
    for (size, &code) in sizes.iter_mut().zip(codes) {
        let code = code as usize;
        if both(code) {
            *size *= f64::from(wanted[code]) * scale / made[code];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raked_sizes_have_the_wanted_shares_and_the_same_sum() {
        let codes = [0, 1, 0, 2, 1];
        let mut sizes = [10.0, 20.0, 30.0, 5.0, 15.0];
        rake(&mut sizes, &codes, &[60, 30, 10]);
        let share = |code: u32| -> f64 {
            let of_code = sizes.iter().zip(codes).filter(|(_, c)| *c == code);
            of_code.map(|(size, _)| size).sum::<f64>() / 80.0
        };
        assert!((share(0) - 0.6).abs() < 1e-12 && (share(1) - 0.3).abs() < 1e-12);
        assert!(
            (sizes[2] / sizes[0] - 3.0).abs() < 1e-12,
            "sizes of one level keep their proportions"
        );
    }

    #[test]
    fn levels_without_units_or_rows_change_nothing() {
        let mut sizes = [4.0, 6.0];
        rake(&mut sizes, &[0, 2], &[0, 9, 3]);
        assert_eq!(sizes, [4.0, 6.0]);
        rake(&mut [], &[], &[1, 1]);
    }
}
