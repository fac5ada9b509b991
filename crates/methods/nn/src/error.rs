//! Errors of training.

use parable_core::FitError;

/// A training that did not end in a model. Its charges remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A loss or a parameter is not finite.
    #[error(
        "training diverged: after {step} steps a loss is not finite; use a smaller learning rate"
    )]
    Diverged {
        /// Steps taken.
        step: u64,
    },
}

impl TrainingError {
    /// Returns the error of a method.
    pub fn of(self, method: &str) -> FitError {
        FitError::Method {
            method: method.to_owned(),
            source: Box::new(self),
        }
    }
}

/// Returns the error for a setting that is out of its range.
pub fn setting(name: &str, problem: &str) -> FitError {
    FitError::Setting {
        setting: name.to_owned(),
        problem: problem.to_owned(),
    }
}
