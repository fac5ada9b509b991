//! One tree while it grows.

use parable_core::FitError;
use parable_domain::{AttrSet, Domain, Partition, SourceError};
use parable_pgm::Groups;

use crate::cluster::{Cells, cluster};
use crate::draw::{Expected, Rule};
use crate::histograms::{Bars, Histograms, Level, shares_of};

/// Branches of a column that a tree splits on.
#[derive(Clone, Debug)]
pub(crate) struct Branches {
    pub(crate) attr: u32,
    /// The branch of each merged level.
    pub(crate) of: Vec<u32>,
    pub(crate) count: usize,
    /// Number of branches, from the first, that have an order.
    ordered: usize,
}

impl Branches {
    /// Makes at most `most` branches: ordered levels are joined with neighbours until each branch
    /// has its part of the rows; of the others the most frequent stay and the rest share a branch.
    pub(crate) fn new(attr: u32, rows: &[f64], ordered: usize, most: usize) -> Self {
        let of = if rows.len() <= most {
            (0..rows.len() as u32).collect()
        } else if ordered > 0 {
            let total: f64 = rows.iter().sum();
            Groups::of(rows.to_vec(), ordered, total / most as f64).of
        } else {
            let mut by_rows: Vec<usize> = (0..rows.len()).collect();
            by_rows.sort_by(|&a, &b| rows[b].total_cmp(&rows[a]));
            let mut of = vec![most as u32 - 1; rows.len()];
            for (branch, &level) in by_rows[..most - 1].iter().enumerate() {
                of[level] = branch as u32;
            }
            of
        };
        let count = |of: &[u32]| of.iter().max().map_or(0, |&branch| branch as usize + 1);
        Self {
            attr,
            ordered: count(&of[..ordered]),
            count: count(&of),
            of,
        }
    }
}

/// The tree of one target.
#[derive(Clone, Debug)]
pub(crate) struct Growing {
    pub(crate) target: u32,
    /// The histograms of nodes: the root, and below it cells that were joined.
    histograms: Histograms,
    /// Nodes that the next split divides.
    nodes: Partition,
    levels: Vec<Asked>,
}

/// One split of all nodes.
#[derive(Clone, Debug)]
struct Asked {
    /// Cells: nodes by branches.
    cut: Partition,
    /// Their histograms; the parent of a cell is the node that it was joined into.
    cells: Level,
}

impl Growing {
    pub(crate) fn new(target: u32, root: Bars) -> Self {
        Self {
            target,
            nodes: Partition::whole(),
            histograms: Histograms::new(root),
            levels: Vec::new(),
        }
    }

    /// Replaces the histogram of the root when more is known about it.
    pub(crate) fn set_root(&mut self, root: Bars) {
        self.histograms.set_root(root);
    }

    /// Divides every node by the branches of a column.
    pub(crate) fn cut(&self, domain: &Domain, branches: &Branches) -> Result<Partition, FitError> {
        let next = (0..self.nodes.len() as u32)
            .flat_map(|node| {
                let first = node * branches.count as u32;
                branches.of.iter().map(move |branch| first + branch)
            })
            .collect();
        let cut = self.nodes.clone().then(domain, branches.attr, next);
        Ok(cut.map_err(SourceError::from)?)
    }

    /// Adds the noisy histograms of the target in the cells of [`Growing::cut`], cells by levels of
    /// the target.
    pub(crate) fn grow(
        &mut self,
        domain: &Domain,
        branches: &Branches,
        cells: &[i64],
        variance: f64,
        max_nodes: usize,
    ) -> Result<(), FitError> {
        let width = self.histograms.width();
        let counts: Vec<f64> = cells.iter().map(|&cell| cell as f64).collect();
        let cut = self.cut(domain, branches)?;
        let level = |parents: Vec<usize>| Level {
            parents,
            counts: counts.clone(),
            variances: vec![variance; counts.len()],
        };
        // The cells together with everything above decide which of them are joined.
        let above = |cell: usize| cell / branches.count;
        let mut all = self.histograms.clone();
        all.push(level((0..cut.len()).map(above).collect()));
        let found = all.consistent().pop().expect("a level was pushed");
        let joined = cluster(
            &Cells {
                counts: &found.counts,
                variance,
                branches: branches.count,
                ordered: branches.ordered,
                width,
            },
            max_nodes,
        );
        let nodes = joined.iter().max().map_or(1, |&node| node + 1);
        let mut sums = Level {
            parents: vec![0; nodes],
            counts: vec![0.0; nodes * width],
            variances: vec![0.0; nodes * width],
        };
        for (cell, &node) in joined.iter().enumerate() {
            sums.parents[node] = above(cell);
            for bar in 0..width {
                sums.counts[node * width + bar] += counts[cell * width + bar];
                sums.variances[node * width + bar] += variance;
            }
        }
        let next = (0..self.nodes.len())
            .flat_map(|node| {
                let first = node * branches.count;
                let joined = &joined;
                branches
                    .of
                    .iter()
                    .map(move |&branch| joined[first + branch as usize] as u32)
            })
            .collect();
        let nodes = self.nodes.clone().then(domain, branches.attr, next);
        self.nodes = nodes.map_err(SourceError::from)?;
        self.histograms.push(sums);
        let cells = level(joined);
        self.levels.push(Asked { cut, cells });
        Ok(())
    }

    /// Shares of the target in the cells of each level, and in the whole column.
    pub(crate) fn shares(&self) -> (Vec<(Partition, Vec<f64>)>, Vec<f64>) {
        let root = &self.histograms.consistent()[0];
        let levels = self.levels.iter().enumerate().map(|(depth, asked)| {
            let shares = self.histograms.shares_below(depth + 1, &asked.cells);
            (asked.cut.clone(), shares)
        });
        (levels.collect(), shares_of(&root.counts))
    }

    /// Expected counts of the target in these rows.
    pub(crate) fn expected(&self, columns: &[Vec<u32>], rows: usize) -> Expected {
        let (levels, margin) = self.shares();
        expected(&levels, &margin, columns, rows)
    }

    /// Expected rows in each cell of a public partition by level of the target, row-major;
    /// `expected` are the expected counts in these columns, where each row stands for `scale` rows.
    pub(crate) fn within(
        &self,
        expected: &Expected,
        cells_of: &[u32],
        cells: usize,
        scale: f64,
    ) -> Vec<f64> {
        let width = self.histograms.width();
        let mut table = vec![0.0; cells * width];
        for (&leaf, &cell) in expected.leaves.iter().zip(cells_of) {
            let shares = expected.shares(leaf);
            let row = &mut table[cell as usize * width..(cell as usize + 1) * width];
            row.iter_mut()
                .zip(shares)
                .for_each(|(count, share)| *count += scale * share);
        }
        table
    }

    /// Expected counts of the target with another column, in whole rows.
    pub(crate) fn expected_pair(
        &self,
        expected: &Expected,
        codes: &[u32],
        other: (u32, usize),
        scale: f64,
    ) -> (AttrSet, Vec<i64>) {
        let (other, levels) = other;
        let width = self.histograms.width();
        let table = self.within(expected, codes, levels, scale);
        let whole = |count: f64| count.round() as i64;
        let cells = if other < self.target {
            table.into_iter().map(whole).collect()
        } else {
            let cell = |bar: usize, code: usize| whole(table[code * width + bar]);
            (0..width)
                .flat_map(|bar| (0..levels).map(move |code| (bar, code)))
                .map(|(bar, code)| cell(bar, code))
                .collect()
        };
        (AttrSet::new([self.target, other]), cells)
    }
}

/// Expected counts of the target of a tree with these levels.
pub(crate) fn expected(
    levels: &[(Partition, Vec<f64>)],
    margin: &[f64],
    columns: &[Vec<u32>],
    rows: usize,
) -> Expected {
    let cells: Vec<Vec<u32>> = levels
        .iter()
        .map(|(partition, _)| partition.cells_of(columns, 0..rows))
        .collect();
    let rules: Vec<Rule<'_>> = cells
        .iter()
        .zip(levels)
        .map(|(cells, (_, shares))| Rule { cells, shares })
        .collect();
    Expected::new(&rules, margin, rows)
}
