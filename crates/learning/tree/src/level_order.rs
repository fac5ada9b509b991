//! Orders of levels by the classes of their rows.

use crate::impurity::Weights;

/// Mass of each class in each level of a node, sparse: predictors of many levels have few classes
/// per level.
#[derive(Debug, Default)]
pub(crate) struct LevelCounts {
    ends: Vec<usize>,
    cells: Vec<(u32, f64)>,
    rows: Vec<f64>,
    mass: Vec<f64>,
    count: Vec<f64>,
    weights: Vec<f64>,
    next: Vec<f64>,
}

impl LevelCounts {
    /// Counts the classes of each level.
    pub(crate) fn fill<'a, W: Weights>(
        &mut self,
        levels: impl Iterator<Item = &'a [u32]>,
        classes: usize,
        weights: W,
    ) {
        self.ends.clear();
        self.cells.clear();
        self.rows.clear();
        self.mass.clear();
        self.count.resize(classes, 0.0);
        for level in levels {
            let start = self.cells.len();
            for &class in level {
                let count = &mut self.count[class as usize];
                if *count == 0.0 {
                    self.cells.push((class, 0.0));
                }
                *count += 1.0;
            }
            let mut mass = 0.0;
            for cell in &mut self.cells[start..] {
                let class = cell.0 as usize;
                cell.1 = std::mem::take(&mut self.count[class]) * weights.of(class);
                mass += cell.1;
            }
            self.ends.push(self.cells.len());
            self.rows.push(level.len() as f64);
            self.mass.push(mass);
        }
    }

    /// The classes of a level and the mass of each.
    pub(crate) fn of(&self, level: usize) -> &[(u32, f64)] {
        let start = if level == 0 { 0 } else { self.ends[level - 1] };
        &self.cells[start..self.ends[level]]
    }

    /// The rows of a level.
    pub(crate) fn rows(&self, level: usize) -> f64 {
        self.rows[level]
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn scores(&self) -> Vec<f64> {
        (0..self.len())
            .map(|level| {
                let sum: f64 = self
                    .of(level)
                    .iter()
                    .map(|&(class, count)| count * self.weights[class as usize])
                    .sum();
                sum / self.mass[level]
            })
            .collect()
    }
}

/// Rounds of the power method: an order needs far less precision than the component itself.
const ROUNDS: usize = 6;

/// Two scores per level: the share of the commonest class, and the first principal component of the
/// class shares, weighted by mass.
///
/// The component is the leading eigenvector of `sum over levels of n (p - mean)(p - mean)'`, found
/// by the power method from the commonest class on; one round costs as many steps as there are
/// non-empty cells, whatever the number of classes.
///
/// - `total`: mass of each class over all levels
pub(crate) fn level_scores(cells: &mut LevelCounts, total: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut commonest = cells.cells.first().map_or(0, |cell| cell.0);
    for &(class, _) in &cells.cells {
        let (count, most) = (total[class as usize], total[commonest as usize]);
        if count > most || (count == most && class < commonest) {
            commonest = class;
        }
    }
    if cells.weights.len() < total.len() {
        cells.weights.resize(total.len(), 0.0);
        cells.next.resize(total.len(), 0.0);
    }
    for &(class, _) in &cells.cells {
        cells.weights[class as usize] = 0.0;
    }
    cells.weights[commonest as usize] = 1.0;
    let common = cells.scores();
    let mut scores = common.clone();
    let mass: f64 = cells.mass.iter().sum();
    for _ in 0..ROUNDS {
        let mean: f64 = scores
            .iter()
            .zip(&cells.mass)
            .map(|(s, n)| s * n)
            .sum::<f64>()
            / mass;
        for &(class, _) in &cells.cells {
            cells.next[class as usize] = 0.0;
        }
        let mut start = 0;
        for (level, &end) in cells.ends.iter().enumerate() {
            let offset = scores[level] - mean;
            for &(class, count) in &cells.cells[start..end] {
                cells.next[class as usize] += count * offset;
            }
            start = end;
        }
        let largest = cells.cells.iter().fold(0.0f64, |m, &(class, _)| {
            m.max(cells.next[class as usize].abs())
        });
        if largest <= 0.0 {
            break;
        }
        for &(class, _) in &cells.cells {
            cells.weights[class as usize] = cells.next[class as usize] / largest;
        }
        scores = cells.scores();
    }
    (common, scores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impurity::Unit;

    #[test]
    fn groups_line_up_along_the_direction_in_which_their_shares_differ() {
        // Classes 1 and 2 trade places from group to group; class 0 is common everywhere.
        let groups: Vec<Vec<u32>> = [8, 2, 6, 4]
            .iter()
            .map(|&ones| {
                let mut group = vec![0; 11];
                group.extend(vec![1; ones]);
                group.extend(vec![2; 10 - ones]);
                group
            })
            .collect();
        let mut total = vec![0.0; 3];
        groups
            .iter()
            .flatten()
            .for_each(|&class| total[class as usize] += 1.0);
        // A share of the commonest class that is all but equal must not stop the power method.
        total[0] += 0.0;
        let mut cells = LevelCounts::default();
        let mut uneven = groups.clone();
        uneven[0].push(0);
        total[0] += 1.0;
        cells.fill(uneven.iter().map(Vec::as_slice), 3, Unit);
        let (_, scores) = level_scores(&mut cells, &total);
        let mut order: Vec<usize> = (0..4).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        assert!(
            order == [0, 2, 3, 1] || order == [1, 3, 2, 0],
            "{order:?} {scores:?}"
        );
    }
}
