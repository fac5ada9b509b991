//! Growing a tree.
//!
//! Large nodes of a numeric target are searched by histograms over the shared bins, the larger child's histogram being its parent's less its
//! sibling's; large nodes of classes by sorting rows into bins. Below a few hundred rows a node moves into memory of its own where the rows
//! of every predictor stand sorted, and stay sorted under stable partitions: no pass over empty bins, everything in cache.

use crate::feature::Coding;
use crate::local;
use crate::split::{Axis, Best, ClassScratch, Group, Question, Run, scan_classes, scan_numbers};
use crate::tree::{Node, Rule};

/// A predictor of one tree: its number, its coding and its bins by row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Predictor<'a> {
    pub(crate) feature: u16,
    pub(crate) coding: &'a Coding,
    pub(crate) bins: &'a [u16],
    /// Fewest rows on each side of a question about it, if more than in a leaf.
    pub(crate) min_rows: usize,
}

/// What a tree predicts, by row of the table; rows that take no part hold a filler.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    Number(Vec<f64>),
    Classes { codes: Vec<u32>, count: usize },
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) min_leaf: usize,
    pub(crate) min_split: usize,
    pub(crate) max_depth: usize,
}

/// A grown tree: nodes in preorder and the training rows in the order of leaves.
#[derive(Debug, Default)]
pub(crate) struct Grown {
    pub(crate) nodes: Vec<Node>,
    pub(crate) rows: Vec<u32>,
    pub(crate) leaf_ends: Vec<u32>,
}

impl Grown {
    /// The rows of a leaf.
    pub(crate) fn leaf(&self, leaf: usize) -> &[u32] {
        let start = if leaf == 0 {
            0
        } else {
            self.leaf_ends[leaf - 1] as usize
        };
        &self.rows[start..self.leaf_ends[leaf] as usize]
    }

    pub(crate) fn push_leaf(&mut self, rows: impl Iterator<Item = u32>) {
        self.nodes.push(Node::Leaf(self.leaf_ends.len() as u32));
        self.rows.extend(rows);
        self.leaf_ends.push(self.rows.len() as u32);
    }

    /// Adds a split whose right child is not known yet.
    pub(crate) fn push_split(&mut self, feature: u16, rule: Rule) -> usize {
        self.nodes.push(Node::Split {
            feature,
            rule,
            right: 0,
        });
        self.nodes.len() - 1
    }

    /// Adds another tree behind this one; the number of its first node.
    pub(crate) fn append(&mut self, other: Self) -> u32 {
        let (nodes, rows, leaves) = (
            self.nodes.len() as u32,
            self.rows.len() as u32,
            self.leaf_ends.len() as u32,
        );
        self.nodes
            .extend(other.nodes.into_iter().map(|node| match node {
                Node::Leaf(leaf) => Node::Leaf(leaf + leaves),
                Node::Split {
                    feature,
                    rule,
                    right,
                } => Node::Split {
                    feature,
                    rule,
                    right: right + nodes,
                },
            }));
        self.rows.extend(other.rows);
        self.leaf_ends
            .extend(other.leaf_ends.into_iter().map(|end| end + rows));
        nodes
    }

    /// Makes the node that comes next the right child of this split.
    pub(crate) fn set_right(&mut self, split: usize) {
        let next = self.nodes.len() as u32;
        if let Node::Split { right, .. } = &mut self.nodes[split] {
            *right = next;
        }
    }
}

/// Two classes as numbers: the same splits, at half the price.
pub(crate) fn as_numbers(response: Response) -> Response {
    match response {
        Response::Classes { codes, count } if count <= 2 => {
            Response::Number(codes.into_iter().map(f64::from).collect())
        }
        other => other,
    }
}

/// Rows and target sum by bin, for all predictors one after the other.
type Histogram = Vec<(f64, f64)>;

/// A node not looked at yet: its rows, its depth, the split whose right child it is, and its histogram if its parent had one.
struct Task {
    start: usize,
    end: usize,
    depth: usize,
    right_of: Option<usize>,
    histogram: Option<Histogram>,
}

/// Nodes up to this many rows get memory of their own.
const LOCAL_ROWS: usize = 1_024;
/// Beyond this many bins histograms are mostly empty and nodes get memory of their own earlier.
const MANY_BINS: usize = 512;
/// How much earlier; positions in such a node take 16 bits.
const LOCAL_ROWS_MANY_BINS: usize = 16_384;

/// Grows a tree over these rows.
pub(crate) fn grow(
    predictors: &[Predictor<'_>],
    mut rows: Vec<u32>,
    response: &Response,
    limits: Limits,
) -> Grown {
    let mut grown = Grown::default();
    // A response is centred, so that rounding does not grow with its mean.
    let centred;
    let (response, scale) = match response {
        Response::Number(values) => {
            let mean = rows.iter().map(|&row| values[row as usize]).sum::<f64>()
                / rows.len().max(1) as f64;
            let mut all = vec![0.0; values.len()];
            for &row in &rows {
                all[row as usize] = values[row as usize] - mean;
            }
            let scale = rows
                .iter()
                .map(|&row| all[row as usize].powi(2))
                .sum::<f64>();
            centred = Response::Number(all);
            (&centred, scale)
        }
        Response::Classes { .. } => (response, rows.len() as f64),
    };
    let most_bins = predictors
        .iter()
        .map(|p| p.coding.bins())
        .max()
        .unwrap_or(0);
    let local_rows = if most_bins > MANY_BINS {
        LOCAL_ROWS_MANY_BINS
    } else {
        LOCAL_ROWS
    };
    let mut search = Search {
        predictors,
        response,
        limits,
        least_gain: scale * 1e-9,
        offsets: predictors
            .iter()
            .scan(0, |sum, p| {
                let offset = *sum;
                *sum += p.coding.bins();
                Some(offset)
            })
            .collect(),
        cells: predictors.iter().map(|p| p.coding.bins()).sum(),
        scratch: ClassScratch::new(match response {
            Response::Classes { count, .. } => *count,
            Response::Number(_) => 0,
        }),
        buffer: Vec::new(),
        groups: Vec::new(),
        runs: Vec::new(),
    };
    let mut memory = local::Memory::new(predictors, response);
    let mut tasks = vec![Task {
        start: 0,
        end: rows.len(),
        depth: 0,
        right_of: None,
        histogram: None,
    }];
    let mut right_rows = Vec::new();
    while let Some(task) = tasks.pop() {
        if let Some(split) = task.right_of {
            grown.set_right(split);
        }
        let held = &mut rows[task.start..task.end];
        if held.len() <= local_rows {
            memory.grow(
                held,
                task.depth,
                &search.limits,
                search.least_gain,
                &mut grown,
            );
            continue;
        }
        let histogram = match (task.histogram, response) {
            (Some(histogram), _) => Some(histogram),
            (None, Response::Number(values)) => Some(search.histogram(held, values)),
            (None, Response::Classes { .. }) => None,
        };
        let best = search.best(held, task.depth, histogram.as_deref());
        let Some(question) = best.question else {
            grown.push_leaf(held.iter().copied());
            continue;
        };
        let predictor = &predictors[best.predictor];
        let bins = |row: u32| usize::from(predictor.bins[row as usize]);
        let (rule, goes_left) = rule_of(&question, predictor.coding, |goes_left| {
            held.iter().filter(|&&row| goes_left[bins(row)]).count() * 2 >= held.len()
        });
        right_rows.clear();
        let mut left = 0;
        for index in 0..held.len() {
            let row = held[index];
            if goes_left[bins(row)] {
                held[left] = row;
                left += 1;
            } else {
                right_rows.push(row);
            }
        }
        held[left..].copy_from_slice(&right_rows);
        let middle = task.start + left;
        let split = grown.push_split(predictor.feature, rule);
        let (left_histogram, right_histogram) = search.children(
            histogram,
            &rows[task.start..middle],
            &rows[middle..task.end],
            local_rows,
        );
        tasks.push(Task {
            start: middle,
            end: task.end,
            depth: task.depth + 1,
            right_of: Some(split),
            histogram: right_histogram,
        });
        tasks.push(Task {
            start: task.start,
            end: middle,
            depth: task.depth + 1,
            right_of: None,
            histogram: left_histogram,
        });
    }
    grown
}

/// The rule of a question and, by bin, whether it sends left. Bins that are not in the node go with the larger child, which `left_is_larger`
/// tells given the ways of those that are.
pub(crate) fn rule_of(
    question: &Question,
    coding: &Coding,
    left_is_larger: impl FnOnce(&[bool]) -> bool,
) -> (Rule, Vec<bool>) {
    let values = coding.values();
    let mut goes_left = vec![false; coding.bins()];
    match question {
        Question::Cut { low, high, missing } => {
            let last = if usize::from(*high) < values {
                coding.cut_between(usize::from(*low), usize::from(*high)) as u16
            } else {
                *low
            };
            let rule = Rule::Cut {
                last,
                missing: *missing,
            };
            for (bin, left) in goes_left.iter_mut().enumerate() {
                *left = rule.goes_left(bin as u16, values);
            }
            (rule, goes_left)
        }
        Question::Sets { left, right } => {
            let mut known = vec![false; coding.bins()];
            for &bin in left {
                goes_left[usize::from(bin)] = true;
                known[usize::from(bin)] = true;
            }
            for &bin in right {
                known[usize::from(bin)] = true;
            }
            if left_is_larger(&goes_left) {
                for (left, known) in goes_left.iter_mut().zip(&known) {
                    *left |= !known;
                }
            }
            let mut words = vec![0u64; coding.bins().div_ceil(64)];
            for (bin, _) in goes_left.iter().enumerate().filter(|(_, left)| **left) {
                words[bin / 64] |= 1 << (bin % 64);
            }
            (Rule::Set(words.into()), goes_left)
        }
    }
}

struct Search<'a> {
    predictors: &'a [Predictor<'a>],
    response: &'a Response,
    limits: Limits,
    least_gain: f64,
    /// Where the histogram of each predictor starts, and how long all are together.
    offsets: Vec<usize>,
    cells: usize,
    scratch: ClassScratch,
    buffer: Vec<u32>,
    groups: Vec<Group>,
    runs: Vec<Run>,
}

impl Search<'_> {
    fn histogram(&self, rows: &[u32], values: &[f64]) -> Histogram {
        let mut histogram = vec![(0.0, 0.0); self.cells];
        let held: Vec<f64> = rows.iter().map(|&row| values[row as usize]).collect();
        for (predictor, &offset) in self.predictors.iter().zip(&self.offsets) {
            let cells = &mut histogram[offset..offset + predictor.coding.bins()];
            for (&row, &value) in rows.iter().zip(&held) {
                let cell = &mut cells[usize::from(predictor.bins[row as usize])];
                cell.0 += 1.0;
                cell.1 += value;
            }
        }
        histogram
    }

    /// The children's histograms where they need one: the smaller is counted, the larger is what remains.
    fn children(
        &self,
        parent: Option<Histogram>,
        left: &[u32],
        right: &[u32],
        local_rows: usize,
    ) -> (Option<Histogram>, Option<Histogram>) {
        let (Some(mut parent), Response::Number(values)) = (parent, self.response) else {
            return (None, None);
        };
        if left.len().max(right.len()) <= local_rows {
            return (None, None);
        }
        let left_is_smaller = left.len() <= right.len();
        let smaller = self.histogram(if left_is_smaller { left } else { right }, values);
        for (cell, less) in parent.iter_mut().zip(&smaller) {
            cell.0 -= less.0;
            // An empty bin is exactly empty: counts are whole numbers.
            cell.1 = if cell.0 == 0.0 { 0.0 } else { cell.1 - less.1 };
        }
        let smaller = (left.len().min(right.len()) > local_rows).then_some(smaller);
        if left_is_smaller {
            (smaller, Some(parent))
        } else {
            (Some(parent), smaller)
        }
    }

    fn best(&mut self, rows: &[u32], depth: usize, histogram: Option<&[(f64, f64)]>) -> Best {
        let nothing = Best::above(f64::INFINITY);
        if depth >= self.limits.max_depth
            || rows.len() < self.limits.min_split
            || rows.len() < 2 * self.limits.min_leaf
        {
            return nothing;
        }
        match self.response {
            Response::Number(values) => {
                let sum: f64 = rows.iter().map(|&row| values[row as usize]).sum();
                let count = rows.len() as f64;
                let mut best = Best::above(sum * sum / count + self.least_gain);
                let histogram = histogram.unwrap_or_default();
                for (position, predictor) in self.predictors.iter().enumerate() {
                    let offset = self.offsets[position];
                    let cells = &histogram[offset..offset + predictor.coding.bins()];
                    self.groups.clear();
                    self.groups.extend(
                        cells
                            .iter()
                            .enumerate()
                            .filter(|(_, cell)| cell.0 > 0.0)
                            .map(|(bin, cell)| Group {
                                bin: bin as u16,
                                rows: cell.0,
                                sum: cell.1,
                            }),
                    );
                    scan_numbers(
                        &mut self.groups,
                        axis(position, predictor, &self.limits),
                        count,
                        sum,
                        &mut best,
                    );
                }
                best
            }
            Response::Classes { codes, .. } => {
                let of_rows = || rows.iter().map(|&row| codes[row as usize]);
                self.scratch.enter(of_rows());
                let square = square_of(&self.scratch.total);
                let floor = square / rows.len() as f64 + self.least_gain;
                let mut best = Best::above(floor);
                if square < (rows.len() as f64).powi(2) {
                    self.buffer.resize(rows.len(), 0);
                    for (position, predictor) in self.predictors.iter().enumerate() {
                        sort_into_runs(rows, predictor, codes, &mut self.buffer, &mut self.runs);
                        scan_classes(
                            &self.runs,
                            &self.buffer,
                            axis(position, predictor, &self.limits),
                            square,
                            &mut self.scratch,
                            &mut best,
                        );
                    }
                }
                self.scratch.leave(of_rows());
                best
            }
        }
    }
}

pub(crate) fn axis(position: usize, predictor: &Predictor<'_>, limits: &Limits) -> Axis {
    Axis {
        predictor: position,
        values: predictor.coding.values(),
        ordered: predictor.coding.ordered(),
        min_rows: predictor.min_rows.max(limits.min_leaf) as f64,
    }
}

fn square_of(counts: &[f64]) -> f64 {
    counts.iter().map(|count| count * count).sum()
}

/// Sorts the rows' classes by bin (counting sort).
fn sort_into_runs(
    rows: &[u32],
    predictor: &Predictor<'_>,
    codes: &[u32],
    classes: &mut [u32],
    runs: &mut Vec<Run>,
) {
    let mut starts = vec![0u32; predictor.coding.bins()];
    for &row in rows {
        starts[usize::from(predictor.bins[row as usize])] += 1;
    }
    runs.clear();
    let mut sum = 0;
    for (bin, start) in starts.iter_mut().enumerate() {
        let count = std::mem::replace(start, sum);
        if count > 0 {
            runs.push(Run {
                bin: bin as u16,
                start: sum,
                end: sum + count,
            });
        }
        sum += count;
    }
    for &row in rows {
        let place = &mut starts[usize::from(predictor.bins[row as usize])];
        classes[*place as usize] = codes[row as usize];
        *place += 1;
    }
}

#[cfg(test)]
mod tests;
