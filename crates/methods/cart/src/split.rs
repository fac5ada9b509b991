//! The best question about one predictor, given what a node holds per bin.
//!
//! Numbers are split by the reduction of squared error, classes by the reduction of Gini impurity; a target of two classes is the same
//! problem as the numbers 0 and 1. Bins with an order are cut; levels without one are first put into an order of their own in every
//! node: by the mean of the target, which contains the best subset (Fisher 1958; Breiman et al. 1984, section 4.2.2), or, for three and more
//! classes, by the first principal component of the class shares (Coppersmith, Hong and Hosking 1999) and by the share of the commonest class.

use crate::ordering::{Cells, principal_scores};

/// Rows and target sum in one bin of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Group {
    pub(crate) bin: u16,
    pub(crate) rows: f64,
    pub(crate) sum: f64,
}

/// The classes of the rows in one bin of a node: a range of a list sorted by bin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) bin: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What is known of the predictor that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Position in the list of predictors.
    pub(crate) predictor: usize,
    /// Bins below this are values, the others missing reasons.
    pub(crate) values: usize,
    pub(crate) ordered: bool,
    /// Fewest rows on each side of a question about it.
    pub(crate) min_rows: f64,
}

/// A question that divides a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// Values up to bin `low` go left, from bin `high` on right; missing reasons with a set bit left.
    Cut { low: u16, high: u16, missing: u64 },
    /// Bins that go left and bins that go right; the others are not in the node.
    Sets { left: Vec<u16>, right: Vec<u16> },
}

/// The best question found so far in a node.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    /// Sum over both sides of (sum of the target)^2 / rows, or of its counterpart for classes.
    pub(crate) score: f64,
    pub(crate) predictor: usize,
    pub(crate) question: Option<Question>,
}

impl Best {
    /// Nothing found; a question must score above `floor`.
    pub(crate) fn above(floor: f64) -> Self {
        Self {
            score: floor,
            predictor: 0,
            question: None,
        }
    }

    /// What a question about this predictor must reach.
    fn bar(&self, axis: Axis) -> Bar {
        Bar {
            score: self.score,
            min_rows: axis.min_rows,
        }
    }

    fn take(&mut self, score: f64, axis: Axis, question: Question) {
        self.score = score;
        self.predictor = axis.predictor;
        self.question = Some(question);
    }
}

/// A score to beat and the fewest rows on each side.
#[derive(Clone, Copy, Debug)]
struct Bar {
    score: f64,
    min_rows: f64,
}

/// All missing reasons go left.
const ALL: u64 = u64::MAX;

fn bit(bin: u16, values: usize) -> u64 {
    1 << (usize::from(bin) - values).min(63)
}

/// Looks for a better question about one predictor of a numeric target.
///
/// - `groups`: the bins that have rows, ascending
/// - `rows`, `sum`: of the whole node
pub(crate) fn scan_numbers(groups: &mut [Group], axis: Axis, rows: f64, sum: f64, best: &mut Best) {
    if groups.len() < 2 {
        return;
    }
    if !axis.ordered {
        if groups.len() > 2 {
            // Means are compared as they are rounded: products would not order near ties consistently.
            groups.sort_unstable_by(|a, b| {
                (a.sum / a.rows)
                    .total_cmp(&(b.sum / b.rows))
                    .then(a.bin.cmp(&b.bin))
            });
        }
        if let Some((score, count)) = sweep_numbers(groups, 0.0, 0.0, rows, sum, best.bar(axis)) {
            best.take(score, axis, sets(groups.iter().map(|g| g.bin), count));
        }
        return;
    }
    let values = groups.partition_point(|group| usize::from(group.bin) < axis.values);
    let (values, reasons) = groups.split_at(values);
    let absent = reasons
        .iter()
        .fold((0.0, 0.0), |(n, s), g| (n + g.rows, s + g.sum));
    let cut = |count: usize, missing: u64| {
        let low = values[count - 1].bin;
        let high = values.get(count).map_or(axis.values as u16, |g| g.bin);
        Question::Cut { low, high, missing }
    };
    let inner = values.len().saturating_sub(usize::from(reasons.is_empty()));
    if let Some((score, count)) =
        sweep_numbers_to(values, inner, 0.0, 0.0, rows, sum, best.bar(axis))
    {
        best.take(score, axis, cut(count, 0));
    }
    if absent.0 > 0.0 {
        let inner = values.len().saturating_sub(1);
        if let Some((score, count)) =
            sweep_numbers_to(values, inner, absent.0, absent.1, rows, sum, best.bar(axis))
        {
            best.take(score, axis, cut(count, ALL));
        }
        if reasons.len() > 1 {
            for reason in reasons {
                if let Some((score, _)) = sweep_numbers_to(
                    std::slice::from_ref(reason),
                    1,
                    0.0,
                    0.0,
                    rows,
                    sum,
                    best.bar(axis),
                ) {
                    let question = Question::Cut {
                        low: axis.values.saturating_sub(1) as u16,
                        high: axis.values as u16,
                        missing: !bit(reason.bin, axis.values),
                    };
                    best.take(score, axis, question);
                }
            }
        }
    }
}

fn sweep_numbers(
    groups: &[Group],
    rows_left: f64,
    sum_left: f64,
    rows: f64,
    sum: f64,
    bar: Bar,
) -> Option<(f64, usize)> {
    sweep_numbers_to(
        groups,
        groups.len() - 1,
        rows_left,
        sum_left,
        rows,
        sum,
        bar,
    )
}

/// The best of the first `upto` prefixes of the groups, if it beats what is known: its score and how many groups go left.
#[inline]
fn sweep_numbers_to(
    groups: &[Group],
    upto: usize,
    mut rows_left: f64,
    mut sum_left: f64,
    rows: f64,
    sum: f64,
    bar: Bar,
) -> Option<(f64, usize)> {
    let mut score = bar.score;
    let mut found = 0;
    for (index, group) in groups[..upto].iter().enumerate() {
        rows_left += group.rows;
        sum_left += group.sum;
        let rows_right = rows - rows_left;
        if rows_right < bar.min_rows {
            break;
        }
        if rows_left < bar.min_rows {
            continue;
        }
        let sum_right = sum - sum_left;
        let above = sum_left * sum_left * rows_right + sum_right * sum_right * rows_left;
        let below = rows_left * rows_right;
        // Compared without a division, which only a new best needs.
        if above > score * below {
            score = above / below;
            found = index + 1;
        }
    }
    (found > 0).then_some((score, found))
}

fn sets(order: impl Iterator<Item = u16>, count: usize) -> Question {
    let mut left: Vec<u16> = order.collect();
    let right = left.split_off(count);
    Question::Sets { left, right }
}

/// Working space for classes, kept from node to node.
#[derive(Debug, Default)]
pub(crate) struct ClassScratch {
    /// Rows of the node by class.
    pub(crate) total: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
    order: Vec<usize>,
    cells: Cells,
}

impl ClassScratch {
    pub(crate) fn new(classes: usize) -> Self {
        Self {
            total: vec![0.0; classes],
            left: vec![0.0; classes],
            right: vec![0.0; classes],
            ..Self::default()
        }
    }

    /// Declares the rows of the node that is looked at next.
    pub(crate) fn enter(&mut self, classes: impl Iterator<Item = u32>) {
        for class in classes {
            self.total[class as usize] += 1.0;
            self.right[class as usize] += 1.0;
        }
    }

    /// Forgets the node; the same classes as at [`enter`](Self::enter).
    pub(crate) fn leave(&mut self, classes: impl Iterator<Item = u32>) {
        for class in classes {
            self.total[class as usize] = 0.0;
            self.right[class as usize] = 0.0;
        }
    }
}

/// Looks for a better question about one predictor of a target with classes.
///
/// - `runs`: the bins that have rows, ascending; their rows' classes stand in `classes`
/// - `square`: the sum of the squared class counts of the node
pub(crate) fn scan_classes(
    runs: &[Run],
    classes: &[u32],
    axis: Axis,
    square: f64,
    scratch: &mut ClassScratch,
    best: &mut Best,
) {
    if runs.len() < 2 {
        return;
    }
    if axis.ordered {
        let values = runs.partition_point(|run| usize::from(run.bin) < axis.values);
        let (values, reasons) = runs.split_at(values);
        let cut = |count: usize, missing: u64| {
            let low = values[count - 1].bin;
            let high = values.get(count).map_or(axis.values as u16, |run| run.bin);
            Question::Cut { low, high, missing }
        };
        let inner = values.len().saturating_sub(usize::from(reasons.is_empty()));
        if let Some((score, count)) = sweep_classes(
            &values[..inner],
            &[],
            classes,
            square,
            scratch,
            best.bar(axis),
        ) {
            best.take(score, axis, cut(count, 0));
        }
        if reasons.is_empty() {
            return;
        }
        let inner = values.len().saturating_sub(1);
        if let Some((score, count)) = sweep_classes(
            &values[..inner],
            reasons,
            classes,
            square,
            scratch,
            best.bar(axis),
        ) {
            best.take(score, axis, cut(count, ALL));
        }
        if reasons.len() > 1 {
            for reason in reasons {
                let alone = std::slice::from_ref(reason);
                if let Some((score, _)) =
                    sweep_classes(alone, &[], classes, square, scratch, best.bar(axis))
                {
                    let question = Question::Cut {
                        low: axis.values.saturating_sub(1) as u16,
                        high: axis.values as u16,
                        missing: !bit(reason.bin, axis.values),
                    };
                    best.take(score, axis, question);
                }
            }
        }
        return;
    }
    if runs.len() == 2 {
        if let Some((score, _)) =
            sweep_classes(&runs[..1], &[], classes, square, scratch, best.bar(axis))
        {
            best.take(score, axis, sets(runs.iter().map(|run| run.bin), 1));
        }
        return;
    }
    let mut cells = std::mem::take(&mut scratch.cells);
    cells.fill(
        runs.iter()
            .map(|run| &classes[run.start as usize..run.end as usize]),
        scratch.total.len(),
    );
    let (common, principal) = principal_scores(&mut cells, &scratch.total);
    for scores in [principal, common] {
        let mut order = std::mem::take(&mut scratch.order);
        order.clear();
        order.extend(0..runs.len());
        order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
        if let Some((score, count)) = sweep_cells(&order, &cells, square, scratch, best.bar(axis)) {
            best.take(
                score,
                axis,
                sets(order.iter().map(|&run| runs[run].bin), count),
            );
        }
        scratch.order = order;
    }
    scratch.cells = cells;
}

/// The best prefix of the runs, those of `moved` being on the left from the start; all of `runs` may go left.
fn sweep_classes(
    runs: &[Run],
    moved: &[Run],
    classes: &[u32],
    square: f64,
    scratch: &mut ClassScratch,
    bar: Bar,
) -> Option<(f64, usize)> {
    let ClassScratch {
        total, left, right, ..
    } = scratch;
    let of = |run: &Run| &classes[run.start as usize..run.end as usize];
    let rows = classes.len() as f64;
    let (mut rows_left, mut square_left, mut square_right) = (0.0, 0.0, square);
    let mut shift =
        |run: &Run, rows_left: &mut f64, square_left: &mut f64, square_right: &mut f64| {
            for &class in of(run) {
                let class = class as usize;
                *square_left += 2.0 * left[class] + 1.0;
                left[class] += 1.0;
                *square_right -= 2.0 * right[class] - 1.0;
                right[class] -= 1.0;
            }
            *rows_left += f64::from(run.end - run.start);
        };
    for run in moved {
        shift(run, &mut rows_left, &mut square_left, &mut square_right);
    }
    let (mut score, mut found, mut done) = (bar.score, 0, 0);
    for (index, run) in runs.iter().enumerate() {
        shift(run, &mut rows_left, &mut square_left, &mut square_right);
        done = index + 1;
        let rows_right = rows - rows_left;
        if rows_right < bar.min_rows {
            break;
        }
        if rows_left < bar.min_rows {
            continue;
        }
        let above = square_left * rows_right + square_right * rows_left;
        let below = rows_left * rows_right;
        if above > score * below {
            score = above / below;
            found = index + 1;
        }
    }
    for run in moved.iter().chain(&runs[..done]) {
        for &class in of(run) {
            left[class as usize] = 0.0;
            right[class as usize] = total[class as usize];
        }
    }
    (found > 0).then_some((score, found))
}

/// As [`sweep_classes`], for groups in any order, their classes counted.
fn sweep_cells(
    order: &[usize],
    cells: &Cells,
    square: f64,
    scratch: &mut ClassScratch,
    bar: Bar,
) -> Option<(f64, usize)> {
    let ClassScratch {
        total, left, right, ..
    } = scratch;
    let rows = cells.rows();
    let (mut rows_left, mut square_left, mut square_right) = (0.0, 0.0, square);
    let (mut score, mut found, mut done) = (bar.score, 0, 0);
    for (index, &group) in order[..order.len() - 1].iter().enumerate() {
        for &(class, count) in cells.of(group) {
            let class = class as usize;
            square_left += count * (2.0 * left[class] + count);
            left[class] += count;
            square_right -= count * (2.0 * right[class] - count);
            right[class] -= count;
            rows_left += count;
        }
        done = index + 1;
        let rows_right = rows - rows_left;
        if rows_right < bar.min_rows {
            break;
        }
        if rows_left < bar.min_rows {
            continue;
        }
        let above = square_left * rows_right + square_right * rows_left;
        let below = rows_left * rows_right;
        if above > score * below {
            score = above / below;
            found = index + 1;
        }
    }
    for &group in &order[..done] {
        for &(class, _) in cells.of(group) {
            left[class as usize] = 0.0;
            right[class as usize] = total[class as usize];
        }
    }
    (found > 0).then_some((score, found))
}
