//! Runs metrics over a pair and puts an evaluation together.

use std::ops::ControlFlow;
use std::sync::Arc;

use parable_seed::Seed;

use crate::data::reference::{independent, resample_clusters};
use crate::evaluate::defaults::default_metrics;
use crate::evaluate::registry;
use crate::fidelity::bivariate;
use crate::fidelity::missing;
use crate::fidelity::projection;
use crate::fidelity::rules;
use crate::fidelity::univariate;
use crate::fidelity::univariate::Univariate;
use crate::privacy::disclosure::SweepOptions;
use crate::privacy::section as privacy;
use crate::utility::regression::RegressionOptions;
use crate::utility::subgroups;
use crate::utility::subgroups::SubgroupOptions;
use crate::utility::trial::TrialOptions;
use crate::{
    Baseline, Direction, Evaluation, EvaluationOptions, Group, Inputs, Metric, MetricError, Pair,
    Prediction, Propensity, Score,
};

/// Told what is being computed and how much is done (0 to 1); asks the evaluation to stop by breaking.
pub type Progress<'p> = &'p dyn Fn(&str, f64) -> ControlFlow<()>;

/// An evaluation that has not been run yet.
pub struct Evaluator<'a> {
    pair: Pair<'a>,
    options: EvaluationOptions,
    defaults: bool,
    only: Option<Vec<String>>,
    metrics: Vec<Box<dyn Metric>>,
}

impl Evaluation {
    /// Starts an evaluation of this pair, without any metric yet.
    #[must_use]
    pub fn of(pair: Pair<'_>) -> Evaluator<'_> {
        Evaluator {
            pair,
            options: EvaluationOptions::default(),
            defaults: false,
            only: None,
            metrics: Vec::new(),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// The same with these options.
    #[must_use]
    pub fn with_options(mut self, options: EvaluationOptions) -> Self {
        self.options = options;
        self
    }

    /// The same with the [`default_metrics`] of its options, before all others.
    #[must_use]
    pub fn with_default_metrics(mut self) -> Self {
        self.defaults = true;
        self
    }

    /// Only the metrics of the [`registry`](crate::registry) with these ids, instead of the default ones, and only the sections they stand for.
    /// [`Evaluator::run`] refuses an id that is not there.
    #[must_use]
    pub fn with_only<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.only = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// The same with one metric more.
    #[must_use]
    pub fn with_metric(mut self, metric: impl Metric + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Computes all metrics and sections. Same tables, options and seed, same result, on any number of threads.
    ///
    /// # Errors
    /// A chosen metric does not exist, an option does not fit the tables, two metrics share an id, a rule cannot be judged, or a metric written elsewhere gives up.
    pub fn run(self, seed: &Seed) -> Result<Evaluation, MetricError> {
        self.run_with(seed, &|_, _| ControlFlow::Continue(()))
    }

    /// As [`Evaluator::run`], telling `progress` what is going on.
    ///
    /// # Errors
    /// As [`Evaluator::run`], and [`MetricError::Cancelled`] if `progress` breaks.
    pub fn run_with(
        mut self,
        seed: &Seed,
        progress: Progress<'_>,
    ) -> Result<Evaluation, MetricError> {
        // Shares of the time on a trial of 10,000 pupils.
        const METRICS: f64 = 0.6;
        const BASELINES: f64 = 0.35;
        let tell = |what: &str, done: f64| match progress(what, done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(MetricError::Cancelled),
        };
        let mut metrics = match &self.only {
            Some(ids) => registry::select(&self.options, ids)?,
            None if self.defaults => default_metrics(&self.options),
            None => Vec::new(),
        };
        metrics.append(&mut self.metrics);
        for (position, metric) in metrics.iter().enumerate() {
            if metrics[..position]
                .iter()
                .any(|other| other.id() == metric.id())
            {
                return Err(MetricError::DuplicateMetric {
                    id: metric.id().to_owned(),
                });
            }
        }
        let pair = &self.pair;
        let mut evaluation = Evaluation::empty(seed, self.options.clone(), inputs(pair));
        for (position, metric) in metrics.iter().enumerate() {
            let share = METRICS / metrics.len() as f64;
            let before = share * position as f64;
            tell(metric.title(), before)?;
            let within =
                |what: &str, done: f64| progress(what, before + share * done.clamp(0.0, 1.0));
            evaluation.scores.push(metric.score_with(
                pair,
                &own(seed, metric.as_ref()),
                &within,
            )?);
        }
        let references =
            self.references(&metrics, &mut evaluation.scores, seed, &|what, done| {
                tell(what, METRICS + BASELINES * done)
            })?;
        retained(&mut evaluation.scores);

        tell("sections", METRICS + BASELINES)?;
        let chosen = |id: &str| metrics.iter().any(|metric| metric.id() == id);
        evaluation.columns = univariate::details(pair, &self.options, &references);
        evaluation.associations =
            bivariate::matrices(pair, self.options.correlation, self.options.bias_corrected);
        evaluation.missing = missing::section(pair);
        evaluation.rules = rules::section(pair)?;
        evaluation.trial = (*pair.trial(&TrialOptions::of(&self.options))?).clone();
        evaluation.regressions =
            (*pair.regressions(&RegressionOptions::of(&self.options))?).clone();
        evaluation.subgroups =
            subgroups::tables(&pair.frame(), &SubgroupOptions::of(&self.options))?;
        let whole_table = |score: &Score| score.group == Group::Multivariate;
        if self.only.is_none() || evaluation.scores.iter().any(whole_table) {
            evaluation.projection = projection::projection(&pair.frame());
        }
        let prediction = Prediction::of(&self.options);
        if chosen(prediction.id()) {
            let (seed, quiet) = (own(seed, &prediction), |_: &str, _: f64| {
                ControlFlow::Continue(())
            });
            evaluation.predictions = (*pair.predictions(&prediction, &seed, &quiet)?).clone();
        }
        evaluation.clusters = (*pair.clusters()).clone();
        // What was not asked for costs nothing: nearest neighbours and key sets take most of the time.
        let asked = |disclosure: bool| {
            self.only.is_none()
                || evaluation.scores.iter().any(|score| {
                    score.group == Group::Privacy
                        && score.id.starts_with("disclosure") == disclosure
                })
        };
        if asked(false) {
            evaluation.privacy = privacy::section(pair, &self.options);
        }
        for model in [
            Propensity::logit(),
            Propensity::products(),
            Propensity::tree(),
        ] {
            if chosen(model.id()) {
                // The seed of the metric, so that its model is found again and not fitted twice.
                if let Ok(model) = &*pair.propensity(&model, &own(seed, &model))? {
                    evaluation.propensity.models.push(model.clone());
                }
            }
        }
        if asked(true) {
            evaluation.disclosure = (*pair.disclosure(&SweepOptions::of(&self.options))?).clone();
        }
        evaluation.notes = notes(&evaluation, pair);
        tell("done", 1.0)?;
        Ok(evaluation)
    }

    /// Scores the reference tables and writes the means into the baselines; returns what is known of each column of the resamples.
    fn references(
        &self,
        metrics: &[Box<dyn Metric>],
        scores: &mut [Score],
        seed: &Seed,
        tell: &dyn Fn(&str, f64) -> Result<(), MetricError>,
    ) -> Result<Vec<Arc<Univariate>>, MetricError> {
        let repeats = self.options.baseline_repeats;
        let rows = self.pair.synthetic().rows();
        let mut columns = Vec::new();
        if repeats == 0 || rows == 0 || self.pair.real().rows() == 0 {
            return Ok(columns);
        }
        let compared: Vec<usize> = (0..metrics.len())
            .filter(|&metric| metrics[metric].has_baseline())
            .collect();
        let base = seed.stream("metrics/baseline");
        let frame = self.pair.frame();
        let renamed: Vec<usize> = frame
            .columns
            .iter()
            .filter(|column| column.renamed)
            .filter_map(|column| self.pair.real().schema().position(&column.name))
            .collect();
        let mut values: [Vec<Vec<f64>>; 2] = [
            vec![Vec::new(); metrics.len()],
            vec![Vec::new(); metrics.len()],
        ];
        for repeat in 0..u64::from(repeats) {
            for (kind, name) in ["resample", "independent"].into_iter().enumerate() {
                let done = (2 * repeat + kind as u64) as f64 / f64::from(2 * repeats);
                tell("reference tables", done)?;
                let drawn_from = base.stream(name).index(repeat);
                let table = match kind {
                    0 => resample_clusters(self.pair.real(), rows, &renamed, &drawn_from),
                    _ => independent(self.pair.real(), rows, &drawn_from),
                };
                let pair = self.pair.against(&table);
                for &metric in &compared {
                    let score = metrics[metric]
                        .score(&pair, &own(&drawn_from, metrics[metric].as_ref()))?;
                    values[kind][metric].extend(score.value);
                }
                if kind == 0 {
                    columns.push(pair.univariate(self.options.bins));
                }
            }
        }
        for &metric in &compared {
            let [resampled, shuffled] = [&values[0][metric], &values[1][metric]];
            let baseline = &mut scores[metric].baseline;
            baseline.resample = mean(resampled);
            baseline.resample_sd = standard_deviation(resampled);
            baseline.independent = mean(shuffled);
            baseline.repeats = Some(repeats);
        }
        Ok(columns)
    }
}

impl std::fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluator")
            .field("pair", &self.pair)
            .field("options", &self.options)
            .field("defaults", &self.defaults)
            .field("further_metrics", &self.metrics.len())
            .finish()
    }
}

/// Tells nobody and never stops.
pub(crate) fn silent(_: &str, _: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The seed of one metric: adding a metric changes no other.
pub(crate) fn own(seed: &Seed, metric: &dyn Metric) -> Seed {
    seed.stream("metrics").stream(metric.id())
}

fn inputs(pair: &Pair<'_>) -> Inputs {
    let frame = pair.frame();
    let renamed = frame.columns.iter().filter(|column| column.renamed);
    let why = "a cluster column with new names: compared by structure only";
    Inputs {
        real_rows: pair.real().rows() as u64,
        synthetic_rows: pair.synthetic().rows() as u64,
        holdout_rows: pair.holdout().map(|table| table.rows() as u64),
        columns: pair.real().schema().len() as u64,
        left_out: frame
            .left_out
            .iter()
            .cloned()
            .chain(renamed.map(|column| (column.name.clone(), why.to_owned())))
            .collect(),
    }
}

/// Adds the share of associations that is kept (specification 7): one minus the root mean square difference over that of the independent table, not below 0.
fn retained(scores: &mut Vec<Score>) {
    let Some(position) = scores
        .iter()
        .position(|score| score.id == "association_rms")
    else {
        return;
    };
    let rms = &scores[position];
    let Some(lost) = rms.baseline.independent.filter(|&lost| lost > 0.0) else {
        return;
    };
    let kept = |value: f64| (1.0 - value / lost).max(0.0);
    let value = match (rms.value, rms.reason) {
        (Some(value), _) => Ok(kept(value)),
        (None, reason) => Err(reason.unwrap_or(crate::Undefined::NoPairs)),
    };
    let mut score = Score::new(
        "association_retained",
        "Share of the association between columns that is kept",
        Group::Bivariate,
        Direction::Max1,
        value,
    );
    score.params = rms.params.clone();
    (score.n_used, score.unit) = (rms.n_used, rms.unit);
    score.baseline = Baseline {
        resample: rms.baseline.resample.map(kept),
        independent: Some(0.0),
        repeats: rms.baseline.repeats,
        ..Baseline::default()
    };
    scores.insert(position + 1, score);
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

fn notes(evaluation: &Evaluation, pair: &Pair<'_>) -> Vec<String> {
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
    for column in pair.frame().columns.iter().filter(|column| column.renamed) {
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
    use crate::MassMad;
    use crate::testing::{numbers, table, texts};

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
        let pair = Pair::new(&real, &real).unwrap();
        let last = Cell::new(0.0);
        let rising = |_: &str, done: f64| {
            assert!(done >= last.get() && done <= 1.0);
            last.set(done);
            ControlFlow::Continue(())
        };
        let seed = Seed::from_u64(1);
        Evaluation::of(pair.clone())
            .with_default_metrics()
            .run_with(&seed, &rising)
            .unwrap();
        assert_eq!(last.get(), 1.0);
        let stopped = Evaluation::of(pair)
            .with_default_metrics()
            .run_with(&seed, &|_, _| ControlFlow::Break(()));
        assert_eq!(stopped, Err(MetricError::Cancelled));
    }

    #[test]
    fn two_metrics_with_one_id_are_refused() {
        let real = line(60);
        let result = Evaluation::of(Pair::new(&real, &real).unwrap())
            .with_default_metrics()
            .with_metric(MassMad::new(20))
            .run(&Seed::from_u64(1));
        let id = "mass_mad".to_owned();
        assert_eq!(result, Err(MetricError::DuplicateMetric { id }));
    }

    #[test]
    fn only_what_is_asked_for_is_computed_and_does_not_change_by_it() {
        let real = line(60);
        let other = line(80);
        let evaluation = |of: Evaluator<'_>| of.run(&Seed::from_u64(1)).unwrap();
        let pair = Pair::new(&real, &other).unwrap();
        let all = evaluation(Evaluation::of(pair.clone()).with_default_metrics());
        let few = Evaluation::of(pair.clone()).with_only(["association_retained", "mass_mad"]);
        let few = evaluation(few);
        let ids: Vec<&str> = few.scores.iter().map(|score| score.id.as_str()).collect();
        assert_eq!(ids, ["mass_mad", "association_rms", "association_retained"]);
        for id in ids {
            assert_eq!(few.score(id), all.score(id));
        }
        assert!(few.privacy.nearest.is_empty() && few.propensity.models.is_empty());
        let error = Evaluation::of(pair)
            .with_only(["mass"])
            .run(&Seed::from_u64(1));
        assert!(
            matches!(error, Err(MetricError::UnknownMetric { near, .. }) if near.contains(&"mass_mad".to_owned()))
        );
    }

    #[test]
    fn a_shuffled_table_keeps_none_of_the_association() {
        let real = line(600);
        let shuffled = independent(&real, 600, &Seed::from_u64(9));
        let run = |synthetic| {
            Evaluation::of(Pair::new(&real, synthetic).unwrap())
                .with_default_metrics()
                .run(&Seed::from_u64(1))
                .unwrap()
        };
        assert_eq!(run(&real).value("association_retained"), Some(1.0));
        let kept = run(&shuffled);
        let kept = kept.score("association_retained").unwrap();
        // The correlation of 1 becomes one with sd 0.041, in the table as in its anchors: 0.4 is 7 sd of their difference away.
        assert!(kept.value.unwrap() < 0.4, "{kept:?}");
        assert_eq!(run(&shuffled).value("total_variation"), Some(0.0));
    }
}
