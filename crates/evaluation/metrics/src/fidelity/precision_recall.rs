//! Whether both tables lie in the same regions: precision, recall, density, coverage, α-precision
//! and β-recall (specification 3.6).

use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::data::features::Features;
use crate::data::mixed_points::MixedPoints;
use crate::{
    Analysis, Cache, Direction, EvaluationProgress, Group, Metric, MetricContext, MetricError,
    MetricInfo, Outcome, Undefined, Unit,
};
use parable_linalg::quantile;

/// Neighbours whose distance is the radius of a ball.
const NEIGHBOURS: usize = 5;
/// Shares of the rows, from 0 to 1, at which the curves of α-precision and β-recall are taken.
const STEPS: usize = 30;
/// Rows whose distances are computed at once: they stay in the first cache.
const CHUNK: usize = 1_024;
/// Blocks of rows between two looks at whether to go on.
const LOOKS: usize = 16;

/// A number about the regions in which rows lie (3.6). Every row has a ball that reaches to its 5th
/// nearest row of the same table; Euclidean distance over numbers divided by their real range and
/// indicators of levels.
///
/// Compares every row with every other: about 15 CPU seconds for 32,561 rows of 15 columns on each
/// side, so these are computed only when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifoldScore {
    /// Share of synthetic rows inside the ball of some real row (Kynkäänniemi et al. 2019).
    Precision,
    /// Share of real rows inside the ball of some synthetic row (the same).
    Recall,
    /// Real balls a synthetic row lies in, mean over rows, divided by 5 (Naeem et al. 2020); about
    /// 1 for a good copy.
    Density,
    /// Share of real rows whose ball holds a synthetic row (the same).
    Coverage,
    /// How evenly synthetic rows lie in the balls around the real centre that hold a share α of the
    /// real rows: 1 minus the mean difference from α over its mean (Alaa et al. 2022).
    AlphaPrecision,
    /// The same of real rows that have a synthetic row nearer than another real row, by how central
    /// that synthetic row is (Alaa et al. 2022).
    BetaRecall,
}

/// All of them at once.
#[derive(Clone, Debug, PartialEq)]
struct Manifold {
    precision: f64,
    recall: f64,
    density: f64,
    coverage: f64,
    alpha_curve: Vec<f64>,
    beta_curve: Vec<f64>,
    rows: usize,
}

/// The key of [`Manifold`] in a cache.
#[derive(Clone, Copy, PartialEq)]
struct ManifoldAnalysis;

impl Analysis for ManifoldAnalysis {
    type Output = Result<Manifold, Undefined>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        progress: EvaluationProgress<'_>,
    ) -> Result<Self::Output, MetricError> {
        Manifold::of(cache, progress)
    }
}

impl Manifold {
    /// `Err` inside: why there is none.
    pub(crate) fn of(
        cache: &Cache<'_>,
        progress: EvaluationProgress<'_>,
    ) -> Result<Result<Self, Undefined>, MetricError> {
        let frame = cache.frame();
        let features = Features::of(&frame, |_| true);
        let (n, m) = (features.real, features.synthetic);
        if n <= NEIGHBOURS || m <= NEIGHBOURS {
            return Ok(Err(Undefined::NoRows));
        }
        if features.names.is_empty() {
            return Ok(Err(Undefined::NoColumns));
        }
        // Standardised numbers are moved to the real minimum and divided by the real range.
        let scale = |values: &[f32]| {
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            for &x in &values[..n] {
                low = low.min(x);
                high = high.max(x);
            }
            (low, if high > low { high - low } else { 1.0 })
        };
        let rows = |from: usize, count: usize| (from as u32..(from + count) as u32).collect();
        let (of_real, of_synthetic): (Vec<u32>, Vec<u32>) = (rows(0, n), rows(n, m));
        let real = MixedPoints::of(&features, &of_real, scale);
        let synthetic = MixedPoints::of(&features, &of_synthetic, scale);
        let total = (n * n + m * m + n * m) as f64;
        let tell = |before: f64, share: f64| {
            move |done: f64| match progress("balls around rows", (before + share * done) / total) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(MetricError::Cancelled),
            }
        };
        let (nn, mm) = ((n * n) as f64, (m * m) as f64);
        let own_real = neighbours(&real, &tell(0.0, nn))?;
        let own_synthetic = neighbours(&synthetic, &tell(nn, mm))?;
        let crossed = cross(
            &real,
            &synthetic,
            &own_real,
            &own_synthetic,
            &tell(nn + mm, (n * m) as f64),
        )?;

        let inside: usize = crossed.inside.iter().filter(|&&inside| inside).count();
        let share = |holds: &dyn Fn(&Crossed) -> bool| {
            crossed.rows.iter().filter(|row| holds(row)).count() as f64 / n as f64
        };
        let balls: u64 = crossed.rows.iter().map(|row| row.in_ball).sum();
        let (alpha_curve, beta_curve) = curves(&real, &synthetic, &own_real, &crossed.rows);
        Ok(Ok(Self {
            precision: inside as f64 / m as f64,
            recall: share(&|row| row.reached),
            density: balls as f64 / (NEIGHBOURS * m) as f64,
            coverage: share(&|row| row.in_ball > 0),
            alpha_curve,
            beta_curve,
            rows: n + m,
        }))
    }
}

/// Squared distances to the nearest and to the 5th nearest other row of the same table.
struct Own {
    nearest: Vec<f32>,
    radius: Vec<f32>,
}

fn neighbours(
    points: &MixedPoints,
    tell: &dyn Fn(f64) -> Result<(), MetricError>,
) -> Result<Own, MetricError> {
    let n = points.rows();
    let mut own = Own {
        nearest: Vec::with_capacity(n),
        radius: Vec::with_capacity(n),
    };
    let all: Vec<usize> = (0..n).collect();
    for block in all.chunks(n.div_ceil(LOOKS).max(1)) {
        tell(block[0] as f64 / n as f64)?;
        let found: Vec<(f32, f32)> = block
            .par_iter()
            .map_init(
                || vec![0.0f32; CHUNK],
                |buffer, &row| {
                    let mut least = [f32::INFINITY; NEIGHBOURS];
                    for start in (0..n).step_by(CHUNK) {
                        let end = (start + CHUNK).min(n);
                        let buffer = &mut buffer[..end - start];
                        points.squared(start..end, points, row, buffer);
                        if (start..end).contains(&row) {
                            buffer[row - start] = f32::INFINITY;
                        }
                        for &distance in buffer.iter() {
                            if distance < least[NEIGHBOURS - 1] {
                                let at = least.partition_point(|&known| known <= distance);
                                least.copy_within(at..NEIGHBOURS - 1, at + 1);
                                least[at] = distance;
                            }
                        }
                    }
                    (least[0], least[NEIGHBOURS - 1])
                },
            )
            .collect();
        own.nearest.extend(found.iter().map(|found| found.0));
        own.radius.extend(found.iter().map(|found| found.1));
    }
    Ok(own)
}

/// What one real row sees of the synthetic ones.
struct Crossed {
    /// Synthetic rows in its ball.
    in_ball: u64,
    /// Whether it lies in the ball of a synthetic row.
    reached: bool,
    nearest: f32,
    nearest_row: u32,
}

struct Crossing {
    rows: Vec<Crossed>,
    /// Which synthetic rows lie in the ball of some real row.
    inside: Vec<bool>,
}

fn cross(
    real: &MixedPoints,
    synthetic: &MixedPoints,
    own_real: &Own,
    own_synthetic: &Own,
    tell: &dyn Fn(f64) -> Result<(), MetricError>,
) -> Result<Crossing, MetricError> {
    let (n, m) = (real.rows(), synthetic.rows());
    let mut all = Crossing {
        rows: Vec::with_capacity(n),
        inside: vec![false; m],
    };
    let order: Vec<usize> = (0..n).collect();
    for block in order.chunks(n.div_ceil(LOOKS).max(1)) {
        tell(block[0] as f64 / n as f64)?;
        let parts: Vec<Crossing> = block
            .par_chunks(256)
            .map(|rows| {
                let mut part = Crossing {
                    rows: Vec::with_capacity(rows.len()),
                    inside: vec![false; m],
                };
                let mut buffer = vec![0.0f32; CHUNK];
                for &row in rows {
                    let mut seen = Crossed {
                        in_ball: 0,
                        reached: false,
                        nearest: f32::INFINITY,
                        nearest_row: 0,
                    };
                    let radius = own_real.radius[row];
                    for start in (0..m).step_by(CHUNK) {
                        let end = (start + CHUNK).min(m);
                        let buffer = &mut buffer[..end - start];
                        synthetic.squared(start..end, real, row, buffer);
                        for (at, &distance) in buffer.iter().enumerate() {
                            if distance < seen.nearest {
                                (seen.nearest, seen.nearest_row) = (distance, (start + at) as u32);
                            }
                            // Rows on the edge of a ball count for precision and recall and not for
                            // density and coverage, as in the papers' own code; a ball without
                            // extent holds its copies.
                            if distance <= radius {
                                let within = distance < radius || radius == 0.0;
                                seen.in_ball += u64::from(within);
                                part.inside[start + at] = true;
                            }
                            seen.reached |= distance <= own_synthetic.radius[start + at];
                        }
                    }
                    part.rows.push(seen);
                }
                part
            })
            .collect();
        for part in parts {
            all.rows.extend(part.rows);
            all.inside
                .iter_mut()
                .zip(part.inside)
                .for_each(|(all, own)| *all |= own);
        }
    }
    Ok(all)
}

/// α-precision and β-recall at each share.
fn curves(
    real: &MixedPoints,
    synthetic: &MixedPoints,
    own_real: &Own,
    crossed: &[Crossed],
) -> (Vec<f64>, Vec<f64>) {
    let sorted = |values: &[f64]| {
        let mut sorted: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    };
    let from_real = sorted(&real.squared_from_mean(real));
    let to_real = sorted(&synthetic.squared_from_mean(real));
    let around_own = synthetic.squared_from_mean(synthetic);
    // How central the nearest synthetic row of each real row is, and whether it is nearer than the
    // nearest other real row.
    let central: Vec<f64> = crossed
        .iter()
        .map(|row| around_own[row.nearest_row as usize])
        .collect();
    let near = crossed.iter().zip(&own_real.nearest);
    let near: Vec<bool> = near.map(|(row, &own)| row.nearest <= own).collect();
    let all_central = sorted(&central);
    let recalled: Vec<f64> = central
        .iter()
        .zip(&near)
        .filter(|(_, near)| **near)
        .map(|(c, _)| *c)
        .collect();
    let recalled = sorted(&recalled);
    let shares = (0..STEPS).map(|step| step as f64 / (STEPS - 1) as f64);
    let within = |sorted: &[f64], radius: f64| sorted.partition_point(|&d| d <= radius) as f64;
    shares
        .map(|share| {
            let alpha = within(&to_real, quantile(&from_real, share)) / synthetic.rows() as f64;
            let beta = within(&recalled, quantile(&all_central, share)) / real.rows() as f64;
            (alpha, beta)
        })
        .unzip()
}

/// One minus the summed difference of a curve from the diagonal over the sum of the diagonal.
fn straightness(curve: &[f64]) -> f64 {
    let shares = (0..STEPS).map(|step| step as f64 / (STEPS - 1) as f64);
    let (off, all) = curve
        .iter()
        .zip(shares)
        .fold((0.0, 0.0), |(off, all), (value, share)| {
            (off + (value - share).abs(), all + share)
        });
    1.0 - off / all
}

impl ManifoldScore {
    /// All six.
    pub(crate) const ALL: [Self; 6] = [
        Self::Precision,
        Self::Recall,
        Self::Density,
        Self::Coverage,
        Self::AlphaPrecision,
        Self::BetaRecall,
    ];
}

static MANIFOLD_PRECISION: MetricInfo = MetricInfo::new(
    "manifold_precision",
    "Share of synthetic rows within reach of real ones",
    "Whether synthetic rows lie where real rows are.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

static MANIFOLD_RECALL: MetricInfo = MetricInfo::new(
    "manifold_recall",
    "Share of real rows within reach of synthetic ones",
    "Whether synthetic rows reach everywhere real rows are.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

static MANIFOLD_DENSITY: MetricInfo = MetricInfo::new(
    "manifold_density",
    "How densely real rows surround synthetic ones",
    "How many real neighbourhoods a synthetic row lies in; about 1 for a good copy.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max)
.without_anchors();

static MANIFOLD_COVERAGE: MetricInfo = MetricInfo::new(
    "manifold_coverage",
    "Share of real rows with a synthetic row nearby",
    "Whether every real row has a synthetic row in its neighbourhood; near 1 can also mean copies.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

static ALPHA_PRECISION: MetricInfo = MetricInfo::new(
    "alpha_precision",
    "Synthetic rows around the real centre (alpha-precision)",
    "Whether synthetic rows are as typical or unusual as real ones.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

static BETA_RECALL: MetricInfo = MetricInfo::new(
    "beta_recall",
    "Real rows near central synthetic ones (beta-recall)",
    "Whether real rows, typical and unusual, have a synthetic row close by; near 1 can also mean copies.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

impl Metric for ManifoldScore {
    fn info(&self) -> &MetricInfo {
        match self {
            Self::Precision => &MANIFOLD_PRECISION,
            Self::Recall => &MANIFOLD_RECALL,
            Self::Density => &MANIFOLD_DENSITY,
            Self::Coverage => &MANIFOLD_COVERAGE,
            Self::AlphaPrecision => &ALPHA_PRECISION,
            Self::BetaRecall => &BETA_RECALL,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let manifold = context.get(&ManifoldAnalysis)?;
        let score = |value| {
            self.info()
                .score(value)
                .with_param("neighbours", NEIGHBOURS)
        };
        let manifold = match manifold.as_ref() {
            Ok(manifold) => manifold,
            Err(why) => return Ok(score(Err(*why)).into()),
        };
        let value = match self {
            Self::Precision => manifold.precision,
            Self::Recall => manifold.recall,
            Self::Density => manifold.density,
            Self::Coverage => manifold.coverage,
            Self::AlphaPrecision => straightness(&manifold.alpha_curve),
            Self::BetaRecall => straightness(&manifold.beta_curve),
        };
        let score = score(Ok(value)).with_used(manifold.rows, Unit::Rows);
        let score = match self {
            Self::AlphaPrecision => score.with_detail("curve", manifold.alpha_curve.clone()),
            Self::BetaRecall => score.with_detail("curve", manifold.beta_curve.clone()),
            _ => score,
        };
        Ok(score.into())
    }
}
