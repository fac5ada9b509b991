//! The table under judgement: its evaluation, its record, and its source.

use parable_core::FitRecord;
use parable_metrics::Evaluation;
use serde::{Deserialize, Serialize};

/// A synthetic table under judgement: its evaluation, and how it was made.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) record: Option<&'a FitRecord>,
    pub(crate) made_from: Option<MadeFrom>,
}

impl<'a> Subject<'a> {
    /// Creates a subject of unknown origin.
    #[must_use]
    pub const fn new(evaluation: &'a Evaluation) -> Self {
        Self {
            evaluation,
            record: None,
            made_from: None,
        }
    }

    /// Sets the record of the fit, if there is one: it decides about the formal guarantee.
    #[must_use]
    pub const fn with_record(mut self, record: Option<&'a FitRecord>) -> Self {
        self.record = record;
        self
    }

    /// Sets what the table was made from; `None` (default) concludes it from the record.
    #[must_use]
    pub const fn with_made_from(mut self, made_from: Option<MadeFrom>) -> Self {
        self.made_from = made_from;
        self
    }
}

/// The source a synthetic table was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MadeFrom {
    /// Names and types of columns only.
    Metadata,
    /// Names, types and values that could occur, none of them read from the real rows.
    PlausibleValues,
    /// The real distribution of each column on its own.
    OneWay,
    /// Relationships between real columns.
    Joint,
}

impl MadeFrom {
    /// Returns the name on a page.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Metadata => "names and types of columns only",
            Self::PlausibleValues => "names, types and values that could occur",
            Self::OneWay => "the real distribution of each column on its own",
            Self::Joint => "relationships between real columns",
        }
    }

    /// Concludes the source from the method and strategy of a fit.
    pub(crate) fn of_record(record: &FitRecord) -> Self {
        let strategy = record.config.get("strategy").and_then(|name| name.as_str());
        let one_way = |name: &str| name.contains("independent");
        if one_way(&record.method) || strategy.is_some_and(one_way) {
            Self::OneWay
        } else {
            Self::Joint
        }
    }
}
