//! Noisy histograms of one tree, made consistent and smoothed towards their parents.

use parable_pgm::project_on_simplex;

/// Histograms of one target in the nodes of a tree, level by level, each with the variance of its
/// noise.
#[derive(Clone, Debug)]
pub(crate) struct Histograms {
    /// Levels of the target.
    width: usize,
    levels: Vec<Level>,
}

/// The nodes of one level.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Parent of each node, in the level before.
    pub(crate) parents: Vec<usize>,
    /// Row-major: nodes by levels of the target.
    pub(crate) counts: Vec<f64>,
    /// Variance of each count; infinite where the node itself was not measured.
    pub(crate) variances: Vec<f64>,
}

/// What a bar was found to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bars {
    pub(crate) counts: Vec<f64>,
    pub(crate) variances: Vec<f64>,
}

impl Histograms {
    pub(crate) fn new(root: Bars) -> Self {
        Self {
            width: root.counts.len(),
            levels: vec![Level {
                parents: vec![0],
                counts: root.counts,
                variances: root.variances,
            }],
        }
    }

    /// Bars of each histogram.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn push(&mut self, level: Level) {
        self.levels.push(level);
    }

    /// Replaces the histogram of the root when more is known about it.
    pub(crate) fn set_root(&mut self, root: Bars) {
        self.levels[0].counts = root.counts;
        self.levels[0].variances = root.variances;
    }

    /// Computes the best unbiased estimate of every count under the constraint that children sum to
    /// their node: weighted least squares on a tree, exact in two passes (Hay et al. 2010 for equal
    /// variances; Honaker 2015 for any). The variances are those before the downward pass, hence
    /// upper bounds.
    pub(crate) fn consistent(&self) -> Vec<Bars> {
        let width = self.width;
        let mut found: Vec<Bars> = Vec::with_capacity(self.levels.len());
        let mut below: Option<Bars> = None;
        for level in self.levels.iter().rev() {
            let mut bars = Bars {
                counts: level.counts.clone(),
                variances: level.variances.clone(),
            };
            if let Some(sums) = &below {
                for i in 0..bars.counts.len() {
                    let (own, children) = (1.0 / bars.variances[i], 1.0 / sums.variances[i]);
                    bars.counts[i] = weighted(bars.counts[i], own, sums.counts[i], children);
                    bars.variances[i] = 1.0 / (own + children);
                }
            }
            let above = level.parents.iter().max().map_or(1, |&parent| parent + 1);
            below = Some(sums(&bars, &level.parents, above, width));
            found.push(bars);
        }
        found.reverse();
        for depth in 1..self.levels.len() {
            let (above, from) = found.split_at_mut(depth);
            let parents = &self.levels[depth].parents;
            agree(&mut from[0], &above[depth - 1], parents, self.width);
        }
        found
    }

    /// Computes smoothed shares in every node, level by level. From the root down, the difference
    /// of a node from the shares of its parent is shrunk by the part that noise explains (the
    /// positive-part rule of James & Stein 1961, with the noise energy of the node subtracted), and
    /// the result is projected on the simplex.
    pub(crate) fn shares(&self) -> Vec<Vec<f64>> {
        let found = self.consistent();
        let mut all = vec![shares_of(&found[0].counts)];
        for (level, bars) in self.levels.iter().zip(&found).skip(1) {
            let above = &all[all.len() - 1];
            all.push(shrunk(bars, &level.parents, above, self.width));
        }
        all
    }

    /// Computes the smoothed shares of cells whose sums are the nodes of a level and which no later
    /// level contains.
    pub(crate) fn shares_below(&self, level: usize, cells: &Level) -> Vec<f64> {
        let found = self.consistent();
        let mut own = Bars {
            counts: cells.counts.clone(),
            variances: cells.variances.clone(),
        };
        agree(&mut own, &found[level], &cells.parents, self.width);
        shrunk(&own, &cells.parents, &self.shares()[level], self.width)
    }
}

/// Distributes the difference between parents and sums of children, in proportion to variances.
fn agree(own: &mut Bars, above: &Bars, parents: &[usize], width: usize) {
    let together = sums(own, parents, above.counts.len() / width, width);
    for (node, &parent) in parents.iter().enumerate() {
        for bar in 0..width {
            let (i, up) = (node * width + bar, parent * width + bar);
            let share = own.variances[i] / together.variances[up];
            own.counts[i] += share * (above.counts[up] - together.counts[up]);
        }
    }
}

/// Shares of each node, shrunk towards those of its parent.
fn shrunk(bars: &Bars, parents: &[usize], above: &[f64], width: usize) -> Vec<f64> {
    let mut shares = Vec::with_capacity(bars.counts.len());
    for (node, &parent) in parents.iter().enumerate() {
        let range = node * width..(node + 1) * width;
        let prior = &above[parent * width..(parent + 1) * width];
        let (counts, variances) = (&bars.counts[range.clone()], &bars.variances[range]);
        shares.extend(shrink(counts, variances, prior));
    }
    shares
}

/// Shares of one node, shrunk towards those of its parent.
fn shrink(counts: &[f64], variances: &[f64], prior: &[f64]) -> Vec<f64> {
    let rows: f64 = counts.iter().sum();
    let noise: f64 = variances.iter().sum();
    if rows <= noise.sqrt() {
        return prior.to_vec();
    }
    let off = |(count, share): (&f64, &f64)| count - rows * share;
    let energy: f64 = counts.iter().zip(prior).map(|c| off(c).powi(2)).sum();
    let freedom = 1.0 - 1.0 / counts.len() as f64;
    let keep = (1.0 - freedom * noise / energy).max(0.0);
    if !keep.is_finite() {
        return prior.to_vec();
    }
    let pulled: Vec<f64> = counts
        .iter()
        .zip(prior)
        .map(|(count, share)| rows * share + keep * off((count, share)))
        .collect();
    let equal = vec![1.0; pulled.len()];
    let nearest = project_on_simplex(&pulled, &equal, rows);
    nearest.iter().map(|count| count / rows).collect()
}

/// Shares of noisy counts: the nearest point of the simplex.
pub(crate) fn shares_of(counts: &[f64]) -> Vec<f64> {
    let rows: f64 = counts.iter().sum::<f64>();
    if rows <= 0.0 {
        return vec![1.0 / counts.len() as f64; counts.len()];
    }
    let nearest = project_on_simplex(counts, &vec![1.0; counts.len()], rows);
    nearest.iter().map(|count| count / rows).collect()
}

fn weighted(own: f64, own_weight: f64, other: f64, other_weight: f64) -> f64 {
    if own_weight == 0.0 {
        return other;
    }
    (own * own_weight + other * other_weight) / (own_weight + other_weight)
}

/// Bars of the nodes below each node, summed.
fn sums(bars: &Bars, parents: &[usize], nodes: usize, width: usize) -> Bars {
    let mut together = Bars {
        counts: vec![0.0; nodes * width],
        variances: vec![0.0; nodes * width],
    };
    for (node, &parent) in parents.iter().enumerate() {
        for bar in 0..width {
            let (from, to) = (node * width + bar, parent * width + bar);
            together.counts[to] += bars.counts[from];
            together.variances[to] += bars.variances[from];
        }
    }
    together
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(counts: &[f64], variance: f64) -> Bars {
        Bars {
            counts: counts.to_vec(),
            variances: vec![variance; counts.len()],
        }
    }

    fn level(parents: &[usize], counts: &[f64], variance: f64) -> Level {
        Level {
            parents: parents.to_vec(),
            counts: counts.to_vec(),
            variances: vec![variance; counts.len()],
        }
    }

    #[test]
    fn two_passes_solve_the_normal_equations() {
        // One bar; root 10 (variance 4), two nodes 3 and 5 (variances 1 and 2), the first with
        // leaves 2, 2, 1 (variance 3 each).
        let mut tree = Histograms::new(bars(&[10.0], 4.0));
        tree.push(Level {
            parents: vec![0, 0],
            counts: vec![3.0, 5.0],
            variances: vec![1.0, 2.0],
        });
        tree.push(Level {
            parents: vec![0, 0, 0, 1],
            counts: vec![2.0, 2.0, 1.0, 5.0],
            variances: vec![3.0, 3.0, 3.0, 2.0],
        });
        let found = tree.consistent();
        let leaves = &found[2].counts;
        let (a, b): (f64, f64) = (leaves[..3].iter().sum(), leaves[3]);
        assert!((found[1].counts[0] - a).abs() < 1e-12 && (found[1].counts[1] - b).abs() < 1e-12);
        assert!((found[0].counts[0] - a - b).abs() < 1e-12);
        // The gradient of the sum of weighted squares by each leaf is 0.
        let root = (a + b - 10.0) / 4.0;
        for (leaf, own) in leaves[..3].iter().zip([2.0, 2.0, 1.0]) {
            let gradient = (leaf - own) / 3.0 + (a - 3.0) / 1.0 + root;
            assert!(gradient.abs() < 1e-12, "{gradient}");
        }
        let gradient = (b - 5.0) / 2.0 + (b - 5.0) / 2.0 + root;
        assert!(gradient.abs() < 1e-12, "{gradient}");
    }

    #[test]
    fn nodes_without_a_measurement_of_their_own_are_sums_of_their_children() {
        let mut tree = Histograms::new(bars(&[60.0, 40.0], 1e12));
        tree.push(level(&[0], &[0.0, 0.0], f64::INFINITY));
        tree.push(level(&[0, 0], &[30.0, 10.0, 20.0, 40.0], 1.0));
        let found = tree.consistent();
        assert!((found[1].counts[0] - 50.0).abs() < 1e-6);
        assert!((found[1].counts[1] - 50.0).abs() < 1e-6);
    }

    #[test]
    fn noise_is_pulled_to_the_parent_and_signal_stays() {
        let mut tree = Histograms::new(bars(&[500.0, 300.0, 200.0], 1.0));
        // The first child is the parent plus noise of about one standard deviation (20); the second
        // differs by many.
        let counts = [260.0, 140.0, 110.0, 40.0, 130.0, 320.0, 200.0, 30.0, -230.0];
        tree.push(level(&[0, 0, 0], &counts, 400.0));
        let shares = tree.shares().pop().unwrap();
        for (share, root) in shares[..3].iter().zip([0.5, 0.3, 0.2]) {
            assert!((share - root).abs() < 0.02, "{shares:?}");
        }
        assert!(shares[3] < 0.12 && shares[5] > 0.6, "{shares:?}");
        // The third has next to no rows: it is its parent.
        assert!((shares[6] - 0.5).abs() < 0.01, "{shares:?}");
        for node in shares.chunks(3) {
            assert!((node.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(node.iter().all(|&share| share >= 0.0));
        }
    }

    #[test]
    fn cells_that_a_later_level_joins_still_sum_to_what_it_found() {
        let mut tree = Histograms::new(bars(&[100.0, 100.0], 1e9));
        // One node of two cells, measured as 90 + 110 and then as 80 + 120 with the same variance.
        tree.push(level(&[0], &[90.0, 110.0], 8.0));
        tree.push(level(&[0, 0], &[30.0, 50.0, 50.0, 70.0], 4.0));
        let cells = level(&[0, 0], &[70.0, 30.0, 20.0, 80.0], 4.0);
        let shares = tree.shares_below(1, &cells);
        // The node is found to be 85 and 115: each cell loses 2.5 of the first and gains 2.5 of the
        // second, before little is pulled.
        assert!((shares[0] - 0.675).abs() < 0.01, "{shares:?}");
        assert!((shares[2] - 0.175).abs() < 0.01, "{shares:?}");
    }

    #[test]
    fn without_noise_nothing_is_pulled() {
        let mut tree = Histograms::new(bars(&[6.0, 4.0], 1e-12));
        tree.push(level(&[0, 0], &[5.0, 0.0, 1.0, 4.0], 1e-12));
        let shares = tree.shares().pop().unwrap();
        for (share, expected) in shares.iter().zip([1.0, 0.0, 0.2, 0.8]) {
            assert!((share - expected).abs() < 1e-9);
        }
    }
}
