//! What a private fit may spend, and whom it protects.

use parable_core::FitError;
use parable_dp::{Budget, Ledger, PrivacyUnit, Rho, zcdp_from_approx};

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

    /// The zero-concentrated loss that fits into the budget.
    ///
    /// # Errors
    /// A budget without a limit.
    pub fn rho(&self) -> Result<Rho, Error> {
        match self.budget {
            Budget::Zcdp { rho } => Ok(rho),
            Budget::Approx { epsilon, delta } => Ok(zcdp_from_approx(epsilon, delta)),
            _ => Err(FitError::Setting {
                setting: "budget".to_owned(),
                problem: "a private fit needs a finite budget".to_owned(),
            }
            .into()),
        }
    }
}
