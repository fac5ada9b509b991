//! Everything that follows from one evaluation.

use crate::bands::Bands;
use crate::check::{Check, residual_risk};
use crate::spectrum::Placement;
use crate::subject::Subject;
use crate::verdict::{Goal, Guarantee, Overall, Verdict};

/// The judgement on one synthetic table. **Confidential**: findings and evidence hold exact
/// numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// All goals in one word, and the advice that follows.
    pub overall: Overall,
    /// One verdict for each goal, in the order of [`Goal::ALL`].
    pub verdicts: Vec<Verdict>,
    /// The formal guarantee of the method, apart from anything measured.
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
