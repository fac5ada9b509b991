//! What can go wrong in training.

use parable_core::FitError;

/// A training that did not end in a model. What it was charged stays charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A loss or a parameter is no number any more.
    #[error(
        "training diverged: after {step} steps a loss is no finite number; a smaller step size helps"
    )]
    Diverged {
        /// Steps done.
        step: u64,
    },
}

impl TrainingError {
    /// The failure of a method.
    pub fn of(self, method: &str) -> FitError {
        FitError::Method {
            method: method.to_owned(),
            source: Box::new(self),
        }
    }
}

/// A setting that makes no sense.
pub fn setting(name: &str, problem: &str) -> FitError {
    FitError::Setting {
        setting: name.to_owned(),
        problem: problem.to_owned(),
    }
}
