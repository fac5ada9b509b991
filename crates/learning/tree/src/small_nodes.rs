//! Small nodes: rows sorted by every predictor once, and kept sorted under stable partitions.

use crate::best::{Axis, BestSplit, LeastGain};
use crate::class_split::{BinRun, ClassNode};
use crate::impurity::{Parts, Weights};
use crate::nodes::GrownTree;
use crate::options::GrowOptions;
use crate::predictor::{Predictor, Target};
use crate::split::{BinSum, scan_numbers};

/// Working memory for small nodes, kept from node to node of one tree.
#[derive(Debug)]
pub(crate) struct SmallNodes<'a> {
    predictors: &'a [Predictor<'a>],
    target: Target<'a>,
    options: &'a GrowOptions<'a>,
    /// For each predictor the rows of the node, `bin << 16 | position`, sorted by bin within each
    /// open segment.
    sorted: Vec<u32>,
    /// Positions of the node's rows, segment by segment.
    members: Vec<u16>,
    numbers: Vec<f64>,
    classes: Vec<u32>,
    left: Vec<bool>,
    spare: Vec<u32>,
    spare_members: Vec<u16>,
    counts: Vec<u32>,
    sums: Vec<BinSum>,
    runs: Vec<BinRun>,
    run_classes: Vec<u32>,
}

struct Segment {
    start: usize,
    end: usize,
    depth: usize,
    right_of: Option<usize>,
    /// Predictors that may still vary in the segment.
    active: Vec<u16>,
}

impl<'a> SmallNodes<'a> {
    pub(crate) fn new(
        predictors: &'a [Predictor<'a>],
        target: Target<'a>,
        options: &'a GrowOptions<'a>,
    ) -> Self {
        Self {
            predictors,
            target,
            options,
            sorted: Vec::new(),
            members: Vec::new(),
            numbers: Vec::new(),
            classes: Vec::new(),
            left: Vec::new(),
            spare: Vec::new(),
            spare_members: Vec::new(),
            counts: Vec::new(),
            sums: Vec::new(),
            runs: Vec::new(),
            run_classes: Vec::new(),
        }
    }

    /// Grows the subtree over these rows (at most 65,536) and adds it to the tree.
    pub(crate) fn grow<P: Parts, W: Weights>(
        &mut self,
        rows: &[u32],
        depth: usize,
        node: &mut ClassNode<P, W>,
        least_gain: LeastGain,
        grown: &mut GrownTree,
    ) {
        let options = self.options;
        let splittable =
            |segment: &Segment| options.may_split(segment.end - segment.start, segment.depth);
        let root = Segment {
            start: 0,
            end: rows.len(),
            depth,
            right_of: None,
            active: (0..self.predictors.len() as u16).collect(),
        };
        self.members.clear();
        self.members
            .extend((0..rows.len()).map(|position| position as u16));
        if splittable(&root) {
            self.load(rows);
        }
        let stride = rows.len();
        let mut segments = vec![root];
        while let Some(mut segment) = segments.pop() {
            if let Some(split) = segment.right_of {
                grown.set_right(split);
            }
            let best = if splittable(&segment) {
                self.best(&mut segment, stride, node, least_gain)
            } else {
                BestSplit::none()
            };
            let Some(split) = best.split else {
                let held = &self.members[segment.start..segment.end];
                grown.push_leaf(held.iter().map(|&position| rows[usize::from(position)]));
                continue;
            };
            let predictor = &self.predictors[best.predictor];
            let held = segment.start..segment.end;
            let sorted = &self.sorted[best.predictor * stride..][held.clone()];
            let (rule, goes_left) = split.rule(predictor.binning, |goes_left| {
                let left = sorted
                    .iter()
                    .filter(|&&key| goes_left[(key >> 16) as usize])
                    .count();
                left * 2 >= sorted.len()
            });
            let mut left_rows = 0;
            for &key in sorted {
                let left = goes_left[(key >> 16) as usize];
                self.left[(key & 0xffff) as usize] = left;
                left_rows += usize::from(left);
            }
            let middle = segment.start + left_rows;
            let split = grown.push_split(predictor.feature, rule);
            let right = Segment {
                start: middle,
                end: segment.end,
                depth: segment.depth + 1,
                right_of: Some(split),
                active: segment.active.clone(),
            };
            let left = Segment {
                start: segment.start,
                end: middle,
                depth: segment.depth + 1,
                right_of: None,
                active: segment.active,
            };
            self.part_members(held.clone());
            if splittable(&left) || splittable(&right) {
                for index in 0..left.active.len() {
                    let base = usize::from(left.active[index]) * stride;
                    self.part(base + held.start..base + held.end);
                }
            }
            segments.push(right);
            segments.push(left);
        }
    }

    /// Sorts the rows by every predictor.
    fn load(&mut self, rows: &[u32]) {
        match self.target {
            Target::Numbers(values) => {
                self.numbers.clear();
                self.numbers
                    .extend(rows.iter().map(|&row| values[row as usize]));
            }
            Target::Classes(codes) => {
                self.classes.clear();
                self.classes
                    .extend(rows.iter().map(|&row| codes[row as usize]));
            }
        }
        let held = rows.len();
        self.left.resize(held.max(self.left.len()), false);
        self.spare.resize(held.max(self.spare.len()), 0);
        self.spare_members
            .resize(held.max(self.spare_members.len()), 0);
        self.sorted.resize(self.predictors.len() * held, 0);
        for (index, predictor) in self.predictors.iter().enumerate() {
            let sorted = &mut self.sorted[index * held..(index + 1) * held];
            let bins = predictor.binning.bins();
            if bins > 4 * held {
                for (position, (key, &row)) in sorted.iter_mut().zip(rows).enumerate() {
                    *key = u32::from(predictor.bins[row as usize]) << 16 | position as u32;
                }
                sorted.sort_unstable();
                continue;
            }
            self.counts.clear();
            self.counts.resize(bins + 1, 0);
            for &row in rows {
                self.counts[usize::from(predictor.bins[row as usize]) + 1] += 1;
            }
            for bin in 1..bins {
                self.counts[bin] += self.counts[bin - 1];
            }
            for (position, &row) in rows.iter().enumerate() {
                let bin = predictor.bins[row as usize];
                let place = &mut self.counts[usize::from(bin)];
                sorted[*place as usize] = u32::from(bin) << 16 | position as u32;
                *place += 1;
            }
        }
    }

    /// Brings the rows that go left to the front of a range of `sorted`, both sides keeping their
    /// order.
    fn part(&mut self, range: std::ops::Range<usize>) {
        let keys = &mut self.sorted[range];
        let (mut front, mut back) = (0, 0);
        for index in 0..keys.len() {
            let key = keys[index];
            let left = usize::from(self.left[(key & 0xffff) as usize]);
            keys[front] = key;
            self.spare[back] = key;
            front += left;
            back += 1 - left;
        }
        keys[front..].copy_from_slice(&self.spare[..back]);
    }

    fn part_members(&mut self, range: std::ops::Range<usize>) {
        let members = &mut self.members[range];
        let (mut front, mut back) = (0, 0);
        for index in 0..members.len() {
            let member = members[index];
            let left = usize::from(self.left[usize::from(member)]);
            members[front] = member;
            self.spare_members[back] = member;
            front += left;
            back += 1 - left;
        }
        members[front..].copy_from_slice(&self.spare_members[..back]);
    }

    fn best<P: Parts, W: Weights>(
        &mut self,
        segment: &mut Segment,
        stride: usize,
        node: &mut ClassNode<P, W>,
        least_gain: LeastGain,
    ) -> BestSplit {
        let min_leaf = self.options.min_leaf_rows;
        let held = segment.start..segment.end;
        let varies = |sorted: &[u32], predictor: u16| {
            let keys = &sorted[usize::from(predictor) * stride..][held.clone()];
            keys[0] >> 16 != keys[keys.len() - 1] >> 16
        };
        match self.target {
            Target::Numbers(_) => {
                let (mut sum, mut least, mut most) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
                for &member in &self.members[held.clone()] {
                    let number = self.numbers[usize::from(member)];
                    sum += number;
                    least = number.min(least);
                    most = number.max(most);
                }
                if least >= most {
                    return BestSplit::none();
                }
                segment
                    .active
                    .retain(|&predictor| varies(&self.sorted, predictor));
                let whole = BinSum {
                    bin: 0,
                    rows: held.len() as f64,
                    sum,
                };
                let mut best = least_gain.best_of(sum * sum / whole.rows);
                for &predictor in &segment.active {
                    let position = usize::from(predictor);
                    let keys = &self.sorted[position * stride..][held.clone()];
                    sum_bins(keys, &self.numbers, &mut self.sums);
                    let axis = Axis::of(position, &self.predictors[position], min_leaf);
                    scan_numbers(&mut self.sums, axis, whole, &mut best);
                }
                best
            }
            Target::Classes(_) => {
                let (members, classes) = (&self.members, &self.classes);
                let of_members = || {
                    let members = members[held.clone()].iter();
                    members.map(|&member| classes[usize::from(member)])
                };
                node.enter(of_members());
                let mut best = least_gain.best_of(node.score());
                if !node.is_pure(of_members().next()) {
                    segment
                        .active
                        .retain(|&predictor| varies(&self.sorted, predictor));
                    for &predictor in &segment.active {
                        let position = usize::from(predictor);
                        let keys = &self.sorted[position * stride..][held.clone()];
                        run(keys, classes, &mut self.runs, &mut self.run_classes);
                        let axis = Axis::of(position, &self.predictors[position], min_leaf);
                        node.scan(&self.runs, &self.run_classes, axis, &mut best);
                    }
                }
                node.leave(of_members());
                best
            }
        }
    }
}

/// Sums the response over equal bins.
fn sum_bins(keys: &[u32], numbers: &[f64], sums: &mut Vec<BinSum>) {
    sums.clear();
    let mut bin = keys[0] >> 16;
    let (mut rows, mut sum) = (0.0, 0.0);
    for &key in keys {
        if key >> 16 != bin {
            sums.push(BinSum {
                bin: bin as u16,
                rows,
                sum,
            });
            (bin, rows, sum) = (key >> 16, 0.0, 0.0);
        }
        rows += 1.0;
        sum += numbers[(key & 0xffff) as usize];
    }
    sums.push(BinSum {
        bin: bin as u16,
        rows,
        sum,
    });
}

/// Sorts the classes of the rows into runs of equal bins.
fn run(keys: &[u32], classes: &[u32], runs: &mut Vec<BinRun>, run_classes: &mut Vec<u32>) {
    runs.clear();
    run_classes.clear();
    for (index, &key) in keys.iter().enumerate() {
        let bin = (key >> 16) as u16;
        match runs.last_mut() {
            Some(last) if last.bin == bin => last.end += 1,
            _ => runs.push(BinRun {
                bin,
                start: index as u32,
                end: index as u32 + 1,
            }),
        }
        run_classes.push(classes[(key & 0xffff) as usize]);
    }
}
