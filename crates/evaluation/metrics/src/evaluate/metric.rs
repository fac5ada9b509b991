//! The contract of a metric.

use parable_seed::Seed;

use crate::{Direction, MetricError, Pair, Progress, Score};

/// A number about a pair of tables. Anybody can add one; `conformance::check` (feature `testkit`) says what is asked of it.
pub trait Metric: Send + Sync {
    /// A name unique among the metrics of an evaluation, in `snake_case`. Random streams derive from it, so it never changes.
    fn id(&self) -> &str;

    /// What it is, for people.
    fn title(&self) -> &str;

    /// What it says, in a sentence for people who own data. The default repeats the title.
    fn explanation(&self) -> &str {
        self.title()
    }

    /// Which values are good.
    fn direction(&self) -> Direction;

    /// Whether a bootstrap sample and an independent shuffle of the real table are useful comparisons. Fidelity numbers say yes (the default).
    fn has_baseline(&self) -> bool {
        true
    }

    /// The number, or an undefined score with its reason.
    ///
    /// Same tables and seed, same score, whatever the number of threads. Draws come from `seed`, which belongs to this metric alone.
    ///
    /// # Errors
    /// [`MetricError`] when the pair cannot be judged at all: an option that does not fit the tables. A value that does not exist is no error.
    fn score(&self, pair: &Pair<'_>, seed: &Seed) -> Result<Score, MetricError>;

    /// The same, telling `progress` how much is done and stopping when it breaks. What takes longer than a second should have this; the default computes the
    /// score in one piece.
    ///
    /// # Errors
    /// As [`Metric::score`], and [`MetricError::Cancelled`].
    fn score_with(
        &self,
        pair: &Pair<'_>,
        seed: &Seed,
        _progress: Progress<'_>,
    ) -> Result<Score, MetricError> {
        self.score(pair, seed)
    }
}
