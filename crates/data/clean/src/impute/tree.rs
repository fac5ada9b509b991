//! A small tree on the features of rows, for numbers and classes alike.

use parable_tree::{BinnedColumn, Binning, DecisionTree, GrowOptions, Response};

use super::features::{Design, Filled};

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
    pub(super) fn fit(design: &Design, goal: &Filled, rows: &[usize]) -> Self {
        let columns: Vec<BinnedColumn> = (0..design.width)
            .map(|feature| {
                let numbers = (0..rows.len()).map(|row| design.row(row)[feature]);
                BinnedColumn::of_numbers(&numbers.collect::<Vec<f64>>(), BINS)
            })
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
    pub(super) fn predict(&self, row: &[f64]) -> &[f64] {
        self.tree.predict_by(|feature| {
            let binning = &self.binnings[feature];
            (binning.bin_of_number(row[feature]), binning.values())
        })
    }
}

#[cfg(test)]
mod tests {
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
        let design = Design {
            width: 2,
            cells: (0..100)
                .flat_map(|i| [f64::from(i % 7), f64::from(i)])
                .collect(),
        };
        let y = numbers((0..100).map(|i| if i < 50 { 1.0 } else { 5.0 }).collect());
        let rows: Vec<usize> = (0..100).collect();
        let tree = Tree::fit(&design, &y, &rows);
        assert!((tree.predict(&[3.0, 10.0])[0] - 1.0).abs() < 0.5);
        assert!((tree.predict(&[3.0, 90.0])[0] - 5.0).abs() < 0.5);
    }

    #[test]
    fn outputs_that_do_not_vary_stay_one_leaf() {
        let design = Design {
            width: 1,
            cells: (0..40).map(f64::from).collect(),
        };
        let rows: Vec<usize> = (0..40).collect();
        let tree = Tree::fit(&design, &numbers(vec![0.1; 40]), &rows);
        assert_eq!(tree.tree.leaves(), 1);
    }
}
