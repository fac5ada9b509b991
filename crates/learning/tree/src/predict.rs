//! Trees that predict.

use std::borrow::Cow;

use crate::grow::{Sampler, grow_sampled};
use crate::nodes::{GrownTree, Node};
use crate::options::{GrowOptions, Impurity, Ties};
use crate::predictor::{BinnedColumn, Response};

/// A tree whose leaves hold a mean, or a probability for each class.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionTree {
    nodes: Vec<Node>,
    /// Row-major: leaves by outputs.
    values: Vec<f64>,
    outputs: usize,
}

impl DecisionTree {
    /// Grows a tree on these rows of the columns.
    #[must_use]
    pub fn fit(
        columns: &[BinnedColumn],
        rows: Vec<u32>,
        response: &Response,
        options: &GrowOptions<'_>,
    ) -> Self {
        let grown_for = grown_for(response, options);
        Self::sampled(columns, rows, (response, &grown_for), options, None)
    }

    /// Grows a tree whose splits look at sampled columns.
    ///
    /// - `response`: the one that leaves predict, and the one that splits are made for
    pub(crate) fn sampled(
        columns: &[BinnedColumn],
        rows: Vec<u32>,
        (response, grown_for): (&Response, &Response),
        options: &GrowOptions<'_>,
        sampler: Option<Sampler>,
    ) -> Self {
        let predictors = BinnedColumn::predictors(columns);
        let grown = grow_sampled(&predictors, rows, grown_for, options, sampler);
        Self::of(grown, response, options.class_weights)
    }

    /// Makes a tree that predicts from a grown one whose predictors are numbered by column.
    ///
    /// Leaves hold the mean of a numeric response, or the shares of classes, weighted if there are
    /// weights.
    #[must_use]
    pub fn of(grown: GrownTree, response: &Response, class_weights: Option<&[f64]>) -> Self {
        let outputs = match response {
            Response::Numbers(_) => 1,
            Response::Classes { count, .. } => *count,
        };
        let mut values = vec![0.0; grown.leaves() * outputs];
        for leaf in 0..grown.leaves() {
            let rows = grown.leaf(leaf);
            let own = &mut values[leaf * outputs..(leaf + 1) * outputs];
            match response {
                Response::Numbers(numbers) => {
                    let sum: f64 = rows.iter().map(|&row| numbers[row as usize]).sum();
                    own[0] = sum / rows.len().max(1) as f64;
                }
                Response::Classes { codes, .. } => {
                    let mut mass = 0.0;
                    for &row in rows {
                        let class = codes[row as usize] as usize;
                        let weight = class_weights.map_or(1.0, |weights| weights[class]);
                        own[class] += weight;
                        mass += weight;
                    }
                    own.iter_mut()
                        .for_each(|share| *share /= mass.max(f64::MIN_POSITIVE));
                }
            }
        }
        Self {
            nodes: grown.nodes,
            values,
            outputs,
        }
    }

    /// Returns the number of leaves.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.values.len() / self.outputs.max(1)
    }

    /// Returns the length of a prediction: 1 for numbers, otherwise the number of classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the prediction for a row of columns that are binned as those of the fit: the mean,
    /// or the probability of each class.
    #[must_use]
    pub fn predict(&self, columns: &[BinnedColumn], row: usize) -> &[f64] {
        self.predict_by(|column| {
            let BinnedColumn { binning, bins } = &columns[column];
            (bins[row], binning.values())
        })
    }

    /// Returns the prediction for a row given by a function of the column: its bin, and the number
    /// of bins of values.
    #[must_use]
    pub fn predict_by(&self, bin_of: impl Fn(usize) -> (u16, usize)) -> &[f64] {
        let mut node = 0;
        loop {
            match &self.nodes[node] {
                Node::Leaf(leaf) => {
                    let start = *leaf as usize * self.outputs;
                    return &self.values[start..start + self.outputs];
                }
                Node::Split {
                    feature,
                    rule,
                    right,
                } => {
                    let (bin, values) = bin_of(usize::from(*feature));
                    node = match rule.goes_left(bin, values) {
                        true => node + 1,
                        false => *right as usize,
                    };
                }
            }
        }
    }
}

/// The response that splits are made for: two classes as numbers where that is the same and faster.
pub(crate) fn grown_for<'a>(
    response: &'a Response,
    options: &GrowOptions<'_>,
) -> Cow<'a, Response> {
    let exact_ties = options.min_gain < 0.0 && options.ties == Ties::First;
    match response {
        Response::Classes { count: ..=2, .. }
            if options.impurity == Impurity::Gini
                && options.class_weights.is_none()
                && !exact_ties =>
        {
            Cow::Owned(response.clone().two_classes_as_numbers())
        }
        _ => Cow::Borrowed(response),
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::grow::grow;

    #[test]
    fn a_step_is_found_and_leaves_keep_enough_rows() {
        let numbers = |f: fn(u32) -> f64| -> Vec<f64> { (0..100).map(f).collect() };
        let columns = [
            BinnedColumn::of_numbers(&numbers(|row| f64::from(row % 7)), 255),
            BinnedColumn::of_numbers(&numbers(f64::from), 255),
        ];
        let response = Response::Numbers(numbers(|row| if row < 50 { 1.0 } else { 5.0 }));
        let options = GrowOptions::default().with_min_leaf_rows(8);
        let tree = DecisionTree::fit(&columns, (0..100).collect(), &response, &options);
        assert_eq!((tree.leaves(), tree.outputs()), (2, 1));
        assert_eq!(tree.predict(&columns, 10), [1.0]);
        assert_eq!(tree.predict(&columns, 90), [5.0]);
        let constant = Response::Numbers(vec![0.1; 100]);
        let tree = DecisionTree::fit(&columns, (0..100).collect(), &constant, &options);
        assert_eq!(tree.leaves(), 1);
    }

    /// Two columns whose exclusive or is the class: no first split gains.
    fn exclusive_or(options: &GrowOptions<'_>) -> usize {
        let column = |f: fn(u16) -> u16| BinnedColumn::ordinal((0..400).map(f).collect(), 2);
        let columns = [column(|row| row % 2), column(|row| row / 2 % 2)];
        let codes = (0..400).map(|row| (row % 2) ^ (row / 2 % 2)).collect();
        let response = Response::Classes { codes, count: 2 };
        DecisionTree::fit(&columns, (0..400).collect(), &response, options).leaves()
    }

    #[test]
    fn splits_that_gain_nothing_are_taken_where_they_may() {
        let options = GrowOptions::default();
        assert_eq!(exclusive_or(&options), 1);
        assert_eq!(exclusive_or(&options.with_min_gain(-1.0)), 4);
        let deviance = options.with_impurity(Impurity::Deviance);
        assert_eq!(exclusive_or(&deviance.with_min_gain(-1.0)), 4);
    }

    #[test]
    fn the_more_even_of_equal_splits_is_taken_where_asked_for() {
        // The first column splits off 10 rows, the second 30; classes do not differ in either.
        let first = (0..100).map(|row| u16::from(row < 10)).collect();
        let second = (0..100).map(|row| u16::from(row >= 70)).collect();
        let columns = [
            BinnedColumn::ordinal(first, 2),
            BinnedColumn::ordinal(second, 2),
        ];
        let codes = (0..100).map(|row| row % 2).collect();
        let response = Response::Classes { codes, count: 2 };
        let once = GrowOptions::default().with_max_depth(1).with_min_gain(-1.0);
        let root = |options: &GrowOptions<'_>| {
            let tree = DecisionTree::fit(&columns, (0..100).collect(), &response, options);
            match tree.nodes[0] {
                Node::Split { feature, .. } => feature,
                Node::Leaf(_) => u16::MAX,
            }
        };
        assert_eq!(root(&once), 0);
        assert_eq!(root(&once.with_ties(Ties::MostEven)), 1);
    }

    /// Classes of very different sizes that the first of two columns separates in part.
    fn unbalanced() -> (Vec<BinnedColumn>, Response) {
        let mut rng = Seed::from_u64(5).rng();
        let codes: Vec<u32> = (0..3_000).map(|_| u32::from(rng.chance(0.05))).collect();
        let mut noisy = |shift: f64| -> Vec<f64> {
            codes
                .iter()
                .map(|&c| rng.normal() + shift * f64::from(c))
                .collect()
        };
        let columns = [noisy(2.0), noisy(0.0)];
        let columns = columns
            .iter()
            .map(|column| BinnedColumn::of_numbers(column, 255));
        let columns = columns.collect();
        (columns, Response::Classes { codes, count: 2 })
    }

    #[test]
    fn weights_of_one_change_nothing_and_balancing_weights_centre_the_prediction() {
        let (columns, response) = unbalanced();
        let Response::Classes { codes, .. } = &response else {
            unreachable!("made of classes above");
        };
        let rows = || (0..3_000).collect::<Vec<u32>>();
        let plain = GrowOptions::default().with_min_leaf_rows(50);
        for impurity in [Impurity::Gini, Impurity::Deviance] {
            let options = plain.with_impurity(impurity);
            let predictors = BinnedColumn::predictors(&columns);
            let tree = |options: &GrowOptions<'_>| grow(&predictors, rows(), &response, options);
            let ones = options.with_class_weights(&[1.0, 1.0]);
            assert_eq!(tree(&options), tree(&ones));
            let rare = codes.iter().filter(|&&code| code == 1).count() as f64;
            let weights = [1.0, (3_000.0 - rare) / rare];
            let balanced = options.with_class_weights(&weights);
            let tree = DecisionTree::fit(&columns, rows(), &response, &balanced);
            let found = |class: u32| {
                let own = (0..3_000).filter(|&row| codes[row] == class);
                let right = own
                    .clone()
                    .filter(|&row| tree.predict(&columns, row)[class as usize] > 0.5);
                right.count() as f64 / own.count() as f64
            };
            // Two normals 2 apart are told apart by their middle with probability 0.84.
            assert!(
                (0.75..0.95).contains(&found(0)),
                "{impurity:?} {}",
                found(0)
            );
            assert!(
                (0.75..0.95).contains(&found(1)),
                "{impurity:?} {}",
                found(1)
            );
        }
    }
}
