//! The ledger: every release is charged before it is drawn, and refused if it exceeds the budget.

pub(crate) mod budget;
pub(crate) mod file;
mod filter;
mod recorder;

use std::path::Path;

use serde::{Deserialize, Serialize};

use file::{LedgerFileError, NoiseOrigin};
use filter::{Filter, Measure, Share};
use recorder::Recorder;

use crate::accounting::accountant::{EpsilonEvaluation, evaluate_composition};
use crate::accounting::composition::{Composition, Unsupported};
use crate::accounting::convert::conversion;
use crate::accounting::gdp;
use crate::accounting::zcdp;
use crate::event::Event;
use crate::ledger::budget::{Budget, Units};
use crate::number::{Delta, Epsilon, ParameterError, Rho, Sigma};
use crate::unit::PrivacyUnit;

/// A refused release. The ledger is as it was before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The release costs more than the remaining budget.
    #[error("`{purpose}` costs {requested} nats, but {remaining} of the budget remain")]
    Exceeded {
        /// Purpose of the release.
        purpose: String,
        /// Its cost, in the measure of the ledger (`rho`, or Renyi loss at the order of the
        /// ledger), rounded up.
        requested: f64,
        /// The remaining budget in the same measure, rounded down.
        remaining: f64,
    },
    /// The release makes no promise, and the budget is finite.
    #[error("`{purpose}` is not private at all; a ledger with a budget refuses it")]
    NonPrivate {
        /// Purpose of the release.
        purpose: String,
    },
    /// The charge could not be written to the file of the ledger, so that it was not granted.
    #[error("`{purpose}` could not be recorded in the ledger file: {reason}")]
    NotRecorded {
        /// Purpose of the release.
        purpose: String,
        /// Message of the operating system.
        reason: String,
    },
    /// No bound is known for the event in the measure of the ledger.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

impl LedgerError {
    /// Returns whether a larger budget would have admitted the release.
    pub const fn is_over_budget(&self) -> bool {
        matches!(self, Self::Exceeded { .. })
    }
}

/// Proof that a release was charged. Samplers take it, only a ledger makes it, and it cannot be
/// copied.
#[derive(Debug)]
#[must_use = "a release was charged; draw it with this receipt, or the budget is wasted"]
pub struct Receipt {
    event: Event,
}

impl Receipt {
    /// Returns the charged event.
    pub const fn event(&self) -> &Event {
        &self.event
    }
}

/// One charged release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// Purpose of the release, in words. Public: it must not reveal anything about the data.
    pub purpose: String,
    /// The released event.
    pub event: Event,
}

/// The loss of all charges so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Spent {
    /// Whether some release made no promise at all. Then no number below means anything, and all
    /// are absent.
    pub non_private: bool,
    /// Zero-concentrated loss, where every event has one. Rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rho: Option<Rho>,
    /// Approximate loss at the `delta` of the budget, by the accountant that guards the budget.
    /// Rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<Epsilon>,
    /// The failure probability that `epsilon` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Delta>,
}

/// Record and guard of all releases from one table.
///
/// A ledger with a finite budget is a privacy filter: the parameters of each release may depend on
/// the releases before it (for `rho` and for one fixed Renyi order: Feldman & Zrnic 2021). Sums are
/// exact, in units of `2^-96` nats.
///
/// With an approximate budget the order at which losses are added is chosen at the first charge,
/// before anything has been seen, as the one at which the budget admits the most repetitions of
/// that first event. [`Ledger::use_exact_gaussian_accounting`] adds squared shifts of Gaussians
/// instead, which is exact for them.
///
/// ```
/// use parable_dp::{Budget, Event, Ledger, NoiseMultiplier, PrivacyUnit, Rho};
///
/// let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(0.5)?));
/// let event = Event::Gaussian { noise_multiplier: NoiseMultiplier::for_rho(Rho::new(0.4)?) };
/// let receipt = ledger.try_spend("marginal of age", event.clone())?;
/// assert_eq!(receipt.event(), &event);
///
/// let refused = ledger.try_spend("marginal of income", event).unwrap_err();
/// assert!(refused.is_over_budget());
/// assert_eq!(ledger.entries().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ledger {
    unit: PrivacyUnit,
    budget: Budget,
    filter: Option<Filter>,
    share: Option<Share>,
    entries: Vec<Entry>,
    noise: NoiseOrigin,
    recorder: Option<Recorder>,
}

impl Ledger {
    /// Opens an empty ledger.
    pub fn open(unit: PrivacyUnit, budget: Budget) -> Self {
        Self {
            unit,
            budget,
            filter: Filter::of(budget),
            share: None,
            entries: Vec::new(),
            noise: NoiseOrigin::External,
            recorder: None,
        }
    }

    /// Opens a ledger that records its charges in a file, for several fits that share a budget.
    ///
    /// A file that is not there is created. One that is there is verified, and continued: its
    /// charges are spent. Each charge is on disk before it is granted, so that a crash can cost
    /// budget but never lose a charge. The file is locked as long as the ledger lives.
    ///
    /// - `dataset`: a public name of the data, never anything computed from it; an existing file
    ///   has its own
    ///
    /// ```
    /// use parable_dp::{Budget, Event, Ledger, PrivacyUnit, Rho};
    ///
    /// # let place = std::env::temp_dir().join(format!("ledger-{}.jsonl", std::process::id()));
    /// let (unit, budget) = (PrivacyUnit::one_row(), Budget::zcdp(Rho::new(0.5)?));
    /// let event = Event::Zcdp { rho: Rho::new(0.4)? };
    ///
    /// let mut first = Ledger::open_file(&place, "trial", unit, budget)?;
    /// let _ = first.try_spend("first fit", event.clone())?;
    /// drop(first);
    ///
    /// let mut second = Ledger::open_file(&place, "trial", unit, budget)?;
    /// assert!(second.try_spend("second fit", event).unwrap_err().is_over_budget());
    /// # drop(second);
    /// # std::fs::remove_file(&place)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LedgerFileError`] for a file that is damaged, of another unit or budget, in use, or
    /// that cannot be opened.
    pub fn open_file(
        path: impl AsRef<Path>,
        dataset: &str,
        unit: PrivacyUnit,
        budget: Budget,
    ) -> Result<Self, LedgerFileError> {
        let (recorder, found) = Recorder::open(path.as_ref(), dataset)?;
        let mut ledger = found.unwrap_or_else(|| Self::open(unit, budget));
        if ledger.unit != unit {
            let found = ledger.unit;
            return Err(LedgerFileError::OtherUnit { found, asked: unit });
        }
        if !budget.is_kept_by(ledger.budget) {
            let (found, asked) = (ledger.budget, budget);
            return Err(LedgerFileError::OtherBudget { found, asked });
        }
        ledger.recorder = Some(recorder);
        Ok(ledger)
    }

    /// Sets the origin of the noise of the charges to come, which the file of the ledger records.
    /// [`NoiseOrigin::External`] before the first call.
    pub fn set_noise_origin(&mut self, noise: NoiseOrigin) {
        self.noise = noise;
    }

    /// Limits the charges from here on to this share of the whole budget, so that several fits can
    /// share it. What earlier fits left unspent of it bounds the share.
    ///
    /// A share is one of losses as this budget adds them: of rho, of half the squared shift of a
    /// Gaussian, or of the Renyi divergence at the order of an approximate budget. Half of the loss
    /// is more than half of epsilon. An unlimited budget has no shares and stays unlimited.
    ///
    /// # Errors
    ///
    /// [`ParameterError::OutOfRange`] unless the share is above 0 and at most 1.
    pub fn limit_to_share(&mut self, share: f64) -> Result<(), ParameterError> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(ParameterError::OutOfRange {
                parameter: "share of the budget",
                value: share,
                rule: "above 0 and at most 1",
            });
        }
        let before = self.filter.map_or(Units::ZERO, |filter| filter.spent);
        self.share = Some(Share { before, share });
        Ok(())
    }

    /// The loss up to which a filter admits charges.
    fn admitted(&self, filter: &Filter) -> Units {
        let share = self.share.map(|share| share.limit(filter.limit));
        share.unwrap_or(filter.limit)
    }

    /// Goes on from the charges of an interrupted fit: enters those that this ledger lacks, and
    /// returns a receipt for each of `found`, to draw releases that were charged and not drawn.
    ///
    /// `None` if neither list of charges begins with the other, or the budgets differ; the ledger
    /// is then as it was. The caller must know which releases were drawn.
    ///
    /// # Errors
    ///
    /// As [`Ledger::try_spend`], with the ledger as it was.
    pub fn resume(
        &mut self,
        budget: Budget,
        found: &[Entry],
    ) -> Result<Option<Vec<Receipt>>, LedgerError> {
        let own = self.entries.len();
        let common = own.min(found.len());
        let differs = self.entries[..common] != found[..common];
        if differs || (own > 0 && self.budget != budget) {
            return Ok(None);
        }
        // From the start, as receipts come from charges only. Equal charges leave an equal ledger.
        let mut again = Self::open(self.unit, budget);
        again.noise = self.noise;
        let mut receipts = Vec::new();
        for entry in self.entries.iter().chain(&found[common..]) {
            let receipt = again.try_spend(&entry.purpose, entry.event.clone())?;
            if receipts.len() < found.len() {
                receipts.push(receipt);
            }
        }
        if let Some(recorder) = &mut self.recorder {
            for entry in &found[common..] {
                record(recorder, (again.unit, again.budget), entry, again.noise)?;
            }
        }
        again.recorder = self.recorder.take();
        again.share = self.share;
        *self = again;
        Ok(Some(receipts))
    }

    /// Charges a release, which is drawn afterwards with the receipt.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when it costs more than the remaining budget, makes no promise, or has no
    /// known cost; the ledger is unchanged.
    pub fn try_spend(&mut self, purpose: &str, event: Event) -> Result<Receipt, LedgerError> {
        self.charge(purpose, &event)?;
        Ok(Receipt { event })
    }

    /// Charges a release that was drawn before, read from a file: there is no receipt to draw it
    /// again.
    pub(crate) fn replay(&mut self, purpose: &str, event: Event) -> Result<(), LedgerError> {
        self.charge(purpose, &event)
    }

    fn charge(&mut self, purpose: &str, event: &Event) -> Result<(), LedgerError> {
        let filter = self.filter_after(purpose, event)?;
        let entry = Entry {
            purpose: purpose.to_owned(),
            event: event.clone(),
        };
        if let Some(recorder) = &mut self.recorder {
            record(recorder, (self.unit, self.budget), &entry, self.noise)?;
        }
        self.filter = filter;
        self.entries.push(entry);
        Ok(())
    }

    /// The filter after a charge.
    fn filter_after(&self, purpose: &str, event: &Event) -> Result<Option<Filter>, LedgerError> {
        match self.budget {
            Budget::Unlimited => Ok(None),
            _ if event.is_non_private() => Err(LedgerError::NonPrivate {
                purpose: purpose.to_owned(),
            }),
            Budget::Zcdp { .. } | Budget::Approx { .. } | Budget::Gaussian { .. } => {
                let composition = Composition::new(event, &self.unit)?;
                let mut filter = match self.filter {
                    Some(filter) => filter,
                    None => Filter::choose_order(self.budget, &composition)?,
                };
                let nats = filter.cost(&composition)?;
                let cost = Units::cost(nats);
                let total = filter.spent.saturating_add(cost);
                let limit = self.admitted(&filter);
                if total > limit {
                    return Err(LedgerError::Exceeded {
                        purpose: purpose.to_owned(),
                        requested: cost.nats_up(),
                        remaining: limit.saturating_sub(filter.spent).nats_down(),
                    });
                }
                filter.spent = total;
                Ok(Some(filter))
            }
        }
    }

    /// Returns the releases so far, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the privacy unit.
    pub const fn unit(&self) -> PrivacyUnit {
        self.unit
    }

    /// Returns the budget that the ledger was opened with.
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// Switches an unspent approximate budget to exact Gaussian accounting, which admits about a
    /// tenth more for a method whose releases are all Gaussian or choices of bounded range. Other
    /// releases are refused afterwards.
    ///
    /// Returns whether exact Gaussian accounting is in use. A budget from which something was
    /// spent, and one without failure probability, stay as they are.
    pub fn use_exact_gaussian_accounting(&mut self) -> bool {
        if let Budget::Approx { epsilon, delta } = self.budget
            && self.entries.is_empty()
            && self.recorder.as_ref().is_none_or(Recorder::is_empty)
            && gdp::limit(epsilon, delta).is_some()
        {
            let exact = Self::open(self.unit, Budget::Gaussian { epsilon, delta });
            (self.budget, self.filter) = (exact.budget, exact.filter);
        }
        matches!(self.budget, Budget::Gaussian { .. })
    }

    /// Returns the least noise of a discrete Gaussian that this ledger charges with at most `rho`,
    /// a part of [`remaining_rho`](Self::remaining_rho).
    ///
    /// # Errors
    ///
    /// As [`Sigma::for_rho`].
    pub fn sigma_for(&self, rho: Rho, sensitivity_squared: u64) -> Result<Sigma, ParameterError> {
        match self.budget {
            Budget::Gaussian { .. } => gdp::sigma_for(rho, sensitivity_squared),
            _ => Sigma::for_rho(rho, sensitivity_squared),
        }
    }

    /// Returns the largest range of a choice ([`Event::Exponential`]) that this ledger charges with
    /// at most `rho`. An approximate budget charges less than a zero-concentrated one, for which
    /// the range is computed.
    ///
    /// # Errors
    ///
    /// An infinite `rho`.
    pub fn range_for(&self, rho: Rho) -> Result<Epsilon, ParameterError> {
        Epsilon::new(match self.budget {
            Budget::Gaussian { .. } => gdp::range_for(rho),
            // Bounded range epsilon costs epsilon^2 / 8; a few places less, so that rounding cannot
            // make it more.
            _ => (8.0 * rho.get()).sqrt() * (1.0 - 4.0 * f64::EPSILON),
        })
    }

    /// Returns the zero-concentrated loss that may still be spent, rounded down; `None` where
    /// losses are added at a Renyi order, or there is no limit. Noise made for it with
    /// [`sigma_for`](Self::sigma_for) is always accepted, and continuous noise made with
    /// [`NoiseMultiplier::for_rho`](crate::NoiseMultiplier::for_rho).
    pub fn remaining_rho(&self) -> Option<Rho> {
        match (self.budget, self.filter) {
            (Budget::Zcdp { .. } | Budget::Gaussian { .. }, Some(filter)) => {
                let limit = self.admitted(&filter);
                let nats = limit.saturating_sub(filter.spent).nats_down();
                Some(Rho::new(nats).expect("a remainder is never negative"))
            }
            _ => None,
        }
    }

    /// Returns the loss of all charges so far.
    pub fn spent(&self) -> Spent {
        let non_private = self
            .entries
            .iter()
            .any(|entry| entry.event.is_non_private());
        let mut spent = Spent {
            non_private,
            rho: None,
            epsilon: None,
            delta: None,
        };
        if non_private {
            return spent;
        }
        let mut total = Units::ZERO;
        let mut known = true;
        for entry in &self.entries {
            match zcdp::zcdp_rho(&entry.event, &self.unit) {
                Ok(rho) => total = total.saturating_add(Units::cost(rho.get())),
                Err(_) => known = false,
            }
        }
        if known {
            spent.rho = Some(Rho::new(total.nats_up()).expect("a sum of losses is a loss"));
        }
        if let Some((_, delta)) = self.budget.epsilon_delta() {
            let epsilon = match self.filter {
                None => 0.0,
                Some(Filter { measure, spent, .. }) => match measure {
                    Measure::Concentrated => unreachable!("the measure of a budget of rho"),
                    Measure::Order(order) => (spent.nats_up()
                        + conversion(order - 1.0, delta.get().ln()))
                    .max(0.0)
                    .next_up(),
                    Measure::Gaussian => gdp::epsilon(spent.nats_up(), delta),
                },
            };
            spent.epsilon = Some(Epsilon::new(epsilon).expect("a loss is never negative or NaN"));
            spent.delta = Some(delta);
        }
        spent
    }

    /// Returns the cost of the releases so far, by every accountant that applies.
    ///
    /// Valid where the parameters of all releases were fixed in advance. Where some were chosen
    /// from outputs of others, only [`spent`](Self::spent), which adds losses at one order, is a
    /// promise.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] when some event has no bound under the unit (possible in an unlimited ledger
    /// only).
    pub fn evaluate(&self, delta: Delta) -> Result<EpsilonEvaluation, Unsupported> {
        let composition =
            Composition::of_all(self.entries.iter().map(|entry| &entry.event), &self.unit)?;
        Ok(evaluate_composition(&composition, delta.get()))
    }

    /// Returns the loss after a list of releases, without charging them: after the last one that
    /// fits, with the error of the first that does not.
    pub fn plan<'a>(
        &self,
        releases: impl IntoIterator<Item = (&'a str, &'a Event)>,
    ) -> (Spent, Result<(), LedgerError>) {
        let mut copy = Self {
            unit: self.unit,
            budget: self.budget,
            filter: self.filter,
            share: self.share,
            entries: self.entries.clone(),
            noise: self.noise,
            recorder: None,
        };
        for (purpose, event) in releases {
            if let Err(error) = copy.charge(purpose, event) {
                return (copy.spent(), Err(error));
            }
        }
        (copy.spent(), Ok(()))
    }
}

/// Writes a charge to the file of a ledger.
fn record(
    recorder: &mut Recorder,
    header: (PrivacyUnit, Budget),
    entry: &Entry,
    noise: NoiseOrigin,
) -> Result<(), LedgerError> {
    let written = recorder.append(header, entry, noise);
    written.map_err(|error| LedgerError::NotRecorded {
        purpose: entry.purpose.clone(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
