//! Runs metrics over a pair and puts an evaluation together.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use parable_seed::Seed;
use parable_table::Table;

use crate::data::reference::{independent, resample_clusters};
use crate::evaluate::defaults::default_metrics;
use crate::evaluate::descriptions::{descriptions, plane};
use crate::evaluate::registry;
use crate::metric::seed_of;
use crate::progress::silent;
use crate::{
    Cache, Evaluation, EvaluationOptions, EvaluationProgress, Group, Inputs, Metric, MetricContext,
    MetricError, Outcome, Pair, Section,
};

/// An evaluation that has not been run yet.
pub struct Evaluator<'a> {
    real: &'a Table,
    synthetic: &'a Table,
    holdout: Option<&'a Table>,
    copies: Vec<&'a Table>,
    rounding: Vec<(String, f64)>,
    options: EvaluationOptions,
    seed: Seed,
    defaults: bool,
    only: Option<Vec<String>>,
    metrics: Vec<Box<dyn Metric>>,
}

impl Evaluation {
    /// Starts an evaluation of a synthetic table against the real one, with the
    /// [`default_metrics`](crate::default_metrics).
    #[must_use]
    pub fn of<'a>(real: &'a Table, synthetic: &'a Table) -> Evaluator<'a> {
        Evaluator {
            real,
            synthetic,
            holdout: None,
            copies: Vec::new(),
            rounding: Vec::new(),
            options: EvaluationOptions::default(),
            seed: Seed::from_u64(0),
            defaults: true,
            only: None,
            metrics: Vec::new(),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// Sets real rows that the synthesizer never saw; see [`Pair::with_holdout`].
    #[must_use]
    pub fn holdout(mut self, holdout: &'a Table) -> Self {
        self.holdout = Some(holdout);
        self
    }

    /// Adds further tables of the same synthesizer; see [`Pair::with_copies`].
    #[must_use]
    pub fn copies(mut self, copies: impl IntoIterator<Item = &'a Table>) -> Self {
        self.copies.extend(copies);
        self
    }

    /// Compares rows after rounding numbers to multiples of a step; see [`Pair::with_rounding`].
    #[must_use]
    pub fn rounding<S: Into<String>>(mut self, steps: impl IntoIterator<Item = (S, f64)>) -> Self {
        let steps = steps
            .into_iter()
            .map(|(column, step)| (column.into(), step));
        self.rounding.extend(steps);
        self
    }

    /// Sets the seed that all random metrics derive theirs from (default `Seed::from_u64(0)`).
    #[must_use]
    pub fn seed(mut self, seed: &Seed) -> Self {
        self.seed = *seed;
        self
    }

    /// Sets the options.
    #[must_use]
    pub fn with_options(mut self, options: EvaluationOptions) -> Self {
        self.options = options;
        self
    }

    /// Leaves out the [`default_metrics`](crate::default_metrics): only metrics added with
    /// [`Evaluator::with_metric`] are computed.
    #[must_use]
    pub fn without_default_metrics(mut self) -> Self {
        self.defaults = false;
        self
    }

    /// Replaces the default metrics by those of the [`registry`](crate::registry) with these ids.
    /// [`Evaluator::run`] refuses an id that is not there.
    #[must_use]
    pub fn with_only<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.only = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a metric after the others. Its section, if it has one, becomes a part of the
    /// evaluation and of the report.
    #[must_use]
    pub fn with_metric(mut self, metric: impl Metric + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Computes all metrics and sections. Same tables, options and seed, same result, on any
    /// number of threads.
    ///
    /// # Errors
    /// [`MetricError`] if the tables differ in their columns, a chosen metric does not exist, an
    /// option does not fit the tables, two metrics share an id, a rule cannot be evaluated, or a
    /// metric written elsewhere fails.
    pub fn run(self) -> Result<Evaluation, MetricError> {
        self.run_with(&silent)
    }

    /// As [`Evaluator::run`], reporting to `progress`.
    ///
    /// # Errors
    /// As [`Evaluator::run`], and [`MetricError::Cancelled`] if `progress` breaks.
    pub fn run_with(mut self, progress: EvaluationProgress<'_>) -> Result<Evaluation, MetricError> {
        let pair = self.pair()?;
        let metrics = self.metrics()?;
        let mut descriptions = descriptions(&self.options);
        let multivariate = metrics
            .iter()
            .any(|metric| metric.info().group == Group::Multivariate);
        if self.only.is_none() || multivariate {
            descriptions.push(plane());
        }
        let mut run = Run {
            cache: Cache::new(&pair),
            seed: &self.seed,
            metrics: metrics
                .iter()
                .chain(&descriptions)
                .map(AsRef::as_ref)
                .collect(),
            outcomes: Vec::new(),
            progress,
        };
        run.compute(0..metrics.len(), 0.0, METRICS)?;
        let resampled = run.anchors(self.options.baseline_repeats)?;
        run.tell("sections", METRICS + ANCHORS)?;
        run.compute(metrics.len()..run.metrics.len(), METRICS + ANCHORS, 1.0)?;
        run.complete(&resampled);
        let inputs = inputs(&run.cache);
        let mut evaluation = Evaluation::empty(&self.seed, self.options, inputs);
        for outcome in run.outcomes {
            evaluation.scores.extend(outcome.scores);
            if let Some(section) = outcome.section {
                evaluation.add(section);
            }
        }
        evaluation.notes = notes(&evaluation, &run.cache);
        match progress("done", 1.0) {
            ControlFlow::Continue(()) => Ok(evaluation),
            ControlFlow::Break(()) => Err(MetricError::Cancelled),
        }
    }

    fn pair(&self) -> Result<Pair<'a>, MetricError> {
        let pair = Pair::new(self.real, self.synthetic)?
            .with_copies(self.copies.iter().copied())?
            .with_rounding(self.rounding.iter().cloned())?;
        match self.holdout {
            Some(holdout) => pair.with_holdout(holdout),
            None => Ok(pair),
        }
    }

    /// The chosen metrics, then those that were added.
    fn metrics(&mut self) -> Result<Vec<Box<dyn Metric>>, MetricError> {
        let mut metrics = match &self.only {
            Some(ids) => registry::select(&self.options, ids)?,
            None if self.defaults => default_metrics(&self.options),
            None => Vec::new(),
        };
        metrics.append(&mut self.metrics);
        for (position, metric) in metrics.iter().enumerate() {
            let id = &metric.info().id;
            if metrics[..position]
                .iter()
                .any(|other| other.info().id == *id)
            {
                return Err(MetricError::DuplicateMetric { id: id.to_string() });
            }
        }
        Ok(metrics)
    }
}

/// Shares of the time on a trial of 10,000 pupils.
const METRICS: f64 = 0.6;
const ANCHORS: f64 = 0.35;

/// Metrics at work.
struct Run<'r> {
    cache: Cache<'r>,
    seed: &'r Seed,
    metrics: Vec<&'r dyn Metric>,
    /// One for each metric, as far as they are computed.
    outcomes: Vec<Outcome>,
    progress: EvaluationProgress<'r>,
}

impl Run<'_> {
    fn tell(&self, what: &str, done: f64) -> Result<(), MetricError> {
        match (self.progress)(what, done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(MetricError::Cancelled),
        }
    }

    /// Computes some metrics while the share that is done rises from `from` to `to`.
    fn compute(&mut self, which: Range<usize>, from: f64, to: f64) -> Result<(), MetricError> {
        let share = (to - from) / which.len().max(1) as f64;
        for (done, position) in which.enumerate() {
            let metric = self.metrics[position];
            let before = from + share * done as f64;
            if before < METRICS {
                self.tell(&metric.info().title, before)?;
            }
            let within = |what: &str, done: f64| {
                (self.progress)(what, before + share * done.clamp(0.0, 1.0))
            };
            let seed = seed_of(self.seed, metric);
            let context = MetricContext::new(&self.cache, &seed).with_progress(&within);
            let outcome = metric.compute(&context)?;
            self.outcomes.push(outcome);
        }
        Ok(())
    }

    /// Computes the metrics with anchors for the reference tables and writes the means into the
    /// baselines; returns the sections of each metric for the bootstrap samples.
    fn anchors(&mut self, repeats: u32) -> Result<Vec<Vec<Section>>, MetricError> {
        let mut sections: Vec<Vec<Section>> = vec![Vec::new(); self.metrics.len()];
        let (real, rows) = (self.cache.real(), self.cache.synthetic().rows());
        if repeats == 0 || rows == 0 || real.rows() == 0 {
            return Ok(sections);
        }
        let compared: Vec<usize> = (0..self.metrics.len())
            .filter(|&metric| self.metrics[metric].info().anchors)
            .collect();
        let base = self.seed.stream("metrics/baseline");
        let renamed: Vec<usize> = self
            .cache
            .frame()
            .columns
            .iter()
            .filter(|column| column.renamed)
            .filter_map(|column| real.schema().position(&column.name))
            .collect();
        // By kind of reference table, metric and score.
        let mut values = [(); 2].map(|()| vec![Values::new(); self.metrics.len()]);
        for repeat in 0..u64::from(repeats) {
            for (kind, name) in ["resample", "independent"].into_iter().enumerate() {
                let done = (2 * repeat + kind as u64) as f64 / f64::from(2 * repeats);
                self.tell("reference tables", METRICS + ANCHORS * done)?;
                let drawn_from = base.stream(name).index(repeat);
                let table = match kind {
                    0 => resample_clusters(real, rows, &renamed, &drawn_from),
                    _ => independent(real, rows, &drawn_from),
                };
                let cache = self.cache.against(&table);
                for &position in &compared {
                    let metric = self.metrics[position];
                    let seed = seed_of(&drawn_from, metric);
                    let outcome = metric.compute(&MetricContext::new(&cache, &seed))?;
                    for score in outcome.scores {
                        let all = values[kind][position].entry(score.id).or_default();
                        all.extend(score.value);
                    }
                    if kind == 0 {
                        sections[position].extend(outcome.section);
                    }
                }
            }
        }
        let [resampled, shuffled] = values;
        for (position, outcome) in self.outcomes.iter_mut().enumerate() {
            if !self.metrics[position].info().anchors {
                continue;
            }
            for score in &mut outcome.scores {
                let of = |values: &[Values]| values[position].get(&score.id).cloned();
                let resampled = of(&resampled).unwrap_or_default();
                let baseline = &mut score.baseline;
                baseline.resample = mean(&resampled);
                baseline.resample_sd = standard_deviation(&resampled);
                baseline.independent = mean(&of(&shuffled).unwrap_or_default());
                baseline.repeats = Some(repeats);
            }
        }
        Ok(sections)
    }

    /// Lets the metrics finish with the anchors.
    fn complete(&mut self, resampled: &[Vec<Section>]) {
        let metrics = self.metrics.iter().zip(&mut self.outcomes).zip(resampled);
        for ((metric, outcome), sections) in metrics {
            if metric.info().anchors {
                metric.complete(outcome, sections);
            }
        }
    }
}

/// The values of each score of a metric over the reference tables of one kind.
type Values = BTreeMap<String, Vec<f64>>;

impl std::fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluator")
            .field("real_rows", &self.real.rows())
            .field("synthetic_rows", &self.synthetic.rows())
            .field("options", &self.options)
            .field("defaults", &self.defaults)
            .field("further_metrics", &self.metrics.len())
            .finish_non_exhaustive()
    }
}

fn inputs(cache: &Cache<'_>) -> Inputs {
    let frame = cache.frame();
    let renamed = frame.columns.iter().filter(|column| column.renamed);
    let why = "a cluster column with new names: compared by structure only";
    Inputs {
        real_rows: cache.real().rows() as u64,
        synthetic_rows: cache.synthetic().rows() as u64,
        holdout_rows: cache.holdout().map(|table| table.rows() as u64),
        columns: cache.real().schema().len() as u64,
        left_out: frame
            .left_out
            .iter()
            .cloned()
            .chain(renamed.map(|column| (column.name.clone(), why.to_owned())))
            .collect(),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

fn notes(evaluation: &Evaluation, cache: &Cache<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let inputs = &evaluation.inputs;
    if inputs.real_rows < 50 || inputs.synthetic_rows < 50 {
        notes.push("fewer than 50 rows in one of the tables: every number is uncertain".to_owned());
    }
    if inputs.holdout_rows.is_none() {
        notes.push(
            "no holdout table: privacy numbers are compared with the real table alone".to_owned(),
        );
    }
    for column in cache.frame().columns.iter().filter(|column| column.renamed) {
        notes.push(format!(
            "the names in cluster column `{}` were replaced: shares, distances and equal rows leave it out",
            column.name
        ));
    }
    if let Some(trial) = &evaluation.trial
        && trial.effects.is_empty()
    {
        notes.push("no column has the role outcome: no treatment effect was estimated".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::testing::{numbers, table, texts};
    use crate::{CustomSection, MassMad, MetricInfo, SectionTable};

    fn line(rows: u32) -> parable_table::Table {
        let x: Vec<f64> = (0..rows).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| x * 0.5 + (x * 1.7).sin()).collect();
        let levels: Vec<&str> = (0..rows)
            .map(|i| if i % 3 == 0 { "a" } else { "b" })
            .collect();
        table(vec![
            numbers("x", &x),
            numbers("y", &y),
            texts("level", &levels),
        ])
    }

    #[test]
    fn progress_rises_and_can_cancel() {
        let real = line(60);
        let last = Cell::new(0.0);
        let rising = |_: &str, done: f64| {
            assert!(done >= last.get() && done <= 1.0);
            last.set(done);
            ControlFlow::Continue(())
        };
        Evaluation::of(&real, &real).run_with(&rising).unwrap();
        assert_eq!(last.get(), 1.0);
        let stopped = Evaluation::of(&real, &real).run_with(&|_, _| ControlFlow::Break(()));
        assert_eq!(stopped, Err(MetricError::Cancelled));
    }

    #[test]
    fn two_metrics_with_one_id_are_refused() {
        let real = line(60);
        let result = Evaluation::of(&real, &real)
            .with_metric(MassMad::new(20))
            .run();
        let id = "mass_mad".to_owned();
        assert_eq!(result, Err(MetricError::DuplicateMetric { id }));
    }

    #[test]
    fn only_what_is_asked_for_is_computed_and_does_not_change_by_it() {
        let real = line(60);
        let other = line(80);
        let evaluation = |of: Evaluator<'_>| of.seed(&Seed::from_u64(1)).run().unwrap();
        let all = evaluation(Evaluation::of(&real, &other));
        let few = Evaluation::of(&real, &other).with_only(["association_retained", "mass_mad"]);
        let few = evaluation(few);
        let ids: Vec<&str> = few.scores.iter().map(|score| score.id.as_str()).collect();
        assert_eq!(ids, ["mass_mad", "association_rms", "association_retained"]);
        for id in ids {
            assert_eq!(few.score(id), all.score(id));
        }
        assert!(few.privacy.nearest.is_empty() && few.propensity.models.is_empty());
        let error = Evaluation::of(&real, &other).with_only(["mass"]).run();
        assert!(
            matches!(error, Err(MetricError::UnknownMetric { near, .. }) if near.contains(&"mass_mad".to_owned()))
        );
    }

    #[test]
    fn a_shuffled_table_keeps_none_of_the_association() {
        let real = line(600);
        let shuffled = independent(&real, 600, &Seed::from_u64(9));
        let run = |synthetic| {
            Evaluation::of(&real, synthetic)
                .seed(&Seed::from_u64(1))
                .run()
                .unwrap()
        };
        assert_eq!(run(&real).value("association_retained"), Some(1.0));
        let kept = run(&shuffled);
        let kept = kept.score("association_retained").unwrap();
        // The correlation of 1 becomes one with sd 0.041, in the table as in its anchors: 0.4 is 7
        // sd of their difference away.
        assert!(kept.value.unwrap() < 0.4, "{kept:?}");
        assert_eq!(run(&shuffled).value("total_variation"), Some(0.0));
    }

    /// Brings a section of its own, without anchors.
    struct Lengths;

    static LENGTHS: MetricInfo =
        MetricInfo::new("lengths", "Lengths", "Rows of both tables.").without_anchors();

    impl Metric for Lengths {
        fn info(&self) -> &MetricInfo {
            &LENGTHS
        }

        fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
            let rows = |table: &Table| Some(table.rows() as f64);
            let section = CustomSection::new("Lengths").with_table(
                SectionTable::new("Rows", ["real", "synthetic"])
                    .with_row("all", [rows(context.real()), rows(context.synthetic())]),
            );
            Ok(Outcome::from(self.info().score(Ok(0.0))).with_section(section))
        }
    }

    #[test]
    fn a_metric_brings_its_section_along() {
        let (real, other) = (line(60), line(80));
        let evaluation = Evaluation::of(&real, &other)
            .without_default_metrics()
            .with_metric(Lengths)
            .run()
            .unwrap();
        assert_eq!(evaluation.value("lengths"), Some(0.0));
        let rows = &evaluation.sections[0].tables[0].rows;
        assert_eq!(rows[0].values, [Some(60.0), Some(80.0)]);
        // A section is in the evaluation because a metric computed it.
        assert!(evaluation.privacy.nearest.is_empty());
        let read = Evaluation::from_json(&evaluation.to_json()).unwrap();
        assert_eq!(read, evaluation);
    }
}
