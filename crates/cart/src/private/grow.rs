//! One tree while it grows.

use parable_core::FitError;
use parable_domain::{AttrSet, Domain, Partition, SourceError};
use parable_pgm::Groups;

use super::cluster::{Cells, cluster};
use super::histograms::{Bars, Histograms, Level, shares_of};

/// Branches of a column when a tree asks about it.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    pub(super) attr: u32,
    /// The branch of each merged level.
    pub(super) of: Vec<u32>,
    pub(super) count: usize,
    /// How many of the first branches stand in an order.
    ordered: usize,
}

impl Branches {
    /// At most `most` branches: ordered levels join with neighbours until each branch has its part of the rows; of the others the most frequent stay
    /// and the rest share a branch.
    pub(super) fn new(attr: u32, rows: &[f64], ordered: usize, most: usize) -> Self {
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
pub(super) struct Growing {
    pub(super) target: u32,
    /// Which leaf a row is in.
    pub(super) partition: Partition,
    pub(super) histograms: Histograms,
    /// What the next question is asked of: nodes that were joined, instead of leaves.
    nodes: Partition,
    /// The histograms down to these nodes.
    down_to_nodes: Histograms,
}

impl Growing {
    pub(super) fn new(target: u32, root: Bars) -> Self {
        let histograms = Histograms::new(root);
        Self {
            target,
            partition: Partition::whole(),
            nodes: Partition::whole(),
            down_to_nodes: histograms.clone(),
            histograms,
        }
    }

    /// Every node cut by the branches of a column.
    pub(super) fn cut(&self, domain: &Domain, branches: &Branches) -> Result<Partition, FitError> {
        let next = (0..self.nodes.len() as u32)
            .flat_map(|node| {
                let first = node * branches.count as u32;
                branches.of.iter().map(move |branch| first + branch)
            })
            .collect();
        let cut = self.nodes.clone().then(domain, branches.attr, next);
        Ok(cut.map_err(SourceError::from)?)
    }

    /// Takes the noisy histograms of the target in the cells of [`Growing::cut`], cells by levels of the target.
    pub(super) fn grow(
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
        let own = |counts: &[f64], parents: Vec<usize>| Level {
            parents,
            counts: counts.to_vec(),
            variances: vec![variance; counts.len()],
        };
        // What the cells say together with everything above decides which of them are joined.
        let above = |cell: usize| cell / branches.count;
        let mut all = self.down_to_nodes.clone();
        all.push(own(&counts, (0..cut.len()).map(above).collect()));
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
        let (mut parents, mut sums) = (vec![0; nodes], vec![0.0; nodes * width]);
        let mut members = vec![0.0; nodes];
        for (cell, &node) in joined.iter().enumerate() {
            parents[node] = above(cell);
            members[node] += 1.0;
            for bar in 0..width {
                sums[node * width + bar] += counts[cell * width + bar];
            }
        }
        let unmeasured = Level {
            parents: parents.clone(),
            counts: vec![0.0; nodes * width],
            variances: vec![f64::INFINITY; nodes * width],
        };
        self.histograms = self.down_to_nodes.clone();
        self.histograms.push(unmeasured);
        self.histograms.push(own(&counts, joined.clone()));
        self.partition = cut;
        self.down_to_nodes.push(Level {
            parents,
            counts: sums,
            variances: (0..nodes * width)
                .map(|i| variance * members[i / width])
                .collect(),
        });
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
        Ok(())
    }

    /// Shares of the target in each leaf, and in the whole column.
    pub(super) fn shares(&self) -> (Vec<f64>, Vec<f64>) {
        let root = &self.histograms.consistent()[0];
        (self.histograms.shares(), shares_of(&root.counts))
    }

    /// What the tree expects of the target with another column, in whole rows: each row of `columns` stands for `scale` rows.
    pub(super) fn expected_pair(
        &self,
        domain: &Domain,
        columns: &[Vec<u32>],
        other: u32,
        scale: f64,
    ) -> Result<(AttrSet, Vec<i64>), FitError> {
        let pair = AttrSet::new([self.target, other]);
        let levels = domain.levels(&pair).map_err(SourceError::from)?;
        let width = self.histograms.width();
        let (shares, _) = self.shares();
        let codes = &columns[other as usize];
        let leaves = self.partition.cells_of(columns, 0..codes.len());
        let mut by_leaf = vec![0.0; self.partition.len() * domain_levels(domain, other)];
        let others = domain_levels(domain, other);
        for (&leaf, &code) in leaves.iter().zip(codes) {
            by_leaf[leaf as usize * others + code as usize] += scale;
        }
        let mut cells = vec![0.0; levels.iter().map(|&l| l as usize).product()];
        for (leaf, rows) in by_leaf.chunks(others).enumerate() {
            for (code, &rows) in rows.iter().enumerate().filter(|(_, rows)| **rows > 0.0) {
                for bar in 0..width {
                    let at = if self.target < other {
                        bar * others + code
                    } else {
                        code * width + bar
                    };
                    cells[at] += rows * shares[leaf * width + bar];
                }
            }
        }
        Ok((pair, cells.iter().map(|cell| cell.round() as i64).collect()))
    }

    /// Rows in each cell of [`Growing::cut`] by level of the target, as far as the tree knows.
    pub(super) fn expected_cells(
        &self,
        cut: &Partition,
        columns: &[Vec<u32>],
        rows: usize,
        scale: f64,
    ) -> Vec<f64> {
        let width = self.histograms.width();
        let (shares, _) = self.shares();
        let mut cells = vec![0.0; cut.len() * width];
        let leaves = self.partition.cells_of(columns, 0..rows);
        let cells_of = cut.cells_of(columns, 0..rows);
        for (&leaf, &cell) in leaves.iter().zip(&cells_of) {
            for bar in 0..width {
                cells[cell as usize * width + bar] += scale * shares[leaf as usize * width + bar];
            }
        }
        cells
    }
}

fn domain_levels(domain: &Domain, attr: u32) -> usize {
    domain.attrs()[attr as usize].levels as usize
}
