//! What a private fit may spend, and whom it protects.

use parable_core::FitError;
use parable_dp::{Budget, Ledger, PrivacyUnit, Rho};

use crate::Error;

/// What a private fit may spend, and whom it protects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protection {
    /// The most that all releases together may cost.
    pub budget: Budget,
    /// Whose rows are hidden: which tables are neighbours, and how many rows one person may have.
    pub unit: PrivacyUnit,
}

impl Protection {
    /// None: for methods that read rows as they are.
    #[must_use]
    pub fn none() -> Self {
        Self {
            budget: Budget::Unlimited,
            unit: PrivacyUnit::one_row(),
        }
    }

    /// A ledger with this budget from which nothing was spent.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::open(self.unit, self.budget)
    }

    /// The zero-concentrated loss that Gaussian releases may cost under this budget, as a private method would find it.
    ///
    /// # Errors
    /// A budget without a limit.
    pub fn rho(&self) -> Result<Rho, Error> {
        let mut ledger = self.ledger();
        ledger.keep_by_gaussians();
        parable_core::allowance(&ledger).ok_or_else(|| {
            FitError::Setting {
                setting: "budget".to_owned(),
                problem: "a private fit needs a finite budget".to_owned(),
            }
            .into()
        })
    }
}
