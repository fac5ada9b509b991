//! The best split on one predictor of a response with classes.
//!
//! Bins with an order are cut. Levels without one are first put into two orders, of which the
//! better split wins: by the first principal component of their class shares (Coppersmith, Hong and
//! Hosking 1999) and by the share of the commonest class.

use std::marker::PhantomData;

use crate::best::{ALL_MISSING, Axis, BestSplit, Split, Threshold};
use crate::impurity::{Parts, Weights};
use crate::level_order::{LevelCounts, level_scores};

/// Classes of the rows in one bin of a node: a range of a list sorted by bin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BinRun {
    pub(crate) bin: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A node with classes and the working memory for its splits, kept from node to node.
#[derive(Debug)]
pub(crate) struct ClassNode<P, W> {
    weights: W,
    /// Mass of each class in the node.
    total: Vec<f64>,
    /// Sum of the parts of all classes, and mass and rows of the node.
    parts: f64,
    mass: f64,
    rows: f64,
    left: Vec<f64>,
    right: Vec<f64>,
    order: Vec<usize>,
    counts: LevelCounts,
    measure: PhantomData<P>,
}

impl<P: Parts, W: Weights> ClassNode<P, W> {
    pub(crate) fn new(classes: usize, weights: W) -> Self {
        Self {
            weights,
            total: vec![0.0; classes],
            parts: 0.0,
            mass: 0.0,
            rows: 0.0,
            left: vec![0.0; classes],
            right: vec![0.0; classes],
            order: Vec::new(),
            counts: LevelCounts::default(),
            measure: PhantomData,
        }
    }

    /// Sets the rows of the node that is searched next.
    pub(crate) fn enter(&mut self, classes: impl Iterator<Item = u32> + Clone) {
        (self.mass, self.rows) = (0.0, 0.0);
        for class in classes.clone() {
            let weight = self.weights.of(class as usize);
            self.total[class as usize] += weight;
            self.right[class as usize] += weight;
            self.mass += weight;
            self.rows += 1.0;
        }
        // Each row adds its share: the sum of the parts without a pass over all classes.
        self.parts = classes
            .map(|class| {
                let weight = self.weights.of(class as usize);
                P::of_row(weight, self.total[class as usize])
            })
            .sum();
    }

    /// Forgets the node; the same classes as at [`enter`](Self::enter).
    pub(crate) fn leave(&mut self, classes: impl Iterator<Item = u32>) {
        for class in classes {
            self.total[class as usize] = 0.0;
            self.right[class as usize] = 0.0;
        }
    }

    /// The score of the node as it is.
    pub(crate) fn score(&self) -> f64 {
        P::node(self.parts, self.mass)
    }

    /// Whether all rows have the same class: the one of this row.
    pub(crate) fn is_pure(&self, class: Option<u32>) -> bool {
        class.is_none_or(|class| self.total[class as usize] >= self.mass)
    }

    /// Looks for a better split on one predictor.
    ///
    /// - `runs`: the bins that have rows, ascending; the classes of their rows are in `classes`
    pub(crate) fn scan(
        &mut self,
        runs: &[BinRun],
        classes: &[u32],
        axis: Axis,
        best: &mut BestSplit,
    ) {
        if runs.len() < 2 {
            return;
        }
        if axis.ordered {
            self.scan_cuts(runs, classes, axis, best);
            return;
        }
        if runs.len() == 2 {
            if let Some((reached, _)) = self.sweep(&runs[..1], &[], classes, best.threshold(axis)) {
                best.take(
                    reached,
                    axis,
                    Split::sets(runs.iter().map(|run| run.bin), 1),
                );
            }
            return;
        }
        let mut counts = std::mem::take(&mut self.counts);
        let groups = runs
            .iter()
            .map(|run| &classes[run.start as usize..run.end as usize]);
        counts.fill(groups, self.total.len(), self.weights);
        let (common, principal) = level_scores(&mut counts, &self.total);
        for scores in [principal, common] {
            let mut order = std::mem::take(&mut self.order);
            order.clear();
            order.extend(0..runs.len());
            order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
            if let Some((reached, count)) = self.sweep_levels(&order, &counts, best.threshold(axis))
            {
                let bins = order.iter().map(|&run| runs[run].bin);
                best.take(reached, axis, Split::sets(bins, count));
            }
            self.order = order;
        }
        self.counts = counts;
    }

    fn scan_cuts(&mut self, runs: &[BinRun], classes: &[u32], axis: Axis, best: &mut BestSplit) {
        let values = runs.partition_point(|run| usize::from(run.bin) < axis.values);
        let (values, missing) = runs.split_at(values);
        let high = |count: usize| values.get(count).map(|run| run.bin);
        let inner = values.len().saturating_sub(usize::from(missing.is_empty()));
        if let Some((reached, count)) =
            self.sweep(&values[..inner], &[], classes, best.threshold(axis))
        {
            let split = Split::cut(values[count - 1].bin, high(count), axis, 0);
            best.take(reached, axis, split);
        }
        if missing.is_empty() {
            return;
        }
        let inner = values.len().saturating_sub(1);
        if let Some((reached, count)) =
            self.sweep(&values[..inner], missing, classes, best.threshold(axis))
        {
            let split = Split::cut(values[count - 1].bin, high(count), axis, ALL_MISSING);
            best.take(reached, axis, split);
        }
        if missing.len() > 1 {
            for one in missing {
                let alone = std::slice::from_ref(one);
                if let Some((reached, _)) = self.sweep(alone, &[], classes, best.threshold(axis)) {
                    best.take(reached, axis, Split::all_but_missing(one.bin, axis));
                }
            }
        }
    }

    /// The best prefix of the runs, those of `moved` being on the left from the start; all of
    /// `runs` may go left.
    fn sweep(
        &mut self,
        runs: &[BinRun],
        moved: &[BinRun],
        classes: &[u32],
        mut best: Threshold,
    ) -> Option<(Threshold, usize)> {
        let Self {
            weights,
            total,
            left,
            right,
            ..
        } = self;
        let of = |run: &BinRun| &classes[run.start as usize..run.end as usize];
        let mut side = Side::default();
        let mut parts_right = self.parts;
        let mut shift = |run: &BinRun, side: &mut Side, parts_right: &mut f64| {
            for &class in of(run) {
                let class = class as usize;
                let weight = weights.of(class);
                side.parts += P::growth(left[class], weight);
                left[class] += weight;
                right[class] -= weight;
                *parts_right -= P::growth(right[class], weight);
                if !W::UNIT {
                    side.mass += weight;
                }
            }
            side.rows += f64::from(run.end - run.start);
        };
        for run in moved {
            shift(run, &mut side, &mut parts_right);
        }
        let (mut found, mut done) = (0, 0);
        for (index, run) in runs.iter().enumerate() {
            shift(run, &mut side, &mut parts_right);
            done = index + 1;
            let rows_right = self.rows - side.rows;
            if rows_right < best.min_rows {
                break;
            }
            if side.rows < best.min_rows {
                continue;
            }
            let masses = match W::UNIT {
                true => (side.rows, rows_right),
                false => (side.mass, self.mass - side.mass),
            };
            let (above, below) = P::split((side.parts, parts_right), masses);
            if best.offer(above, below, (side.rows, rows_right)) {
                found = index + 1;
            }
        }
        for run in moved.iter().chain(&runs[..done]) {
            for &class in of(run) {
                left[class as usize] = 0.0;
                right[class as usize] = total[class as usize];
            }
        }
        (found > 0).then_some((best, found))
    }

    /// As [`sweep`](Self::sweep), for levels in this order, their classes counted.
    fn sweep_levels(
        &mut self,
        order: &[usize],
        counts: &LevelCounts,
        mut best: Threshold,
    ) -> Option<(Threshold, usize)> {
        let Self {
            total, left, right, ..
        } = self;
        let mut side = Side::default();
        let mut parts_right = self.parts;
        let (mut found, mut done) = (0, 0);
        for (index, &level) in order[..order.len() - 1].iter().enumerate() {
            for &(class, mass) in counts.of(level) {
                let class = class as usize;
                side.parts += P::growth(left[class], mass);
                left[class] += mass;
                right[class] -= mass;
                parts_right -= P::growth(right[class], mass);
                side.mass += mass;
            }
            side.rows += counts.rows(level);
            done = index + 1;
            let rows_right = self.rows - side.rows;
            if rows_right < best.min_rows {
                break;
            }
            if side.rows < best.min_rows {
                continue;
            }
            let masses = (side.mass, self.mass - side.mass);
            let (above, below) = P::split((side.parts, parts_right), masses);
            if best.offer(above, below, (side.rows, rows_right)) {
                found = index + 1;
            }
        }
        for &level in &order[..done] {
            for &(class, _) in counts.of(level) {
                left[class as usize] = 0.0;
                right[class as usize] = total[class as usize];
            }
        }
        (found > 0).then_some((best, found))
    }
}

/// Rows, mass and sum of parts on the left side of a split.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    rows: f64,
    mass: f64,
    parts: f64,
}
