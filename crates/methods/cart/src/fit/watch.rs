//! Progress and cancellation of a fit.

use parable_core::{FitError, Observer, Progress};

/// Who watches a fit, and which part of it this is.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    observer: &'a dyn Observer,
    part: u64,
    parts: u64,
}

impl<'a> Watch<'a> {
    /// One of so many equal parts (from 0).
    pub(crate) fn new(observer: &'a dyn Observer, part: usize, parts: usize) -> Self {
        Self {
            observer,
            part: part as u64,
            parts: parts as u64,
        }
    }

    /// Tells how far the part is.
    pub(crate) fn tick(&self, done: u64, total: u64) -> Result<(), FitError> {
        let progress = Progress::new("fit", self.part * total + done, self.parts * total);
        match self.observer.progress(progress) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        }
    }
}
