//! Tables of known quality to compare a synthetic one with.

use parable_seed::Seed;
use parable_table::{Column, Table};

/// Rows drawn from the real table with replacement: what the metrics give when only sampling noise is left.
pub(crate) fn resample(real: &Table, rows: usize, seed: &Seed) -> Table {
    let mut rng = seed.rng();
    let drawn: Vec<usize> = (0..rows)
        .map(|_| rng.below(real.rows() as u64) as usize)
        .collect();
    real.take(&drawn)
}

/// So many different rows, in order.
pub(crate) fn subsample(rows: usize, wanted: usize, seed: &Seed) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rows).collect();
    seed.rng().shuffle(&mut all);
    all.truncate(wanted);
    all.sort_unstable();
    all
}

/// Each column of the real table permuted on its own: every shape kept, every dependence destroyed. With more rows than the real table has, each
/// column is permuted again and again.
pub(crate) fn independent(real: &Table, rows: usize, seed: &Seed) -> Table {
    use rayon::prelude::*;
    let columns: Vec<Column> = real
        .columns()
        .par_iter()
        .enumerate()
        .map(|(position, column)| {
            let mut rng = seed.index(position as u64).rng();
            let mut order: Vec<usize> = (0..real.rows()).collect();
            let mut drawn = Vec::with_capacity(rows);
            while drawn.len() < rows {
                rng.shuffle(&mut order);
                let wanted = (rows - drawn.len()).min(order.len());
                drawn.extend_from_slice(&order[..wanted]);
            }
            column.take(&drawn)
        })
        .collect();
    Table::new(real.schema().clone(), columns).expect("the values come from a table of this schema")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table};

    #[test]
    fn shuffling_keeps_every_value_of_a_column_and_parts_the_columns() {
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let real = table(vec![numbers("a", &values), numbers("b", &values)]);
        let shuffled = independent(&real, 400, &Seed::from_u64(1));
        let mut a: Vec<f64> = (0..400)
            .map(|row| shuffled.column(0).number(row).unwrap())
            .collect();
        a.sort_by(f64::total_cmp);
        assert!((0..400).all(|i| a[i] == (i / 2) as f64));
        assert_ne!(shuffled.column(0), shuffled.column(1));
        assert_eq!(resample(&real, 7, &Seed::from_u64(1)).rows(), 7);
    }
}
