//! Drawing a column: every leaf follows its shares as closely as whole numbers can, and all together the column's own.

use parable_seed::Seed;

/// The golden ratio: multiples of it fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Steps of raking; each makes columns right, then rows.
const STEPS: usize = 12;

/// One code for each row, given its leaf.
///
/// `shares` holds a row of shares for each leaf, `margin` the shares of the whole column: where leaves are entered by other numbers of rows than
/// those that the shares were found with, expected counts are raked to the margin (Deming & Stephan 1940), so that errors do not travel
/// from column to column.
pub(super) fn draw(leaves: &[u32], shares: &[f64], margin: &[f64], seed: &Seed) -> Vec<u32> {
    let width = margin.len();
    let count = shares.len() / width;
    let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (row, &leaf) in leaves.iter().enumerate() {
        rows_of[leaf as usize].push(row as u32);
    }
    let sizes: Vec<f64> = rows_of.iter().map(|rows| rows.len() as f64).collect();
    let expected = rake(shares, &sizes, margin);
    let mut column = vec![0u32; leaves.len()];
    let offset = seed.rng().uniform();
    for (leaf, rows) in rows_of.iter_mut().enumerate() {
        let bars = &expected[leaf * width..(leaf + 1) * width];
        seed.index(leaf as u64).rng().shuffle(rows);
        let place = (offset + leaf as f64 * GOLDEN).fract();
        let (mut sum, mut done, mut last) = (0.0, 0, 0);
        for (code, &bar) in bars.iter().enumerate() {
            if bar > 0.0 {
                last = code as u32;
            }
            sum += bar;
            while done < rows.len() && done as f64 + place < sum {
                column[rows[done] as usize] = code as u32;
                done += 1;
            }
        }
        for &row in &rows[done..] {
            column[row as usize] = last;
        }
    }
    column
}

/// Expected counts: `sizes` rows in each leaf, all together in the shares of the margin where the leaves allow it.
fn rake(shares: &[f64], sizes: &[f64], margin: &[f64]) -> Vec<f64> {
    let width = margin.len();
    let total: f64 = sizes.iter().sum();
    let mut table: Vec<f64> = shares
        .iter()
        .enumerate()
        .map(|(cell, share)| share * sizes[cell / width])
        .collect();
    for _ in 0..STEPS {
        let mut sums = vec![0.0; width];
        for row in table.chunks(width) {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, cell)| *sum += cell);
        }
        for row in table.chunks_mut(width) {
            for (bar, cell) in row.iter_mut().enumerate() {
                if sums[bar] > 0.0 {
                    *cell *= margin[bar] * total / sums[bar];
                }
            }
        }
        for ((row, shares), &size) in table.chunks_mut(width).zip(shares.chunks(width)).zip(sizes) {
            let sum: f64 = row.iter().sum();
            for (cell, share) in row.iter_mut().zip(shares) {
                // A leaf whose every bar the margin rules out keeps its own shares.
                *cell = if sum > 0.0 {
                    *cell * size / sum
                } else {
                    share * size
                };
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_and_margin_are_kept_to_a_row() {
        let leaves: Vec<u32> = (0..1_000).map(|row| u32::from(row % 5 == 0)).collect();
        let shares = [0.75, 0.25, 0.0, 0.1, 0.4, 0.5];
        let margin = [0.62, 0.28, 0.1];
        let column = draw(&leaves, &shares, &margin, &Seed::from_u64(1));
        let count = |leaf: u32, code: u32| {
            let both = leaves.iter().zip(&column);
            both.filter(|&(&l, &c)| l == leaf && c == code).count() as f64
        };
        for (leaf, rows) in [(0, 800.0), (1, 200.0)] {
            for code in 0..3 {
                let expected = rows * shares[(leaf * 3 + code) as usize];
                assert!((count(leaf, code) - expected).abs() <= 1.0);
            }
        }
    }

    #[test]
    fn a_margin_that_leaves_miss_is_restored() {
        let leaves: Vec<u32> = (0..1_000).map(|row| u32::from(row % 2 == 0)).collect();
        let column = draw(
            &leaves,
            &[0.8, 0.2, 0.4, 0.6],
            &[0.5, 0.5],
            &Seed::from_u64(2),
        );
        let ones = column.iter().filter(|&&code| code == 1).count();
        assert!(ones.abs_diff(500) <= 2, "{ones}");
        // The odds ratio of the leaves, 6, stays.
        let in_leaf = |leaf: u32| {
            let both = leaves.iter().zip(&column);
            both.filter(|&(&l, &c)| l == leaf && c == 1).count() as f64 / 500.0
        };
        let odds = |p: f64| p / (1.0 - p);
        assert!((odds(in_leaf(1)) / odds(in_leaf(0)) - 6.0).abs() < 0.2);
    }

    #[test]
    fn no_rows_and_impossible_margins_are_taken() {
        assert!(draw(&[], &[1.0], &[1.0], &Seed::from_u64(3)).is_empty());
        let column = draw(&[0, 0], &[1.0, 0.0], &[0.0, 1.0], &Seed::from_u64(3));
        assert_eq!(column, [0, 0]);
    }
}
