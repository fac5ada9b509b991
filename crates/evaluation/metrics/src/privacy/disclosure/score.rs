//! The worst of a sweep as a metric.

use parable_seed::Seed;

use super::SweepOptions;
use crate::{
    Direction, EvaluationOptions, Group, Metric, MetricError, Pair, Score, Undefined, Unit,
};

/// The largest excess of a sweep over all sets of one to three keys and all targets: how many more real rows than by guessing have a target that the
/// synthetic table tells to whoever knows their keys.
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

impl Metric for WorstDisclosure {
    fn id(&self) -> &str {
        "disclosure_worst_excess"
    }

    fn title(&self) -> &str {
        "Attribute disclosure beyond guessing, worst keys and target"
    }

    fn explanation(&self) -> &str {
        "An intruder looks a person's known facts up in the synthetic table; the share of people about whom that tells something true, beyond guessing, for the worst set of facts and secret."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn has_baseline(&self) -> bool {
        false
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let section = pair.disclosure(&self.options)?;
        let score = |value| {
            Score::new(
                self.id(),
                self.title(),
                Group::Privacy,
                self.direction(),
                value,
            )
        };
        let Some((section, worst)) = section
            .as_ref()
            .as_ref()
            .and_then(|section| Some((section, section.worst.first()?)))
        else {
            let why = match pair.real().rows() == 0 || pair.synthetic().rows() == 0 {
                true => Undefined::NoRows,
                false => Undefined::NoColumns,
            };
            return Ok(score(Err(why)));
        };
        // Guessing may do better than keys: then nothing is disclosed beyond it.
        let excess = worst.measures.excess.map(|excess| excess.max(0.0));
        let mut score = score(excess.ok_or(Undefined::NoRows))
            .with_param("keys", section.keys.clone())
            .with_param("keys_chosen_by", section.keys_chosen_by.as_str())
            .with_param("groups", section.groups)
            .with_used(pair.real().rows(), Unit::Rows)
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
        Ok(score)
    }
}
