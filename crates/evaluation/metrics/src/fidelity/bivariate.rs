//! How well associations are kept: mean squared differences and the mixed matrix (specification 2.1 to 2.3, 2.7).

use parable_seed::Seed;

use crate::fidelity::association::{PairAssociation, TableAssociations};
use crate::{
    Associations, Correlation, Direction, Group, Metric, MetricError, Pair, PairDifference, Score,
    Undefined, Unit,
};

/// Mean squared difference of the correlations of all pairs of numeric columns (2.1). Each pair uses the rows complete in it; a pair counts if
/// both columns vary over these rows in both tables.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CorrelationMsd {
    /// Pearson or Spearman (average ranks).
    pub correlation: Correlation,
}

/// Mean squared difference of Cramér's V of all pairs of columns of levels (2.2), without continuity correction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CramersVMsd {
    /// Use the bias-corrected form (Bergsma 2013): better when tables differ in size or have many sparse levels.
    pub bias_corrected: bool,
}

/// Mean squared difference of the correlation ratios of all pairs of a numeric column and one of levels (2.3).
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

impl Metric for CorrelationMsd {
    fn id(&self) -> &str {
        match self.correlation {
            Correlation::Pearson => "correlation_msd_pearson",
            Correlation::Spearman => "correlation_msd_spearman",
        }
    }

    fn title(&self) -> &str {
        match self.correlation {
            Correlation::Pearson => "Pearson correlation, mean squared difference",
            Correlation::Spearman => "Spearman correlation, mean squared difference",
        }
    }

    fn explanation(&self) -> &str {
        "Whether pairs of numbers rise and fall together as in the real table."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let differences = Differences::of(pair, |association| match association {
            PairAssociation::Correlation { pearson, spearman } => Some(match self.correlation {
                Correlation::Pearson => pearson,
                Correlation::Spearman => spearman,
            }),
            _ => None,
        });
        Ok(differences
            .mean_square(self)
            .with_param("method", self.correlation.name()))
    }
}

impl Metric for CramersVMsd {
    fn id(&self) -> &str {
        if self.bias_corrected {
            "cramers_v_corrected_msd"
        } else {
            "cramers_v_msd"
        }
    }

    fn title(&self) -> &str {
        if self.bias_corrected {
            "Cramér's V (bias-corrected), mean squared difference"
        } else {
            "Cramér's V, mean squared difference"
        }
    }

    fn explanation(&self) -> &str {
        "Whether pairs of categories go together as in the real table."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let differences = Differences::of(pair, |association| match association {
            PairAssociation::CramersV { plain, corrected } => Some(if self.bias_corrected {
                corrected
            } else {
                plain
            }),
            _ => None,
        });
        Ok(differences
            .mean_square(self)
            .with_param("bias_corrected", self.bias_corrected))
    }
}

impl Metric for CorrelationRatioMsd {
    fn id(&self) -> &str {
        "correlation_ratio_msd"
    }

    fn title(&self) -> &str {
        "Correlation ratio, mean squared difference"
    }

    fn explanation(&self) -> &str {
        "Whether numbers differ between the levels of categories as in the real table."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let differences = Differences::of(pair, |association| match association {
            PairAssociation::Ratio(eta) => Some(eta),
            _ => None,
        });
        Ok(differences.mean_square(self))
    }
}

impl Metric for AssociationRms {
    fn id(&self) -> &str {
        "association_rms"
    }

    fn title(&self) -> &str {
        "Association of all pairs of columns, root mean square difference"
    }

    fn explanation(&self) -> &str {
        "How far the relations of all pairs of columns are off, on the scale of correlations."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let pick = mixed(self.correlation, self.bias_corrected);
        let differences = Differences::of(pair, |association| Some(pick(association).1));
        let mut score = differences.mean_square(self);
        score.value = score.value.map(f64::sqrt);
        score.details.remove("root_mean_square");
        Ok(score
            .with_param("method", self.correlation.name())
            .with_param("bias_corrected", self.bias_corrected))
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
        PairAssociation::Ratio(eta) => ("correlation_ratio", eta),
        PairAssociation::CramersV { plain, corrected } => {
            ("cramers_v", if bias_corrected { corrected } else { plain })
        }
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
    fn of(pair: &Pair<'_>, pick: impl Fn(PairAssociation) -> Option<Option<f64>>) -> Self {
        let frame = pair.frame();
        let (real, synthetic) = (pair.real_associations(), pair.synthetic_associations());
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
        differences
    }

    fn mean_square(self, metric: &dyn Metric) -> Score {
        let value = if self.defined > 0 {
            Ok(self.sum_of_squares / self.defined as f64)
        } else {
            Err(Undefined::NoPairs)
        };
        let score = Score::new(
            metric.id(),
            metric.title(),
            Group::Bivariate,
            metric.direction(),
            value,
        )
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

/// The mixed matrices of both tables and the pairs that differ most; `None` with fewer than two columns.
pub(crate) fn matrices(
    pair: &Pair<'_>,
    correlation: Correlation,
    bias_corrected: bool,
) -> Option<Associations> {
    const WORST: usize = 20;
    let frame = pair.frame();
    let n = frame.columns.len();
    if n < 2 {
        return None;
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
    let real = fill(&pair.real_associations());
    let synthetic = fill(&pair.synthetic_associations());
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
    let real_associations = pair.real_associations();
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
    Some(Associations {
        columns: frame.columns.iter().map(|c| c.name.clone()).collect(),
        scales: frame.columns.iter().map(|c| c.scale).collect(),
        correlation,
        bias_corrected,
        real,
        synthetic,
        difference,
        worst,
        root_mean_square: (count > 0).then(|| (sum / count as f64).sqrt()),
    })
}
