//! Fitted trees, made of releases alone.

use parable_domain::{Codes, Domain, DomainError, Partition};
use parable_pgm::Groups;
use parable_seed::Seed;

use crate::grow::expected;

/// Trees of all columns in the order they are drawn, and the levels that were merged. Nothing in it
/// is confidential.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateTrees {
    pub(crate) domain: Domain,
    pub(crate) merged: Domain,
    pub(crate) groups: Vec<Groups>,
    pub(crate) rows: f64,
    pub(crate) trees: Vec<PrivateTree>,
}

/// The tree of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateTree {
    pub(crate) attr: u32,
    /// For each split the cells it makes of the nodes before it, and the shares of the merged
    /// levels in each, row-major.
    pub(crate) levels: Vec<(Partition, Vec<f64>)>,
    /// Shares of the merged levels in the whole column.
    pub(crate) margin: Vec<f64>,
}

impl PrivateTree {
    /// Returns the position of the column.
    #[must_use]
    pub fn attr(&self) -> u32 {
        self.attr
    }

    /// Returns the positions of the columns that the tree splits on, in order.
    pub fn questions(&self) -> impl ExactSizeIterator<Item = u32> {
        let deepest = self.levels.last().map(|(partition, _)| partition.attrs());
        deepest
            .into_iter()
            .flatten()
            .collect::<Vec<u32>>()
            .into_iter()
    }

    /// Returns the number of cells of the last split: 1 where there is none.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.levels
            .last()
            .map_or(1, |(partition, _)| partition.len())
    }
}

impl PrivateTrees {
    /// Returns the attributes, before levels were merged.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Returns the estimated number of rows.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.rows
    }

    /// Returns the trees, in the order that columns are drawn in.
    #[must_use]
    pub fn trees(&self) -> &[PrivateTree] {
        &self.trees
    }

    /// Draws rows as codes of the original levels.
    ///
    /// # Errors
    /// None that a fitted model meets; see [`Codes::new`].
    pub fn generate(&self, rows: usize, seed: &Seed) -> Result<Codes, DomainError> {
        let columns = self.merged_columns(rows, &seed.stream("private_cart/draw"));
        let seed = seed.stream("private_cart/levels");
        let columns = columns
            .iter()
            .zip(&self.groups)
            .enumerate()
            .map(|(attr, (column, groups))| groups.draw_back(column, &seed.index(attr as u64)))
            .collect();
        Codes::new(self.domain.clone(), columns)
    }

    fn merged_columns(&self, rows: usize, seed: &Seed) -> Vec<Vec<u32>> {
        let mut columns = vec![Vec::new(); self.merged.len()];
        for tree in &self.trees {
            let expected = expected(&tree.levels, &tree.margin, &columns, rows);
            columns[tree.attr as usize] = expected.draw(&seed.index(u64::from(tree.attr)));
        }
        columns
    }
}
