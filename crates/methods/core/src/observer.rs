//! Progress out of long work, and the wish to stop into it.

use std::ops::ControlFlow;

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// What is being done, in a few words for people: `fit`, `sample`.
    pub stage: &'a str,
    /// How many parts are done.
    pub done: u64,
    /// How many parts there are; 0 when unknown.
    pub total: u64,
    /// The loss of a training as it was last judged, where there is one. In a private fit judged on what was released.
    pub loss: Option<f64>,
    /// The approximate loss of privacy charged so far, where a budget is kept in it.
    pub spent: Option<f64>,
}

impl<'a> Progress<'a> {
    /// `done` of `total` parts of a stage.
    #[must_use]
    pub const fn new(stage: &'a str, done: u64, total: u64) -> Self {
        Self {
            stage,
            done,
            total,
            loss: None,
            spent: None,
        }
    }

    /// The same with the loss of a training.
    #[must_use]
    pub const fn with_loss(mut self, loss: Option<f64>) -> Self {
        self.loss = loss;
        self
    }

    /// The same with the privacy loss charged so far.
    #[must_use]
    pub const fn with_spent(mut self, spent: Option<f64>) -> Self {
        self.spent = spent;
        self
    }
}

/// Watches long work and may stop it.
///
/// Called often (at least once per column) and from any thread. Any `Fn(Progress) -> ControlFlow<()>` that can be shared between threads is
/// an observer.
pub trait Observer: Send + Sync {
    /// Told after each part; [`ControlFlow::Break`] asks the work to stop, which it does with an error that says so.
    fn progress(&self, progress: Progress<'_>) -> ControlFlow<()>;
}

impl<F: Fn(Progress<'_>) -> ControlFlow<()> + Send + Sync> Observer for F {
    fn progress(&self, progress: Progress<'_>) -> ControlFlow<()> {
        self(progress)
    }
}

/// Watches nothing and never stops the work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _: Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
