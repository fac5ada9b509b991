//! Growing a tree.
//!
//! Large nodes of a numeric response are searched by histograms over the shared bins, the larger
//! child's histogram being its parent's less its sibling's; large nodes of classes by sorting rows
//! into bins. Below a few hundred rows a node moves into memory of its own where the rows of every
//! predictor are sorted, and stay sorted under stable partitions: no pass over empty bins,
//! everything in cache. Where each split looks at some of the predictors only, their bins are
//! counted node by node.

use parable_seed::Rng;

use crate::best::{Axis, BestSplit, LeastGain};
use crate::class_split::{BinRun, ClassNode};
use crate::impurity::{ByClass, Deviance, Gini, Parts, Unit, Weights};
use crate::nodes::GrownTree;
use crate::options::{GrowOptions, Impurity};
use crate::predictor::{Predictor, Response, Target};
use crate::small_nodes::SmallNodes;
use crate::split::{BinSum, scan_numbers};

/// Grows a tree on these rows of the table.
///
/// The nodes and the order of rows within leaves depend on the arguments alone. A row that is
/// listed twice counts twice.
#[must_use]
pub fn grow(
    predictors: &[Predictor<'_>],
    rows: Vec<u32>,
    response: &Response,
    options: &GrowOptions<'_>,
) -> GrownTree {
    grow_sampled(predictors, rows, response, options, None)
}

/// Grows a tree each split of which looks at the predictors that the sampler draws.
pub(crate) fn grow_sampled(
    predictors: &[Predictor<'_>],
    rows: Vec<u32>,
    response: &Response,
    options: &GrowOptions<'_>,
    sampler: Option<Sampler>,
) -> GrownTree {
    let (codes, count) = match response {
        Response::Classes { codes, count } => (codes, *count),
        Response::Numbers(values) => {
            let centred = centre(values, &rows);
            let squares = rows.iter().map(|&row| centred[row as usize].powi(2));
            let least_gain = LeastGain::new(options, squares.sum());
            let node = ClassNode::<Gini, Unit>::new(0, Unit);
            let target = Target::Numbers(&centred);
            return Search::new(predictors, target, options, least_gain, node).grow(rows, sampler);
        }
    };
    let target = Target::Classes(codes);
    let mass = match options.class_weights {
        None => rows.len() as f64,
        Some(weights) => {
            let weights = rows
                .iter()
                .map(|&row| weights[codes[row as usize] as usize]);
            weights.sum()
        }
    };
    let least_gain = LeastGain::new(options, mass);
    match (options.impurity, options.class_weights) {
        (Impurity::Gini, None) => {
            let node = ClassNode::<Gini, _>::new(count, Unit);
            Search::new(predictors, target, options, least_gain, node).grow(rows, sampler)
        }
        (Impurity::Gini, Some(weights)) => {
            let node = ClassNode::<Gini, _>::new(count, ByClass(weights));
            Search::new(predictors, target, options, least_gain, node).grow(rows, sampler)
        }
        (Impurity::Deviance, None) => {
            let node = ClassNode::<Deviance, _>::new(count, Unit);
            Search::new(predictors, target, options, least_gain, node).grow(rows, sampler)
        }
        (Impurity::Deviance, Some(weights)) => {
            let node = ClassNode::<Deviance, _>::new(count, ByClass(weights));
            Search::new(predictors, target, options, least_gain, node).grow(rows, sampler)
        }
    }
}

/// A numeric response less its mean, so that rounding does not grow with the mean.
fn centre(values: &[f64], rows: &[u32]) -> Vec<f64> {
    let sum: f64 = rows.iter().map(|&row| values[row as usize]).sum();
    let mean = sum / rows.len().max(1) as f64;
    let mut centred = vec![0.0; values.len()];
    for &row in rows {
        centred[row as usize] = values[row as usize] - mean;
    }
    centred
}

/// Draws the predictors that a split looks at.
#[derive(Debug)]
pub(crate) struct Sampler {
    per_split: usize,
    order: Vec<usize>,
    rng: Rng,
}

impl Sampler {
    pub(crate) fn new(predictors: usize, per_split: usize, rng: Rng) -> Self {
        Self {
            per_split: per_split.clamp(1, predictors.max(1)),
            order: (0..predictors).collect(),
            rng,
        }
    }

    /// The next predictor to look at after `tried` others. More than `per_split` are looked at only
    /// while none of them can be split.
    fn next(&mut self, tried: usize, found: bool) -> Option<usize> {
        if tried >= self.order.len() || tried >= self.per_split && found {
            return None;
        }
        let left = self.order.len() - tried;
        let other = tried + self.rng.below(left as u64) as usize;
        self.order.swap(tried, other);
        Some(self.order[tried])
    }
}

/// Rows and sum of the response by bin, for all predictors one after the other.
type Histogram = Vec<(f64, f64)>;

/// A node that was not searched yet: its rows, its depth, the split whose right child it is, and
/// its histogram if its parent had one.
struct Task {
    start: usize,
    end: usize,
    depth: usize,
    right_of: Option<usize>,
    histogram: Option<Histogram>,
}

/// Nodes up to this many rows get memory of their own.
const SMALL_ROWS: usize = 1_024;
/// Beyond this many bins histograms are mostly empty and nodes get memory of their own earlier.
const MANY_BINS: usize = 512;
/// How much earlier; positions in such a node take 16 bits.
const SMALL_ROWS_MANY_BINS: usize = 16_384;

struct Search<'a, P, W> {
    predictors: &'a [Predictor<'a>],
    target: Target<'a>,
    options: &'a GrowOptions<'a>,
    least_gain: LeastGain,
    /// Start of the histogram of each predictor, and length of all together.
    offsets: Vec<usize>,
    cells: usize,
    node: ClassNode<P, W>,
    sums: Vec<BinSum>,
    runs: Vec<BinRun>,
    /// Classes of the rows, sorted by bin.
    classes: Vec<u32>,
    counts: Vec<(f64, f64)>,
    starts: Vec<u32>,
    keys: Vec<u64>,
}

impl<'a, P: Parts, W: Weights> Search<'a, P, W> {
    fn new(
        predictors: &'a [Predictor<'a>],
        target: Target<'a>,
        options: &'a GrowOptions<'a>,
        least_gain: LeastGain,
        node: ClassNode<P, W>,
    ) -> Self {
        let mut cells = 0;
        let offsets = predictors
            .iter()
            .map(|predictor| {
                let offset = cells;
                cells += predictor.binning.bins();
                offset
            })
            .collect();
        Self {
            predictors,
            target,
            options,
            least_gain,
            offsets,
            cells,
            node,
            sums: Vec::new(),
            runs: Vec::new(),
            classes: Vec::new(),
            counts: Vec::new(),
            starts: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn grow(mut self, mut rows: Vec<u32>, mut sampler: Option<Sampler>) -> GrownTree {
        let mut grown = GrownTree::default();
        let bins = self.predictors.iter().map(|p| p.binning.bins());
        let small_rows = match (&sampler, bins.max().unwrap_or(0) > MANY_BINS) {
            (Some(_), _) => 0,
            (None, true) => SMALL_ROWS_MANY_BINS,
            (None, false) => SMALL_ROWS,
        };
        let mut small_nodes = SmallNodes::new(self.predictors, self.target, self.options);
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
            if held.len() <= small_rows {
                let Self {
                    node, least_gain, ..
                } = &mut self;
                small_nodes.grow(held, task.depth, node, *least_gain, &mut grown);
                continue;
            }
            let may_split = self.options.may_split(held.len(), task.depth);
            let histogram = match (task.histogram, self.target) {
                (Some(histogram), _) => Some(histogram),
                (None, Target::Numbers(values)) if sampler.is_none() && may_split => {
                    Some(self.histogram(held, values))
                }
                _ => None,
            };
            let best = match may_split {
                true => self.best(held, histogram.as_deref(), sampler.as_mut()),
                false => BestSplit::none(),
            };
            let Some(split) = best.split else {
                grown.push_leaf(held.iter().copied());
                continue;
            };
            let predictor = &self.predictors[best.predictor];
            let bins = |row: u32| usize::from(predictor.bins[row as usize]);
            let (rule, goes_left) = split.rule(predictor.binning, |goes_left| {
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
            let (left_histogram, right_histogram) = self.children(
                histogram,
                &rows[task.start..middle],
                &rows[middle..task.end],
                small_rows,
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

    fn histogram(&self, rows: &[u32], values: &[f64]) -> Histogram {
        let mut histogram = vec![(0.0, 0.0); self.cells];
        let held: Vec<f64> = rows.iter().map(|&row| values[row as usize]).collect();
        for (predictor, &offset) in self.predictors.iter().zip(&self.offsets) {
            let cells = &mut histogram[offset..offset + predictor.binning.bins()];
            for (&row, &value) in rows.iter().zip(&held) {
                let cell = &mut cells[usize::from(predictor.bins[row as usize])];
                cell.0 += 1.0;
                cell.1 += value;
            }
        }
        histogram
    }

    /// The children's histograms where they need one: the smaller is counted, the larger is what
    /// remains.
    fn children(
        &self,
        parent: Option<Histogram>,
        left: &[u32],
        right: &[u32],
        small_rows: usize,
    ) -> (Option<Histogram>, Option<Histogram>) {
        let (Some(mut parent), Target::Numbers(values)) = (parent, self.target) else {
            return (None, None);
        };
        if left.len().max(right.len()) <= small_rows {
            return (None, None);
        }
        let left_is_smaller = left.len() <= right.len();
        let smaller = self.histogram(if left_is_smaller { left } else { right }, values);
        for (cell, less) in parent.iter_mut().zip(&smaller) {
            cell.0 -= less.0;
            // An empty bin is exactly empty: counts are whole numbers.
            cell.1 = if cell.0 == 0.0 { 0.0 } else { cell.1 - less.1 };
        }
        let smaller = (left.len().min(right.len()) > small_rows).then_some(smaller);
        if left_is_smaller {
            (smaller, Some(parent))
        } else {
            (Some(parent), smaller)
        }
    }

    fn best(
        &mut self,
        rows: &[u32],
        histogram: Option<&[(f64, f64)]>,
        sampler: Option<&mut Sampler>,
    ) -> BestSplit {
        match self.target {
            Target::Numbers(values) => self.best_of_numbers(rows, values, histogram, sampler),
            Target::Classes(codes) => self.best_of_classes(rows, codes, sampler),
        }
    }

    fn best_of_numbers(
        &mut self,
        rows: &[u32],
        values: &[f64],
        histogram: Option<&[(f64, f64)]>,
        mut sampler: Option<&mut Sampler>,
    ) -> BestSplit {
        let of_rows = || rows.iter().map(|&row| values[row as usize]);
        let node = BinSum {
            bin: 0,
            rows: rows.len() as f64,
            sum: of_rows().sum(),
        };
        if self.least_gain.is_none() {
            let first = values[rows[0] as usize];
            if of_rows().all(|value| value == first) {
                return BestSplit::none();
            }
        }
        let mut best = self.least_gain.best_of(node.sum * node.sum / node.rows);
        let mut tried = 0;
        while let Some(position) = self.next(tried, &best, &mut sampler) {
            tried += 1;
            let predictor = &self.predictors[position];
            self.sums.clear();
            match histogram {
                Some(histogram) => {
                    let offset = self.offsets[position];
                    let cells = &histogram[offset..offset + predictor.binning.bins()];
                    push_sums(cells, &mut self.sums);
                }
                None => self.count_sums(rows, predictor, values),
            }
            let axis = Axis::of(position, predictor, self.options.min_leaf_rows);
            scan_numbers(&mut self.sums, axis, node, &mut best);
        }
        best
    }

    fn best_of_classes(
        &mut self,
        rows: &[u32],
        codes: &[u32],
        mut sampler: Option<&mut Sampler>,
    ) -> BestSplit {
        let of_rows = || rows.iter().map(|&row| codes[row as usize]);
        self.node.enter(of_rows());
        let mut best = self.least_gain.best_of(self.node.score());
        if !self.node.is_pure(of_rows().next()) {
            let mut tried = 0;
            while let Some(position) = self.next(tried, &best, &mut sampler) {
                tried += 1;
                let predictor = &self.predictors[position];
                self.sort_into_runs(rows, predictor, codes);
                let axis = Axis::of(position, predictor, self.options.min_leaf_rows);
                self.node.scan(&self.runs, &self.classes, axis, &mut best);
            }
        }
        self.node.leave(of_rows());
        best
    }

    /// The predictor to look at after `tried` others.
    fn next(
        &self,
        tried: usize,
        best: &BestSplit,
        sampler: &mut Option<&mut Sampler>,
    ) -> Option<usize> {
        match sampler {
            Some(sampler) => sampler.next(tried, best.split.is_some()),
            None => (tried < self.predictors.len()).then_some(tried),
        }
    }

    /// Counts rows and sums the response by bin.
    fn count_sums(&mut self, rows: &[u32], predictor: &Predictor<'_>, values: &[f64]) {
        if !self.sort_if_few(rows, predictor) {
            self.counts.clear();
            self.counts.resize(predictor.binning.bins(), (0.0, 0.0));
            for &row in rows {
                let cell = &mut self.counts[usize::from(predictor.bins[row as usize])];
                cell.0 += 1.0;
                cell.1 += values[row as usize];
            }
            push_sums(&self.counts, &mut self.sums);
            return;
        }
        for &key in &self.keys {
            let bin = (key >> 32) as u16;
            if self.sums.last().is_none_or(|last| last.bin != bin) {
                let (rows, sum) = (0.0, 0.0);
                self.sums.push(BinSum { bin, rows, sum });
            }
            if let Some(last) = self.sums.last_mut() {
                last.rows += 1.0;
                last.sum += values[key as u32 as usize];
            }
        }
    }

    /// Sorts the classes of the rows by bin.
    fn sort_into_runs(&mut self, rows: &[u32], predictor: &Predictor<'_>, codes: &[u32]) {
        self.runs.clear();
        self.classes.resize(rows.len(), 0);
        if self.sort_if_few(rows, predictor) {
            for (index, &key) in self.keys.iter().enumerate() {
                let (bin, index) = ((key >> 32) as u16, index as u32);
                match self.runs.last_mut() {
                    Some(last) if last.bin == bin => last.end += 1,
                    _ => self.runs.push(BinRun {
                        bin,
                        start: index,
                        end: index + 1,
                    }),
                }
                self.classes[index as usize] = codes[key as u32 as usize];
            }
            return;
        }
        let starts = &mut self.starts;
        starts.clear();
        starts.resize(predictor.binning.bins(), 0);
        for &row in rows {
            starts[usize::from(predictor.bins[row as usize])] += 1;
        }
        let mut sum = 0;
        for (bin, start) in starts.iter_mut().enumerate() {
            let count = std::mem::replace(start, sum);
            if count > 0 {
                self.runs.push(BinRun {
                    bin: bin as u16,
                    start: sum,
                    end: sum + count,
                });
            }
            sum += count;
        }
        for &row in rows {
            let place = &mut starts[usize::from(predictor.bins[row as usize])];
            self.classes[*place as usize] = codes[row as usize];
            *place += 1;
        }
    }

    /// Sorts the rows by bin if they are far fewer than the bins; returns whether they are.
    fn sort_if_few(&mut self, rows: &[u32], predictor: &Predictor<'_>) -> bool {
        let few = rows.len() * 2 < predictor.binning.bins();
        if few {
            self.keys.clear();
            let key = |&row: &u32| u64::from(predictor.bins[row as usize]) << 32 | u64::from(row);
            self.keys.extend(rows.iter().map(key));
            self.keys.sort_unstable();
        }
        few
    }
}

/// The bins that have rows.
fn push_sums(cells: &[(f64, f64)], sums: &mut Vec<BinSum>) {
    let held = cells.iter().zip(0..).filter(|(cell, _)| cell.0 > 0.0);
    sums.extend(held.map(|(cell, bin)| BinSum {
        bin,
        rows: cell.0,
        sum: cell.1,
    }));
}

#[cfg(test)]
mod tests;
