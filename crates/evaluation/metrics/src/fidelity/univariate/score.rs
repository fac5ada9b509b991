//! The scores of single columns.

use super::cells::Cells;
use super::{Univariate, UnivariateAnalysis};
use crate::data::frame::Data;
use crate::{
    Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Part, Score,
    Undefined, Unit,
};

/// Mean absolute difference of the shares over all cells of all columns (1.2): numeric columns in
/// bins of equal width over the pooled range, other columns by level, missing being a level.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MassMad {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// As [`MassMad`] with shares divided by the width of their cells, averaged over columns (1.3).
/// **Depends on units**: multiplying a column by 1000 divides its part by 1000. Only for comparison
/// with published tables. Columns of levels are cut into bins over the positions of the sorted
/// levels.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DensityMad {
    /// Bins per column. Default 10.
    pub bins: usize,
}

/// Kullback-Leibler divergence of the synthetic from the real shares of each column, averaged over
/// the columns where it is finite (1.4); cells as in [`MassMad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KullbackLeibler {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Total variation distance of each column, averaged over columns (1.1); cells as in [`MassMad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TotalVariation {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Kolmogorov-Smirnov distance of each numeric column, averaged over columns (1.7).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KolmogorovSmirnov {}

/// Jensen-Shannon distance of each column, averaged over columns (1.6); cells as in [`MassMad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct JensenShannon {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Area between the cumulative curves of each numeric column in standard deviations of the real
/// one, averaged over columns (1.8).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Wasserstein {}

/// Share of the real range reached, or of the real levels used, averaged over columns (1.10).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cover {}

/// Share of synthetic values inside the real range or with a real level, averaged over columns
/// (1.11). Values that reach exactly to the ends of the range reveal the real smallest and largest
/// value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Adherence {}

impl JensenShannon {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl MassMad {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl TotalVariation {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl DensityMad {
    /// With this many bins (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl KullbackLeibler {
    /// With this many bins (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl Default for MassMad {
    fn default() -> Self {
        Self::new(10)
    }
}

impl Default for TotalVariation {
    fn default() -> Self {
        Self::new(10)
    }
}

static MASS_MAD: MetricInfo = MetricInfo::new(
    "mass_mad",
    "Mean absolute difference of shares",
    "How far the bars of the histograms are off on average: 0.01 is one percentage point.",
)
.with_group(Group::Univariate);

impl Metric for MassMad {
    fn info(&self) -> &MetricInfo {
        &MASS_MAD
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: self.bins })?;
        let (mut sum, mut cells, mut undefined) = (0.0, 0usize, 0usize);
        for column in univariate.columns.iter().filter(|c| c.comparable) {
            match &column.cells {
                Ok(counted) => {
                    sum += counted.absolute_difference();
                    cells += counted.counts.len();
                }
                Err(_) => undefined += 1,
            }
        }
        let value = if cells > 0 {
            Ok(sum / cells as f64)
        } else {
            Err(nothing(&univariate))
        };
        let score = self
            .info()
            .score(value)
            .with_param("bins", self.bins)
            .with_used(cells, Unit::Cells)
            .with_undefined(undefined);
        Ok(warn_if_small(score, &univariate).into())
    }
}

static DENSITY_MAD: MetricInfo = MetricInfo::new(
    "density_mad",
    "Mean absolute difference of densities (depends on units)",
    "As mass_mad, divided by the width of the bars; only for comparison with published tables, because it depends on the units of the columns.",
)
.with_group(Group::Univariate);

impl Metric for DensityMad {
    fn info(&self) -> &MetricInfo {
        &DENSITY_MAD
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: self.bins })?;
        let frame = cache.frame();
        let parts: Vec<(&str, Result<f64, Undefined>)> = frame
            .comparable()
            .map(|column| {
                let cells = match &column.data {
                    Data::Numbers(numbers) => {
                        Cells::of_numbers(&numbers.real, &numbers.synthetic, self.bins)
                    }
                    Data::Codes { labels, codes } => {
                        // Positions among the levels that occur, missing being the first of them.
                        let mut seen = crate::data::frame::seen(&codes.real, labels.len());
                        codes
                            .synthetic
                            .iter()
                            .for_each(|&code| seen[code as usize] = true);
                        let mut place = 0.0;
                        let places: Vec<f64> = seen
                            .iter()
                            .map(|&seen| {
                                let own = place;
                                place += f64::from(u8::from(seen));
                                own
                            })
                            .collect();
                        let placed = |codes: &[u32]| -> Vec<f64> {
                            codes.iter().map(|&code| places[code as usize]).collect()
                        };
                        let (real, synthetic) = (placed(&codes.real), placed(&codes.synthetic));
                        Cells::of_numbers(&real, &synthetic, self.bins)
                    }
                };
                let value = cells.and_then(|cells| match cells.totals.contains(&0) {
                    true => Err(Undefined::NoRows),
                    false => Ok(cells.density_difference()),
                });
                (column.name.as_str(), value)
            })
            .collect();
        let score = mean_over_columns(self, parts.iter().copied(), &univariate)
            .with_param("bins", self.bins)
            .with_warning(
                "depends on the units of the columns: compare with published tables only",
            );
        Ok(warn_if_small(with_parts(score, &parts), &univariate).into())
    }
}

static KULLBACK_LEIBLER: MetricInfo = MetricInfo::new(
    "kullback_leibler",
    "Kullback-Leibler divergence, mean over columns where it is finite",
    "How surprising the synthetic shares are to somebody who knows the real ones; infinite for a column with a bar the synthetic table never fills.",
)
.with_group(Group::Univariate);

impl Metric for KullbackLeibler {
    fn info(&self) -> &MetricInfo {
        &KULLBACK_LEIBLER
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: self.bins })?;
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts: Vec<(&str, Result<f64, Undefined>)> = comparable
            .map(|column| {
                let value = match &column.cells {
                    Ok(cells) => Ok(cells.kullback_leibler()),
                    Err(why) => Err(*why),
                };
                let finite = value.and_then(|value| match value.is_finite() {
                    true => Ok(value),
                    false => Err(Undefined::NotFinite),
                });
                (column.name.as_str(), finite)
            })
            .collect();
        let infinite = |part: &&(&str, Result<f64, Undefined>)| part.1 == Err(Undefined::NotFinite);
        let infinite: Vec<String> = parts
            .iter()
            .filter(infinite)
            .map(|p| p.0.to_owned())
            .collect();
        let mut score = mean_over_columns(self, parts.iter().copied(), &univariate)
            .with_param("bins", self.bins)
            .with_detail("infinite", infinite.len());
        if !infinite.is_empty() {
            if score.value.is_none() {
                score.reason = Some(Undefined::NotFinite);
            }
            score = score
                .with_detail("infinite_columns", infinite)
                .with_warning("infinite for some columns, which are left out of the mean");
        }
        Ok(warn_if_small(with_parts(score, &parts), &univariate).into())
    }
}

static TOTAL_VARIATION: MetricInfo = MetricInfo::new(
    "total_variation",
    "Total variation distance, mean over columns",
    "The share of rows that would have to move to another bar to make both histograms equal.",
)
.with_group(Group::Univariate);

impl Metric for TotalVariation {
    fn info(&self) -> &MetricInfo {
        &TOTAL_VARIATION
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: self.bins })?;
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| (column.name.as_str(), column.tvd()));
        let score = mean_over_columns(self, parts, &univariate).with_param("bins", self.bins);
        Ok(warn_if_small(score, &univariate).into())
    }
}

static KOLMOGOROV_SMIRNOV: MetricInfo = MetricInfo::new(
    "kolmogorov_smirnov",
    "Kolmogorov-Smirnov distance, mean over numeric columns",
    "The largest gap between the cumulative curves of a numeric column.",
)
.with_group(Group::Univariate);

impl Metric for KolmogorovSmirnov {
    fn info(&self) -> &MetricInfo {
        &KOLMOGOROV_SMIRNOV
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: 10 })?;
        let parts = univariate.columns.iter().filter_map(|column| {
            let ks = column.ks?;
            Some((column.name.as_str(), ks.ok_or(Undefined::NoRows)))
        });
        let score = mean_over_columns(self, parts, &univariate);
        Ok(warn_if_small(score, &univariate).into())
    }
}

static JENSEN_SHANNON: MetricInfo = MetricInfo::new(
    "jensen_shannon",
    "Jensen-Shannon distance, mean over columns",
    "Another distance between the histograms, more sensitive to rare levels.",
)
.with_group(Group::Univariate);

impl Metric for JensenShannon {
    fn info(&self) -> &MetricInfo {
        &JENSEN_SHANNON
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: self.bins })?;
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| (column.name.as_str(), column.js_distance()));
        let score = mean_over_columns(self, parts, &univariate).with_param("bins", self.bins);
        Ok(warn_if_small(score, &univariate).into())
    }
}

static WASSERSTEIN: MetricInfo = MetricInfo::new(
    "wasserstein",
    "Wasserstein distance in real standard deviations, mean over numeric columns",
    "How far a value has to be moved on average, in standard deviations.",
)
.with_group(Group::Univariate);

impl Metric for Wasserstein {
    fn info(&self) -> &MetricInfo {
        &WASSERSTEIN
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: 10 })?;
        let parts = univariate
            .columns
            .iter()
            .filter_map(|column| Some((column.name.as_str(), column.scaled_wasserstein()?)));
        let score = mean_over_columns(self, parts, &univariate);
        Ok(warn_if_small(score, &univariate).into())
    }
}

static COVER: MetricInfo = MetricInfo::new(
    "cover",
    "Share of real ranges and levels that synthetic values reach, mean over columns",
    "Whether synthetic values reach all of the real range and use every real level.",
)
.with_group(Group::Univariate)
.with_direction(Direction::Max1);

impl Metric for Cover {
    fn info(&self) -> &MetricInfo {
        &COVER
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: 10 })?;
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| {
            let why = match column.summary.real.is_some() && column.summary.synthetic.is_some() {
                true => Undefined::ConstantColumn,
                false => Undefined::NoRows,
            };
            (column.name.as_str(), column.cover.ok_or(why))
        });
        Ok(mean_over_columns(self, parts, &univariate).into())
    }
}

static ADHERENCE: MetricInfo = MetricInfo::new(
    "adherence",
    "Share of synthetic values in the real range or with a real level, mean over columns",
    "Whether synthetic values stay inside the real range and among the real levels.",
)
.with_group(Group::Univariate)
.with_direction(Direction::Max1);

impl Metric for Adherence {
    fn info(&self) -> &MetricInfo {
        &ADHERENCE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: 10 })?;
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| {
            (
                column.name.as_str(),
                column.adherence.ok_or(Undefined::NoRows),
            )
        });
        Ok(mean_over_columns(self, parts, &univariate).into())
    }
}

pub(super) fn mean_over_columns<'a>(
    metric: &dyn Metric,
    parts: impl Iterator<Item = (&'a str, Result<f64, Undefined>)>,
    univariate: &Univariate,
) -> Score {
    let (mut sum, mut used, mut undefined) = (0.0, 0usize, 0usize);
    let mut worst: Option<(&str, f64)> = None;
    for (name, part) in parts {
        match part {
            Ok(value) => {
                sum += value;
                used += 1;
                let worse = |known: f64| match metric.info().direction {
                    Direction::Max1 => value < known,
                    _ => value > known,
                };
                if worst.is_none_or(|(_, known)| worse(known)) {
                    worst = Some((name, value));
                }
            }
            Err(_) => undefined += 1,
        }
    }
    let value = if used > 0 {
        Ok(sum / used as f64)
    } else if undefined > 0 {
        Err(nothing(univariate))
    } else {
        Err(Undefined::NoColumns)
    };
    let score = metric
        .info()
        .score(value)
        .with_used(used, Unit::Columns)
        .with_undefined(undefined);
    match worst {
        Some((name, value)) => score
            .with_detail("worst_column", name)
            .with_detail("worst_value", value),
        None => score,
    }
}

/// The score with what it is for every column.
pub(super) fn with_parts(mut score: Score, parts: &[(&str, Result<f64, Undefined>)]) -> Score {
    score.parts = parts
        .iter()
        .map(|(name, value)| Part {
            columns: vec![(*name).to_owned()],
            value: value.ok(),
            reason: value.err(),
        })
        .collect();
    score
}

fn nothing(univariate: &Univariate) -> Undefined {
    if univariate.columns.iter().any(|column| column.comparable) {
        Undefined::NoRows
    } else {
        Undefined::NoColumns
    }
}

pub(super) fn warn_if_small(score: Score, univariate: &Univariate) -> Score {
    if univariate.small {
        score.with_warning("small: fewer than 50 rows in one of the tables")
    } else {
        score
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{number, table};

    #[test]
    fn a_column_without_values_on_one_side_is_undefined_and_not_zero() {
        let real = table(vec![number("x", &[Some(1.0), Some(2.0)])]);
        let synthetic = table(vec![number("x", &[None, None])]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let score = MassMad::default().score(&pair, &Seed::from_u64(1)).unwrap();
        assert_eq!((score.value, score.reason), (None, Some(Undefined::NoRows)));
        assert_eq!(score.n_undefined, 1);
        let score = KolmogorovSmirnov::default()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!(score.reason, Some(Undefined::NoRows));
    }
}
