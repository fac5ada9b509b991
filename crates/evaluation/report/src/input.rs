//! What a report is made of.

use std::collections::BTreeMap;

use parable_core::FitRecord;
use parable_judge::{Bands, CoarseColumn, Judgement, MadeFrom, Subject};
use parable_metrics::Evaluation;
use parable_table::Schema;
use serde::{Deserialize, Serialize};

use crate::training::TrainingCurve;

/// Everything a report shows: one table, and one or several synthetic versions of it with their evaluations.
///
/// **Confidential**, because evaluations hold exact statistics of the real table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportInput {
    /// The title of the page.
    pub title: String,
    /// What the real table is called.
    pub data_name: String,
    /// Rows of the real table, before any cleaning.
    pub source_rows: u64,
    /// Columns of the real table, before any cleaning.
    pub source_columns: u64,
    /// The schema of the real table: labels and roles of its columns.
    pub schema: Schema,
    /// The synthetic versions. The page shows the first in full and folds the details of the others.
    pub methods: Vec<MethodResult>,
    /// What is true by construction, for simulated tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
    /// What a reader should know about the table: what cleaning changed, what was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The limits that turn numbers into bands.
    #[serde(default)]
    pub bands: Bands,
    /// Days of work that people put into the synthetic table, for the cost section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_days: Option<f64>,
    /// When the report was made, as it is to be printed. `None` prints nothing, so that equal inputs give equal pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_at: Option<String>,
}

/// One synthetic version of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodResult {
    /// The name in tables and headings.
    pub name: String,
    /// How the model came about; `None` for a synthetic table of unknown origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<FitRecord>,
    /// What the table was made from; `None` concludes it from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<MadeFrom>,
    /// What was measured.
    pub evaluation: Evaluation,
    /// How the training of a network went. Confidential where the fit was not private.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<TrainingCurve>,
    /// What it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What cleaning did before the fit and undid after sampling, one sentence per step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleaning: Vec<String>,
    /// What was repaired or restored after sampling, and other remarks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Shapes of the columns that may leave the owner's hands; without them a release shows none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coarse: Vec<CoarseColumn>,
}

/// What one step took. What was not measured is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Seconds on the clock.
    pub wall_seconds: Option<f64>,
    /// Seconds of all processors together.
    pub cpu_seconds: Option<f64>,
    /// Most memory the process had held by the end of the step, in bytes.
    pub peak_memory_bytes: Option<u64>,
}

impl Usage {
    /// A step that took so long on the clock.
    #[must_use]
    pub fn wall(seconds: f64) -> Self {
        Self {
            wall_seconds: Some(seconds),
            ..Self::default()
        }
    }

    /// The same with the seconds of all processors.
    #[must_use]
    pub fn with_cpu_seconds(mut self, seconds: Option<f64>) -> Self {
        self.cpu_seconds = seconds;
        self
    }

    /// The same with the most memory held.
    #[must_use]
    pub fn with_peak_memory_bytes(mut self, bytes: Option<u64>) -> Self {
        self.peak_memory_bytes = bytes;
        self
    }
}

/// What a method took. What was not measured is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Cost {
    /// Wall-clock seconds to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_seconds: Option<f64>,
    /// Wall-clock seconds to sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_seconds: Option<f64>,
    /// Wall-clock seconds to evaluate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_seconds: Option<f64>,
    /// Processor seconds to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_cpu_seconds: Option<f64>,
    /// Processor seconds to sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_cpu_seconds: Option<f64>,
    /// Processor seconds to evaluate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_cpu_seconds: Option<f64>,
    /// Most memory the process had held after the fit, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_peak_bytes: Option<u64>,
    /// Most memory the process had held after sampling, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_peak_bytes: Option<u64>,
    /// Most memory the process had held after the evaluation, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_peak_bytes: Option<u64>,
    /// Most memory the process held, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Wall-clock seconds by id of the metric. What several metrics share counts for the first of them; anchors are not in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metric_seconds: BTreeMap<String, f64>,
}

/// What is true of a simulated table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Truth {
    /// The true effects.
    pub effects: Vec<TrueEffect>,
    /// The true intraclass correlation of a column, within the clusters that were randomised.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub icc: BTreeMap<String, f64>,
    /// How the truth is defined, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The true effect of one arm on one outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrueEffect {
    /// The outcome column.
    pub outcome: String,
    /// The arm; `None` where there is only one beside the control arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// In the units of the outcome.
    pub value: f64,
    /// In standard deviations of the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect_size: Option<f64>,
}

impl ReportInput {
    /// A report on this table, as yet without methods.
    pub fn new(
        title: impl Into<String>,
        data_name: impl Into<String>,
        source_rows: u64,
        source_columns: u64,
        schema: Schema,
    ) -> Self {
        Self {
            title: title.into(),
            data_name: data_name.into(),
            source_rows,
            source_columns,
            schema,
            methods: Vec::new(),
            truth: None,
            notes: Vec::new(),
            bands: Bands::default(),
            person_days: None,
            generated_at: None,
        }
    }

    /// The same with one method more.
    #[must_use]
    pub fn with_method(mut self, method: MethodResult) -> Self {
        self.methods.push(method);
        self
    }

    /// The same with what is true by construction.
    #[must_use]
    pub fn with_truth(mut self, truth: Truth) -> Self {
        self.truth = Some(truth);
        self
    }

    /// The same with one remark more.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same with these limits.
    #[must_use]
    pub fn with_bands(mut self, bands: Bands) -> Self {
        self.bands = bands;
        self
    }

    /// The same with the days of work that people put in.
    #[must_use]
    pub fn with_person_days(mut self, days: f64) -> Self {
        self.person_days = Some(days);
        self
    }

    /// The same with the time at which the report was made.
    #[must_use]
    pub fn with_generated_at(mut self, time: impl Into<String>) -> Self {
        self.generated_at = Some(time.into());
        self
    }
}

impl MethodResult {
    /// What follows from the evaluation.
    pub(crate) fn judged(&self, bands: &Bands) -> Judgement {
        let subject = Subject::new(&self.evaluation)
            .with_record(self.record.as_ref())
            .with_made_from(self.made_from);
        Judgement::of(subject, bands)
    }

    /// A synthetic version of unknown origin.
    pub fn new(name: impl Into<String>, evaluation: Evaluation) -> Self {
        Self {
            name: name.into(),
            record: None,
            made_from: None,
            evaluation,
            training: Vec::new(),
            cost: None,
            cleaning: Vec::new(),
            notes: Vec::new(),
            coarse: Vec::new(),
        }
    }

    /// The same with how the model came about.
    #[must_use]
    pub fn with_record(mut self, record: FitRecord) -> Self {
        self.record = Some(record);
        self
    }

    /// The same with how the training went.
    #[must_use]
    pub fn with_training(mut self, curves: Vec<TrainingCurve>) -> Self {
        self.training = curves;
        self
    }

    /// The same, saying what the table was made from.
    #[must_use]
    pub fn with_made_from(mut self, made_from: MadeFrom) -> Self {
        self.made_from = Some(made_from);
        self
    }

    /// The same with what cleaning did, one sentence per step.
    #[must_use]
    pub fn with_cleaning<S: Into<String>>(mut self, steps: impl IntoIterator<Item = S>) -> Self {
        self.cleaning = steps.into_iter().map(Into::into).collect();
        self
    }

    /// The same with shapes of the columns that may leave the owner's hands.
    #[must_use]
    pub fn with_coarse(mut self, columns: Vec<CoarseColumn>) -> Self {
        self.coarse = columns;
        self
    }

    /// The same with what it took.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.cost = Some(cost);
        self
    }

    /// The same with one remark more.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Cost {
    /// The same with the wall-clock seconds of the fit.
    #[must_use]
    pub fn with_fit_seconds(mut self, seconds: f64) -> Self {
        self.fit_seconds = Some(seconds);
        self
    }

    /// The same with the wall-clock seconds of sampling.
    #[must_use]
    pub fn with_sample_seconds(mut self, seconds: f64) -> Self {
        self.sample_seconds = Some(seconds);
        self
    }

    /// The same with the wall-clock seconds of the evaluation.
    #[must_use]
    pub fn with_evaluate_seconds(mut self, seconds: f64) -> Self {
        self.evaluate_seconds = Some(seconds);
        self
    }

    /// The same with the most memory held, in bytes.
    #[must_use]
    pub fn with_peak_memory_bytes(mut self, bytes: u64) -> Self {
        self.peak_memory_bytes = Some(bytes);
        self
    }

    /// The same with what the fit took.
    #[must_use]
    pub fn with_fit(mut self, usage: Usage) -> Self {
        self.fit_seconds = usage.wall_seconds;
        self.fit_cpu_seconds = usage.cpu_seconds;
        self.fit_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// The same with what sampling took.
    #[must_use]
    pub fn with_sample(mut self, usage: Usage) -> Self {
        self.sample_seconds = usage.wall_seconds;
        self.sample_cpu_seconds = usage.cpu_seconds;
        self.sample_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// The same with what the evaluation took.
    #[must_use]
    pub fn with_evaluate(mut self, usage: Usage) -> Self {
        self.evaluate_seconds = usage.wall_seconds;
        self.evaluate_cpu_seconds = usage.cpu_seconds;
        self.evaluate_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// The same with the wall-clock seconds of single metrics.
    #[must_use]
    pub fn with_metric_seconds(mut self, seconds: BTreeMap<String, f64>) -> Self {
        self.metric_seconds = seconds;
        self
    }
}

impl Truth {
    /// The same with one effect more.
    #[must_use]
    pub fn with_effect(mut self, effect: TrueEffect) -> Self {
        self.effects.push(effect);
        self
    }

    /// The same with the true intraclass correlation of one column more.
    #[must_use]
    pub fn with_icc(mut self, column: impl Into<String>, icc: f64) -> Self {
        self.icc.insert(column.into(), icc);
        self
    }

    /// The same with a sentence that says how the truth is defined.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The true effect of an arm on an outcome.
    pub(crate) fn effect(&self, outcome: &str, arm: &str) -> Option<&TrueEffect> {
        self.effects.iter().find(|effect| {
            effect.outcome == outcome && effect.arm.as_deref().is_none_or(|named| named == arm)
        })
    }
}

impl TrueEffect {
    /// The effect on an outcome, in its units.
    pub fn new(outcome: impl Into<String>, value: f64) -> Self {
        Self {
            outcome: outcome.into(),
            arm: None,
            value,
            effect_size: None,
        }
    }

    /// The same for one arm of several.
    #[must_use]
    pub fn with_arm(mut self, arm: impl Into<String>) -> Self {
        self.arm = Some(arm.into());
        self
    }

    /// The same, saying the effect in standard deviations too.
    #[must_use]
    pub fn with_effect_size(mut self, effect_size: f64) -> Self {
        self.effect_size = Some(effect_size);
        self
    }
}
