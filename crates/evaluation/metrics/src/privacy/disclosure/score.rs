//! The worst of a sweep as a metric.

use super::SweepOptions;
use crate::{
    EvaluationOptions, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Score,
    Section, Undefined, Unit,
};

/// The largest excess of a sweep over all sets of one to three keys and all targets: how many more
/// real rows than by guessing have a target that the synthetic table tells to whoever knows their
/// keys.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstDisclosure {
    options: SweepOptions,
    min_cell: usize,
}

impl WorstDisclosure {
    /// With the keys and targets of these options.
    #[must_use]
    pub fn new(options: &EvaluationOptions) -> Self {
        Self {
            options: SweepOptions::of(options),
            min_cell: options.min_cell,
        }
    }
}

static DISCLOSURE_WORST_EXCESS: MetricInfo = MetricInfo::new(
    "disclosure_worst_excess",
    "Attribute disclosure beyond guessing, worst keys and target",
    "An intruder looks a person's known facts up in the synthetic table; the share of people about whom that tells something true, beyond guessing, for the worst set of facts and secret.",
)
.with_group(Group::Privacy)
.without_anchors();

impl Metric for WorstDisclosure {
    fn info(&self) -> &MetricInfo {
        &DISCLOSURE_WORST_EXCESS
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let found = cache.get(&self.options)?;
        let outcome = |score: Score| {
            let mut outcome = Outcome::from(score);
            outcome.section = (*found).clone().map(Section::Disclosure);
            outcome
        };
        let worst = found
            .as_ref()
            .as_ref()
            .and_then(|section| Some((section, section.worst.first()?)));
        let Some((section, worst)) = worst else {
            let why = match cache.real().rows() == 0 || cache.synthetic().rows() == 0 {
                true => Undefined::NoRows,
                false => Undefined::NoColumns,
            };
            return Ok(outcome(self.info().score(Err(why))));
        };
        // Guessing may do better than keys: then nothing is disclosed beyond it.
        let excess = worst.measures.excess.map(|excess| excess.max(0.0));
        let mut score = self
            .info()
            .score(excess.ok_or(Undefined::NoRows))
            .with_param("keys", section.keys.clone())
            .with_param("keys_chosen_by", section.keys_chosen_by.as_str())
            .with_param("groups", section.groups)
            .with_used(cache.real().rows(), Unit::Rows)
            .with_detail("worst_keys", worst.keys.clone())
            .with_detail("worst_target", worst.target.as_str())
            .with_detail("looked_at", section.looked_at);
        if let Some(share) = worst.measures.disclosed_share {
            score = score.with_detail("disclosed_share", share);
        }
        if let Some(share) = worst.measures.disclosive_in_real {
            score = score.with_detail("disclosive_in_real", share);
        }
        let told = worst.measures.matched;
        if told > 0 && told < self.min_cell as u64 {
            score = score.with_warning(format!(
                "only {told} real rows are told anything by these keys: fewer than the smallest cell of {}",
                self.min_cell
            ));
        }
        score.baseline.real = Some(worst.real_excess);
        score.baseline.holdout = worst.holdout_excess.map(|excess| excess.max(0.0));
        Ok(outcome(score))
    }
}
