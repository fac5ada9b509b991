//! Progress reporting and cancellation.

use std::ops::ControlFlow;

/// Progress of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The name of the stage, in a few words for people: `fit`, `sample`.
    pub stage: &'a str,
    /// Parts done.
    pub done: u64,
    /// Parts in all; 0 when unknown.
    pub total: u64,
    /// The loss of a training as last evaluated, where there is one. A private fit evaluates it on
    /// released values only.
    pub loss: Option<f64>,
    /// The epsilon charged so far, where the budget has one.
    pub spent: Option<f64>,
}

impl<'a> Progress<'a> {
    /// Creates the progress of `done` out of `total` parts of a stage.
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

    /// Sets the loss of a training.
    #[must_use]
    pub const fn with_loss(mut self, loss: Option<f64>) -> Self {
        self.loss = loss;
        self
    }

    /// Sets the epsilon charged so far.
    #[must_use]
    pub const fn with_spent(mut self, spent: Option<f64>) -> Self {
        self.spent = spent;
        self
    }
}

/// Observes long work and may cancel it.
///
/// Called often (at least once per column) and from any thread. Any `Fn(Progress) ->
/// ControlFlow<()>` that can be shared between threads is an observer.
pub trait Observer: Send + Sync {
    /// Called after each part. [`ControlFlow::Break`] cancels the work, which then ends with a
    /// `Cancelled` error.
    fn progress(&self, progress: Progress<'_>) -> ControlFlow<()>;
}

impl<F: Fn(Progress<'_>) -> ControlFlow<()> + Send + Sync> Observer for F {
    fn progress(&self, progress: Progress<'_>) -> ControlFlow<()> {
        self(progress)
    }
}

/// Ignores progress and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn progress(&self, _: Progress<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
