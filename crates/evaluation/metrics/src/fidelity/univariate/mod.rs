//! One column at a time: what is known of each, computed once for the section and all scores
//! (specification 1).

mod cells;
mod details;
mod distance;
mod rank;
mod score;

use crate::data::frame::{Data, Frame, FrameColumn};
use crate::{Analysis, Cache, EvaluationProgress, MetricError, NumericSummary, Sides, Undefined};
use cells::Cells;
use distance::{level_cover, range_cover, wasserstein};
use parable_linalg::quantile;

pub(crate) use details::ColumnDetails;
pub(crate) use distance::kolmogorov_smirnov;
pub use rank::{RankTest, RankTestResult};
pub use score::{
    Adherence, Cover, DensityMad, JensenShannon, KolmogorovSmirnov, KullbackLeibler, MassMad,
    TotalVariation, Wasserstein,
};

/// What is known of each column of a frame, computed once for the section and all scores.
#[derive(Debug)]
pub(crate) struct Univariate {
    pub(crate) columns: Vec<ColumnNumbers>,
    /// The pair has under 50 rows on one side.
    pub(crate) small: bool,
}

/// The key of [`Univariate`] in a cache: bins per numeric column.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct UnivariateAnalysis {
    pub(crate) bins: usize,
}

impl Analysis for UnivariateAnalysis {
    type Output = Univariate;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Univariate, MetricError> {
        Ok(Univariate::of(&cache.frame(), self.bins))
    }
}

#[derive(Debug)]
pub(crate) struct ColumnNumbers {
    pub(crate) name: String,
    pub(crate) cells: Result<Cells, Undefined>,
    pub(crate) ks: Option<Option<f64>>,
    pub(crate) wasserstein: Option<f64>,
    pub(crate) cover: Option<f64>,
    pub(crate) adherence: Option<f64>,
    pub(crate) summary: Sides<Option<NumericSummary>>,
    pub(crate) distinct: Sides<u64>,
    pub(crate) comparable: bool,
}

impl Univariate {
    fn of(frame: &Frame, bins: usize) -> Self {
        use rayon::prelude::*;
        let columns = frame
            .columns
            .par_iter()
            .map(|column| ColumnNumbers::of(column, bins))
            .collect();
        Self {
            columns,
            small: frame.rows.real < 50 || frame.rows.synthetic < 50,
        }
    }
}

impl ColumnNumbers {
    fn of(column: &FrameColumn, bins: usize) -> Self {
        let cells = if column.renamed {
            Err(Undefined::NoRows)
        } else {
            Cells::of(column, bins)
        };
        let mut numbers = Self {
            name: column.name.clone(),
            cells,
            ks: None,
            wasserstein: None,
            cover: None,
            adherence: None,
            summary: Sides::default(),
            distinct: Sides::default(),
            comparable: !column.renamed,
        };
        match &column.data {
            Data::Numbers(values) => {
                let sorted = |values: &[f64]| {
                    let mut sorted: Vec<f64> =
                        values.iter().copied().filter(|v| !v.is_nan()).collect();
                    sorted.sort_unstable_by(f64::total_cmp);
                    sorted
                };
                let real = sorted(&values.real);
                let synthetic = sorted(&values.synthetic);
                numbers.ks = Some(kolmogorov_smirnov(&real, &synthetic));
                numbers.wasserstein = wasserstein(&real, &synthetic);
                (numbers.cover, numbers.adherence) = range_cover(&real, &synthetic);
                numbers.summary = Sides {
                    real: summary(&real),
                    synthetic: summary(&synthetic),
                };
                numbers.distinct = Sides {
                    real: distinct(&real),
                    synthetic: distinct(&synthetic),
                };
            }
            Data::Codes { labels, codes } => {
                let count = |codes: &[u32]| {
                    crate::data::frame::seen(codes, labels.len())[1..]
                        .iter()
                        .filter(|&&seen| seen)
                        .count() as u64
                };
                if !column.renamed {
                    (numbers.cover, numbers.adherence) =
                        level_cover(&codes.real, &codes.synthetic, labels.len());
                }
                numbers.distinct = Sides {
                    real: count(&codes.real),
                    synthetic: count(&codes.synthetic),
                };
            }
        }
        numbers
    }

    fn tvd(&self) -> Result<f64, Undefined> {
        self.cells
            .as_ref()
            .map(|cells| 0.5 * cells.absolute_difference())
            .map_err(|&why| why)
    }
}

impl ColumnNumbers {
    fn js_distance(&self) -> Result<f64, Undefined> {
        self.cells
            .as_ref()
            .map(Cells::jensen_shannon)
            .map_err(|&why| why)
    }

    /// The Wasserstein distance in standard deviations of the real column.
    fn scaled_wasserstein(&self) -> Option<Result<f64, Undefined>> {
        self.ks?;
        let Some(distance) = self.wasserstein else {
            return Some(Err(Undefined::NoRows));
        };
        let sd = self.summary.real.and_then(|real| real.sd);
        Some(match sd {
            Some(sd) if sd > 0.0 => Ok(distance / sd),
            _ => Err(Undefined::ConstantColumn),
        })
    }
}

fn distinct(sorted: &[f64]) -> u64 {
    let changes = sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (changes + usize::from(!sorted.is_empty())) as u64
}

fn summary(sorted: &[f64]) -> Option<NumericSummary> {
    let (&min, &max) = (sorted.first()?, sorted.last()?);
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let squares: f64 = sorted.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some(NumericSummary {
        mean,
        sd: (sorted.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        min,
        q25: quantile(sorted, 0.25),
        median: quantile(sorted, 0.5),
        q75: quantile(sorted, 0.75),
        max,
    })
}
