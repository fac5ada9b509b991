//! Train on synthetic, test on real (specification 4.1).

mod goal;
mod linear;
mod measure;
mod svm;
mod tree;

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView1};
use parable_seed::Seed;
use parable_table::Role;
use parable_tree::{BinnedColumn, Forest, ForestOptions, Response};
use rayon::prelude::*;

use crate::data::features::Features;
use crate::data::frame::{Frame, FrameColumn};
use crate::{
    Cache, EvaluationOptions, EvaluationProgress, Group, Metric, MetricContext, MetricError,
    MetricInfo, Outcome, Pair, Part, PredictionMeasure, PredictionModel, PredictionSection,
    Section, Spread, Undefined, Unit,
};
use goal::{Goal, Rows, Split};
use measure::{Measured, classification, regression};

/// Outcomes predicted when no column is named.
const MOST_TARGETS: usize = 3;
/// Classes a target may have.
const MOST_CLASSES: usize = 32;
/// Rows a support vector machine is trained on at most: its work grows with their square.
const MOST_SVM_ROWS: usize = 5_000;

/// A kind of model that is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Learner {
    /// Logistic regression with a ridge penalty of weight 1, one against the rest; ridge regression
    /// for numbers.
    Linear,
    /// A tree of depth 6.
    Tree,
    /// A forest of 100 trees.
    Forest,
    /// A support vector machine with a radial kernel, `C = 1`, `gamma = 1 / (columns * variance)`,
    /// one against one, on at most 5,000 rows. Classes only.
    Svm,
}

impl Learner {
    fn name(self, classes: bool) -> &'static str {
        match self {
            Self::Linear if classes => "logistic",
            Self::Linear => "linear",
            Self::Tree => "tree",
            Self::Forest => "forest",
            Self::Svm => "svm",
        }
    }
}

/// How much models lose that are trained on synthetic instead of real rows: absolute difference of
/// macro-averaged F1 (classes) or R² (numbers), mean over targets and models (4.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    targets: Vec<String>,
    features: Vec<String>,
    splits: u32,
    learners: Vec<Learner>,
}

impl Prediction {
    /// Of these columns; none stands for the outcomes, at most 3.
    #[must_use]
    pub fn new<S: Into<String>>(targets: impl IntoIterator<Item = S>) -> Self {
        Self {
            targets: targets.into_iter().map(Into::into).collect(),
            features: Vec::new(),
            splits: 10,
            learners: vec![
                Learner::Linear,
                Learner::Tree,
                Learner::Forest,
                Learner::Svm,
            ],
        }
    }

    /// Of the columns named in [`EvaluationOptions::predict`].
    #[must_use]
    pub fn of(options: &EvaluationOptions) -> Self {
        Self::new(options.predict.iter().cloned())
    }

    /// The same, predicting from these columns only.
    #[must_use]
    pub fn with_features<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.features = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with this many splits of the real rows (at least 1). Default 10.
    #[must_use]
    pub fn with_splits(mut self, splits: u32) -> Self {
        self.splits = splits.max(1);
        self
    }

    /// The same with these models.
    #[must_use]
    pub fn with_learners(mut self, learners: impl IntoIterator<Item = Learner>) -> Self {
        self.learners = learners.into_iter().collect();
        self
    }

    /// The results by target.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a named column is not among those metrics look at or has too
    /// many levels, [`MetricError::Cancelled`] if `progress` breaks.
    pub fn measure(
        &self,
        pair: &Pair<'_>,
        seed: &Seed,
        progress: EvaluationProgress<'_>,
    ) -> Result<Vec<PredictionSection>, MetricError> {
        self.sections(&Cache::new(pair), seed, progress)
    }

    fn sections(
        &self,
        cache: &Cache<'_>,
        seed: &Seed,
        progress: EvaluationProgress<'_>,
    ) -> Result<Vec<PredictionSection>, MetricError> {
        let frame = cache.frame();
        let targets = self.find_targets(&frame)?;
        for name in &self.features {
            find(&frame, "features", name)?;
        }
        let count = targets.len().max(1) as f64;
        targets
            .iter()
            .enumerate()
            .map(|(position, target)| {
                let tell = |done: f64| match progress(
                    &format!("predicting {}", target.name),
                    (position as f64 + done) / count,
                ) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(MetricError::Cancelled),
                };
                self.section(&frame, target, &seed.stream(&target.name), &tell)
            })
            .collect()
    }

    fn find_targets<'f>(&self, frame: &'f Frame) -> Result<Vec<&'f FrameColumn>, MetricError> {
        if !self.targets.is_empty() {
            let named = self.targets.iter();
            return named.map(|name| find(frame, "predict", name)).collect();
        }
        let outcomes = frame.columns.iter().filter(|c| c.role == Role::Outcome);
        let usable = outcomes.filter(|column| {
            let levels = column.codes().map_or(0, |(labels, _)| labels.len());
            levels <= MOST_CLASSES
        });
        Ok(usable.take(MOST_TARGETS).collect())
    }

    fn section(
        &self,
        frame: &Frame,
        target: &FrameColumn,
        seed: &Seed,
        tell: &dyn Fn(f64) -> Result<(), MetricError>,
    ) -> Result<PredictionSection, MetricError> {
        let goal = Goal::of(target);
        let data = Features::of(frame, |column| {
            let leaks = match &column.role {
                Role::Descriptor { of } => of.contains(&target.name),
                _ => false,
            };
            column.name != target.name
                && !leaks
                && (self.features.is_empty() || self.features.contains(&column.name))
        });
        let mut section = PredictionSection {
            target: target.name.clone(),
            task: if goal.is_classes() {
                "classification"
            } else {
                "regression"
            }
            .to_owned(),
            classes: goal.real_classes(),
            features: data.names.clone(),
            tested_on: if data.holdout > 0 { "holdout" } else { "split" }.to_owned(),
            splits: self.splits,
            real_rows: 0,
            synthetic_rows: 0,
            test_rows: 0,
            models: Vec::new(),
            reason: None,
        };
        let rows = Rows::of(&data, &goal);
        section.reason = match &goal {
            Goal::Classes { labels, .. } if labels.len() > MOST_CLASSES => {
                Some(Undefined::TooManyTerms)
            }
            _ if rows.real.len() < 5 || rows.synthetic.is_empty() => Some(Undefined::NoRows),
            _ if data.names.is_empty() => Some(Undefined::NoColumns),
            Goal::Classes { .. } if section.classes.len() < 2 => Some(Undefined::SingleClass),
            Goal::Numbers(_) if goal.is_constant(&rows.real) => Some(Undefined::ConstantColumn),
            _ => None,
        };
        if section.reason.is_some() {
            return Ok(section);
        }
        let learners: Vec<Learner> = self
            .learners
            .iter()
            .copied()
            .filter(|&learner| goal.is_classes() || learner != Learner::Svm)
            .collect();
        let (columns, response) = (tree::columns(&data), goal.response());
        let mut found: Vec<Vec<Trial>> = vec![Vec::new(); learners.len()];
        let mut majority = Vec::new();
        for split in 0..self.splits {
            tell(f64::from(split) / f64::from(self.splits))?;
            let seed = seed.index(u64::from(split));
            let split = rows.split(&goal, &seed);
            section.real_rows = split.real.len() as u64;
            section.synthetic_rows = split.synthetic.len() as u64;
            section.test_rows = split.test.len() as u64;
            majority.push(goal.majority(&split.real, &split.test));
            let task = Task {
                data: &data,
                columns: &columns,
                response: &response,
                goal: &goal,
                split: &split,
                seed: &seed,
            };
            let trials: Vec<Trial> = learners
                .par_iter()
                .map(|&learner| task.run(learner))
                .collect();
            for (slot, trial) in found.iter_mut().zip(trials) {
                slot.push(trial);
            }
        }
        section.models = learners
            .iter()
            .zip(&found)
            .map(|(&learner, trials)| PredictionModel {
                model: learner.name(goal.is_classes()).to_owned(),
                measures: summarise(trials, &majority),
                rows_at_most: (learner == Learner::Svm).then_some(MOST_SVM_ROWS as u64),
            })
            .collect();
        Ok(section)
    }
}

fn find<'f>(
    frame: &'f Frame,
    option: &'static str,
    name: &str,
) -> Result<&'f FrameColumn, MetricError> {
    frame.named(name).ok_or_else(|| MetricError::BadOption {
        option,
        column: name.to_owned(),
        rule: "expected a column of the tables that is no row id or free text",
    })
}

/// One split with everything that is needed to train on it.
struct Task<'a> {
    data: &'a Features,
    /// The same features and the goal as trees read them.
    columns: &'a [BinnedColumn],
    response: &'a Response,
    goal: &'a Goal,
    split: &'a Split,
    seed: &'a Seed,
}

/// The measures of one model on one split, by what it was trained on.
#[derive(Clone)]
struct Trial {
    real: Measured,
    synthetic: Measured,
    both: Option<Measured>,
}

impl Task<'_> {
    fn run(&self, learner: Learner) -> Trial {
        let name = learner.name(self.goal.is_classes());
        let seed = self.seed.stream(name);
        let train = |rows: &[u32], kind: &str| self.train(learner, rows, &seed.stream(kind));
        let both = (learner != Learner::Svm).then(|| {
            let mut rows = self.split.real.clone();
            rows.extend_from_slice(&self.split.synthetic);
            rows
        });
        let ((real, synthetic), both) = rayon::join(
            || {
                rayon::join(
                    || train(&self.split.real, "real"),
                    || train(&self.split.synthetic, "synthetic"),
                )
            },
            || both.map(|rows| train(&rows, "both")),
        );
        Trial {
            real,
            synthetic,
            both,
        }
    }

    fn train(&self, learner: Learner, rows: &[u32], seed: &Seed) -> Measured {
        let test = &self.split.test;
        match self.goal {
            Goal::Numbers(of) => {
                let guess = match learner {
                    Learner::Linear => linear::ridge(self.data, rows, of, test),
                    Learner::Tree => self.grow(&tree::single(), rows, seed),
                    Learner::Forest | Learner::Svm => {
                        self.grow(&tree::many(self.response, self.columns.len()), rows, seed)
                    }
                };
                let truth: Vec<f64> = test.iter().map(|&row| of[row as usize]).collect();
                regression(&truth, &guess)
            }
            Goal::Classes { labels, of, real } => {
                let classes = (of.as_slice(), labels.len());
                let by_class = |shares: Vec<f64>| -> Array2<f64> {
                    Array2::from_shape_vec((test.len(), labels.len()), shares)
                        .expect("a share of each class for each row")
                };
                let scores = match learner {
                    Learner::Linear => linear::logistic(self.data, rows, classes, test),
                    Learner::Tree => by_class(self.grow(&tree::single(), rows, seed)),
                    Learner::Forest => {
                        let options = tree::many(self.response, self.columns.len());
                        by_class(self.grow(&options, rows, seed))
                    }
                    Learner::Svm => {
                        let mut rows = rows.to_vec();
                        if rows.len() > MOST_SVM_ROWS {
                            seed.rng().shuffle(&mut rows);
                            rows.truncate(MOST_SVM_ROWS);
                            rows.sort_unstable();
                        }
                        svm::classify(self.data, &rows, classes, test)
                    }
                };
                let truth: Vec<u8> = test.iter().map(|&row| of[row as usize]).collect();
                let guess: Vec<u8> = scores.rows().into_iter().map(highest).collect();
                classification(&truth, &guess, Some(scores.view()), real)
            }
        }
    }

    /// Grows trees on these rows; their predictions for the test rows, one after another.
    fn grow(&self, options: &ForestOptions<'_>, rows: &[u32], seed: &Seed) -> Vec<f64> {
        Forest::fit(self.columns, rows, self.response, options, seed)
            .predict(self.columns, &self.split.test)
    }
}

/// The class with the highest score, the first of equal ones.
fn highest(scores: ArrayView1<'_, f64>) -> u8 {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best as u8
}

fn summarise(trials: &[Trial], majority: &[Measured]) -> Vec<PredictionMeasure> {
    let Some(first) = trials.first() else {
        return Vec::new();
    };
    first
        .real
        .iter()
        .enumerate()
        .filter_map(|(at, &(measure, _))| {
            let of = |measured: &Measured| measured[at].1;
            let spread = |values: Vec<Option<f64>>| {
                let values: Option<Vec<f64>> = values.into_iter().collect();
                values.map(|values| Spread::of(&values))
            };
            let side =
                |pick: &dyn Fn(&Trial) -> Option<f64>| spread(trials.iter().map(pick).collect());
            Some(PredictionMeasure {
                measure: measure.to_owned(),
                real: side(&|trial| of(&trial.real))?,
                synthetic: side(&|trial| of(&trial.synthetic))?,
                both: side(&|trial| of(trial.both.as_ref()?)),
                majority: spread(majority.iter().map(of).collect()),
                difference: side(&|trial| Some(of(&trial.real)? - of(&trial.synthetic)?))?,
            })
        })
        .collect()
}

impl Spread {
    /// Mean and standard deviation (divisor n - 1).
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self {
            mean,
            sd: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        }
    }
}

static PREDICTION_DIFFERENCE: MetricInfo = MetricInfo::new(
    "prediction_difference",
    "Trained on synthetic, tested on real: loss of F1 or R², mean over targets and models",
    "How much worse models predict real people after training on synthetic rows; below 0.02 is hardly any loss.",
)
.with_group(Group::Utility)
.without_anchors();

impl Metric for Prediction {
    fn info(&self) -> &MetricInfo {
        &PREDICTION_DIFFERENCE
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let seed = context.seed();
        let sections = self.sections(context.cache(), seed, context.observer())?;
        let mut parts = Vec::new();
        let (mut signed, mut rows) = (Vec::new(), 0);
        for section in sections.iter() {
            rows += section.test_rows as usize;
            if let Some(reason) = section.reason {
                parts.push(Part {
                    columns: vec![section.target.clone()],
                    value: None,
                    reason: Some(reason),
                });
            }
            for model in &section.models {
                if let Some(first) = model.measures.first() {
                    signed.push(first.difference.mean);
                    parts.push(Part {
                        columns: vec![section.target.clone(), model.model.clone()],
                        value: Some(first.difference.mean),
                        reason: None,
                    });
                }
            }
        }
        let count = signed.len() as f64;
        let value = if signed.is_empty() {
            Err(parts
                .first()
                .and_then(|p| p.reason)
                .unwrap_or(Undefined::NoRole))
        } else {
            Ok(signed.iter().map(|d| d.abs()).sum::<f64>() / count)
        };
        let mut score = self
            .info()
            .score(value)
            .with_used(rows, Unit::Rows)
            .with_undefined(parts.iter().filter(|part| part.value.is_none()).count());
        if !signed.is_empty() {
            score = score.with_detail("mean_signed_difference", signed.iter().sum::<f64>() / count);
        }
        let targets: Vec<String> = sections.iter().map(|s| s.target.clone()).collect();
        score = score.with_param("targets", targets);
        score.parts = parts;
        score.seed = Some(*seed);
        score.repeats = Some(self.splits);
        Ok(Outcome::from(score).with_section(Section::Predictions(sections)))
    }
}
