//! Mixing of real and synthetic rows within clusters (specification 3.4).

use parable_seed::Rng;
use rayon::prelude::*;

use crate::data::features::{FeatureKind, Features};
use crate::{Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined, Unit};

/// Rows are put into `k` clusters by k-means, real and synthetic ones together; in a good copy every cluster has the same share of synthetic rows. The score is the largest over `k` of the mean squared
/// difference of that share from the share overall, weighted by the size of the clusters (3.4). The smallest over `k`, a common summary, is near zero by construction.
///
/// Numbers are standardised by the real table (missing ones at the real median, with an indicator), levels are indicators times `1 / sqrt(2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusteredMsd {
    /// Clusters at least. Default 2.
    pub fewest: usize,
    /// Clusters at most. Default 10.
    pub most: usize,
    /// Random starts for each number of clusters, of which the tightest counts. Default 10.
    pub restarts: u32,
    /// Numbers alone, in their own units, and every cluster counting alike: the column with the largest unit decides, and so may a handful of rows. For comparison with published tables only. Default false.
    pub raw_numbers: bool,
}

/// Rows that are looked at to choose the best start of larger tables.
const TRIED: usize = 5_000;
/// Rounds at most.
const ROUNDS: usize = 100;
/// Rows per block of sums: blocks are added up in order, so that threads do not change the result.
const BLOCK: usize = 4_096;

impl Default for ClusteredMsd {
    fn default() -> Self {
        Self {
            fewest: 2,
            most: 10,
            restarts: 10,
            raw_numbers: false,
        }
    }
}

impl ClusteredMsd {
    /// With these numbers of clusters (at least 2).
    #[must_use]
    pub fn new(fewest: usize, most: usize) -> Self {
        let fewest = fewest.max(2);
        Self {
            fewest,
            most: most.max(fewest),
            ..Self::default()
        }
    }

    /// The same on numbers alone, in their own units.
    #[must_use]
    pub fn with_raw_numbers(mut self) -> Self {
        self.raw_numbers = true;
        self
    }

    fn value(&self, points: &Points, assigned: &[u8], k: usize) -> f64 {
        let mut counts = vec![[0u64; 2]; k];
        for (row, &cluster) in assigned.iter().enumerate() {
            counts[usize::from(cluster)][usize::from(row >= points.real)] += 1;
        }
        let n = assigned.len() as f64;
        let c = (assigned.len() - points.real) as f64 / n;
        counts.retain(|counts| counts[0] + counts[1] > 0);
        let clusters = counts.len() as f64;
        counts
            .iter()
            .map(|counts| {
                let size = (counts[0] + counts[1]) as f64;
                let difference = counts[1] as f64 / size - c;
                let weight = if self.raw_numbers {
                    1.0 / clusters
                } else {
                    size / n
                };
                weight * difference * difference
            })
            .sum()
    }
}

/// Rows as numbers and levels, the real ones first.
struct Points {
    real: usize,
    rows: usize,
    /// Numbers, row after row.
    numbers: Vec<f64>,
    width: usize,
    /// Positions among all levels of all columns, row after row.
    levels: Vec<u32>,
    columns: usize,
    level_count: usize,
}

impl Points {
    fn of(features: &Features, raw: Option<Vec<Vec<f64>>>) -> Self {
        let rows = features.real + features.synthetic;
        let mut numbers: Vec<Vec<f64>> = Vec::new();
        let mut levels: Vec<Vec<u32>> = Vec::new();
        let mut level_count = 0;
        for feature in features.features.iter().filter(|_| raw.is_none()) {
            match &feature.kind {
                FeatureKind::Number { values, missing } => {
                    numbers.push(values[..rows].iter().map(|&x| f64::from(x)).collect());
                    if let Some(missing) = missing {
                        let level = |&missing: &bool| level_count + u32::from(missing);
                        levels.push(missing[..rows].iter().map(level).collect());
                        level_count += 2;
                    }
                }
                FeatureKind::Levels => {
                    let level = |&bin: &u8| level_count + u32::from(bin);
                    levels.push(feature.bins[..rows].iter().map(level).collect());
                    level_count += feature.bin_count as u32;
                }
            }
        }
        if let Some(raw) = raw {
            numbers = raw;
        }
        let by_row = |row: usize| numbers.iter().map(move |column| column[row]);
        Self {
            real: features.real,
            rows,
            numbers: (0..rows).flat_map(by_row).collect(),
            width: numbers.len(),
            levels: (0..rows)
                .flat_map(|row| levels.iter().map(move |column| column[row]))
                .collect(),
            columns: levels.len(),
            level_count: level_count as usize,
        }
    }

    fn numbers(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.width..(row + 1) * self.width]
    }

    fn levels(&self, row: usize) -> &[u32] {
        &self.levels[row * self.columns..(row + 1) * self.columns]
    }
}

/// A centre: mean numbers and shares of levels.
#[derive(Clone)]
struct Centre {
    numbers: Vec<f64>,
    shares: Vec<f64>,
    /// What the distance has before the row's own levels are looked at.
    base: f64,
}

impl Centre {
    fn new(numbers: Vec<f64>, shares: Vec<f64>, columns: usize) -> Self {
        let squares: f64 = shares.iter().map(|s| s * s).sum();
        Self {
            numbers,
            shares,
            base: 0.5 * (columns as f64 + squares),
        }
    }

    fn at(points: &Points, row: usize) -> Self {
        let mut shares = vec![0.0; points.level_count];
        points
            .levels(row)
            .iter()
            .for_each(|&level| shares[level as usize] = 1.0);
        Self::new(points.numbers(row).to_vec(), shares, points.columns)
    }

    /// The squared distance of a row.
    fn distance(&self, points: &Points, row: usize) -> f64 {
        let numbers = points.numbers(row).iter().zip(&self.numbers);
        let numbers: f64 = numbers.map(|(x, c)| (x - c) * (x - c)).sum();
        let levels = points.levels(row).iter();
        let levels: f64 = levels.map(|&level| self.shares[level as usize]).sum();
        (numbers + self.base - levels).max(0.0)
    }
}

/// Centres far apart with high probability (k-means++ of Arthur and Vassilvitskii 2007).
fn start(points: &Points, rows: &[usize], k: usize, rng: &mut Rng) -> Vec<Centre> {
    let first = rows[rng.below(rows.len() as u64) as usize];
    let mut centres = vec![Centre::at(points, first)];
    let mut nearest = vec![f64::INFINITY; rows.len()];
    while centres.len() < k {
        let last = &centres[centres.len() - 1];
        let mut total = 0.0;
        let cumulative: Vec<f64> = rows
            .iter()
            .zip(&mut nearest)
            .map(|(&row, nearest)| {
                *nearest = nearest.min(last.distance(points, row));
                total += *nearest;
                total
            })
            .collect();
        // Fewer distinct rows than clusters leave nothing to choose.
        let Some(drawn) = rng.weighted(&cumulative) else {
            break;
        };
        centres.push(Centre::at(points, rows[drawn]));
    }
    centres
}

/// Sums of one block of rows.
struct Block {
    assigned: Vec<u8>,
    counts: Vec<f64>,
    numbers: Vec<f64>,
    levels: Vec<f64>,
    spread: f64,
}

/// One round: the nearest centre of every row, and the sums of the new centres.
fn assign(points: &Points, rows: &[usize], centres: &[Centre]) -> Block {
    let k = centres.len();
    let empty = || Block {
        assigned: Vec::new(),
        counts: vec![0.0; k],
        numbers: vec![0.0; k * points.width],
        levels: vec![0.0; k * points.level_count],
        spread: 0.0,
    };
    let blocks: Vec<Block> = rows
        .par_chunks(BLOCK)
        .map(|rows| {
            let mut block = empty();
            for &row in rows {
                let (mut best, mut least) = (0, f64::INFINITY);
                for (cluster, centre) in centres.iter().enumerate() {
                    let distance = centre.distance(points, row);
                    if distance < least {
                        (best, least) = (cluster, distance);
                    }
                }
                block.assigned.push(best as u8);
                block.counts[best] += 1.0;
                block.spread += least;
                let sums = &mut block.numbers[best * points.width..(best + 1) * points.width];
                for (sum, x) in sums.iter_mut().zip(points.numbers(row)) {
                    *sum += x;
                }
                for &level in points.levels(row) {
                    block.levels[best * points.level_count + level as usize] += 1.0;
                }
            }
            block
        })
        .collect();
    blocks.into_iter().fold(empty(), |mut all, block| {
        let add = |a: &mut Vec<f64>, b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut all.counts, &block.counts);
        add(&mut all.numbers, &block.numbers);
        add(&mut all.levels, &block.levels);
        all.spread += block.spread;
        all.assigned.extend(block.assigned);
        all
    })
}

/// Lloyd's rounds until no row changes its cluster; the centres, the assignment and the sum of squared distances.
fn settle(
    points: &Points,
    rows: &[usize],
    mut centres: Vec<Centre>,
) -> (Vec<Centre>, Vec<u8>, f64) {
    let mut last: Vec<u8> = Vec::new();
    let mut spread = f64::INFINITY;
    for _ in 0..ROUNDS {
        let block = assign(points, rows, &centres);
        spread = block.spread;
        if block.assigned == last {
            break;
        }
        for (cluster, centre) in centres.iter_mut().enumerate() {
            let n = block.counts[cluster];
            // A cluster that lost all its rows keeps its centre.
            if n > 0.0 {
                let mean = |sums: &[f64], width: usize| -> Vec<f64> {
                    let own = &sums[cluster * width..(cluster + 1) * width];
                    own.iter().map(|sum| sum / n).collect()
                };
                *centre = Centre::new(
                    mean(&block.numbers, points.width),
                    mean(&block.levels, points.level_count),
                    points.columns,
                );
            }
        }
        last = block.assigned;
    }
    (centres, last, spread)
}

static CLUSTERED_MSD_RAW: MetricInfo = MetricInfo::new(
    "clustered_msd_raw",
    "Share of synthetic rows within clusters of raw numbers, mean squared difference",
    "Whether groups of similar rows hold as many synthetic as real rows; a group of one kind only is something the copy lacks or made up.",
)
.with_group(Group::Multivariate);

static CLUSTERED_MSD: MetricInfo = MetricInfo::new(
    "clustered_msd",
    "Share of synthetic rows within clusters, largest mean squared difference",
    "Whether groups of similar rows hold as many synthetic as real rows; a group of one kind only is something the copy lacks or made up.",
)
.with_group(Group::Multivariate);

impl Metric for ClusteredMsd {
    fn info(&self) -> &MetricInfo {
        match self.raw_numbers {
            true => &CLUSTERED_MSD_RAW,
            false => &CLUSTERED_MSD,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let frame = cache.frame();
        let features = Features::of(&frame, |_| true);
        let raw = self.raw_numbers.then(|| {
            let numbers = frame.columns.iter().filter_map(|column| column.numbers());
            numbers
                .map(|numbers| {
                    let all = numbers.real.iter().chain(&numbers.synthetic);
                    all.map(|x| if x.is_nan() { 0.0 } else { *x }).collect()
                })
                .collect()
        });
        let points = Points::of(&features, raw);
        let score = |value| {
            self.info()
                .score(value)
                .with_param("fewest", self.fewest)
                .with_param("most", self.most)
                .with_param("restarts", u64::from(self.restarts))
        };
        if frame.rows.real == 0 || frame.rows.synthetic == 0 {
            return Ok(score(Err(Undefined::NoRows)).into());
        }
        if points.width + points.columns == 0 {
            return Ok(score(Err(Undefined::NoColumns)).into());
        }
        let all: Vec<usize> = (0..points.rows).collect();
        let mut tried = all.clone();
        if tried.len() > TRIED {
            seed.stream("tried").rng().shuffle(&mut tried);
            tried.truncate(TRIED);
            tried.sort_unstable();
        }
        let steps = (self.most + 1 - self.fewest) as f64;
        let mut curve = Vec::new();
        for k in self.fewest..=self.most.min(255) {
            let done = curve.len() as f64 / steps;
            context.progress("clusters of rows", done)?;
            let seed = seed.stream("start").index(k as u64);
            let starts: Vec<(Vec<Centre>, Vec<u8>, f64)> = (0..u64::from(self.restarts.max(1)))
                .into_par_iter()
                .map(|restart| {
                    let mut rng = seed.index(restart).rng();
                    settle(&points, &tried, start(&points, &tried, k, &mut rng))
                })
                .collect();
            // Of equally tight starts the first.
            let best = starts
                .into_iter()
                .reduce(|a, b| if b.2 < a.2 { b } else { a });
            let Some((centres, assigned, _)) = best else {
                break;
            };
            let assigned = match tried.len() == all.len() {
                true => assigned,
                false => settle(&points, &all, centres).1,
            };
            curve.push(self.value(&points, &assigned, k));
        }
        let largest = curve.iter().copied().fold(0.0, f64::max);
        let mut found = score(Ok(largest))
            .with_used(points.rows, Unit::Rows)
            .with_detail(
                "clusters",
                (self.fewest..=self.most)
                    .map(|k| k as f64)
                    .collect::<Vec<_>>(),
            )
            .with_detail("by_clusters", curve.clone());
        if let Some(&last) = curve.last() {
            found = found.with_detail("with_most_clusters", last);
        }
        found.seed = Some(*seed);
        found.repeats = Some(self.restarts);
        Ok(found.into())
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn a_lost_group_is_found_and_a_copy_mixes_evenly() {
        let x: Vec<f64> = (0..200)
            .map(|i| f64::from(i % 2) * 50.0 + f64::from(i % 7))
            .collect();
        let level: Vec<&str> = (0..200)
            .map(|i| if i % 2 == 0 { "a" } else { "b" })
            .collect();
        let real = table(vec![numbers("x", &x), texts("g", &level)]);
        let half: Vec<usize> = (0..200).filter(|row| row % 2 == 0).collect();
        let score = |synthetic| {
            let pair = Pair::new(&real, synthetic).unwrap();
            ClusteredMsd::new(2, 2)
                .score(&pair, &Seed::from_u64(1))
                .unwrap()
        };
        assert_eq!(score(&real).value, Some(0.0));
        // Two clusters: 100 rows without and 200 rows with a share of one half; the share overall is 1/3.
        let expected = 100.0 / 300.0 / 9.0 + 200.0 / 300.0 * (0.5 - 1.0 / 3.0f64).powi(2);
        let found = score(&real.take(&half)).value.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}");
    }
}
