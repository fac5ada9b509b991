//! An analyst's regressions on both tables (specification 4.2).

mod absorb;
mod compare;
mod design;
mod fit;
mod score;

use crate::data::frame::{Frame, Side};
use crate::{
    Analysis, Cache, Combining, EvaluationOptions, EvaluationProgress, Formula, MetricError,
    RegressionSection,
};

pub use score::RegressionScore;

/// The choices regressions depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegressionOptions {
    pub(crate) formulas: Vec<Formula>,
    pub(crate) combining: Combining,
    pub(crate) control_arm: Option<String>,
}

impl RegressionOptions {
    pub(crate) fn of(options: &EvaluationOptions) -> Self {
        Self {
            formulas: options.formulas.clone(),
            combining: options.combining,
            control_arm: options.control_arm.clone(),
        }
    }
}

impl Analysis for RegressionOptions {
    type Output = Vec<RegressionSection>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Vec<RegressionSection>, MetricError> {
        sections(cache, self)
    }
}

/// Every formula on both tables, and on the copies.
fn sections(
    cache: &Cache<'_>,
    options: &RegressionOptions,
) -> Result<Vec<RegressionSection>, MetricError> {
    if options.formulas.is_empty() {
        return Ok(Vec::new());
    }
    // Levels are coded anew beside each copy; coefficients are matched by name.
    let copies: Vec<Frame> = cache
        .copies()
        .iter()
        .map(|copy| Frame::new(cache.real(), copy, None))
        .collect();
    let frame = cache.frame();
    let of = |formula: &Formula| -> Result<RegressionSection, MetricError> {
        let model = |frame| design::Model::new(formula, frame, options.control_arm.as_deref());
        let own = model(&frame)?;
        let mut synthetic = vec![fit::fit(&own, Side::Synthetic)];
        for copy in &copies {
            synthetic.push(fit::fit(&model(copy)?, Side::Synthetic));
        }
        let real = fit::fit(&own, Side::Real);
        let rows = [frame.rows.real, frame.rows.synthetic];
        Ok(compare::section(
            &own,
            real,
            synthetic,
            options.combining,
            rows,
        ))
    };
    options.formulas.iter().map(of).collect()
}
