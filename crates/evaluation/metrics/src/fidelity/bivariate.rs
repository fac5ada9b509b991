//! How well associations are kept: mean squared differences and the mixed matrix (specification 2.1
//! to 2.3, 2.7).

use crate::fidelity::association::{
    PairAssociation, RealAssociations, SyntheticAssociations, TableAssociations,
};
use crate::{
    Associations, Baseline, Cache, Correlation, Direction, Group, Metric, MetricContext,
    MetricError, MetricInfo, Outcome, PairDifference, Score, Section, Undefined, Unit,
};

/// Mean squared difference of the correlations of all pairs of numeric columns (2.1). Each pair
/// uses the rows complete in it; a pair counts if both columns vary over these rows in both tables.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CorrelationMsd {
    /// Pearson or Spearman (average ranks).
    pub correlation: Correlation,
}

/// Mean squared difference of Cramér's V of all pairs of columns of levels (2.2), without
/// continuity correction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CramersVMsd {
    /// Use the bias-corrected form (Bergsma 2013): better when tables differ in size or have many
    /// sparse levels.
    pub bias_corrected: bool,
}

/// Mean squared difference of the correlation ratios of all pairs of a numeric column and one of
/// levels (2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CorrelationRatioMsd {}

/// Root mean square difference over the whole mixed matrix of associations (2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AssociationRms {
    /// The correlation of two numeric columns.
    pub correlation: Correlation,
    /// Whether Cramér's V is bias-corrected.
    pub bias_corrected: bool,
}

impl CorrelationMsd {
    /// With this coefficient.
    #[must_use]
    pub fn new(correlation: Correlation) -> Self {
        Self { correlation }
    }
}

impl CramersVMsd {
    /// Plain or bias-corrected.
    #[must_use]
    pub fn new(bias_corrected: bool) -> Self {
        Self { bias_corrected }
    }
}

impl AssociationRms {
    /// With this coefficient, and with V plain or bias-corrected.
    #[must_use]
    pub fn new(correlation: Correlation, bias_corrected: bool) -> Self {
        Self {
            correlation,
            bias_corrected,
        }
    }
}

static CORRELATION_MSD_PEARSON: MetricInfo = MetricInfo::new(
    "correlation_msd_pearson",
    "Pearson correlation, mean squared difference",
    "Whether pairs of numbers rise and fall together as in the real table.",
)
.with_group(Group::Bivariate);

static CORRELATION_MSD_SPEARMAN: MetricInfo = MetricInfo::new(
    "correlation_msd_spearman",
    "Spearman correlation, mean squared difference",
    "Whether pairs of numbers rise and fall together as in the real table.",
)
.with_group(Group::Bivariate);

impl Metric for CorrelationMsd {
    fn info(&self) -> &MetricInfo {
        match self.correlation {
            Correlation::Pearson => &CORRELATION_MSD_PEARSON,
            Correlation::Spearman => &CORRELATION_MSD_SPEARMAN,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let differences = Differences::of(cache, |association| match association {
            PairAssociation::Correlation { pearson, spearman } => Some(match self.correlation {
                Correlation::Pearson => pearson,
                Correlation::Spearman => spearman,
            }),
            _ => None,
        })?;
        Ok(differences
            .mean_square(self)
            .with_param("method", self.correlation.name())
            .into())
    }
}

static CRAMERS_V_CORRECTED_MSD: MetricInfo = MetricInfo::new(
    "cramers_v_corrected_msd",
    "Cramér's V (bias-corrected), mean squared difference",
    "Whether pairs of categories go together as in the real table.",
)
.with_group(Group::Bivariate);

static CRAMERS_V_MSD: MetricInfo = MetricInfo::new(
    "cramers_v_msd",
    "Cramér's V, mean squared difference",
    "Whether pairs of categories go together as in the real table.",
)
.with_group(Group::Bivariate);

impl Metric for CramersVMsd {
    fn info(&self) -> &MetricInfo {
        match self.bias_corrected {
            true => &CRAMERS_V_CORRECTED_MSD,
            false => &CRAMERS_V_MSD,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let differences = Differences::of(cache, |association| match association {
            PairAssociation::CramersV { plain, corrected } => Some(if self.bias_corrected {
                corrected
            } else {
                plain
            }),
            _ => None,
        })?;
        Ok(differences
            .mean_square(self)
            .with_param("bias_corrected", self.bias_corrected)
            .into())
    }
}

static CORRELATION_RATIO_MSD: MetricInfo = MetricInfo::new(
    "correlation_ratio_msd",
    "Correlation ratio, mean squared difference",
    "Whether numbers differ between the levels of categories as in the real table.",
)
.with_group(Group::Bivariate);

impl Metric for CorrelationRatioMsd {
    fn info(&self) -> &MetricInfo {
        &CORRELATION_RATIO_MSD
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let differences = Differences::of(cache, |association| match association {
            PairAssociation::Ratio { plain, .. } => Some(plain),
            _ => None,
        })?;
        Ok(differences.mean_square(self).into())
    }
}

static ASSOCIATION_RMS: MetricInfo = MetricInfo::new(
    "association_rms",
    "Association of all pairs of columns, root mean square difference",
    "How far the relations of all pairs of columns are off, on the scale of correlations.",
)
.with_group(Group::Bivariate);

static ASSOCIATION_RETAINED: MetricInfo = MetricInfo::new(
    "association_retained",
    "Share of the association between columns that is kept",
    "How much of the relations between columns is kept; 0 is what independent columns keep.",
)
.with_group(Group::Bivariate)
.with_direction(Direction::Max1);

impl Metric for AssociationRms {
    fn info(&self) -> &MetricInfo {
        &ASSOCIATION_RMS
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let pick = mixed(self.correlation, self.bias_corrected);
        let differences = Differences::of(cache, |association| Some(pick(association).1))?;
        let mut score = differences.mean_square(self);
        score.value = score.value.map(f64::sqrt);
        score.details.remove("root_mean_square");
        let by_ranks = Differences::of(cache, |association| Some(by_ranks(association, &pick)))?;
        if let Some(by_ranks) = by_ranks.root_mean_square() {
            score = score.with_detail("by_ranks", by_ranks);
        }
        Ok(score
            .with_param("method", self.correlation.name())
            .with_param("bias_corrected", self.bias_corrected)
            .into())
    }

    /// Adds the share of associations that is kept (specification 7): one minus the root mean
    /// square difference over that of the independent table, not below 0.
    fn complete(&self, outcome: &mut Outcome, _: &[Section]) {
        let Some(rms) = outcome.scores.first() else {
            return;
        };
        let Some(lost) = rms.baseline.independent.filter(|&lost| lost > 0.0) else {
            return;
        };
        let kept = |value: f64| (1.0 - value / lost).max(0.0);
        let value = match (rms.value, rms.reason) {
            (Some(value), _) => Ok(kept(value)),
            (None, reason) => Err(reason.unwrap_or(Undefined::NoPairs)),
        };
        let mut score = ASSOCIATION_RETAINED.score(value);
        score.params = rms.params.clone();
        (score.n_used, score.unit) = (rms.n_used, rms.unit);
        score.baseline = Baseline {
            resample: rms.baseline.resample.map(kept),
            independent: Some(0.0),
            repeats: rms.baseline.repeats,
            ..Baseline::default()
        };
        outcome.scores.push(score);
    }
}

/// The measure that the mixed matrix holds for a pair, with its name.
fn mixed(
    correlation: Correlation,
    bias_corrected: bool,
) -> impl Fn(PairAssociation) -> (&'static str, Option<f64>) {
    move |association| match association {
        PairAssociation::Correlation { pearson, spearman } => (
            "correlation",
            match correlation {
                Correlation::Pearson => pearson,
                Correlation::Spearman => spearman,
            },
        ),
        PairAssociation::Ratio { plain, .. } => ("correlation_ratio", plain),
        PairAssociation::CramersV { plain, corrected } => {
            ("cramers_v", if bias_corrected { corrected } else { plain })
        }
    }
}

/// The same measure on average ranks where numbers take part: one outlying row, which can make a
/// correlation of any size, weighs no more there than any other.
fn by_ranks(
    association: PairAssociation,
    pick: impl Fn(PairAssociation) -> (&'static str, Option<f64>),
) -> Option<f64> {
    match association {
        PairAssociation::Correlation { spearman, .. } => spearman,
        PairAssociation::Ratio { ranks, .. } => ranks,
        PairAssociation::CramersV { .. } => pick(association).1,
    }
}

/// The differences of one measure over all pairs of columns for which it is meant.
struct Differences {
    sum_of_squares: f64,
    defined: usize,
    undefined: usize,
    worst: Option<(String, f64)>,
}

impl Differences {
    /// `pick` says which measure to use, or `None` for pairs the measure is not about.
    fn of(
        cache: &Cache<'_>,
        pick: impl Fn(PairAssociation) -> Option<Option<f64>>,
    ) -> Result<Self, MetricError> {
        let frame = cache.frame();
        let (real, synthetic) = (
            cache.get(&RealAssociations)?,
            cache.get(&SyntheticAssociations)?,
        );
        let mut differences = Self {
            sum_of_squares: 0.0,
            defined: 0,
            undefined: 0,
            worst: None,
        };
        for i in 0..real.columns() {
            for j in i + 1..real.columns() {
                let (Some(in_real), Some(in_synthetic)) =
                    (pick(real.get(i, j)), pick(synthetic.get(i, j)))
                else {
                    continue;
                };
                let (Some(in_real), Some(in_synthetic)) = (in_real, in_synthetic) else {
                    differences.undefined += 1;
                    continue;
                };
                let difference = in_synthetic - in_real;
                differences.sum_of_squares += difference * difference;
                differences.defined += 1;
                if differences
                    .worst
                    .as_ref()
                    .is_none_or(|(_, largest)| difference.abs() > largest.abs())
                {
                    let name = format!("{} x {}", frame.columns[i].name, frame.columns[j].name);
                    differences.worst = Some((name, difference));
                }
            }
        }
        Ok(differences)
    }

    fn root_mean_square(&self) -> Option<f64> {
        (self.defined > 0).then(|| (self.sum_of_squares / self.defined as f64).sqrt())
    }

    fn mean_square(self, metric: &dyn Metric) -> Score {
        let value = if self.defined > 0 {
            Ok(self.sum_of_squares / self.defined as f64)
        } else {
            Err(Undefined::NoPairs)
        };
        let score = metric
            .info()
            .score(value)
            .with_used(self.defined, Unit::Pairs)
            .with_undefined(self.undefined);
        match (self.worst, value) {
            (Some((name, difference)), Ok(mean_square)) => score
                .with_detail("root_mean_square", mean_square.sqrt())
                .with_detail("worst_pair", name)
                .with_detail("worst_difference", difference),
            _ => score,
        }
    }
}

/// The mixed matrices of both tables and the pairs that differ most; `None` with fewer than two
/// columns.
pub(crate) fn matrices(
    cache: &Cache<'_>,
    correlation: Correlation,
    bias_corrected: bool,
) -> Result<Option<Associations>, MetricError> {
    const WORST: usize = 20;
    let frame = cache.frame();
    let n = frame.columns.len();
    if n < 2 {
        return Ok(None);
    }
    let pick = mixed(correlation, bias_corrected);
    let fill = |associations: &TableAssociations| {
        let mut matrix = vec![vec![None; n]; n];
        for i in 0..n {
            matrix[i][i] = Some(1.0);
            for j in i + 1..n {
                let value = pick(associations.get(i, j)).1;
                matrix[i][j] = value;
                matrix[j][i] = value;
            }
        }
        matrix
    };
    let real_associations = cache.get(&RealAssociations)?;
    let real = fill(&real_associations);
    let synthetic = fill(&*cache.get(&SyntheticAssociations)?);
    let difference: Vec<Vec<Option<f64>>> = real
        .iter()
        .zip(&synthetic)
        .map(|(r, s)| r.iter().zip(s).map(|(&r, &s)| Some(s? - r?)).collect())
        .collect();
    let mut worst = Vec::new();
    let (mut sum, mut count) = (0.0, 0usize);
    for i in 0..n {
        for j in i + 1..n {
            if let (Some(r), Some(s), Some(d)) = (real[i][j], synthetic[i][j], difference[i][j]) {
                sum += d * d;
                count += 1;
                worst.push((i, j, r, s, d));
            }
        }
    }
    worst.sort_by(|a, b| b.4.abs().total_cmp(&a.4.abs()));
    worst.truncate(WORST);
    let worst = worst
        .into_iter()
        .map(|(i, j, real, synthetic, difference)| PairDifference {
            left: frame.columns[i].name.clone(),
            right: frame.columns[j].name.clone(),
            measure: pick(real_associations.get(i, j)).0.to_owned(),
            real,
            synthetic,
            difference,
        })
        .collect();
    Ok(Some(Associations {
        columns: frame.columns.iter().map(|c| c.name.clone()).collect(),
        scales: frame.columns.iter().map(|c| c.scale).collect(),
        correlation,
        bias_corrected,
        real,
        synthetic,
        difference,
        worst,
        root_mean_square: (count > 0).then(|| (sum / count as f64).sqrt()),
        root_mean_square_of_ranks: Differences::of(cache, |association| {
            Some(by_ranks(association, &pick))
        })?
        .root_mean_square(),
    }))
}
