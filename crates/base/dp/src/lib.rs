//! Differential privacy: events, ledger, accounting, calibration and exact noise.
//!
//! A [`Ledger`] is opened with a [`PrivacyUnit`] (who is protected) and a [`Budget`] (how much may be spent). Every release is
//! described by an [`Event`] and charged before it is drawn; the [`Receipt`] is what a sampler asks for. Noise comes from a
//! [`NoiseSource`]. The crate knows nothing about tables and does no input or output.
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

mod accountant;
mod analytic_gaussian;
mod audit;
mod budget;
mod calibrate;
mod composition;
mod convert;
mod event;
mod gdp;
mod ledger;
mod ledger_file;
mod loss_law;
pub mod mechanism;
mod noise_source;
mod normal;
mod number;
mod pld;
mod renyi;
mod root;
mod saddle_point;
mod sampled_gaussian;
mod tilted_noise;
mod unit;
#[cfg(test)]
mod vectors;
mod zcdp;

pub use accountant::{
    Accountant, Best, Bound, DeltaBound, DeltaEvaluation, Evaluation, Method, evaluate,
    evaluate_delta,
};
pub use analytic_gaussian::{gaussian_epsilon, gaussian_log_delta, gaussian_noise_multiplier};
pub use audit::{Audit, AuditConfig, AuditError, AuditedClaim, epsilon_lower_from_rates};
pub use budget::Budget;
pub use calibrate::{
    Calibrated, CalibrationError, Target, calibrate_noise_multiplier, calibrate_rho,
    calibrate_sampling_rate, calibrate_steps,
};
pub use composition::Unsupported;
pub use convert::{
    renyi_to_delta, renyi_to_epsilon, zcdp_from_approx, zcdp_to_delta, zcdp_to_epsilon,
    zcdp_to_log_delta,
};
pub use event::{Event, RenyiPoint, Repetitions};
pub use ledger::{Entry, Ledger, LedgerError, Receipt, Spent};
pub use ledger_file::{LedgerFileError, LedgerLog, NoiseOrigin, VerifiedLedger, verify};
pub use noise_source::NoiseSource;
pub use number::{
    Delta, Epsilon, Mean, NoiseMultiplier, Order, ParameterError, Probability, Rho, SamplingRate,
    Shape, Sigma,
};
pub use renyi::renyi_divergence;
pub use unit::{PrivacyUnit, Relation, Sensitivity};
pub use zcdp::zcdp_rho;
