//! Which accounting guards the budget, and how much of it is left.

use parable_core::{FitError, allowance, distances_squared};
use parable_dp::{Ledger, PrivacyUnit, Rho};

/// Typical variance of counts above which exact Gaussian accounting admits less noise.
///
/// The exact curve admits 8 to 22 percent more loss. It charges discrete noise as if its variance
/// were smaller by 0.64 to 1, which costs as much where the variance of a count is below 3 or so.
const LEAST_VARIANCE: f64 = 16.0;

/// Columns take so many counts each, at the least.
const COUNTS_PER_COLUMN: f64 = 1.5;

/// Standard deviation of the noise of a score, as a share of the rows, below which a score is clear
/// enough.
const CLEAR_SCORE: f64 = 0.005;

/// Whether exact Gaussian accounting admits less noise for counts of this many columns.
///
/// It is of no use to a fit that spends much of its budget on choices: those of bounded range cost
/// half as much again under it.
#[must_use]
pub fn gains_by_exact_gaussians(columns: usize, rho: Rho, unit: PrivacyUnit) -> bool {
    let variance = COUNTS_PER_COLUMN * columns as f64 * unit.counts_squared() as f64 / rho.get();
    variance > LEAST_VARIANCE
}

/// Switches an untouched ledger to exact Gaussian accounting where that admits less noise.
///
/// Returns what the ledger then allows.
///
/// # Errors
/// [`FitError::Setting`] if the budget is unlimited.
pub fn choose_accounting(ledger: &mut Ledger, columns: usize) -> Result<Rho, FitError> {
    let rho = remaining(ledger)?;
    if gains_by_exact_gaussians(columns, rho, ledger.unit()) {
        ledger.use_exact_gaussian_accounting();
    }
    remaining(ledger)
}

/// Zero-concentrated loss that the ledger still allows.
///
/// # Errors
/// [`FitError::Setting`] if the budget is unlimited: a private fit needs a limit.
pub fn remaining(ledger: &Ledger) -> Result<Rho, FitError> {
    allowance(ledger).ok_or_else(no_budget)
}

pub(crate) fn no_budget() -> FitError {
    FitError::setting("budget", "a private fit needs a finite budget")
}

/// Loss that noisy scores of this many sets are worth: as much as makes them clear, at most `most`.
#[must_use]
pub fn cost_of_scores(unit: PrivacyUnit, sets: usize, rows: f64, most: f64) -> f64 {
    let clear = CLEAR_SCORE * rows;
    most.min(distances_squared(unit, sets) as f64 / (2.0 * clear * clear))
}

/// Refuses shares of a budget that do not lie between 0 and 1, or leave nothing for `rest`.
///
/// # Errors
/// [`FitError::Setting`], naming the first share that is wrong or the last of those that use up
/// the budget.
pub fn check_shares(shares: &[(&str, f64)], rest: &str) -> Result<(), FitError> {
    let mut sum = 0.0;
    for (name, share) in shares {
        if !(*share > 0.0 && *share < 1.0) {
            return Err(FitError::setting(
                name,
                "a share of the budget lies between 0 and 1",
            ));
        }
        sum += share;
        if sum >= 1.0 {
            return Err(FitError::setting(
                name,
                format!("nothing is left to {rest} with"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_lie_between_0_and_1_and_leave_something() {
        let check = |shares: &[(&str, f64)]| check_shares(shares, "measure pairs").is_ok();
        assert!(check(&[("a", 0.1), ("b", 0.8)]));
        for wrong in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(!check(&[("a", 0.1), ("b", wrong)]));
        }
        assert!(!check(&[("a", 0.5), ("b", 0.5)]));
    }

    #[test]
    fn scores_cost_no_more_than_it_takes_to_be_clear() {
        let unit = PrivacyUnit::one_row();
        // Ten scores of 1,000 rows: standard deviation 5, squared sensitivity 10.
        assert!((cost_of_scores(unit, 10, 1_000.0, 1.0) - 0.2).abs() < 1e-12);
        assert!((cost_of_scores(unit, 10, 1_000.0, 0.01) - 0.01).abs() < 1e-12);
    }
}
