//! Progress and cancellation of a fit.

use parable_core::{FitError, Observer, Progress};

/// The observer of a fit, and the part of the fit it is told about.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    observer: &'a dyn Observer,
    part: u64,
    parts: u64,
}

impl<'a> Watch<'a> {
    /// Creates a watch of one of so many equal parts, counted from 0.
    pub(crate) fn new(observer: &'a dyn Observer, part: usize, parts: usize) -> Self {
        Self {
            observer,
            part: part as u64,
            parts: parts as u64,
        }
    }

    /// Reports the progress of the part.
    pub(crate) fn tick(&self, done: u64, total: u64) -> Result<(), FitError> {
        let progress = Progress::new("fit", self.part * total + done, self.parts * total);
        match self.observer.progress(progress) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        }
    }
}
