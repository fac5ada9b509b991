//! A small tree for numbers and classes alike.

use super::features::Design;

/// A tree of cuts whose leaves hold mean outputs: a number, or the shares of classes.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Vec<f64>),
    /// Rows with the feature at or below the cut go to the first child.
    Cut {
        feature: usize,
        at: f64,
        children: [usize; 2],
    },
}

const MAX_DEPTH: usize = 7;
const MIN_LEAF_ROWS: usize = 8;
/// Cuts tried per feature and node, at evenly spread rows.
const CUTS: usize = 24;

impl Tree {
    /// Grows by the largest drop of squared error summed over outputs, which is the Gini impurity for classes (Breiman et al. 1984).
    ///
    /// - `y`: row-major, `outputs` numbers per row
    pub(super) fn fit(design: &Design, y: &[f64], outputs: usize) -> Self {
        let mut tree = Self { nodes: Vec::new() };
        let mut rows: Vec<usize> = (0..y.len() / outputs).collect();
        tree.grow(design, y, outputs, &mut rows, 0);
        tree
    }

    fn grow(
        &mut self,
        design: &Design,
        y: &[f64],
        outputs: usize,
        rows: &mut [usize],
        depth: usize,
    ) -> usize {
        let node = self.nodes.len();
        let total = sums(y, outputs, rows);
        let mean = total.iter().map(|sum| sum / rows.len() as f64).collect();
        self.nodes.push(Node::Leaf(mean));
        if depth == MAX_DEPTH || rows.len() < 2 * MIN_LEAF_ROWS {
            return node;
        }
        let Some((feature, at)) = best_cut(design, y, outputs, rows, &total) else {
            return node;
        };
        let mut left = 0;
        for index in 0..rows.len() {
            if design.row(rows[index])[feature] <= at {
                rows.swap(left, index);
                left += 1;
            }
        }
        let (below, above) = rows.split_at_mut(left);
        let children = [
            self.grow(design, y, outputs, below, depth + 1),
            self.grow(design, y, outputs, above, depth + 1),
        ];
        self.nodes[node] = Node::Cut {
            feature,
            at,
            children,
        };
        node
    }

    /// The mean outputs of the leaf that a row of features falls into.
    pub(super) fn predict(&self, row: &[f64]) -> &[f64] {
        let mut node = 0;
        loop {
            match &self.nodes[node] {
                Node::Leaf(mean) => return mean,
                Node::Cut {
                    feature,
                    at,
                    children,
                } => node = children[usize::from(row[*feature] > *at)],
            }
        }
    }
}

fn sums(y: &[f64], outputs: usize, rows: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    for &row in rows {
        for (sum, y) in sums.iter_mut().zip(&y[row * outputs..]) {
            *sum += y;
        }
    }
    sums
}

/// The feature and cut with the largest drop, if any drops.
fn best_cut(
    design: &Design,
    y: &[f64],
    outputs: usize,
    rows: &[usize],
    total: &[f64],
) -> Option<(usize, f64)> {
    let score = |sums: &[f64], rows: f64| sums.iter().map(|sum| sum * sum).sum::<f64>() / rows;
    let base = score(total, rows.len() as f64);
    // Rounding must not look like a drop.
    let mut best: Option<(f64, usize, f64)> = None;
    let mut values: Vec<f64> = Vec::with_capacity(rows.len());
    let mut bins: Vec<(f64, Vec<f64>)> = Vec::new();
    for feature in 0..design.width {
        values.clear();
        values.extend(rows.iter().map(|&row| design.row(row)[feature]));
        values.sort_by(f64::total_cmp);
        let mut cuts: Vec<f64> = (1..=CUTS)
            .map(|k| values[k * (values.len() - 1) / (CUTS + 1)])
            .collect();
        cuts.dedup();
        cuts.retain(|&cut| cut < values[values.len() - 1]);
        if cuts.is_empty() {
            continue;
        }
        bins.clear();
        bins.resize(cuts.len() + 1, (0.0, vec![0.0; outputs]));
        for &row in rows {
            let x = design.row(row)[feature];
            let bin = &mut bins[cuts.partition_point(|&cut| cut < x)];
            bin.0 += 1.0;
            for (sum, y) in bin.1.iter_mut().zip(&y[row * outputs..]) {
                *sum += y;
            }
        }
        let mut below = (0.0, vec![0.0; outputs]);
        for (cut, bin) in cuts.iter().zip(&bins) {
            below.0 += bin.0;
            below
                .1
                .iter_mut()
                .zip(&bin.1)
                .for_each(|(sum, add)| *sum += add);
            let above = rows.len() as f64 - below.0;
            if below.0 < MIN_LEAF_ROWS as f64 || above < MIN_LEAF_ROWS as f64 {
                continue;
            }
            let rest: Vec<f64> = total
                .iter()
                .zip(&below.1)
                .map(|(all, sum)| all - sum)
                .collect();
            let gain = score(&below.1, below.0) + score(&rest, above) - base;
            if gain > best.map_or(1e-9 * (1.0 + base.abs()), |(gain, _, _)| gain) {
                best = Some((gain, feature, *cut));
            }
        }
    }
    best.map(|(_, feature, at)| (feature, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_and_leaves_keep_enough_rows() {
        let design = Design {
            width: 2,
            cells: (0..100)
                .flat_map(|i| [f64::from(i % 7), f64::from(i)])
                .collect(),
        };
        let y: Vec<f64> = (0..100).map(|i| if i < 50 { 1.0 } else { 5.0 }).collect();
        let tree = Tree::fit(&design, &y, 1);
        assert!((tree.predict(&[3.0, 10.0])[0] - 1.0).abs() < 0.5);
        assert!((tree.predict(&[3.0, 90.0])[0] - 5.0).abs() < 0.5);
    }

    #[test]
    fn outputs_that_do_not_vary_stay_one_leaf() {
        let design = Design {
            width: 1,
            cells: (0..40).map(f64::from).collect(),
        };
        assert_eq!(Tree::fit(&design, &[0.1; 40], 1).nodes.len(), 1);
    }
}
