//! Numbers about all regressions together.

use super::RegressionOptions;
use crate::{
    CoefficientRow, Direction, EvaluationOptions, Group, Metric, MetricContext, MetricError,
    MetricInfo, Outcome, Undefined, Unit,
};

/// A number about the regressions of [`EvaluationOptions::formulas`] (4.2), over all their
/// coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionScore {
    statistic: Statistic,
    options: RegressionOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Overlap,
    Difference,
    Sign,
    Significance,
}

impl RegressionScore {
    /// Overlap of the 95 % intervals, mean over coefficients; a negative overlap counts as 0 in the
    /// mean.
    #[must_use]
    pub fn overlap(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Overlap, options)
    }

    /// Absolute difference in standard errors of the real estimate, mean over coefficients.
    #[must_use]
    pub fn difference(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Difference, options)
    }

    /// Share of coefficients with the same sign.
    #[must_use]
    pub fn sign_agreement(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Sign, options)
    }

    /// Share of coefficients of which both or neither interval excludes 0.
    #[must_use]
    pub fn significance_agreement(options: &EvaluationOptions) -> Self {
        Self::new(Statistic::Significance, options)
    }

    /// All four.
    pub(crate) fn all(options: &EvaluationOptions) -> impl Iterator<Item = Box<dyn Metric>> {
        [
            Self::overlap(options),
            Self::difference(options),
            Self::sign_agreement(options),
            Self::significance_agreement(options),
        ]
        .into_iter()
        .map(|score| Box::new(score) as Box<dyn Metric>)
    }

    fn new(statistic: Statistic, options: &EvaluationOptions) -> Self {
        Self {
            statistic,
            options: RegressionOptions::of(options),
        }
    }

    fn of(&self, row: &CoefficientRow) -> Option<f64> {
        let flag = |flag: bool| f64::from(u8::from(flag));
        match self.statistic {
            Statistic::Overlap => row.overlap.map(|overlap| overlap.max(0.0)),
            Statistic::Difference => row.standardised_difference.map(f64::abs),
            Statistic::Sign => row.same_sign.map(flag),
            Statistic::Significance => row.same_significance.map(flag),
        }
    }
}

static REGRESSION_OVERLAP: MetricInfo = MetricInfo::new(
    "regression_overlap",
    "Regression coefficients, mean overlap of intervals",
    "How far the confidence intervals of the analyst's regressions agree; 1 is the same interval.",
)
.with_group(Group::Utility)
.with_direction(Direction::Max1);

static REGRESSION_STANDARDISED_DIFFERENCE: MetricInfo = MetricInfo::new(
    "regression_standardised_difference",
    "Regression coefficients, mean difference in standard errors",
    "How far the coefficients of the analyst's regressions are off; below 1 is within the real table's own uncertainty.",
)
.with_group(Group::Utility);

static REGRESSION_SIGN_AGREEMENT: MetricInfo = MetricInfo::new(
    "regression_sign_agreement",
    "Regression coefficients, share with the same sign",
    "Whether the analyst's coefficients point in the same direction.",
)
.with_group(Group::Utility)
.with_direction(Direction::Max1);

static REGRESSION_SIGNIFICANCE_AGREEMENT: MetricInfo = MetricInfo::new(
    "regression_significance_agreement",
    "Regression coefficients, share with the same significance",
    "Whether the analyst would call the same coefficients significant.",
)
.with_group(Group::Utility)
.with_direction(Direction::Max1);

impl Metric for RegressionScore {
    fn info(&self) -> &MetricInfo {
        match self.statistic {
            Statistic::Overlap => &REGRESSION_OVERLAP,
            Statistic::Difference => &REGRESSION_STANDARDISED_DIFFERENCE,
            Statistic::Sign => &REGRESSION_SIGN_AGREEMENT,
            Statistic::Significance => &REGRESSION_SIGNIFICANCE_AGREEMENT,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let sections = cache.get(&self.options)?;
        let rows: Vec<&CoefficientRow> = sections.iter().flat_map(|s| &s.coefficients).collect();
        let values: Vec<f64> = rows.iter().filter_map(|row| self.of(row)).collect();
        let reasons = sections
            .iter()
            .map(|s| s.reason.real.or(s.reason.synthetic));
        let value = match values.len() {
            0 if sections.is_empty() => Err(Undefined::NoFormula),
            0 => Err(reasons.flatten().next().unwrap_or(Undefined::Aliased)),
            n => Ok(values.iter().sum::<f64>() / n as f64),
        };
        let failed = sections
            .iter()
            .filter(|s| s.coefficients.is_empty())
            .count();
        let mut score = self
            .info()
            .score(value)
            .with_used(values.len(), Unit::Coefficients)
            .with_undefined(rows.len() - values.len() + failed);
        if !sections.is_empty() {
            let formulas: Vec<String> = sections.iter().map(|s| s.formula.clone()).collect();
            score = score.with_param("formulas", formulas);
        }
        let named = sections.iter().flat_map(|s| {
            let rows = s.coefficients.iter();
            rows.map(move |row| (s, row))
        });
        let worst = named
            .filter_map(|(s, row)| Some((s, row, row.standardised_difference?.abs())))
            .max_by(|a, b| a.2.total_cmp(&b.2));
        if let (Some((section, row, _)), Statistic::Difference) = (worst, self.statistic) {
            score = score
                .with_detail("worst_formula", section.formula.as_str())
                .with_detail("worst_coefficient", row.name.as_str())
                .with_detail(
                    "worst_difference",
                    row.standardised_difference.unwrap_or(0.0),
                );
        }
        if self.statistic == Statistic::Overlap && !values.is_empty() {
            let raw: Vec<f64> = rows.iter().filter_map(|row| row.overlap).collect();
            score = score.with_detail("mean_unclamped", raw.iter().sum::<f64>() / raw.len() as f64);
        }
        Ok(score.into())
    }
}
