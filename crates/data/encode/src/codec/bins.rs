//! Cutting numbers into bins.

use parable_seed::Rng;
use serde::{Deserialize, Serialize};

use parable_table::{Bounds, Field, Grid, Kind};

/// A stretch of numbers with one code, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Smallest number.
    pub low: f64,
    /// Largest number; equal to `low` for a bin of one number.
    pub high: f64,
}

impl Bin {
    /// A number drawn uniformly from the points of the grid inside the bin, or from the whole
    /// stretch without a grid.
    pub(super) fn draw(&self, grid: Option<Grid>, rng: &mut Rng) -> f64 {
        match grid {
            Some(grid) => {
                let steps = ((self.high - self.low) / grid.step()).round().max(0.0);
                let step = if steps < u64::MAX as f64 {
                    rng.below(steps as u64 + 1) as f64
                } else {
                    0.0
                };
                grid.round(self.low + step * grid.step())
                    .clamp(self.low, self.high)
            }
            None => self.low + rng.uniform() * (self.high - self.low),
        }
    }
}

/// The bin of a number: the one that contains it, otherwise the nearest.
pub(super) fn find(bins: &[Bin], value: f64) -> usize {
    let after = bins.partition_point(|bin| bin.low <= value);
    let Some(before) = after.checked_sub(1) else {
        return 0;
    };
    let nearer = |next: &Bin| next.low - value < value - bins[before].high;
    match bins.get(after) {
        Some(next) if value > bins[before].high && nearer(next) => after,
        _ => before,
    }
}

/// The grid of a numeric field: whole numbers unless it is continuous.
pub(super) fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

/// Bins of equal width between bounds, on grid points; one per point if there are few.
pub(super) fn uniform(bounds: Bounds<f64>, grid: Option<Grid>, most: u32) -> Vec<Bin> {
    let most = u64::from(most.max(1));
    let Bounds { min, max } = bounds;
    let Some(grid) = grid else {
        let width = (max - min) / most as f64;
        let edge = |index: u64| {
            if index == most {
                max
            } else {
                min + width * index as f64
            }
        };
        let mut bins: Vec<Bin> = (0..most)
            .map(|index| Bin {
                low: edge(index),
                high: edge(index + 1),
            })
            .collect();
        bins.dedup_by(|next, bin| next.low <= bin.low);
        return bins;
    };
    // Bounds need not lie on the grid: the outermost points inside them count.
    let step = grid.step();
    let first = inward(grid, min, step, |point| point < min);
    let last = inward(grid, max, -step, |point| point > max).max(first);
    let points = ((last - first) / step).round() as u64 + 1;
    let count = points.min(most);
    let point = |index: u64| grid.round(first + index as f64 * step);
    let start = |bin: u64| (u128::from(bin) * u128::from(points) / u128::from(count)) as u64;
    (0..count)
        .map(|bin| Bin {
            low: point(start(bin)),
            high: point(start(bin + 1) - 1),
        })
        .collect()
}

fn inward(grid: Grid, value: f64, step: f64, outside: impl Fn(f64) -> bool) -> f64 {
    let near = grid.round(value);
    if outside(near) {
        grid.round(near + step)
    } else {
        near
    }
}

/// Bins that hold about equally many of the sorted numbers; a number that fills a bin of its own
/// gets one.
pub(super) fn by_quantiles(sorted: &[f64], most: u32) -> Vec<Bin> {
    let runs: Vec<(f64, usize)> = sorted
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .collect();
    let single = |&(value, _): &(f64, usize)| Bin {
        low: value,
        high: value,
    };
    let most = most.max(1) as usize;
    if runs.len() <= most {
        return runs.iter().map(single).collect();
    }
    let is_spike = |rows: usize| rows * most >= sorted.len();
    let spikes = runs.iter().filter(|run| is_spike(run.1)).count();
    // Stretches between spikes share the remaining bins by their rows, at least one each.
    let rest: usize = runs
        .iter()
        .filter(|run| !is_spike(run.1))
        .map(|run| run.1)
        .sum();
    let target = (rest as f64 / most.saturating_sub(spikes).max(1) as f64).max(1.0);
    let mut bins: Vec<Bin> = Vec::new();
    let mut open: Option<(Bin, usize)> = None;
    for run in &runs {
        if is_spike(run.1) {
            bins.extend(open.take().map(|(bin, _)| bin));
            bins.push(single(run));
            continue;
        }
        let (mut bin, mut rows) = open.take().unwrap_or((single(run), 0));
        bin.high = run.0;
        rows += run.1;
        if rows as f64 >= target {
            bins.push(bin);
        } else {
            open = Some((bin, rows));
        }
    }
    bins.extend(open.map(|(bin, _)| bin));
    merge(bins, &runs, most)
}

/// Joins neighbouring bins, those with the fewest rows first, until there are few enough.
fn merge(mut bins: Vec<Bin>, runs: &[(f64, usize)], most: usize) -> Vec<Bin> {
    let rows = |bin: &Bin| -> usize {
        let inside = runs
            .iter()
            .filter(|run| run.0 >= bin.low && run.0 <= bin.high);
        inside.map(|run| run.1).sum()
    };
    while bins.len() > most {
        let joint = |index: &usize| rows(&bins[*index]) + rows(&bins[index + 1]);
        let Some(index) = (0..bins.len() - 1).min_by_key(joint) else {
            break;
        };
        bins[index].high = bins[index + 1].high;
        bins.remove(index + 1);
    }
    bins
}
