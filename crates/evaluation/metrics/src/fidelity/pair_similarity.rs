//! How alike pairs of columns are, from 0 to 1 (specification 2.4).

use rayon::prelude::*;

use crate::data::contingency::{Grouped, cross};
use crate::data::frame::{Data, FrameColumn};
use crate::fidelity::association::PairAssociation;
use crate::fidelity::association::{RealAssociations, SyntheticAssociations};
use crate::fidelity::k_marginal;
use crate::{
    Correlation, Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Part,
    Undefined, Unit,
};

/// Mean over pairs of columns of: for two numbers `1 - |difference of correlations| / 2`, else one
/// minus the total variation distance of their joint table, numbers being cut at deciles of the
/// **real** table in both (2.4). One suite cuts each table at edges of its own and gives the same
/// score after multiplying a column by 1000.
///
/// A high value says little by itself: compare with the anchors.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PairSimilarity {
    /// The correlation of two numbers. Default Pearson.
    pub correlation: Correlation,
    /// Parts a number is cut into beside levels. Default 10.
    pub bins: usize,
    /// Only pairs of numbers whose real correlation is at least this, in absolute value, and other
    /// pairs whose real association (correlation ratio, Cramér's V) is. Default 0: all.
    pub threshold: f64,
}

impl Default for PairSimilarity {
    fn default() -> Self {
        Self::new(Correlation::Pearson)
    }
}

impl PairSimilarity {
    /// With this correlation.
    #[must_use]
    pub fn new(correlation: Correlation) -> Self {
        Self {
            correlation,
            bins: 10,
            threshold: 0.0,
        }
    }

    /// The same on pairs that go together at least this much in the real table.
    #[must_use]
    pub fn with_threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    fn coefficient(&self, association: PairAssociation) -> Option<f64> {
        match (association, self.correlation) {
            (PairAssociation::Correlation { pearson, .. }, Correlation::Pearson) => pearson,
            (PairAssociation::Correlation { spearman, .. }, Correlation::Spearman) => spearman,
            (PairAssociation::Ratio { plain, .. }, _) => plain,
            (PairAssociation::CramersV { plain, .. }, _) => plain,
        }
    }

    fn grouped(&self, column: &FrameColumn) -> Grouped {
        match &column.data {
            Data::Numbers(numbers) => {
                let edges = k_marginal::edges(&numbers.real, self.bins);
                let bin = |&x: &f64| match x.is_nan() {
                    true => 0,
                    false => edges.partition_point(|&edge| edge < x) as u32 + 1,
                };
                let place = |values: &[f64]| values.iter().map(bin).collect();
                Grouped::new(
                    edges.len() + 2,
                    place(&numbers.real),
                    place(&numbers.synthetic),
                )
            }
            Data::Codes { labels, codes } => Grouped::new(
                labels.len() + 1,
                codes.real.clone(),
                codes.synthetic.clone(),
            ),
        }
    }
}

static PAIR_SIMILARITY: MetricInfo = MetricInfo::new(
    "pair_similarity",
    "Similarity of pairs of columns, mean (0 to 1)",
    "How alike pairs of columns are, on the scale of well-known quality reports; even shuffled columns get a high value, so compare with the anchors.",
)
.with_group(Group::Bivariate)
.with_direction(Direction::Max1);

static PAIR_SIMILARITY_SPEARMAN: MetricInfo = MetricInfo::new(
    "pair_similarity_spearman",
    "Similarity of pairs of columns, mean, by ranks (0 to 1)",
    "How alike pairs of columns are, on the scale of well-known quality reports; even shuffled columns get a high value, so compare with the anchors.",
)
.with_group(Group::Bivariate)
.with_direction(Direction::Max1);

impl Metric for PairSimilarity {
    fn info(&self) -> &MetricInfo {
        match self.correlation {
            Correlation::Pearson => &PAIR_SIMILARITY,
            Correlation::Spearman => &PAIR_SIMILARITY_SPEARMAN,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let frame = cache.frame();
        let (real, synthetic) = (
            cache.get(&RealAssociations)?,
            cache.get(&SyntheticAssociations)?,
        );
        let columns: Vec<(usize, &FrameColumn)> = frame
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.renamed)
            .collect();
        let grouped: Vec<Grouped> = columns.par_iter().map(|(_, c)| self.grouped(c)).collect();
        let empty = frame.rows.real == 0 || frame.rows.synthetic == 0;
        let pairs: Vec<(usize, usize)> = (0..columns.len())
            .flat_map(|i| (i + 1..columns.len()).map(move |j| (i, j)))
            .collect();
        let parts: Vec<Part> = pairs
            .par_iter()
            .filter_map(|&(i, j)| {
                let ((a, left), (b, right)) = (columns[i], columns[j]);
                let of_real = self.coefficient(real.get(a, b));
                if self.threshold > 0.0 && of_real.is_none_or(|r| r.abs() < self.threshold) {
                    return None;
                }
                let value = if left.numbers().is_some() && right.numbers().is_some() {
                    let of_synthetic = self.coefficient(synthetic.get(a, b));
                    let both = of_real.zip(of_synthetic);
                    both.map(|(r, s)| 1.0 - 0.5 * (r - s).abs())
                        .ok_or(Undefined::ConstantColumn)
                } else if empty {
                    Err(Undefined::NoRows)
                } else {
                    let (o, s) = cross(&[&grouped[i], &grouped[j]]);
                    let (n, m) = (frame.rows.real as f64, frame.rows.synthetic as f64);
                    let cells = o.iter().zip(&s);
                    let distance: f64 = cells
                        .map(|(&o, &s)| (o as f64 / n - s as f64 / m).abs())
                        .sum();
                    Ok(1.0 - 0.5 * distance)
                };
                Some(Part {
                    columns: vec![left.name.clone(), right.name.clone()],
                    value: value.ok(),
                    reason: value.err(),
                })
            })
            .collect();
        let values: Vec<f64> = parts.iter().filter_map(|part| part.value).collect();
        let value = match values.len() {
            0 if empty => Err(Undefined::NoRows),
            0 => Err(Undefined::NoPairs),
            n => Ok(values.iter().sum::<f64>() / n as f64),
        };
        let mut score = self
            .info()
            .score(value)
            .with_param("bins", self.bins)
            .with_param("threshold", self.threshold)
            .with_used(values.len(), Unit::Pairs)
            .with_undefined(parts.len() - values.len());
        let defined = parts.iter().filter_map(|part| Some((part, part.value?)));
        if let Some((worst, value)) = defined.min_by(|a, b| a.1.total_cmp(&b.1)) {
            score = score
                .with_detail("worst_pair", worst.columns.join(" x "))
                .with_detail("worst_value", value);
        }
        score.parts = parts;
        Ok(score.into())
    }
}
