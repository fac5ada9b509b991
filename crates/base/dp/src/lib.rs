//! Differential privacy: events, ledger, accounting, calibration and exact noise.
//!
//! A [`Ledger`] is opened with a [`PrivacyUnit`] (neighbouring tables) and a [`Budget`]. Every
//! release is described by an [`Event`] and charged before it is drawn; samplers take the
//! [`Receipt`]. Noise comes from a [`NoiseSource`]. Several fits share a budget through a file
//! ([`Ledger::open_file`]). The crate knows nothing about tables.
//!
//! ```
//! use parable_dp::{Budget, Event, Ledger, PrivacyUnit, Rho, Sigma};
//!
//! let unit = PrivacyUnit::one_row();
//! let mut ledger = Ledger::open(unit, Budget::zcdp(Rho::new(0.1)?));
//! let sigma = Sigma::for_rho(ledger.remaining_rho().unwrap(), unit.counts_squared())?;
//! let event = Event::DiscreteGaussian { sigma, sensitivity_squared: unit.counts_squared() };
//! let receipt = ledger.try_spend("marginal of age and sex", event)?;
//! assert_eq!(receipt.event().tag(), "discrete_gaussian");
//! assert!(ledger.spent().rho.unwrap() <= Rho::new(0.1)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accounting;
mod event;
mod ledger;
mod math;
pub mod mechanism;
mod number;
#[cfg(test)]
mod tests;
mod unit;

pub use accounting::accountant::{
    Accountant, AccountingMethod, Best, DeltaBound, DeltaEvaluation, EpsilonBound,
    EpsilonEvaluation, evaluate, evaluate_delta,
};
pub use accounting::analytic_gaussian::{
    gaussian_epsilon, gaussian_log_delta, gaussian_noise_multiplier,
};
pub use accounting::audit::{
    Audit, AuditConfig, AuditError, AuditedClaim, epsilon_lower_from_rates,
};
pub use accounting::calibrate::{
    Calibrated, CalibrationError, Target, calibrate_noise_multiplier, calibrate_rho,
    calibrate_sampling_rate, calibrate_steps,
};
pub use accounting::composition::Unsupported;
pub use accounting::convert::{
    renyi_to_delta, renyi_to_epsilon, zcdp_from_approx, zcdp_to_delta, zcdp_to_epsilon,
    zcdp_to_log_delta,
};
pub use accounting::renyi::renyi_divergence;
pub use accounting::zcdp::zcdp_rho;
pub use event::{Event, RenyiPoint, Repetitions};
pub use ledger::budget::Budget;
pub use ledger::file::{LedgerFileError, LedgerLog, NoiseOrigin, VerifiedLedger, verify};
pub use ledger::{Entry, Ledger, LedgerError, Receipt, Spent};
pub use mechanism::noise_source::NoiseSource;
pub use number::{
    Delta, Epsilon, Mean, NoiseMultiplier, Order, ParameterError, Probability, Rho, SamplingRate,
    Shape, Sigma,
};
pub use unit::{PrivacyUnit, Relation, Sensitivity};
