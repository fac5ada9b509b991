//! The input of a report.

use std::collections::BTreeMap;

use parable_core::{FitRecord, TrainingCurve};
use parable_judge::{Bands, CoarseColumn, Judgement, MadeFrom, Subject};
use parable_metrics::Evaluation;
use parable_table::Schema;
use serde::{Deserialize, Serialize};

/// Everything a report shows: a real table, and one or several synthetic versions of it with their
/// evaluations.
///
/// **Confidential**, because evaluations hold exact statistics of the real table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportInput {
    /// The title of the page.
    pub title: String,
    /// The name of the real table.
    pub data_name: String,
    /// Rows of the real table, before any cleaning.
    pub source_rows: u64,
    /// Columns of the real table, before any cleaning.
    pub source_columns: u64,
    /// The schema of the real table: labels and roles of its columns.
    pub schema: Schema,
    /// The synthetic versions. The page shows the first in full and folds the details of the
    /// others.
    pub methods: Vec<MethodResult>,
    /// The truth behind a simulated table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<KnownTruth>,
    /// Notes for the reader: what cleaning changed, what was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The limits that turn numbers into bands.
    #[serde(default)]
    pub bands: Bands,
    /// Staff time in days, for the cost section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_days: Option<f64>,
    /// The time of the report, as printed. `None` prints nothing, so that equal inputs give equal
    /// pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_at: Option<String>,
}

/// One synthetic version of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodResult {
    /// The name in tables and headings.
    pub name: String,
    /// The record of the fit; `None` for a synthetic table of unknown origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<FitRecord>,
    /// The source the table was made from; `None` concludes it from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<MadeFrom>,
    /// The measurements.
    pub evaluation: Evaluation,
    /// The curves of a training. Confidential where the fit was not private.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<TrainingCurve>,
    /// Time and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The steps of cleaning before the fit, undone after sampling, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleaning: Vec<String>,
    /// Repairs after sampling, and other remarks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Coarse shapes of the columns for publication; without them a release shows none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coarse: Vec<CoarseColumn>,
}

/// Time and memory of one step; `None` where not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Wall-clock seconds.
    pub wall_seconds: Option<f64>,
    /// CPU seconds of all cores.
    pub cpu_seconds: Option<f64>,
    /// Peak memory of the process by the end of the step, in bytes.
    pub peak_memory_bytes: Option<u64>,
}

impl Usage {
    /// Creates the usage of a step that took so many wall-clock seconds.
    #[must_use]
    pub fn wall(seconds: f64) -> Self {
        Self {
            wall_seconds: Some(seconds),
            ..Self::default()
        }
    }

    /// Sets the CPU seconds.
    #[must_use]
    pub fn with_cpu_seconds(mut self, seconds: Option<f64>) -> Self {
        self.cpu_seconds = seconds;
        self
    }

    /// Sets the peak memory.
    #[must_use]
    pub fn with_peak_memory_bytes(mut self, bytes: Option<u64>) -> Self {
        self.peak_memory_bytes = bytes;
        self
    }
}

/// Time and memory of a method; `None` where not measured.
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
    /// CPU seconds to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_cpu_seconds: Option<f64>,
    /// CPU seconds to sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_cpu_seconds: Option<f64>,
    /// CPU seconds to evaluate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_cpu_seconds: Option<f64>,
    /// Peak memory of the process by the end of the fit, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_peak_bytes: Option<u64>,
    /// Peak memory of the process by the end of sampling, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_peak_bytes: Option<u64>,
    /// Peak memory of the process by the end of the evaluation, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_peak_bytes: Option<u64>,
    /// Peak memory of the process, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Wall-clock seconds by id of the metric. Work that several metrics share is counted for the
    /// first of them; anchors are not included.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metric_seconds: BTreeMap<String, f64>,
}

/// The truth behind a simulated table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KnownTruth {
    /// The true effects.
    pub effects: Vec<KnownEffect>,
    /// The true intraclass correlation of a column, within the clusters that were randomised.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub icc: BTreeMap<String, f64>,
    /// The definition of the truth, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The true effect of one arm on one outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KnownEffect {
    /// The outcome column.
    pub outcome: String,
    /// The arm; `None` if there is only one beside the control arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// In the units of the outcome.
    pub value: f64,
    /// In standard deviations of the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect_size: Option<f64>,
}

impl ReportInput {
    /// Creates a report on this table, without methods.
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

    /// Adds a method.
    #[must_use]
    pub fn with_method(mut self, method: MethodResult) -> Self {
        self.methods.push(method);
        self
    }

    /// Sets the truth behind a simulated table.
    #[must_use]
    pub fn with_truth(mut self, truth: KnownTruth) -> Self {
        self.truth = Some(truth);
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the limits of the bands.
    #[must_use]
    pub fn with_bands(mut self, bands: Bands) -> Self {
        self.bands = bands;
        self
    }

    /// Sets the staff time in days.
    #[must_use]
    pub fn with_person_days(mut self, days: f64) -> Self {
        self.person_days = Some(days);
        self
    }

    /// Sets the time of the report, as printed.
    #[must_use]
    pub fn with_generated_at(mut self, time: impl Into<String>) -> Self {
        self.generated_at = Some(time.into());
        self
    }
}

impl MethodResult {
    /// The judgement on the table.
    pub(crate) fn judged(&self, bands: &Bands) -> Judgement {
        let subject = Subject::new(&self.evaluation)
            .with_record(self.record.as_ref())
            .with_made_from(self.made_from);
        Judgement::of(subject, bands)
    }

    /// Creates a synthetic version of unknown origin.
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

    /// Sets the record of the fit.
    #[must_use]
    pub fn with_record(mut self, record: FitRecord) -> Self {
        self.record = Some(record);
        self
    }

    /// Sets the curves of the training.
    #[must_use]
    pub fn with_training(mut self, curves: Vec<TrainingCurve>) -> Self {
        self.training = curves;
        self
    }

    /// Sets the source the table was made from.
    #[must_use]
    pub fn with_made_from(mut self, made_from: MadeFrom) -> Self {
        self.made_from = Some(made_from);
        self
    }

    /// Sets the steps of cleaning, one sentence each.
    #[must_use]
    pub fn with_cleaning<S: Into<String>>(mut self, steps: impl IntoIterator<Item = S>) -> Self {
        self.cleaning = steps.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the coarse shapes of the columns for publication.
    #[must_use]
    pub fn with_coarse(mut self, columns: Vec<CoarseColumn>) -> Self {
        self.coarse = columns;
        self
    }

    /// Sets time and memory.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.cost = Some(cost);
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Cost {
    /// Sets the wall-clock seconds of the fit.
    #[must_use]
    pub fn with_fit_seconds(mut self, seconds: f64) -> Self {
        self.fit_seconds = Some(seconds);
        self
    }

    /// Sets the wall-clock seconds of sampling.
    #[must_use]
    pub fn with_sample_seconds(mut self, seconds: f64) -> Self {
        self.sample_seconds = Some(seconds);
        self
    }

    /// Sets the wall-clock seconds of the evaluation.
    #[must_use]
    pub fn with_evaluate_seconds(mut self, seconds: f64) -> Self {
        self.evaluate_seconds = Some(seconds);
        self
    }

    /// Sets the peak memory, in bytes.
    #[must_use]
    pub fn with_peak_memory_bytes(mut self, bytes: u64) -> Self {
        self.peak_memory_bytes = Some(bytes);
        self
    }

    /// Sets time and memory of the fit.
    #[must_use]
    pub fn with_fit(mut self, usage: Usage) -> Self {
        self.fit_seconds = usage.wall_seconds;
        self.fit_cpu_seconds = usage.cpu_seconds;
        self.fit_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// Sets time and memory of sampling.
    #[must_use]
    pub fn with_sample(mut self, usage: Usage) -> Self {
        self.sample_seconds = usage.wall_seconds;
        self.sample_cpu_seconds = usage.cpu_seconds;
        self.sample_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// Sets time and memory of the evaluation.
    #[must_use]
    pub fn with_evaluate(mut self, usage: Usage) -> Self {
        self.evaluate_seconds = usage.wall_seconds;
        self.evaluate_cpu_seconds = usage.cpu_seconds;
        self.evaluate_peak_bytes = usage.peak_memory_bytes;
        self
    }

    /// Sets the wall-clock seconds of single metrics.
    #[must_use]
    pub fn with_metric_seconds(mut self, seconds: BTreeMap<String, f64>) -> Self {
        self.metric_seconds = seconds;
        self
    }
}

impl KnownTruth {
    /// Adds an effect.
    #[must_use]
    pub fn with_effect(mut self, effect: KnownEffect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Adds the true intraclass correlation of a column.
    #[must_use]
    pub fn with_icc(mut self, column: impl Into<String>, icc: f64) -> Self {
        self.icc.insert(column.into(), icc);
        self
    }

    /// Sets the definition of the truth, in a sentence.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The true effect of an arm on an outcome.
    pub(crate) fn effect(&self, outcome: &str, arm: &str) -> Option<&KnownEffect> {
        self.effects.iter().find(|effect| {
            effect.outcome == outcome && effect.arm.as_deref().is_none_or(|named| named == arm)
        })
    }
}

impl KnownEffect {
    /// Creates the effect on an outcome, in its units.
    pub fn new(outcome: impl Into<String>, value: f64) -> Self {
        Self {
            outcome: outcome.into(),
            arm: None,
            value,
            effect_size: None,
        }
    }

    /// Sets the arm, if there are several.
    #[must_use]
    pub fn with_arm(mut self, arm: impl Into<String>) -> Self {
        self.arm = Some(arm.into());
        self
    }

    /// Sets the effect in standard deviations.
    #[must_use]
    pub fn with_effect_size(mut self, effect_size: f64) -> Self {
        self.effect_size = Some(effect_size);
        self
    }
}
