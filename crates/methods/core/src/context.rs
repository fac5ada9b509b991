//! What every fit needs besides the rows.

use std::fmt;
use std::path::{Path, PathBuf};

use parable_dp::{Event, Ledger, NoiseOrigin, NoiseSource, Receipt};
use parable_seed::Seed;

use crate::{FitError, NoObserver, Observer, Progress};

/// What a fit needs besides the rows: a seed, a ledger to charge, a source of privacy noise, and
/// somebody who watches.
#[non_exhaustive]
pub struct FitContext<'a> {
    /// Where random numbers that protect nobody start.
    pub seed: Seed,
    /// What may be spent, and what was.
    pub ledger: &'a mut Ledger,
    /// Where noise that protects people comes from.
    pub noise: &'a mut NoiseSource,
    /// Who watches and may stop the work.
    pub observer: &'a dyn Observer,
    /// Where the fit keeps what it needs to go on after an interruption, if it is to. Methods that
    /// are not [resumable](crate::Capabilities::resumable) write nothing.
    pub checkpoint: Option<Checkpointing>,
}

impl<'a> FitContext<'a> {
    /// A context that nobody watches.
    pub fn new(seed: Seed, ledger: &'a mut Ledger, noise: &'a mut NoiseSource) -> Self {
        ledger.set_noise_origin(NoiseOrigin::of(noise));
        Self {
            seed,
            ledger,
            noise,
            observer: &NoObserver,
            checkpoint: None,
        }
    }

    /// The same with a checkpoint: the fit goes on from the file where it is there, and writes it.
    #[must_use]
    pub fn with_checkpoint(mut self, checkpoint: Checkpointing) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// The same, watched.
    #[must_use]
    pub fn observed_by(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Charges a fit that reads rows as they are, without a privacy guarantee.
    ///
    /// # Errors
    /// If the ledger has a finite budget: no such budget allows it.
    pub fn charge_non_private(&mut self, purpose: &str) -> Result<Receipt, FitError> {
        Ok(self.ledger.try_spend(purpose, Event::NonPrivate)?)
    }

    /// Tells the observer how far the fit is.
    ///
    /// # Errors
    /// [`FitError::Cancelled`] if the observer asks to stop.
    pub fn progress(&self, done: u64, total: u64) -> Result<(), FitError> {
        match self.observer.progress(Progress::new("fit", done, total)) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        }
    }
}

impl fmt::Debug for FitContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitContext")
            .field("seed", &self.seed)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

/// Where a fit keeps its checkpoint, and how often it writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpointing {
    /// The file. If it is there, the fit goes on from it; the folder must exist.
    pub path: PathBuf,
    /// Steps between two writings, at least 1.
    pub every: u64,
}

impl Checkpointing {
    /// A checkpoint at this path, written about every so many steps (at least one).
    pub fn new(path: impl Into<PathBuf>, every: u64) -> Self {
        Self {
            path: path.into(),
            every: every.max(1),
        }
    }
}

impl From<PathBuf> for Checkpointing {
    /// Writes about every 100 steps.
    fn from(path: PathBuf) -> Self {
        Self::new(path, 100)
    }
}

impl From<&Path> for Checkpointing {
    /// Writes about every 100 steps.
    fn from(path: &Path) -> Self {
        Self::new(path, 100)
    }
}
