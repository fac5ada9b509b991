//! The contract of a method: unfitted [`Synthesizer`], fitted [`Model`].

use std::any::Any;
use std::fmt::Debug;
use std::io::Write;

use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::given;
use crate::{FitContext, FitError, FitRecord, ModelFileError, NoObserver, Observer, SampleError};

/// A method that learns a model from a table. Unfitted: everything known before the data sits in it, and `fit` changes nothing of it.
pub trait Synthesizer: Send + Sync {
    /// What fitting gives.
    type Model: Model;

    /// The name of the method, as files, reports and the command line spell it; lower case.
    fn name(&self) -> &'static str;

    /// What the method can take and what it promises.
    fn capabilities(&self) -> Capabilities;

    /// Learns from the rows.
    ///
    /// Every fit pays: a method without a privacy guarantee charges [`Event::NonPrivate`](parable_dp::Event::NonPrivate) to the ledger before it
    /// looks at a row, a private one charges each release before it draws it.
    ///
    /// # Errors
    /// See [`FitError`]; a table the method cannot take, a budget too small, a cancelled fit.
    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<Self::Model, FitError>;
}

/// A fitted model: a pure function of rows and seed.
pub trait Model: Any + Debug + Send + Sync {
    /// The schema of the tables it makes: that of the table it learnt from.
    fn schema(&self) -> &Schema;

    /// How it came about: method, settings, seed, ledger.
    fn record(&self) -> &FitRecord;

    /// As many rows as the table it learnt from had, as far as the model may say: the exact number for a model that read rows as they are, a noisy one
    /// for a private model that measured it, `None` where it is not known.
    fn typical_rows(&self) -> Option<usize> {
        self.record().rows
    }

    /// Makes a table of exactly this many rows. The same seed gives the same table on any number of threads.
    ///
    /// # Errors
    /// See [`SampleError`].
    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError>;

    /// As [`Model::sample_with`], watched by nobody.
    ///
    /// # Errors
    /// See [`SampleError`].
    fn sample(&self, rows: usize, seed: &Seed) -> Result<Table, SampleError> {
        self.sample_with(rows, seed, &NoObserver)
    }

    /// Makes one row for each row of `given`, in its order, that carries the given values: "500 treated pupils with special needs" is a table of
    /// 500 equal rows with two columns. The other columns follow the model's distribution given these values.
    ///
    /// The default draws rows from the model until each given row has found a partner: right for every model, slow for rare combinations.
    ///
    /// # Errors
    /// [`SampleError::Given`] for a column the model does not make in this type; [`SampleError::Rare`] when the combination does not turn up.
    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let draw = |rows, seed: &Seed| self.sample_with(rows, seed, observer);
        given::sample_by_rejection(self.schema(), &draw, given, seed, observer)
    }

    /// Writes what the method needs to make tables again, without the header that [`ModelFile`](crate::ModelFile) adds.
    ///
    /// # Errors
    /// Whatever writing meets.
    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError>;
}

/// What a method can take and what it promises; the conformance suite checks each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The fit is differentially private: it charges each release and refuses facts merely observed.
    pub private: bool,
    /// Missing values may stand in the table, and are modelled.
    pub missing: bool,
    /// Free-text columns may stand in the table.
    pub text: bool,
    /// Rows of one cluster stay together: cluster-level columns are constant in every synthetic cluster.
    pub clusters: bool,
    /// The first `k` rows of a larger sample with the same seed are the sample of `k` rows.
    pub prefix: bool,
    /// A fit can go on from a [checkpoint](crate::Checkpointing), and charges nothing twice.
    pub resumable: bool,
    /// Rules of the schema about single rows hold in every row, as far as the model can obey; others are left to repair.
    pub rules: bool,
}

impl Capabilities {
    /// The same with missing values allowed.
    #[must_use]
    pub const fn with_missing(mut self) -> Self {
        self.missing = true;
        self
    }

    /// The same with free text allowed.
    #[must_use]
    pub const fn with_text(mut self) -> Self {
        self.text = true;
        self
    }

    /// The same with clusters kept.
    #[must_use]
    pub const fn with_clusters(mut self) -> Self {
        self.clusters = true;
        self
    }

    /// The same with the promise that small samples begin large ones.
    #[must_use]
    pub const fn with_prefix(mut self) -> Self {
        self.prefix = true;
        self
    }

    /// The same with fits that can go on after an interruption.
    #[must_use]
    pub const fn with_resumption(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// The same with rules about single rows kept.
    #[must_use]
    pub const fn with_rules(mut self) -> Self {
        self.rules = true;
        self
    }

    /// The same with differential privacy.
    #[must_use]
    pub const fn with_privacy(mut self) -> Self {
        self.private = true;
        self
    }
}

/// A [`Synthesizer`] whose model type is erased, for lists of methods. Every synthesizer is one.
pub trait DynSynthesizer: Send + Sync {
    /// See [`Synthesizer::name`].
    fn name(&self) -> &'static str;

    /// See [`Synthesizer::capabilities`].
    fn capabilities(&self) -> Capabilities;

    /// See [`Synthesizer::fit`].
    ///
    /// # Errors
    /// See [`FitError`].
    fn fit_boxed(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError>;
}

impl<S: Synthesizer> DynSynthesizer for S {
    fn name(&self) -> &'static str {
        Synthesizer::name(self)
    }

    fn capabilities(&self) -> Capabilities {
        Synthesizer::capabilities(self)
    }

    fn fit_boxed(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        Ok(Box::new(self.fit(table, context)?))
    }
}
