//! The budget and the unit of privacy of a fit.

use parable_dp::{Budget, Ledger, PrivacyUnit};

/// The budget of a private fit and its unit of privacy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrivacyParams {
    /// The most that all releases together may cost.
    pub budget: Budget,
    /// Which tables are neighbours, and the most rows of one person.
    pub unit: PrivacyUnit,
}

impl PrivacyParams {
    /// Returns the parameters of methods that read rows without protection.
    #[must_use]
    pub fn none() -> Self {
        Self {
            budget: Budget::Unlimited,
            unit: PrivacyUnit::one_row(),
        }
    }

    /// Opens a ledger with this budget, with nothing charged.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::open(self.unit, self.budget)
    }
}
