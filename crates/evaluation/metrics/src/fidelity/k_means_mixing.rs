//! Mixing of real and synthetic rows within clusters (specification 3.4).

use ndarray::Array2;
use parable_learn::{KMeans, MixedRows};

use crate::data::design::Design;
use crate::data::features::{FeatureKind, Features};
use crate::data::frame::Frame;
use crate::{Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined, Unit};

/// Rows are put into `k` clusters by k-means, real and synthetic ones together; in a good copy
/// every cluster has the same share of synthetic rows. The score is the largest over `k` of the
/// mean squared difference of that share from the share overall, weighted by the size of the
/// clusters (3.4). The smallest over `k`, a common summary, is near zero by construction.
///
/// Numbers are standardised by the real table (missing ones at the real median, with an indicator),
/// levels are indicators times `1 / sqrt(2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusteredMsd {
    /// Clusters at least. Default 2.
    pub fewest: usize,
    /// Clusters at most. Default 10.
    pub most: usize,
    /// Random starts for each number of clusters, of which the tightest counts. Default 10.
    pub restarts: u32,
    /// Numbers alone, in their own units, and every cluster counting alike: the column with the
    /// largest unit decides, and so may a handful of rows. For comparison with published tables
    /// only. Default false.
    pub raw_numbers: bool,
}

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
    numbers: Array2<f64>,
    /// Positions among all levels of all columns.
    levels: Array2<u32>,
    level_count: usize,
}

impl Points {
    /// Standardised numbers, and levels.
    fn of(features: &Features) -> Self {
        let rows = features.real + features.synthetic;
        let mut numbers = Design::new(rows);
        let mut levels: Vec<u32> = Vec::new();
        let mut level_count = 0;
        for (name, feature) in features.names.iter().zip(&features.features) {
            match &feature.kind {
                FeatureKind::Number { values, missing } => {
                    numbers.push(name.as_str(), values[..rows].iter().map(|&x| f64::from(x)));
                    if let Some(missing) = missing {
                        let level = |&missing: &bool| level_count + u32::from(missing);
                        levels.extend(missing[..rows].iter().map(level));
                        level_count += 2;
                    }
                }
                FeatureKind::Levels => {
                    let level = |&bin: &u8| level_count + u32::from(bin);
                    levels.extend(feature.bins[..rows].iter().map(level));
                    level_count += feature.bin_count as u32;
                }
            }
        }
        let columns = levels.len().checked_div(rows).unwrap_or(0);
        Self {
            real: features.real,
            numbers: numbers.matrix().as_standard_layout().into_owned(),
            levels: Array2::from_shape_fn((rows, columns), |(row, column)| {
                levels[column * rows + row]
            }),
            level_count: level_count as usize,
        }
    }

    /// Numbers in their own units, missing ones at 0.
    fn raw(frame: &Frame) -> Self {
        let rows = frame.rows.real + frame.rows.synthetic;
        let mut design = Design::new(rows);
        for column in &frame.columns {
            if let Some(numbers) = column.numbers() {
                let all = numbers.real.iter().chain(&numbers.synthetic);
                let values = all.map(|x| if x.is_nan() { 0.0 } else { *x });
                design.push(column.name.as_str(), values);
            }
        }
        Self {
            real: frame.rows.real,
            numbers: design.matrix().as_standard_layout().into_owned(),
            levels: Array2::zeros((rows, 0)),
            level_count: 0,
        }
    }
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
        let points = match self.raw_numbers {
            true => Points::raw(&frame),
            false => Points::of(&Features::of(&frame, |_| true)),
        };
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
        if points.numbers.ncols() + points.levels.ncols() == 0 {
            return Ok(score(Err(Undefined::NoColumns)).into());
        }
        let (numbers, levels) = (points.numbers.view(), points.levels.view());
        let rows = MixedRows::new(numbers, levels, points.level_count)
            .expect("as many rows of levels as of numbers");
        let tried = seed.stream("tried");
        let steps = (self.most + 1 - self.fewest) as f64;
        let mut curve = Vec::new();
        for k in self.fewest..=self.most.min(255) {
            let done = curve.len() as f64 / steps;
            context.progress("clusters of rows", done)?;
            let seed = seed.stream("start").index(k as u64);
            let means = KMeans::new(k as u8).with_restarts(self.restarts);
            let assigned = means.fit(&rows, &seed, &tried).assigned;
            curve.push(self.value(&points, &assigned, k));
        }
        let largest = curve.iter().copied().fold(0.0, f64::max);
        let mut found = score(Ok(largest))
            .with_used(points.numbers.nrows(), Unit::Rows)
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
        // Two clusters: 100 rows without and 200 rows with a share of one half; the share overall
        // is 1/3.
        let expected = 100.0 / 300.0 / 9.0 + 200.0 / 300.0 * (0.5 - 1.0 / 3.0f64).powi(2);
        let found = score(&real.take(&half)).value.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}");
    }
}
