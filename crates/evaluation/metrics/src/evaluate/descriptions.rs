//! Sections without a score: what every evaluation describes.

use crate::fidelity::bivariate::matrices;
use crate::fidelity::univariate::ColumnDetails;
use crate::fidelity::{missing, projection, rules};
use crate::utility::clusters::ClusterAnalysis;
use crate::utility::regression::RegressionOptions;
use crate::utility::subgroups::SubgroupOptions;
use crate::utility::trial::TrialOptions;
use crate::{EvaluationOptions, Metric, MetricContext, MetricError, MetricInfo, Outcome, Section};

/// A metric that gives a section and no score.
struct Description<F> {
    info: MetricInfo,
    describe: F,
}

impl<F> Metric for Description<F>
where
    F: Fn(&MetricContext<'_>) -> Result<Option<Section>, MetricError> + Send + Sync,
{
    fn info(&self) -> &MetricInfo {
        &self.info
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        Ok(Outcome {
            scores: Vec::new(),
            section: (self.describe)(context)?,
        })
    }
}

fn described<F>(id: &'static str, title: &'static str, describe: F) -> Box<dyn Metric>
where
    F: Fn(&MetricContext<'_>) -> Result<Option<Section>, MetricError> + Send + Sync + 'static,
{
    Box::new(Description {
        info: MetricInfo::new(id, title, title).without_anchors(),
        describe,
    })
}

/// The descriptions of every evaluation.
pub(crate) fn descriptions(options: &EvaluationOptions) -> Vec<Box<dyn Metric>> {
    let (correlation, bias_corrected) = (options.correlation, options.bias_corrected);
    let trial = TrialOptions::of(options);
    let regressions = RegressionOptions::of(options);
    let subgroups = SubgroupOptions::of(options);
    vec![
        Box::new(ColumnDetails::of(options)),
        described("association_matrices", "Associations", move |context| {
            let matrices = matrices(context.cache(), correlation, bias_corrected)?;
            Ok(matrices.map(Section::Associations))
        }),
        described("missing_values", "Missing values", |context| {
            Ok(Some(Section::Missing(missing::section(context.cache()))))
        }),
        described("declared_rules", "Declared rules", |context| {
            Ok(Some(Section::Rules(rules::section(context.cache())?)))
        }),
        described("treatment_effects", "Treatment effects", move |context| {
            Ok((*context.get(&trial)?).clone().map(Section::Trial))
        }),
        described("regressions", "Regressions", move |context| {
            let regressions = context.get(&regressions)?;
            Ok(Some(Section::Regressions((*regressions).clone())))
        }),
        described("subgroups", "Subgroups", move |context| {
            let tables = context.get(&subgroups)?;
            Ok(Some(Section::Subgroups((*tables).clone())))
        }),
        described("clusters", "Clusters", |context| {
            let clusters = context.get(&ClusterAnalysis)?;
            Ok(Some(Section::Clusters((*clusters).clone())))
        }),
    ]
}

/// Both tables on a plane.
pub(crate) fn plane() -> Box<dyn Metric> {
    described("projection", "Projection", |context| {
        let projection = projection::projection(&context.cache().frame());
        Ok(projection.map(Section::Projection))
    })
}
