//! Trees and forests on binned columns, for classes and for numbers.

use parable_seed::{Rng, Seed};
use rayon::prelude::*;

use crate::data::features::Features;

/// How trees are grown.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForestOptions {
    trees: usize,
    depth: usize,
    min_leaf_rows: usize,
    /// Columns looked at for each split; all if `None`.
    columns: Option<usize>,
    /// Whether each tree gets rows drawn with replacement.
    bootstrap: bool,
}

impl ForestOptions {
    /// One tree of depth 6.
    pub(super) fn tree() -> Self {
        Self {
            trees: 1,
            depth: 6,
            min_leaf_rows: 1,
            columns: None,
            bootstrap: false,
        }
    }

    /// A hundred trees, each split looking at the square root of the columns (classes) or a third of them (numbers), as Breiman (2001) has it; leaves of at least 3 and 5 rows.
    pub(super) fn forest(columns: usize, classes: bool) -> Self {
        let looked_at = match classes {
            true => (columns as f64).sqrt().round() as usize,
            false => columns / 3,
        };
        Self {
            trees: 100,
            depth: 40,
            min_leaf_rows: if classes { 3 } else { 5 },
            columns: Some(looked_at.max(1)),
            bootstrap: true,
        }
    }
}

/// Trees whose predictions are averaged.
pub(super) struct Forest {
    trees: Vec<Tree>,
    /// Numbers per leaf: one per class, or one.
    outputs: usize,
}

struct Tree {
    nodes: Vec<Node>,
    /// `outputs` numbers for each leaf.
    leaves: Vec<f32>,
}

/// A split, or a leaf if `column` is `LEAF`.
#[derive(Clone, Copy)]
struct Node {
    column: u32,
    /// The left child, or the position of the leaf; the right child follows where `right` says.
    left: u32,
    right: u32,
    /// Which bins go to the left.
    goes_left: [u64; 4],
}

const LEAF: u32 = u32::MAX;

/// What a tree is grown for: sums over rows and how good a set of rows is.
trait Goal: Sync {
    type Sum: Copy + Default + Send;
    fn add(&self, sum: &mut Self::Sum, row: u32);
    fn join(sum: &mut Self::Sum, other: &Self::Sum);
    fn remove(sum: &Self::Sum, other: &Self::Sum) -> Self::Sum;
    fn rows(sum: &Self::Sum) -> f64;
    /// Larger is purer; adds up over the parts of a split.
    fn purity(sum: &Self::Sum) -> f64;
    /// Nothing is left to split.
    fn is_pure(sum: &Self::Sum) -> bool;
    /// By which levels are put into order, within a node.
    fn rank(sum: &Self::Sum, node: &Self::Sum) -> f64;
    fn leaf(&self, sum: &Self::Sum, out: &mut Vec<f32>);
}

struct Classes<'a, const K: usize> {
    of: &'a [u8],
    classes: usize,
}

impl<const K: usize> Goal for Classes<'_, K>
where
    [u32; K]: Default,
{
    type Sum = [u32; K];

    fn add(&self, sum: &mut [u32; K], row: u32) {
        sum[usize::from(self.of[row as usize])] += 1;
    }

    fn join(sum: &mut [u32; K], other: &[u32; K]) {
        for class in 0..K {
            sum[class] += other[class];
        }
    }

    fn remove(sum: &[u32; K], other: &[u32; K]) -> [u32; K] {
        std::array::from_fn(|class| sum[class] - other[class])
    }

    fn rows(sum: &[u32; K]) -> f64 {
        f64::from(sum.iter().sum::<u32>())
    }

    fn purity(sum: &[u32; K]) -> f64 {
        let squares: f64 = sum.iter().map(|&n| f64::from(n) * f64::from(n)).sum();
        squares / Self::rows(sum)
    }

    fn is_pure(sum: &[u32; K]) -> bool {
        sum.iter().filter(|&&n| n > 0).count() <= 1
    }

    /// The share of the node's most frequent class: for two classes the order that finds the best of all subsets (Breiman et al. 1984, theorem 4.5).
    fn rank(sum: &[u32; K], node: &[u32; K]) -> f64 {
        let most = (0..K).rev().max_by_key(|&class| node[class]).unwrap_or(0);
        f64::from(sum[most]) / Self::rows(sum)
    }

    fn leaf(&self, sum: &[u32; K], out: &mut Vec<f32>) {
        let rows = Self::rows(sum) as f32;
        out.extend(sum[..self.classes].iter().map(|&n| n as f32 / rows));
    }
}

struct Numbers<'a> {
    of: &'a [f64],
    /// Subtracted from every number, so that sums of squares keep their digits.
    centre: f64,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    rows: f64,
    sum: f64,
    squares: f64,
}

impl Goal for Numbers<'_> {
    type Sum = Moments;

    fn add(&self, sum: &mut Moments, row: u32) {
        let value = self.of[row as usize] - self.centre;
        sum.rows += 1.0;
        sum.sum += value;
        sum.squares += value * value;
    }

    fn join(sum: &mut Moments, other: &Moments) {
        sum.rows += other.rows;
        sum.sum += other.sum;
        sum.squares += other.squares;
    }

    fn remove(sum: &Moments, other: &Moments) -> Moments {
        Moments {
            rows: sum.rows - other.rows,
            sum: sum.sum - other.sum,
            squares: sum.squares - other.squares,
        }
    }

    fn rows(sum: &Moments) -> f64 {
        sum.rows
    }

    fn purity(sum: &Moments) -> f64 {
        sum.sum * sum.sum / sum.rows
    }

    fn is_pure(sum: &Moments) -> bool {
        sum.squares - Self::purity(sum) <= 1e-12 * sum.squares
    }

    fn rank(sum: &Moments, _: &Moments) -> f64 {
        sum.sum / sum.rows
    }

    fn leaf(&self, sum: &Moments, out: &mut Vec<f32>) {
        out.push((sum.sum / sum.rows + self.centre) as f32);
    }
}

impl Forest {
    pub(super) fn classes(
        data: &Features,
        rows: &[u32],
        of: &[u8],
        classes: usize,
        options: ForestOptions,
        seed: &Seed,
    ) -> Self {
        let trees = match classes {
            ..=2 => grow_all(data, rows, &Classes::<2> { of, classes }, options, seed),
            3..=4 => grow_all(data, rows, &Classes::<4> { of, classes }, options, seed),
            5..=8 => grow_all(data, rows, &Classes::<8> { of, classes }, options, seed),
            _ => grow_all(data, rows, &Classes::<32> { of, classes }, options, seed),
        };
        Self {
            trees,
            outputs: classes,
        }
    }

    pub(super) fn numbers(
        data: &Features,
        rows: &[u32],
        of: &[f64],
        options: ForestOptions,
        seed: &Seed,
    ) -> Self {
        let total: f64 = rows.iter().map(|&row| of[row as usize]).sum();
        let centre = total / rows.len().max(1) as f64;
        Self {
            trees: grow_all(data, rows, &Numbers { of, centre }, options, seed),
            outputs: 1,
        }
    }

    /// The mean over trees for each row: a share per class, or a number.
    pub(super) fn predict(&self, data: &Features, rows: &[u32]) -> Vec<Vec<f64>> {
        const BLOCK: usize = 512;
        let blocks: Vec<Vec<Vec<f64>>> = rows
            .par_chunks(BLOCK)
            .map(|rows| {
                let mut sums = vec![vec![0.0; self.outputs]; rows.len()];
                // Tree by tree, so that a tree stays in the cache.
                for tree in &self.trees {
                    for (sum, &row) in sums.iter_mut().zip(rows) {
                        let leaf = tree.leaf(data, row as usize);
                        let values = &tree.leaves[leaf * self.outputs..(leaf + 1) * self.outputs];
                        for (sum, &value) in sum.iter_mut().zip(values) {
                            *sum += f64::from(value);
                        }
                    }
                }
                let trees = self.trees.len() as f64;
                sums.iter_mut().flatten().for_each(|sum| *sum /= trees);
                sums
            })
            .collect();
        blocks.into_iter().flatten().collect()
    }
}

impl Tree {
    fn leaf(&self, data: &Features, row: usize) -> usize {
        let mut node = &self.nodes[0];
        while node.column != LEAF {
            let bin = data.features[node.column as usize].bins[row];
            let left = node.goes_left[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1;
            node = &self.nodes[if left { node.left } else { node.right } as usize];
        }
        node.left as usize
    }
}

fn grow_all<G: Goal>(
    data: &Features,
    rows: &[u32],
    goal: &G,
    options: ForestOptions,
    seed: &Seed,
) -> Vec<Tree> {
    (0..options.trees as u64)
        .into_par_iter()
        .map(|tree| {
            let mut rng = seed.index(tree).rng();
            let mut rows = match options.bootstrap {
                true => (0..rows.len())
                    .map(|_| rows[rng.below(rows.len() as u64) as usize])
                    .collect(),
                false => rows.to_vec(),
            };
            // In order, so that bins are read forwards.
            rows.sort_unstable();
            let mut grower = Grower {
                data,
                goal,
                options,
                rng,
                sums: vec![G::Sum::default(); 256],
                order: Vec::new(),
                columns: (0..data.features.len()).collect(),
                spare: Vec::with_capacity(rows.len()),
                tree: Tree {
                    nodes: Vec::new(),
                    leaves: Vec::new(),
                },
                outputs: 0,
            };
            let mut total = G::Sum::default();
            rows.iter().for_each(|&row| goal.add(&mut total, row));
            grower.node(&mut rows, total, options.depth);
            grower.tree
        })
        .collect()
}

struct Grower<'a, G: Goal> {
    data: &'a Features,
    goal: &'a G,
    options: ForestOptions,
    rng: Rng,
    /// One sum per bin; all zero between uses.
    sums: Vec<G::Sum>,
    order: Vec<u8>,
    columns: Vec<usize>,
    spare: Vec<u32>,
    tree: Tree,
    outputs: usize,
}

struct Split<S> {
    column: usize,
    goes_left: [u64; 4],
    left: S,
}

impl<G: Goal> Grower<'_, G> {
    /// Adds the node of these rows and all below it; returns its position.
    fn node(&mut self, rows: &mut [u32], total: G::Sum, depth: usize) -> u32 {
        let at = self.tree.nodes.len();
        self.tree.nodes.push(Node {
            column: LEAF,
            left: 0,
            right: 0,
            goes_left: [0; 4],
        });
        let small = rows.len() < 2 * self.options.min_leaf_rows.max(1);
        let split = match depth == 0 || small || G::is_pure(&total) {
            true => None,
            false => self.best_split(rows, &total),
        };
        let Some(split) = split else {
            self.tree.nodes[at].left = self.leaf(&total);
            return at as u32;
        };
        let bins = &self.data.features[split.column].bins;
        self.spare.clear();
        let mut middle = 0;
        for place in 0..rows.len() {
            let row = rows[place];
            let bin = bins[row as usize];
            if split.goes_left[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1 {
                rows[middle] = row;
                middle += 1;
            } else {
                self.spare.push(row);
            }
        }
        rows[middle..].copy_from_slice(&self.spare);
        let (left, right) = rows.split_at_mut(middle);
        let right_total = G::remove(&total, &split.left);
        let left = self.node(left, split.left, depth - 1);
        let right = self.node(right, right_total, depth - 1);
        self.tree.nodes[at] = Node {
            column: split.column as u32,
            left,
            right,
            goes_left: split.goes_left,
        };
        at as u32
    }

    fn leaf(&mut self, total: &G::Sum) -> u32 {
        let position = self.tree.leaves.len();
        self.goal.leaf(total, &mut self.tree.leaves);
        self.outputs = self.tree.leaves.len() - position;
        (position / self.outputs.max(1)) as u32
    }

    /// The purest split among the columns looked at; further columns are tried only if none of these can be split.
    fn best_split(&mut self, rows: &[u32], total: &G::Sum) -> Option<Split<G::Sum>> {
        let count = self.columns.len();
        let wanted = self.options.columns.unwrap_or(count).min(count);
        let mut best: Option<(f64, Split<G::Sum>)> = None;
        for tried in 0..count {
            if tried >= wanted && best.is_some() {
                break;
            }
            if wanted < count {
                let other = tried + self.rng.below((count - tried) as u64) as usize;
                self.columns.swap(tried, other);
            }
            let column = self.columns[tried];
            let known = best.as_ref().map_or(f64::NEG_INFINITY, |(score, _)| *score);
            if let Some(found) = self.column_split(column, rows, total, known) {
                best = Some(found);
            }
        }
        best.map(|(_, split)| split)
    }

    /// The best split of one column, if it is better than what is known.
    fn column_split(
        &mut self,
        column: usize,
        rows: &[u32],
        total: &G::Sum,
        known: f64,
    ) -> Option<(f64, Split<G::Sum>)> {
        let feature = &self.data.features[column];
        let bins = &feature.bins;
        for &row in rows {
            self.goal
                .add(&mut self.sums[usize::from(bins[row as usize])], row);
        }
        // The bins that occur: by looking at the rows where these are fewer than the bins.
        self.order.clear();
        if rows.len() < feature.bin_count / 2 {
            self.order
                .extend(rows.iter().map(|&row| bins[row as usize]));
            self.order.sort_unstable();
            self.order.dedup();
        } else {
            let occurs = |&bin: &usize| G::rows(&self.sums[bin]) > 0.0;
            let occurring = (0..feature.bin_count).filter(occurs);
            self.order.extend(occurring.map(|bin| bin as u8));
        }
        if !feature.ordered {
            let sums = &self.sums;
            let rank = |bin: u8| G::rank(&sums[usize::from(bin)], total);
            self.order
                .sort_by(|&a, &b| rank(a).total_cmp(&rank(b)).then(a.cmp(&b)));
        }
        let least = self.options.min_leaf_rows.max(1) as f64;
        let all = G::rows(total);
        let mut left = G::Sum::default();
        let mut found: Option<(f64, usize, G::Sum)> = None;
        let mut best = known;
        for (position, &bin) in self.order.iter().enumerate() {
            G::join(&mut left, &self.sums[usize::from(bin)]);
            let rows = G::rows(&left);
            if rows < least {
                continue;
            }
            if all - rows < least {
                break;
            }
            let score = G::purity(&left) + G::purity(&G::remove(total, &left));
            if score > best {
                best = score;
                found = Some((score, position, left));
            }
        }
        for &bin in &self.order {
            self.sums[usize::from(bin)] = G::Sum::default();
        }
        let (score, position, left) = found?;
        let mut goes_left = [0u64; 4];
        let mut set = |bin: u8| goes_left[usize::from(bin >> 6)] |= 1 << (bin & 63);
        if feature.ordered {
            // A cut in the middle between the last bin on the left and the first on the right.
            let (last, next) = (self.order[position], self.order[position + 1]);
            let cut = ((u16::from(last) + u16::from(next)) / 2) as u8;
            (0..=cut).for_each(&mut set);
        } else {
            self.order[..=position].iter().copied().for_each(&mut set);
            // Levels that do not occur here go where most rows go.
            if 2.0 * G::rows(&left) > all {
                let mut occurs = [false; 256];
                self.order
                    .iter()
                    .for_each(|&bin| occurs[usize::from(bin)] = true);
                (0..=255u8)
                    .filter(|&bin| !occurs[usize::from(bin)])
                    .for_each(&mut set);
            }
        }
        Some((
            score,
            Split {
                column,
                goes_left,
                left,
            },
        ))
    }
}
