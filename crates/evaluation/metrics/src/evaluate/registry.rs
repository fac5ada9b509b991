//! All metrics by name, so that an owner can choose.

use crate::evaluate::defaults::default_metrics;
use crate::{
    ClusteredMsd, Correlation, DensityMad, EvaluationOptions, KMarginal, KullbackLeibler,
    ManifoldScore, Metric, MetricError, PairSimilarity, Prediction, RankTest, RegressionScore,
};

/// A metric of the registry.
pub struct Registered {
    metric: Box<dyn Metric>,
    default: bool,
}

impl Registered {
    /// The name it is chosen by; it never changes.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.metric.info().id
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.metric.info().title
    }

    /// What it says, in a sentence for people who own data.
    #[must_use]
    pub fn explanation(&self) -> &str {
        &self.metric.info().explanation
    }

    /// Whether it is one of the [`default_metrics`]. The others are parity forms of published
    /// tables, or take long on large tables.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.default
    }

    /// The metric itself.
    #[must_use]
    pub fn metric(&self) -> &dyn Metric {
        self.metric.as_ref()
    }
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registered")
            .field("id", &self.id())
            .field("default", &self.default)
            .finish_non_exhaustive()
    }
}

/// Every metric there is, with these options: the [`default_metrics`] in the order of a page, then
/// those only computed when asked for.
#[must_use]
pub fn registry(options: &EvaluationOptions) -> Vec<Registered> {
    let list = |default: bool| move |metric| Registered { metric, default };
    let mut all: Vec<Registered> = default_metrics(options)
        .into_iter()
        .map(list(true))
        .collect();
    for further in further_metrics(options) {
        if !all.iter().any(|known| known.id() == further.info().id) {
            all.push(list(false)(further));
        }
    }
    all
}

/// Metrics that are computed only when asked for.
fn further_metrics(options: &EvaluationOptions) -> Vec<Box<dyn Metric>> {
    let mut metrics: Vec<Box<dyn Metric>> =
        vec![Box::new(KMarginal::new(1)), Box::new(KMarginal::new(3))];
    metrics.extend([
        Box::new(DensityMad::new(options.bins)) as Box<dyn Metric>,
        Box::new(KullbackLeibler::new(options.bins)),
        Box::new(RankTest::KruskalWallis),
        Box::new(RankTest::MannWhitney),
        Box::new(PairSimilarity::new(Correlation::Spearman)),
        Box::new(ClusteredMsd::default()),
        Box::new(Prediction::of(options)),
    ]);
    metrics.extend(ManifoldScore::ALL.map(|score| Box::new(score) as Box<dyn Metric>));
    metrics.extend(RegressionScore::all(options));
    metrics
}

/// A number that comes with another one.
const COMES_WITH: [(&str, &str); 1] = [("association_retained", "association_rms")];

/// The metrics with these ids, in the order of the registry.
///
/// # Errors
/// [`MetricError::UnknownMetric`] with the ids that look like the unknown one.
pub(crate) fn select(
    options: &EvaluationOptions,
    ids: &[String],
) -> Result<Vec<Box<dyn Metric>>, MetricError> {
    let all = registry(options);
    let mut wanted: Vec<&str> = Vec::with_capacity(ids.len());
    for id in ids {
        let carried = COMES_WITH.iter().find(|(derived, _)| derived == id);
        let id = carried.map_or(id.as_str(), |&(_, carrier)| carrier);
        if !all.iter().any(|known| known.id() == id) {
            return Err(MetricError::UnknownMetric {
                id: id.to_owned(),
                near: near(id, all.iter().map(Registered::id)),
            });
        }
        wanted.push(id);
    }
    Ok(all
        .into_iter()
        .filter(|known| wanted.contains(&known.id()))
        .map(|known| known.metric)
        .collect())
}

/// Most suggestions for an unknown name.
const SUGGESTIONS: usize = 5;

/// The known names closest to one that is unknown: those that contain it or share a word of it
/// first, then those a few letters away.
fn near<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let id = id.to_lowercase().replace('-', "_");
    let shares = |name: &str| {
        id.split('_')
            .filter(|word| word.len() > 2 && name.split('_').any(|own| own == *word))
            .count()
    };
    let mut ranked: Vec<(usize, usize, &str)> = known
        .filter_map(|name| {
            let letters = edits(&id, name);
            let contained = !id.is_empty() && (name.contains(&id) || id.contains(name));
            let words = shares(name) + 2 * usize::from(contained);
            (words > 0 || letters <= 1 + id.len() / 3).then_some((words, letters, name))
        })
        .collect();
    ranked.sort_by(|a, b| (b.0, a.1, a.2).cmp(&(a.0, b.1, b.2)));
    ranked
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, _, name)| name.to_owned())
        .collect()
}

/// Letters to change, add or remove to turn one word into the other (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, from) in a.chars().enumerate() {
        let mut next = vec![row + 1];
        for (column, &to) in b.iter().enumerate() {
            let change = last[column] + usize::from(from != to);
            next.push(change.min(last[column + 1] + 1).min(next[column] + 1));
        }
        last = next;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_explained() {
        let all = registry(&EvaluationOptions::default());
        for (position, metric) in all.iter().enumerate() {
            assert!(
                !all[..position]
                    .iter()
                    .any(|other| other.id() == metric.id())
            );
            assert!(!metric.explanation().is_empty(), "{}", metric.id());
        }
    }

    #[test]
    fn chosen_metrics_keep_the_order_of_the_registry() {
        let ids = ["k_marginal_3", "mass_mad", "association_retained"].map(str::to_owned);
        let chosen = select(&EvaluationOptions::default(), &ids).unwrap();
        let chosen: Vec<&str> = chosen.iter().map(|metric| &*metric.info().id).collect();
        assert_eq!(chosen, ["mass_mad", "association_rms", "k_marginal_3"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_like_it() {
        let of = |id: &str| match select(&EvaluationOptions::default(), &[id.to_owned()]) {
            Err(MetricError::UnknownMetric { near, .. }) => near,
            _ => panic!("{id} was found"),
        };
        assert_eq!(of("mass-mad")[0], "mass_mad");
        assert_eq!(of("masmad")[0], "mass_mad");
        assert!(of("propensity").contains(&"propensity_tree_ratio".to_owned()));
        assert!(of("qqqqqqqqqqqqqqqq").is_empty());
    }
}
