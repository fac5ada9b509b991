//! Forests of trees.

use parable_seed::Seed;
use rayon::prelude::*;

use crate::bootstrap::bootstrap;
use crate::grow::Sampler;
use crate::options::GrowOptions;
use crate::predict::{DecisionTree, grown_for};
use crate::predictor::{BinnedColumn, Response};

/// Options of a forest.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ForestOptions<'a> {
    /// Number of trees. Default 100.
    pub trees: usize,
    /// Whether each tree is grown on rows drawn with replacement. Default: yes.
    pub bootstrap: bool,
    /// Columns that each split looks at, drawn anew for each; more only while none of them can be
    /// split. Default: all.
    pub columns_per_split: Option<usize>,
    /// Options of each tree.
    pub tree: GrowOptions<'a>,
}

impl Default for ForestOptions<'_> {
    fn default() -> Self {
        Self {
            trees: 100,
            bootstrap: true,
            columns_per_split: None,
            tree: GrowOptions::default(),
        }
    }
}

impl<'a> ForestOptions<'a> {
    /// The options of Breiman 2001 for this response: each split looks at the square root of the
    /// columns for classes, at a third of them for numbers.
    #[must_use]
    pub fn breiman(response: &Response, columns: usize) -> Self {
        let per_split = match response {
            Response::Classes { .. } => (columns as f64).sqrt().round() as usize,
            Response::Numbers(_) => columns / 3,
        };
        Self::default().with_columns_per_split(per_split)
    }

    /// Sets the number of trees.
    #[must_use]
    pub fn with_trees(mut self, trees: usize) -> Self {
        self.trees = trees;
        self
    }

    /// Sets whether each tree is grown on rows drawn with replacement.
    #[must_use]
    pub fn with_bootstrap(mut self, bootstrap: bool) -> Self {
        self.bootstrap = bootstrap;
        self
    }

    /// Sets the number of columns that each split looks at, at least 1.
    #[must_use]
    pub fn with_columns_per_split(mut self, columns: usize) -> Self {
        self.columns_per_split = Some(columns.max(1));
        self
    }

    /// Sets the options of each tree.
    #[must_use]
    pub fn with_tree(mut self, tree: GrowOptions<'a>) -> Self {
        self.tree = tree;
        self
    }
}

/// Trees whose predictions are averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    trees: Vec<DecisionTree>,
    outputs: usize,
}

/// Rows predicted together, tree by tree, so that a tree stays in the cache.
const BLOCK: usize = 512;

impl Forest {
    /// Grows the trees in parallel. The result does not depend on the number of threads.
    #[must_use]
    pub fn fit(
        columns: &[BinnedColumn],
        rows: &[u32],
        response: &Response,
        options: &ForestOptions<'_>,
        seed: &Seed,
    ) -> Self {
        let grown_for = grown_for(response, &options.tree);
        let grow = |tree: u64| {
            let mut rng = seed.index(tree).rng();
            let mut rows = match options.bootstrap {
                true => bootstrap(rows, None, &mut rng),
                false => rows.to_vec(),
            };
            // In order, so that bins are read forwards.
            rows.sort_unstable();
            let sampler = options
                .columns_per_split
                .filter(|&per_split| per_split < columns.len())
                .map(|per_split| Sampler::new(columns.len(), per_split, rng));
            let response = (response, &*grown_for);
            DecisionTree::sampled(columns, rows, response, &options.tree, sampler)
        };
        Self {
            trees: (0..options.trees as u64)
                .into_par_iter()
                .map(grow)
                .collect(),
            outputs: match response {
                Response::Numbers(_) => 1,
                Response::Classes { count, .. } => *count,
            },
        }
    }

    /// Returns the trees.
    #[must_use]
    pub fn trees(&self) -> &[DecisionTree] {
        &self.trees
    }

    /// Returns the length of a prediction: 1 for numbers, otherwise the number of classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Predicts rows of columns that are binned as those of the fit: the mean over trees, row-major
    /// with [`outputs`](Self::outputs) numbers per row.
    #[must_use]
    pub fn predict(&self, columns: &[BinnedColumn], rows: &[u32]) -> Vec<f64> {
        let block = |rows: &[u32]| {
            let mut sums = vec![0.0; rows.len() * self.outputs];
            for tree in &self.trees {
                for (sums, &row) in sums.chunks_mut(self.outputs.max(1)).zip(rows) {
                    let values = tree.predict(columns, row as usize);
                    sums.iter_mut()
                        .zip(values)
                        .for_each(|(sum, value)| *sum += value);
                }
            }
            let trees = self.trees.len().max(1) as f64;
            sums.iter_mut().for_each(|sum| *sum /= trees);
            sums
        };
        let blocks: Vec<Vec<f64>> = rows.par_chunks(BLOCK).map(block).collect();
        blocks.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 rows of four columns of which two matter.
    fn table() -> (Vec<BinnedColumn>, Vec<f64>) {
        let mut rng = Seed::from_u64(9).rng();
        let mut numbers = || -> Vec<f64> { (0..1_000).map(|_| rng.normal()).collect() };
        let columns = [numbers(), numbers(), numbers(), numbers()];
        let noise = numbers();
        let target = (0..1_000)
            .map(|row| 2.0 * columns[0][row] + columns[1][row] + noise[row])
            .collect();
        let columns = columns
            .iter()
            .map(|column| BinnedColumn::of_numbers(column, 255));
        (columns.collect(), target)
    }

    #[test]
    fn a_forest_predicts_unseen_rows_better_than_a_tree() {
        let (columns, target) = table();
        let rows: Vec<u32> = (0..700).collect();
        let unseen: Vec<u32> = (700..1_000).collect();
        let response = Response::Numbers(target.clone());
        let error = |options: &ForestOptions<'_>| -> f64 {
            let forest = Forest::fit(&columns, &rows, &response, options, &Seed::from_u64(1));
            let predicted = forest.predict(&columns, &unseen);
            let errors = predicted.iter().zip(&target[700..]);
            errors.map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 300.0
        };
        let one = ForestOptions::default().with_trees(1).with_bootstrap(false);
        let many = ForestOptions::breiman(&response, 4).with_trees(50);
        let (tree, forest) = (error(&one), error(&many));
        // The variance of the noise is 1; a tree with a row in each leaf has the noise of that row
        // too: about 2.05 in simulations (standard deviation 0.07), a forest 0.72 of it (0.04).
        assert!(tree > 1.6 && forest < 0.9 * tree, "{forest} {tree}");
        assert_eq!(forest, error(&many));
    }

    #[test]
    fn probabilities_of_a_forest_sum_to_one() {
        let (columns, target) = table();
        let codes = target
            .iter()
            .map(|&y| u32::from(y > 0.5) + u32::from(y > -0.5))
            .collect();
        let response = Response::Classes { codes, count: 3 };
        let rows: Vec<u32> = (0..1_000).collect();
        let options = ForestOptions::breiman(&response, 4)
            .with_trees(20)
            .with_tree(GrowOptions::default().with_min_leaf_rows(3));
        let forest = Forest::fit(&columns, &rows, &response, &options, &Seed::from_u64(2));
        let predicted = forest.predict(&columns, &rows);
        assert_eq!((forest.trees().len(), forest.outputs()), (20, 3));
        for shares in predicted.chunks(3) {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
