//! A small tree on the features of rows, for numbers and classes alike.

use ndarray::{Array2, ArrayView1};
use parable_tree::{BinnedColumn, Binning, DecisionTree, GrowOptions, Response};

use super::features::Filled;

/// A tree whose leaves hold a mean, or the shares of classes.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    binnings: Vec<Binning>,
    tree: DecisionTree,
}

const MAX_DEPTH: usize = 7;
const MIN_LEAF_ROWS: usize = 8;
/// Most bins of a feature.
const BINS: usize = 255;

impl Tree {
    /// Grows a tree that predicts a column in these rows from their features.
    pub(super) fn fit(design: &Array2<f64>, goal: &Filled, rows: &[usize]) -> Self {
        let columns: Vec<BinnedColumn> = design
            .columns()
            .into_iter()
            .map(|feature| BinnedColumn::of_numbers(&feature.to_vec(), BINS))
            .collect();
        let response = match goal {
            Filled::Numbers { values, .. } => {
                Response::Numbers(rows.iter().map(|&row| values[row]).collect())
            }
            Filled::Codes { codes, classes } => Response::Classes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                count: *classes,
            },
        };
        let options = GrowOptions::default()
            .with_min_leaf_rows(MIN_LEAF_ROWS)
            .with_max_depth(MAX_DEPTH);
        let all = (0..rows.len() as u32).collect();
        Self {
            tree: DecisionTree::fit(&columns, all, &response, &options),
            binnings: columns.into_iter().map(|column| column.binning).collect(),
        }
    }

    /// Returns the prediction for a row of features: the mean, or the share of each class.
    pub(super) fn predict(&self, row: ArrayView1<'_, f64>) -> &[f64] {
        self.tree.predict_by(|feature| {
            let binning = &self.binnings[feature];
            (binning.bin_of_number(row[feature]), binning.values())
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn numbers(values: Vec<f64>) -> Filled {
        Filled::Numbers {
            values,
            mean: 0.0,
            sd: 1.0,
        }
    }

    #[test]
    fn a_step_is_found_and_leaves_keep_enough_rows() {
        let design = Array2::from_shape_fn((100, 2), |(i, j)| [(i % 7) as f64, i as f64][j]);
        let y = numbers((0..100).map(|i| if i < 50 { 1.0 } else { 5.0 }).collect());
        let rows: Vec<usize> = (0..100).collect();
        let tree = Tree::fit(&design, &y, &rows);
        assert!((tree.predict(array![3.0, 10.0].view())[0] - 1.0).abs() < 0.5);
        assert!((tree.predict(array![3.0, 90.0].view())[0] - 5.0).abs() < 0.5);
    }

    #[test]
    fn outputs_that_do_not_vary_stay_one_leaf() {
        let design = Array2::from_shape_fn((40, 1), |(i, _)| i as f64);
        let rows: Vec<usize> = (0..40).collect();
        let tree = Tree::fit(&design, &numbers(vec![0.1; 40]), &rows);
        assert_eq!(tree.tree.leaves(), 1);
    }
}
