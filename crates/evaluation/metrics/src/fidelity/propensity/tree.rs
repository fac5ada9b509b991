//! A classification tree on binned columns.

use crate::data::frame::{Data, Frame};

/// Most bins of a numeric column: splits are looked for between bins of equal counts, each distinct number a bin of its own if they suffice.
const BINS: usize = 255;

/// All rows of both tables as bin numbers, real rows first.
#[derive(Debug)]
pub(super) struct Binned {
    pub(super) real: usize,
    pub(super) synthetic: usize,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<BinnedColumn>,
}

#[derive(Debug)]
pub(super) struct BinnedColumn {
    bins: usize,
    /// Whether bins have an order, so that a split is a cut.
    ordered: bool,
    codes: Vec<u16>,
}

/// How far a tree may grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeOptions {
    pub(super) depth: usize,
    pub(super) min_leaf_rows: usize,
}

/// A grown tree.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Leaf {
        probability: f64,
    },
    Split {
        column: usize,
        /// Whether a bin goes to the left.
        left: Vec<bool>,
        children: [usize; 2],
    },
}

impl Binned {
    pub(super) fn of(frame: &Frame, use_column: impl Fn(&str) -> bool) -> Self {
        let mut binned = Self {
            real: frame.rows.real,
            synthetic: frame.rows.synthetic,
            names: Vec::new(),
            columns: Vec::new(),
        };
        for column in frame.comparable().filter(|column| use_column(&column.name)) {
            let found = match &column.data {
                Data::Numbers(numbers) => bin_numbers(&numbers.real, &numbers.synthetic),
                // Codes beyond 16 bits are names, which no split can generalise over.
                Data::Codes { labels, .. } if labels.len() >= usize::from(u16::MAX) => continue,
                Data::Codes { labels, codes } => BinnedColumn {
                    bins: labels.len() + 1,
                    ordered: column.scale == crate::Scale::Ordinal,
                    codes: codes
                        .real
                        .iter()
                        .chain(&codes.synthetic)
                        .map(|&code| code as u16)
                        .collect(),
                },
            };
            if found.codes.windows(2).any(|pair| pair[0] != pair[1]) {
                binned.names.push(column.name.clone());
                binned.columns.push(found);
            }
        }
        binned
    }
}

/// Bin 0 holds missing values.
fn bin_numbers(real: &[f64], synthetic: &[f64]) -> BinnedColumn {
    let stacked = || real.iter().chain(synthetic).copied();
    let mut sorted: Vec<f64> = stacked().filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let uppers: Vec<f64> = if distinct.len() <= BINS {
        distinct
    } else {
        let mut uppers: Vec<f64> = (1..=BINS)
            .map(|bin| sorted[bin * sorted.len() / BINS - 1])
            .collect();
        uppers.dedup();
        uppers
    };
    let codes = stacked()
        .map(|x| match x.is_nan() {
            true => 0,
            false => uppers.partition_point(|&upper| upper < x) as u16 + 1,
        })
        .collect();
    BinnedColumn {
        bins: uppers.len() + 1,
        ordered: true,
        codes,
    }
}

/// Grows a tree on these rows: at each node the split with the largest fall of the Gini index, levels without an order being put in the order of their share of
/// synthetic rows, which finds the best of all subsets (Breiman et al. 1984, theorem 4.5). Of equal splits the most even one is taken, then the first.
pub(super) fn grow(
    binned: &Binned,
    synthetic: &[bool],
    mut rows: Vec<u32>,
    options: TreeOptions,
) -> Tree {
    let mut tree = Tree { nodes: Vec::new() };
    let most = binned.columns.iter().map(|c| c.bins).max().unwrap_or(0);
    let mut counts = vec![[0u32; 2]; most];
    tree.grow_node(
        binned,
        synthetic,
        &mut rows,
        options,
        options.depth,
        &mut counts,
    );
    tree
}

struct Split {
    column: usize,
    left: Vec<bool>,
}

impl Tree {
    /// Adds the node of these rows and all below it; returns its position.
    fn grow_node(
        &mut self,
        binned: &Binned,
        synthetic: &[bool],
        rows: &mut [u32],
        options: TreeOptions,
        depth: usize,
        counts: &mut [[u32; 2]],
    ) -> usize {
        let at = self.nodes.len();
        let ones = rows.iter().filter(|&&row| synthetic[row as usize]).count();
        self.nodes.push(Node::Leaf {
            probability: ones as f64 / rows.len().max(1) as f64,
        });
        if depth == 0 || ones == 0 || ones == rows.len() || rows.len() < 2 * options.min_leaf_rows {
            return at;
        }
        let Some(split) = best_split(binned, synthetic, rows, ones, options.min_leaf_rows, counts)
        else {
            return at;
        };
        let codes = &binned.columns[split.column].codes;
        let middle = partition(rows, |row| split.left[usize::from(codes[row as usize])]);
        let (left, right) = rows.split_at_mut(middle);
        let a = self.grow_node(binned, synthetic, left, options, depth - 1, counts);
        let b = self.grow_node(binned, synthetic, right, options, depth - 1, counts);
        self.nodes[at] = Node::Split {
            column: split.column,
            left: split.left,
            children: [a, b],
        };
        at
    }

    pub(super) fn leaves(&self) -> usize {
        let leaf = |node: &&Node| matches!(node, Node::Leaf { .. });
        self.nodes.iter().filter(leaf).count()
    }

    /// The probability of being synthetic for every row.
    pub(super) fn predict(&self, binned: &Binned) -> Vec<f64> {
        (0..binned.real + binned.synthetic)
            .map(|row| {
                let mut at = 0;
                loop {
                    match &self.nodes[at] {
                        Node::Leaf { probability } => break *probability,
                        Node::Split {
                            column,
                            left,
                            children,
                        } => {
                            let bin = usize::from(binned.columns[*column].codes[row]);
                            at = children[usize::from(!left[bin])];
                        }
                    }
                }
            })
            .collect()
    }
}

/// Brings the rows for which `left` holds to the front; how many there are. Keeps no order, which no count depends on.
fn partition(rows: &mut [u32], left: impl Fn(u32) -> bool) -> usize {
    let mut middle = 0;
    for at in 0..rows.len() {
        if left(rows[at]) {
            rows.swap(at, middle);
            middle += 1;
        }
    }
    middle
}

/// Half the sum of squares over the size, up to a constant the negative Gini index of a node times its rows.
fn purity(ones: f64, rows: f64) -> f64 {
    let zeros = rows - ones;
    (ones * ones + zeros * zeros) / rows
}

fn best_split(
    binned: &Binned,
    synthetic: &[bool],
    rows: &[u32],
    ones: usize,
    min_leaf_rows: usize,
    counts: &mut [[u32; 2]],
) -> Option<Split> {
    let (n, ones) = (rows.len() as f64, ones as f64);
    // At least one row on each side.
    let least = min_leaf_rows.max(1) as f64;
    // A split need not gain by itself: tables with the same columns and other relations differ only below it. Among equal splits the most even one wins.
    let mut best = (f64::NEG_INFINITY, 0.0);
    let mut found: Option<(usize, Vec<usize>, usize)> = None;
    let mut order: Vec<usize> = Vec::new();
    for (column, own) in binned.columns.iter().enumerate() {
        let counts = &mut counts[..own.bins];
        counts.fill([0; 2]);
        for &row in rows {
            let row = row as usize;
            counts[usize::from(own.codes[row])][usize::from(synthetic[row])] += 1;
        }
        order.clear();
        order.extend((0..own.bins).filter(|&bin| counts[bin] != [0, 0]));
        if !own.ordered {
            let share = |bin: usize| {
                let [zeros, ones] = counts[bin];
                f64::from(ones) / f64::from(zeros + ones)
            };
            order.sort_by(|&a, &b| share(a).total_cmp(&share(b)).then(a.cmp(&b)));
        }
        let (mut left_rows, mut left_ones) = (0.0, 0.0);
        for (position, &bin) in order.iter().enumerate() {
            let [zeros, more] = counts[bin];
            left_rows += f64::from(zeros + more);
            left_ones += f64::from(more);
            if left_rows < least {
                continue;
            }
            let right_rows = n - left_rows;
            if right_rows < least {
                break;
            }
            let score = purity(left_ones, left_rows) + purity(ones - left_ones, right_rows);
            let rounding = 1e-12 * score;
            let even = left_rows.min(right_rows);
            if score > best.0 + rounding || (score >= best.0 - rounding && even > best.1) {
                best = (score.max(best.0), even);
                found = Some((column, order[..=position].to_vec(), order[position + 1]));
            }
        }
    }
    let (column, bins, next) = found?;
    let own = &binned.columns[column];
    let left = if own.ordered {
        // A cut in the middle between the last bin on the left and the first on the right.
        let cut = (bins[bins.len() - 1] + next) / 2;
        (0..own.bins).map(|bin| bin <= cut).collect()
    } else {
        let mut rows_of = vec![0usize; own.bins];
        for &row in rows {
            rows_of[usize::from(own.codes[row as usize])] += 1;
        }
        let left_rows: usize = bins.iter().map(|&bin| rows_of[bin]).sum();
        // Levels that do not occur here go where most rows go.
        let mut left: Vec<bool> = rows_of
            .iter()
            .map(|&rows_of_level| rows_of_level == 0 && 2 * left_rows > rows.len())
            .collect();
        bins.iter().for_each(|&bin| left[bin] = true);
        left
    };
    Some(Split { column, left })
}
