//! Evaluations with progress and timings.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use parable_core::{Observer, Progress};
use parable_metrics::{Evaluation, EvaluationOptions, Pair, Review};
use parable_seed::Seed;
use parable_table::Table;

use crate::Error;

/// An evaluation to run for one or more synthetic tables, with progress and timings.
///
/// The default has every default metric and no holdout. [`Evaluation::of`] is the short way for one
/// table, and takes metrics of your own.
///
/// ```
/// use parable::EvaluationPlan;
/// use parable::core::NoObserver;
/// # use parable::trials::{Preset, Trial, TrialConfig};
/// # let draw = |seed: u64| Trial::simulate(&TrialConfig::new(Preset::A), &seed.into());
/// # let (real, synthetic) = (draw(1)?.table, draw(2)?.table);
///
/// let plan = EvaluationPlan::default().with_only(Some(vec!["mass_mad".to_owned()]));
/// let timed = plan.run(&real, &synthetic, &3.into(), &NoObserver)?;
/// assert!(timed.evaluation.value("mass_mad").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EvaluationPlan<'a> {
    holdout: Option<&'a Table>,
    copies: Vec<&'a Table>,
    options: EvaluationOptions,
    only: Option<Vec<String>>,
}

/// An evaluation and the time its metrics took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TimedEvaluation {
    /// The scores and sections.
    pub evaluation: Evaluation,
    /// Wall-clock seconds by id of the metric. What several metrics share counts for the first of
    /// them; the reference tables are not included.
    pub metric_seconds: BTreeMap<String, f64>,
}

impl<'a> EvaluationPlan<'a> {
    /// Sets real rows that the method never saw. Without them the numbers that need them are
    /// absent, never guessed.
    #[must_use]
    pub fn with_holdout(mut self, holdout: Option<&'a Table>) -> Self {
        self.holdout = holdout;
        self
    }

    /// Sets further tables of the same model: estimates are combined over all of them.
    #[must_use]
    pub fn with_copies(mut self, copies: impl IntoIterator<Item = &'a Table>) -> Self {
        self.copies = copies.into_iter().collect();
        self
    }

    /// Sets the options.
    #[must_use]
    pub fn with_options(mut self, options: EvaluationOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the metrics by id; `None` stands for the default ones.
    #[must_use]
    pub fn with_only(mut self, ids: Option<Vec<String>>) -> Self {
        self.only = ids;
        self
    }

    /// Compares a synthetic table with the real one, whose schema says what each column is for.
    ///
    /// # Errors
    /// [`Error::Metric`] for tables with different columns, options that do not fit them and
    /// metrics that do not exist; [`Error::is_cancelled`] when the observer cancels.
    pub fn run(
        &self,
        real: &Table,
        synthetic: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<TimedEvaluation, Error> {
        let marks: RefCell<Vec<(String, Instant)>> = RefCell::default();
        let report = |what: &str, share: f64| {
            let mut marks = marks.borrow_mut();
            if marks.last().is_none_or(|(last, _)| last != what) {
                marks.push((what.to_owned(), Instant::now()));
            }
            observer.progress(Progress::new("evaluate", (share * 1_000.0) as u64, 1_000))
        };
        let mut evaluator = Evaluation::of(real, synthetic)
            .copies(self.copies.iter().copied())
            .with_options(self.options.clone())
            .seed(seed);
        if let Some(holdout) = self.holdout {
            evaluator = evaluator.holdout(holdout);
        }
        if let Some(ids) = &self.only {
            evaluator = evaluator.with_only(ids);
        }
        let evaluation = evaluator.run_with(&report)?;
        let metric_seconds = seconds(&evaluation, &marks.into_inner());
        Ok(TimedEvaluation {
            evaluation,
            metric_seconds,
        })
    }

    /// Returns the rows an owner should review before releasing the table. **Do not release** the
    /// result: it says who is in the data.
    ///
    /// # Errors
    /// As [`EvaluationPlan::run`].
    pub fn review(&self, real: &Table, synthetic: &Table, seed: &Seed) -> Result<Review, Error> {
        Ok(Review::of(
            &self.pair(real, synthetic)?,
            &self.options,
            seed,
        )?)
    }

    fn pair<'t>(&self, real: &'t Table, synthetic: &'t Table) -> Result<Pair<'t>, Error>
    where
        'a: 't,
    {
        let pair = Pair::new(real, synthetic)?.with_copies(self.copies.iter().copied())?;
        Ok(match self.holdout {
            Some(holdout) => pair.with_holdout(holdout)?,
            None => pair,
        })
    }
}

/// Adds up the time from each mark to the next by metric: a metric that reports steps of its own
/// lasts until the next one begins.
fn seconds(evaluation: &Evaluation, marks: &[(String, Instant)]) -> BTreeMap<String, f64> {
    let mut seconds = BTreeMap::new();
    let mut current: Option<&str> = None;
    for pair in marks.windows(2) {
        let (what, began) = &pair[0];
        if let Some(score) = evaluation.scores.iter().find(|score| score.title == *what) {
            current = Some(&score.id);
        } else if what == "reference tables" {
            break;
        }
        if let Some(id) = current {
            *seconds.entry(id.to_owned()).or_insert(0.0) += (pair[1].1 - *began).as_secs_f64();
        }
    }
    seconds
}
