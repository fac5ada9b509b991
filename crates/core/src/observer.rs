//! Progress out of long work, and the wish to stop into it.

use std::ops::ControlFlow;

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// What is being done, in a few words for people: `fit`, `sample`.
    pub stage: &'a str,
    /// How many parts are done.
    pub done: u64,
    /// How many parts there are; 0 when unknown.
    pub total: u64,
}

impl<'a> Progress<'a> {
    /// `done` of `total` parts of a stage.
    #[must_use]
    pub const fn new(stage: &'a str, done: u64, total: u64) -> Self {
        Self { stage, done, total }
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
