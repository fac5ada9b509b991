//! Everything that follows from one evaluation.

use parable_core::FitRecord;
use parable_metrics::Evaluation;

use crate::bands::Bands;
use crate::check::{Check, residual_risk};
use crate::spectrum::{MadeFrom, Placement};
use crate::verdict::{Goal, Guarantee, Overall, Verdict};

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

/// The judgement on one synthetic table. **Confidential**: findings and evidence hold exact
/// numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// All goals in one word, and the advice that follows.
    pub overall: Overall,
    /// One verdict for each goal, in the order of [`Goal::ALL`].
    pub verdicts: Vec<Verdict>,
    /// What the method promises, apart from anything measured.
    pub guarantee: Guarantee,
    /// The place on the spectrum.
    pub placement: Placement,
    /// The privacy scores with limits, worst first.
    pub checks: Vec<Check>,
    /// The risk that remains after the checks, in sentences without numbers.
    pub residual_risk: Vec<String>,
}

impl Judgement {
    /// Judges a table by these limits.
    #[must_use]
    pub fn of(subject: Subject<'_>, bands: &Bands) -> Self {
        let guarantee = Guarantee::of(subject.record);
        let verdicts = Verdict::all(subject.evaluation, &guarantee, bands);
        let checks = Check::all(subject.evaluation, bands);
        Self {
            overall: Overall::of(&verdicts),
            placement: Placement::of(subject, bands, &verdicts),
            residual_risk: residual_risk(&guarantee, subject.evaluation, &checks),
            verdicts,
            guarantee,
            checks,
        }
    }

    /// Returns the verdict on a goal.
    #[must_use]
    pub fn verdict(&self, goal: Goal) -> &Verdict {
        &self.verdicts[goal as usize]
    }
}
