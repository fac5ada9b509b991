//! The search: tiles of near rows, boxes around them, and the nearest of every query.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::kernel::{LANES, Term, strip_sums};
use super::space::Points;

/// Strips per tile.
const STRIPS: usize = 4;
/// Reference rows per tile.
const TILE: usize = STRIPS * LANES;
/// Queries that go through the tiles together.
const BLOCK: usize = 64;

/// Reference rows arranged for searching.
#[derive(Debug)]
pub(crate) struct Index<'a, T> {
    points: &'a Points,
    /// The row in each place, tile after tile; `u32::MAX` fills up the last.
    rows: Vec<u32>,
    /// Coordinates in single precision: strip after strip, axis after axis, 32 rows each; axes in
    /// `order`.
    strips: Vec<f32>,
    /// For each tile and axis the smallest and the largest coordinate, and the mean.
    low: Vec<f32>,
    high: Vec<f32>,
    centre: Vec<f32>,
    /// Axes by falling mean term, so that far rows are recognised early.
    order: Vec<usize>,
    /// What is subtracted from each coordinate before it is rounded, so that large offsets cost no
    /// precision.
    origin: Vec<f64>,
    /// Largest distance of a coordinate from the origin, for each axis.
    reach: Vec<f64>,
    term: PhantomData<T>,
}

/// The nearest reference rows of each query, nearest first, ties by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Neighbours {
    pub(crate) k: usize,
    /// Sums of terms, `k` for each query; infinite where there are fewer than `k` reference rows.
    pub(crate) sums: Vec<f64>,
    /// Rows, `k` for each query; `u32::MAX` where there is none.
    pub(crate) rows: Vec<u32>,
}

impl Neighbours {
    /// Only the first `k` neighbours of each row.
    pub(crate) fn first(&self, k: usize) -> Self {
        let k = k.min(self.k);
        Self {
            k,
            sums: self
                .sums
                .chunks_exact(self.k)
                .flat_map(|own| &own[..k])
                .copied()
                .collect(),
            rows: self
                .rows
                .chunks_exact(self.k)
                .flat_map(|own| &own[..k])
                .copied()
                .collect(),
        }
    }
}

impl<'a, T: Term> Index<'a, T> {
    pub(crate) fn new(points: &'a Points) -> Self {
        let axes = points.axes;
        let n = points.len();
        let mut rows: Vec<u32> = (0..n as u32).collect();
        arrange::<T>(points, &mut rows);
        let mut spread: Vec<(usize, f64)> = (0..axes)
            .map(|axis| (axis, mean_term::<T>(points, &rows, axis, 512)))
            .collect();
        spread.sort_by(|a, b| b.1.total_cmp(&a.1));
        let order: Vec<usize> = spread.into_iter().map(|(axis, _)| axis).collect();
        let origin: Vec<f64> = order
            .iter()
            .map(|&axis| match T::CENTRED {
                true => (0..n).map(|row| points.row(row)[axis]).sum::<f64>() / n.max(1) as f64,
                false => 0.0,
            })
            .collect();
        let mut reach = vec![0.0f64; axes];
        for row in 0..n {
            widen(&mut reach, points.row(row), &order, &origin);
        }
        let tiles = n.div_ceil(TILE);
        rows.resize(tiles * TILE, u32::MAX);
        let mut strips = vec![f32::MAX; tiles * TILE * axes];
        let mut low = vec![f32::INFINITY; tiles * axes];
        let mut high = vec![f32::NEG_INFINITY; tiles * axes];
        let mut centre = vec![0.0f32; tiles * axes];
        for (place, &row) in rows.iter().enumerate() {
            if row == u32::MAX {
                continue;
            }
            let (tile, strip, lane) = (place / TILE, place / LANES, place % LANES);
            let point = points.row(row as usize);
            let in_tile = (n - tile * TILE).min(TILE) as f32;
            for slot in 0..axes {
                let x = (point[order[slot]] - origin[slot]) as f32;
                strips[(strip * axes + slot) * LANES + lane] = x;
                let at = tile * axes + slot;
                low[at] = low[at].min(x);
                high[at] = high[at].max(x);
                centre[at] += x / in_tile;
            }
        }
        Self {
            points,
            rows,
            strips,
            low,
            high,
            centre,
            order,
            origin,
            reach,
            term: PhantomData,
        }
    }

    /// The `k` nearest reference rows of every query. With `leave_one_out` the queries are the
    /// reference rows themselves, and no row is its own neighbour.
    pub(crate) fn nearest(&self, queries: &Points, k: usize, leave_one_out: bool) -> Neighbours {
        let n = queries.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        if leave_one_out {
            order.copy_from_slice(&self.rows[..n]);
        } else {
            arrange::<T>(queries, &mut order);
        }
        let found: Vec<(Vec<f64>, Vec<u32>)> = order
            .par_chunks(BLOCK)
            .map(|block| self.search_block(queries, block, k, leave_one_out))
            .collect();
        let mut neighbours = Neighbours {
            k,
            sums: vec![f64::INFINITY; n * k],
            rows: vec![u32::MAX; n * k],
        };
        for (block, (sums, rows)) in order.chunks(BLOCK).zip(&found) {
            for (slot, &query) in block.iter().enumerate() {
                let to = query as usize * k..(query as usize + 1) * k;
                let from = slot * k..(slot + 1) * k;
                neighbours.sums[to.clone()].copy_from_slice(&sums[from.clone()]);
                neighbours.rows[to].copy_from_slice(&rows[from]);
            }
        }
        neighbours
    }

    fn search_block(
        &self,
        queries: &Points,
        block: &[u32],
        k: usize,
        leave_one_out: bool,
    ) -> (Vec<f64>, Vec<u32>) {
        let axes = self.points.axes;
        let mut reach = self.reach.clone();
        let mut coordinates = Vec::with_capacity(block.len() * axes);
        for &query in block {
            let point = queries.row(query as usize);
            widen(&mut reach, point, &self.order, &self.origin);
            let axes = self.order.iter().zip(&self.origin);
            coordinates.extend(axes.map(|(&axis, origin)| (point[axis] - origin) as f32));
        }
        let error: f64 = reach.iter().map(|&reach| T::axis_error(reach)).sum();
        let limit = |sum: f64| {
            if sum.is_finite() {
                next_up(T::limit(sum, error, axes) as f32)
            } else {
                f32::INFINITY
            }
        };
        let mut sums = vec![f64::INFINITY; block.len() * k];
        let mut rows = vec![u32::MAX; block.len() * k];
        let mut limits = vec![f32::INFINITY; block.len()];
        if k == 0 || axes == 0 {
            return (sums, rows);
        }
        let mut lanes = [0.0f32; LANES];
        for tile in self.tiles_near(&coordinates) {
            for (slot, &query) in block.iter().enumerate() {
                let coordinates = &coordinates[slot * axes..(slot + 1) * axes];
                if self.box_sum(tile, coordinates) > limits[slot] {
                    continue;
                }
                for strip in tile * STRIPS..(tile + 1) * STRIPS {
                    let values = &self.strips[strip * axes * LANES..(strip + 1) * axes * LANES];
                    if !strip_sums::<T>(coordinates, values, limits[slot], &mut lanes) {
                        continue;
                    }
                    for lane in 0..LANES {
                        let row = self.rows[strip * LANES + lane];
                        if lanes[lane] > limits[slot]
                            || row == u32::MAX
                            || (leave_one_out && row == query)
                        {
                            continue;
                        }
                        let sum = exact_sum::<T>(
                            queries.row(query as usize),
                            self.points.row(row as usize),
                        );
                        let own = slot * k..(slot + 1) * k;
                        if insert(&mut sums[own.clone()], &mut rows[own.clone()], sum, row) {
                            limits[slot] = limit(sums[own.end - 1]);
                        }
                    }
                }
            }
        }
        (sums, rows)
    }

    /// All tiles, those whose centre is near the middle of the block first.
    fn tiles_near(&self, block: &[f32]) -> Vec<usize> {
        let axes = self.points.axes;
        let n = (block.len() / axes) as f32;
        let mut middle = vec![0.0f32; axes];
        for query in block.chunks_exact(axes) {
            for (m, x) in middle.iter_mut().zip(query) {
                *m += x / n;
            }
        }
        let tiles = self.rows.len() / TILE;
        let mut near: Vec<(f32, usize)> = (0..tiles)
            .map(|tile| {
                let centre = &self.centre[tile * axes..(tile + 1) * axes];
                let terms = middle.iter().zip(centre).map(|(a, b)| T::single(a - b));
                (terms.sum(), tile)
            })
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.into_iter().map(|(_, tile)| tile).collect()
    }

    /// The sum of terms from a query to the box around a tile: no row in it can have less.
    fn box_sum(&self, tile: usize, query: &[f32]) -> f32 {
        let axes = query.len();
        let low = &self.low[tile * axes..(tile + 1) * axes];
        let high = &self.high[tile * axes..(tile + 1) * axes];
        let mut sums = [0.0f32; 4];
        let mut add = |lane: usize, x: f32, low: f32, high: f32| {
            let below = low - x;
            let above = x - high;
            let gap = if below > above { below } else { above };
            sums[lane] += T::single(if gap > 0.0 { gap } else { 0.0 });
        };
        let whole = axes / 4 * 4;
        for at in (0..whole).step_by(4) {
            for lane in 0..4 {
                add(lane, query[at + lane], low[at + lane], high[at + lane]);
            }
        }
        for at in whole..axes {
            add(0, query[at], low[at], high[at]);
        }
        sums.iter().sum()
    }
}

/// Makes the reach of each axis large enough for a point.
fn widen(reach: &mut [f64], point: &[f64], order: &[usize], origin: &[f64]) {
    for ((reach, &axis), origin) in reach.iter_mut().zip(order).zip(origin) {
        *reach = reach.max((point[axis] - origin).abs());
    }
}

fn next_up(value: f32) -> f32 {
    value * (1.0 + 2.0 * f32::EPSILON) + f32::MIN_POSITIVE
}

fn exact_sum<T: Term>(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| T::double(x - y)).sum()
}

/// Puts a candidate into the ascending list if it belongs there; equal sums are in order of rows.
fn insert(sums: &mut [f64], rows: &mut [u32], sum: f64, row: u32) -> bool {
    let last = sums.len() - 1;
    if (sum, row) >= (sums[last], rows[last]) {
        return false;
    }
    let mut at = last;
    while at > 0 && (sum, row) < (sums[at - 1], rows[at - 1]) {
        sums[at] = sums[at - 1];
        rows[at] = rows[at - 1];
        at -= 1;
    }
    sums[at] = sum;
    rows[at] = row;
    true
}

/// Puts near rows next to each other: halves the rows at the median of the axis on which they
/// differ most, and again, down to one tile.
fn arrange<T: Term>(points: &Points, rows: &mut [u32]) {
    if rows.len() <= TILE || points.axes == 0 {
        return;
    }
    let axis = (0..points.axes)
        .map(|axis| (axis, mean_term::<T>(points, rows, axis, 64)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map_or(0, |(axis, _)| axis);
    let value = |row: u32| points.row(row as usize)[axis];
    // Whole tiles on the left, so that only the last tile of all is not full.
    let middle = rows.len().div_ceil(TILE).div_ceil(2) * TILE;
    rows.select_nth_unstable_by(middle - 1, |&a, &b| {
        value(a).total_cmp(&value(b)).then(a.cmp(&b))
    });
    let (left, right) = rows.split_at_mut(middle);
    rayon::join(
        || arrange::<T>(points, left),
        || arrange::<T>(points, right),
    );
}

/// Mean term between rows of an evenly spaced sample.
fn mean_term<T: Term>(points: &Points, rows: &[u32], axis: usize, sample: usize) -> f64 {
    let sample = sample.min(rows.len());
    if sample < 2 {
        return 0.0;
    }
    let value = |i: usize| points.row(rows[i * rows.len() / sample] as usize)[axis];
    let half = sample / 2;
    let terms = (0..half).map(|i| T::double(value(i) - value(i + half)));
    terms.sum::<f64>() / half as f64
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;
    use proptest::prelude::*;

    use super::*;
    use crate::data::neighbours::{Absolute, Capped, Squared};

    fn brute<T: Term>(queries: &Points, points: &Points, k: usize, loo: bool) -> Neighbours {
        let mut found = Neighbours {
            k,
            sums: Vec::new(),
            rows: Vec::new(),
        };
        for query in 0..queries.len() {
            let mut all: Vec<(f64, u32)> = (0..points.len())
                .filter(|&row| !(loo && row == query))
                .map(|row| {
                    (
                        exact_sum::<T>(queries.row(query), points.row(row)),
                        row as u32,
                    )
                })
                .collect();
            all.sort_by(|a, b| a.partial_cmp(b).unwrap());
            all.resize(k.max(all.len()), (f64::INFINITY, u32::MAX));
            found.sums.extend(all[..k].iter().map(|x| x.0));
            found.rows.extend(all[..k].iter().map(|x| x.1));
        }
        found
    }

    /// Levels, uniform numbers and normal ones cut to -1..2, as a Gower space has them; all of a
    /// third axis are moved by `offset`.
    fn random_points(seed: u64, rows: usize, axes: usize, offset: f64, coarse: bool) -> Points {
        let mut rng = Seed::from_u64(seed).rng();
        let coordinates = (0..rows * axes)
            .map(|at| match (at % axes) % 3 {
                0 => rng.below(3) as f64,
                _ if coarse => (rng.uniform() * 4.0).floor() * 0.25,
                1 => rng.uniform() * 1.5,
                _ => offset + rng.normal().clamp(-1.0, 2.0),
            })
            .collect();
        Points { axes, coordinates }
    }

    fn agrees<T: Term + std::fmt::Debug>(points: &Points, queries: &Points, k: usize) {
        let index = Index::<T>::new(points);
        assert!(index.nearest(queries, k, false) == brute::<T>(queries, points, k, false));
        assert!(index.nearest(points, k, true) == brute::<T>(points, points, k, true));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn finds_what_comparing_all_rows_finds(
            seed in 0u64..1_000_000, rows in 0usize..600, axes in 1usize..20, k in 1usize..7, coarse: bool,
        ) {
            let points = random_points(seed, rows, axes, 0.0, coarse);
            let queries = random_points(seed + 1, 150, axes, 0.0, coarse);
            agrees::<Capped>(&points, &queries, k);
            let points = random_points(seed, rows, axes, 1e6, coarse);
            let queries = random_points(seed + 1, 150, axes, 1e6, coarse);
            agrees::<Absolute>(&points, &queries, k);
            agrees::<Squared>(&points, &queries, k);
        }
    }

    #[test]
    fn huge_offsets_and_ranges_do_not_change_the_result() {
        let mut points = random_points(5, 400, 6, 0.0, false);
        for (at, x) in points.coordinates.iter_mut().enumerate() {
            if at % 6 == 2 {
                *x = 1.7e9 + *x * 1e4;
            }
        }
        agrees::<Absolute>(&points, &points.clone(), 3);
        agrees::<Squared>(&points, &points.clone(), 3);
    }

    #[test]
    fn equal_rows_are_at_distance_zero_and_ties_go_to_the_lower_row() {
        let points = Points {
            axes: 2,
            coordinates: [1.0, 2.0].repeat(300),
        };
        let found = Index::<Capped>::new(&points).nearest(&points, 2, true);
        assert!(found.sums.iter().all(|&sum| sum == 0.0));
        assert_eq!(found.rows[..6], [1, 2, 0, 2, 0, 1]);
    }
}
