//! Drawing a column: each leaf follows its shares as closely as whole numbers can, and all together
//! those of the column.

use parable_seed::Seed;

/// The golden ratio: multiples of it fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Rounds of raking; each fits columns, then rows.
const STEPS: usize = 12;

/// Shares of a target in the cells of one level of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    /// The cell of each row.
    pub(crate) cells: &'a [u32],
    /// Shares of the target in each cell, row-major.
    pub(crate) shares: &'a [f64],
}

/// Expected counts of a target in the leaves that the levels of a tree make together.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The leaf of each row.
    pub(crate) leaves: Vec<u32>,
    /// Rows of each leaf.
    sizes: Vec<f64>,
    /// Row-major: leaves by codes; the codes of a leaf sum to its rows.
    table: Vec<f64>,
    width: usize,
}

impl Expected {
    /// Computes the counts of so many rows that agree with every level and with the shares of the
    /// whole column.
    ///
    /// The numbers of rows that enter cells differ from those at the fit. So each level is raked
    /// (Deming & Stephan 1940) to the shares of the column, which keeps errors from travelling from
    /// column to column. A leaf then starts with the shares of the last level, and counts are raked
    /// to all levels in turn: what a level distinguished and later ones joined is kept.
    pub(crate) fn new(rules: &[Rule<'_>], margin: &[f64], rows: usize) -> Self {
        let width = margin.len();
        let (leaves, members) = leaves_of(rules, rows);
        let mut sizes = vec![0.0; members.len().max(usize::from(rules.is_empty()))];
        leaves.iter().for_each(|&leaf| sizes[leaf as usize] += 1.0);
        let start = |leaf: usize| match rules.last() {
            Some(rule) => row_of(rule.shares, members[leaf][rules.len() - 1], width),
            None => margin,
        };
        let mut expected = Self {
            table: (0..sizes.len())
                .flat_map(|leaf| start(leaf).iter().map(move |share| (leaf, share)))
                .map(|(leaf, share)| share * sizes[leaf])
                .collect(),
            leaves,
            sizes,
            width,
        };
        if rules.is_empty() {
            return expected;
        }
        let levels: Vec<(Vec<u32>, Vec<f64>)> = rules
            .iter()
            .enumerate()
            .map(|(level, rule)| {
                let of: Vec<u32> = members.iter().map(|cells| cells[level]).collect();
                let mut sizes = vec![0.0; rule.shares.len() / width];
                for (&cell, size) in of.iter().zip(&expected.sizes) {
                    sizes[cell as usize] += size;
                }
                (of, to_margin(rule.shares, &sizes, margin))
            })
            .collect();
        for _ in 0..STEPS {
            for (of, targets) in &levels {
                expected.rake(of, targets);
            }
            expected.fill_leaves(start);
        }
        expected
    }

    /// Scales every code in every cell to its target, where it has any mass.
    fn rake(&mut self, cell_of: &[u32], targets: &[f64]) {
        let width = self.width;
        let mut sums = vec![0.0; targets.len()];
        for (row, &cell) in self.table.chunks(width).zip(cell_of) {
            let sums = &mut sums[cell as usize * width..];
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, count)| *sum += count);
        }
        for (sum, target) in sums.iter_mut().zip(targets) {
            *sum = if *sum > 0.0 { target / *sum } else { 1.0 };
        }
        for (row, &cell) in self.table.chunks_mut(width).zip(cell_of) {
            let factors = &sums[cell as usize * width..];
            row.iter_mut()
                .zip(factors)
                .for_each(|(count, factor)| *count *= factor);
        }
    }

    /// Scales every leaf to its rows; one that raking emptied gets the shares it started with.
    fn fill_leaves<'a>(&mut self, start: impl Fn(usize) -> &'a [f64]) {
        for (leaf, row) in self.table.chunks_mut(self.width).enumerate() {
            let sum: f64 = row.iter().sum();
            let size = self.sizes[leaf];
            for (count, share) in row.iter_mut().zip(start(leaf)) {
                *count = if sum > 0.0 {
                    *count * size / sum
                } else {
                    share * size
                };
            }
        }
    }

    /// The expected shares of the codes in a leaf.
    pub(crate) fn shares(&self, leaf: u32) -> impl Iterator<Item = f64> {
        let size = self.sizes[leaf as usize];
        let counts = row_of(&self.table, leaf, self.width).iter();
        counts.map(move |count| count / size)
    }

    /// Draws one code for each row: in every leaf as close to the expected counts as whole numbers
    /// can be, in random order.
    pub(crate) fn draw(&self, seed: &Seed) -> Vec<u32> {
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); self.sizes.len()];
        for (row, &leaf) in self.leaves.iter().enumerate() {
            rows_of[leaf as usize].push(row as u32);
        }
        let mut column = vec![0u32; self.leaves.len()];
        let offset = seed.rng().uniform();
        for (leaf, rows) in rows_of.iter_mut().enumerate() {
            seed.index(leaf as u64).rng().shuffle(rows);
            let place = (offset + leaf as f64 * GOLDEN).fract();
            let (mut sum, mut done, mut last) = (0.0, 0, 0);
            for (code, &count) in row_of(&self.table, leaf as u32, self.width)
                .iter()
                .enumerate()
            {
                if count > 0.0 {
                    last = code as u32;
                }
                sum += count;
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
}

/// Counts of a level: its shares, scaled in turn to the rows of its cells and to the shares of the
/// whole column. Odds stay.
fn to_margin(shares: &[f64], sizes: &[f64], margin: &[f64]) -> Vec<f64> {
    let width = margin.len();
    let total: f64 = sizes.iter().sum();
    let whole = vec![0; sizes.len()];
    let mut counts = Expected {
        leaves: Vec::new(),
        sizes: sizes.to_vec(),
        table: shares
            .iter()
            .enumerate()
            .map(|(cell, share)| share * sizes[cell / width])
            .collect(),
        width,
    };
    let targets: Vec<f64> = margin.iter().map(|share| share * total).collect();
    for _ in 0..STEPS {
        counts.rake(&whole, &targets);
        counts.fill_leaves(|cell| row_of(shares, cell as u32, width));
    }
    counts.table
}

fn row_of(table: &[f64], row: u32, width: usize) -> &[f64] {
    &table[row as usize * width..(row as usize + 1) * width]
}

/// The leaf of each row, and the cell of each leaf in every level: leaves are the combinations of
/// cells that occur, in their order.
fn leaves_of(rules: &[Rule<'_>], rows: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut leaves = vec![0u32; rows];
    let mut members: Vec<Vec<u32>> = vec![Vec::new()];
    for rule in rules {
        let key = |(&leaf, &cell): (&u32, &u32)| u64::from(leaf) << 32 | u64::from(cell);
        let mut keys: Vec<u64> = leaves.iter().zip(rule.cells).map(key).collect();
        let all = keys.clone();
        keys.sort_unstable();
        keys.dedup();
        for (leaf, key) in leaves.iter_mut().zip(&all) {
            *leaf = keys.partition_point(|other| other < key) as u32;
        }
        members = keys
            .iter()
            .map(|key| {
                let mut cells = members[(key >> 32) as usize].clone();
                cells.push(*key as u32);
                cells
            })
            .collect();
    }
    (leaves, members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(cells: &[u32], shares: &[f64], margin: &[f64], seed: u64) -> Vec<u32> {
        let expected = Expected::new(&[Rule { cells, shares }], margin, cells.len());
        expected.draw(&Seed::from_u64(seed))
    }

    #[test]
    fn leaves_and_margin_are_kept_to_a_row() {
        let leaves: Vec<u32> = (0..1_000).map(|row| u32::from(row % 5 == 0)).collect();
        let shares = [0.75, 0.25, 0.0, 0.1, 0.4, 0.5];
        let column = draw(&leaves, &shares, &[0.62, 0.28, 0.1], 1);
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
        let cells = &leaves[..];
        let shares = &[0.8, 0.2, 0.4, 0.6];
        let expected = Expected::new(&[Rule { cells, shares }], &[0.5, 0.5], 1_000);
        let ones: f64 = expected.table.chunks(2).map(|row| row[1]).sum();
        assert!((ones - 500.0).abs() < 2.0, "{ones}");
        let column = expected.draw(&Seed::from_u64(2));
        assert!(
            column
                .iter()
                .filter(|&&code| code == 1)
                .count()
                .abs_diff(500)
                <= 3
        );
    }

    #[test]
    fn what_a_level_distinguished_and_a_later_one_joined_is_kept() {
        // Four cells of a first question; the second sees two pairs of them as one node each, and
        // cuts by another column.
        let first: Vec<u32> = (0..4_000).map(|row| row % 4).collect();
        let other: Vec<u32> = (0..4_000).map(|row| (row / 4) % 2).collect();
        let second: Vec<u32> = first
            .iter()
            .zip(&other)
            .map(|(f, o)| f / 2 * 2 + o)
            .collect();
        let fine = [0.1, 0.9, 0.3, 0.7, 0.6, 0.4, 0.8, 0.2];
        // On average over each pair of cells: 0.2 and 0.7.
        let coarse = [0.1, 0.9, 0.3, 0.7, 0.6, 0.4, 0.8, 0.2];
        let rules = [
            Rule {
                cells: &first,
                shares: &fine,
            },
            Rule {
                cells: &second,
                shares: &coarse,
            },
        ];
        let column = Expected::new(&rules, &[0.45, 0.55], 4_000).draw(&Seed::from_u64(4));
        let share = |keep: &dyn Fn(usize) -> bool| {
            let rows: Vec<usize> = (0..4_000).filter(|&row| keep(row)).collect();
            rows.iter().filter(|&&row| column[row] == 0).count() as f64 / rows.len() as f64
        };
        for cell in 0..4u32 {
            let off = share(&|row| first[row] == cell) - fine[cell as usize * 2];
            assert!(off.abs() < 0.005, "first {cell}: {off}");
            let off = share(&|row| second[row] == cell) - coarse[cell as usize * 2];
            assert!(off.abs() < 0.005, "second {cell}: {off}");
        }
    }

    #[test]
    fn no_rows_no_levels_and_impossible_margins_are_taken() {
        assert!(draw(&[], &[1.0], &[1.0], 3).is_empty());
        assert_eq!(draw(&[0, 0], &[1.0, 0.0], &[0.0, 1.0], 3), [0, 0]);
        let column = Expected::new(&[], &[0.25, 0.75], 400).draw(&Seed::from_u64(3));
        assert_eq!(column.iter().filter(|&&code| code == 0).count(), 100);
    }
}
