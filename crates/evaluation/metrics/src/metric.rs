//! The contract of a metric.

use std::borrow::Cow;
use std::sync::Arc;

use parable_seed::Seed;
use parable_table::Table;

use crate::progress::silent;
use crate::{
    Analysis, Cache, Direction, EvaluationProgress, Group, MetricError, Pair, Score, Section,
    Undefined,
};

/// A comparison of two tables in numbers, and in a section of the report if it has more to say.
///
/// Anybody can write one; `conformance::check` (feature `testkit`) tests what is asked of it.
/// `docs/adding-a-metric.md` walks through an example.
pub trait Metric: Send + Sync {
    /// Describes the metric. It is the same whenever it is asked for.
    fn info(&self) -> &MetricInfo;

    /// Computes the scores and the section.
    ///
    /// Same tables and seed, same outcome, whatever the number of threads. Draws come from
    /// [`MetricContext::seed`], which belongs to this metric alone. A metric that takes longer
    /// than a second reports with [`MetricContext::progress`].
    ///
    /// # Errors
    /// [`MetricError`] if the pair cannot be evaluated: an option that does not fit the tables, or
    /// [`MetricError::Cancelled`]. A value that does not exist is not an error but an
    /// [`Undefined`] score.
    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError>;

    /// Completes the outcome once the anchors are known: the scores carry theirs, and `resampled`
    /// holds the sections of the same metric for bootstrap samples of the real table. Called for
    /// metrics with [`MetricInfo::anchors`]; by default nothing changes.
    fn complete(&self, _outcome: &mut Outcome, _resampled: &[Section]) {}

    /// Computes the metric outside of an evaluation and returns its first score.
    ///
    /// # Errors
    /// As [`Metric::compute`].
    fn score(&self, pair: &Pair<'_>, seed: &Seed) -> Result<Score, MetricError> {
        let cache = Cache::new(pair);
        let outcome = self.compute(&MetricContext::new(&cache, seed))?;
        outcome
            .scores
            .into_iter()
            .next()
            .ok_or_else(|| MetricError::Metric {
                id: self.info().id.to_string(),
                message: "it gives a section and no score".to_owned(),
            })
    }
}

/// The description of a metric: what it is called, what it says, and how to read its values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricInfo {
    /// A name in `snake_case`, unique among the metrics of an evaluation. Random streams derive
    /// from it, so it never changes.
    pub id: Cow<'static, str>,
    /// The name for people.
    pub title: Cow<'static, str>,
    /// What it says, in a sentence for people who own data.
    pub explanation: Cow<'static, str>,
    /// Which values are good.
    pub direction: Direction,
    /// What it is about.
    pub group: Group,
    /// Whether a bootstrap sample and an independent shuffle of the real table are useful
    /// comparisons, as they are for fidelity (the default).
    pub anchors: bool,
}

impl MetricInfo {
    /// A metric about the whole table of which smaller values are better, with anchors.
    #[must_use]
    pub const fn new(id: &'static str, title: &'static str, explanation: &'static str) -> Self {
        Self {
            id: Cow::Borrowed(id),
            title: Cow::Borrowed(title),
            explanation: Cow::Borrowed(explanation),
            direction: Direction::Min0,
            group: Group::Multivariate,
            anchors: true,
        }
    }

    /// As [`MetricInfo::new`], with texts that are made at run time.
    pub fn of(
        id: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        explanation: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            explanation: explanation.into(),
            ..Self::new("", "", "")
        }
    }

    /// Sets which values are good (default [`Direction::Min0`]).
    #[must_use]
    pub const fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Sets what the metric is about (default [`Group::Multivariate`]).
    #[must_use]
    pub const fn with_group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// Leaves out the anchors: a bootstrap sample of the real table says nothing about it, or
    /// costs too much.
    #[must_use]
    pub const fn without_anchors(mut self) -> Self {
        self.anchors = false;
        self
    }

    /// A score of this metric.
    #[must_use]
    pub fn score(&self, value: Result<f64, Undefined>) -> Score {
        Score::new(
            self.id.as_ref(),
            self.title.as_ref(),
            self.group,
            self.direction,
            value,
        )
    }
}

/// What a metric computes from: the tables, shared analyses, random numbers and progress.
#[derive(Clone, Copy)]
pub struct MetricContext<'a> {
    cache: &'a Cache<'a>,
    seed: &'a Seed,
    progress: EvaluationProgress<'a>,
}

impl<'a> MetricContext<'a> {
    /// A context that reports to nobody.
    #[must_use]
    pub fn new(cache: &'a Cache<'a>, seed: &'a Seed) -> Self {
        Self {
            cache,
            seed,
            progress: &silent,
        }
    }

    /// Sets who is told about progress.
    #[must_use]
    pub fn with_progress(mut self, progress: EvaluationProgress<'a>) -> Self {
        self.progress = progress;
        self
    }

    /// The tables and the analyses made of them.
    #[must_use]
    pub fn cache(&self) -> &'a Cache<'a> {
        self.cache
    }

    /// The real table.
    #[must_use]
    pub fn real(&self) -> &'a Table {
        self.cache.real()
    }

    /// The synthetic table.
    #[must_use]
    pub fn synthetic(&self) -> &'a Table {
        self.cache.synthetic()
    }

    /// Real rows that the synthesizer never saw, if there are any.
    #[must_use]
    pub fn holdout(&self) -> Option<&'a Table> {
        self.cache.holdout()
    }

    /// The seed of this metric.
    #[must_use]
    pub fn seed(&self) -> &'a Seed {
        self.seed
    }

    /// The result of a shared analysis; see [`Cache::get`].
    ///
    /// # Errors
    /// As [`Analysis::compute`].
    pub fn get<K: Analysis>(&self, key: &K) -> Result<Arc<K::Output>, MetricError> {
        self.cache.get_with(key, self.progress)
    }

    /// Whoever is told about progress.
    pub(crate) fn observer(&self) -> EvaluationProgress<'a> {
        self.progress
    }

    /// Reports what is being computed and the share that is done.
    ///
    /// # Errors
    /// [`MetricError::Cancelled`] if the observer asks to stop.
    pub fn progress(&self, what: &str, done: f64) -> Result<(), MetricError> {
        match (self.progress)(what, done) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(MetricError::Cancelled),
        }
    }
}

impl std::fmt::Debug for MetricContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricContext")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// The seed of one metric: adding a metric changes no other.
pub(crate) fn seed_of(seed: &Seed, metric: &dyn Metric) -> Seed {
    seed.stream("metrics").stream(&metric.info().id)
}

/// What a metric found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The scores; the first one has the id of the metric, others add to it (`my_metric_worst`).
    pub scores: Vec<Score>,
    /// What it has to say beyond its scores.
    pub section: Option<Section>,
}

impl Outcome {
    /// Sets the section.
    #[must_use]
    pub fn with_section(mut self, section: impl Into<Section>) -> Self {
        self.section = Some(section.into());
        self
    }

    /// Adds a score.
    #[must_use]
    pub fn with_score(mut self, score: Score) -> Self {
        self.scores.push(score);
        self
    }
}

impl From<Score> for Outcome {
    fn from(score: Score) -> Self {
        Self {
            scores: vec![score],
            section: None,
        }
    }
}

impl From<Section> for Outcome {
    fn from(section: Section) -> Self {
        Self {
            scores: Vec::new(),
            section: Some(section),
        }
    }
}
