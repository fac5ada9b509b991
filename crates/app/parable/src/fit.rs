//! Fitting: from a source to a model that restores the source's columns.

use parable_core::{
    Checkpointing, FitContext, FitError, Method, NoObserver, Observer, PrivacyParams,
};
use parable_dp::{Ledger, NoiseSource};
use parable_seed::Seed;

use crate::{Cleaned, Error, Fitted, Source};

impl Source {
    /// Sets up a fit of a method: any [`Synthesizer`](parable_core::Synthesizer) with its typed
    /// settings, or one that [`Methods::get`](crate::Methods::get) set up from text.
    ///
    /// ```
    /// use parable::cart::Cart;
    /// # use parable::trials::{Preset, Trial, TrialConfig};
    /// # let trial = Trial::simulate(&TrialConfig::new(Preset::A), &7.into())?;
    /// # let source = parable::Source::from_table("trial", trial.table);
    ///
    /// let fitted = source.fit(Cart::default()).seed(1).run()?;
    /// assert_eq!(fitted.record().method, "cart");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(&self, method: impl Into<Method>) -> FitBuilder<'_> {
        FitBuilder {
            source: self,
            method: method.into(),
            seed: Seed::from_u64(1),
            observer: &NoObserver,
            ledger: None,
            checkpoint: None,
            cleaned: None,
        }
    }
}

/// Sets up a fit; made by [`Source::fit`].
#[must_use = "nothing is fitted before `run`"]
pub struct FitBuilder<'a> {
    source: &'a Source,
    method: Method,
    seed: Seed,
    observer: &'a dyn Observer,
    ledger: Option<&'a mut Ledger>,
    checkpoint: Option<Checkpointing>,
    cleaned: Option<&'a Cleaned>,
}

impl<'a> FitBuilder<'a> {
    /// Sets the seed (default 1). Privacy noise does not depend on it.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Sets an observer of the progress, which may cancel.
    pub fn observer(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Sets the ledger to charge. A private method spends what is left in it.
    ///
    /// The default is an unlimited ledger of its own, which suffices for methods without privacy;
    /// private methods need a finite budget: `PrivacyParams { budget, unit }.ledger()`.
    pub fn ledger(mut self, ledger: &'a mut Ledger) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Keeps a checkpoint. If its file exists, the fit resumes from it, and what it lists is not
    /// charged a second time. The file stays; remove it when the model is safe.
    ///
    /// The ledger is a new one with the same budget, or the one that was charged.
    pub fn checkpoint(mut self, checkpoint: impl Into<Checkpointing>) -> Self {
        self.checkpoint = Some(checkpoint.into());
        self
    }

    /// Sets the cleaned table to fit. The default is what the method's capabilities ask for:
    /// [`Cleaned::for_method`].
    pub fn cleaned(mut self, cleaned: &'a Cleaned) -> Self {
        self.cleaned = Some(cleaned);
        self
    }

    /// Fits the method. The model file of a private method then holds declared facts and charged
    /// releases only.
    ///
    /// # Errors
    /// [`Error::Fit`] for what the method or the ledger refuses, and for a checkpoint of a method
    /// that cannot resume; [`Error::is_cancelled`] when the observer cancels. What was charged by
    /// then stays charged.
    pub fn run(self) -> Result<Fitted, Error> {
        let capabilities = self.method.capabilities();
        if self.checkpoint.is_some() && !capabilities.resumable {
            let problem = format!(
                "fits of method `{}` cannot resume after an interruption",
                self.method.name()
            );
            let setting = "checkpoint".to_owned();
            return Err(FitError::Setting { setting, problem }.into());
        }
        let own;
        let cleaned = match self.cleaned {
            Some(cleaned) => cleaned,
            None => {
                own = Cleaned::for_method(self.source.table(), capabilities)?;
                &own
            }
        };
        let mut unlimited = PrivacyParams::none().ledger();
        let ledger = self.ledger.unwrap_or(&mut unlimited);
        let mut noise = NoiseSource::operating_system();
        let mut context = FitContext::new(self.seed, ledger, &mut noise).observed_by(self.observer);
        context.checkpoint = self.checkpoint;
        let model = self.method.fit(cleaned.table(), &mut context)?;
        Ok(Fitted::new(model, cleaned.recipe().clone(), self.source))
    }
}

impl std::fmt::Debug for FitBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitBuilder")
            .field("method", &self.method)
            .field("seed", &self.seed)
            .field("checkpoint", &self.checkpoint)
            .finish_non_exhaustive()
    }
}
