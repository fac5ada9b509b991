//! The contract of a method: unfitted [`Synthesizer`], fitted [`Model`].

use std::any::Any;
use std::fmt::Debug;
use std::io::Write;

use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::given;
use crate::{
    FitContext, FitError, FitRecord, ModelFileError, NoObserver, Observer, Plan, PrivacyParams,
    Publication, SampleError, TrainingCurve,
};

/// A method that learns a model from a table.
///
/// Unfitted: it holds everything known before the data, and `fit` does not change it.
pub trait Synthesizer: Send + Sync {
    /// The fitted model.
    type Model: Model;

    /// Returns the name of the method as files, reports and the command line spell it; lower case.
    fn name(&self) -> &'static str;

    /// Returns what the method can take and what it promises.
    fn capabilities(&self) -> Capabilities;

    /// Learns from the rows.
    ///
    /// Every fit is charged: a method without a privacy guarantee charges
    /// [`Event::NonPrivate`](parable_dp::Event::NonPrivate) before it reads a row, a private one
    /// charges each release before it draws it.
    ///
    /// # Errors
    /// See [`FitError`]: a table the method cannot take, a budget too small, a cancelled fit.
    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<Self::Model, FitError>;

    /// Returns what a fit of tables of this schema would release and the expected error of each
    /// answer, for about `rows` rows. Nothing is read but the schema, and nothing is charged.
    ///
    /// The default returns `None`: the method has no plan to show.
    ///
    /// # Errors
    /// See [`FitError`]: a fact of the schema that is not declared, a setting that names an unknown
    /// column, a budget without a limit.
    fn plan(
        &self,
        schema: &Schema,
        params: &PrivacyParams,
        rows: f64,
    ) -> Result<Option<Plan>, FitError> {
        let _ = (schema, params, rows);
        Ok(None)
    }
}

/// A fitted model: a pure function of rows and seed.
pub trait Model: Any + Debug + Send + Sync {
    /// Returns the schema of the tables it generates: that of the table it learnt from.
    fn schema(&self) -> &Schema;

    /// Returns the record of the fit: method, settings, seed, ledger.
    fn record(&self) -> &FitRecord;

    /// Returns the number of rows of the table it learnt from, as far as it may be known: exact for
    /// a model without privacy, noisy for a private model that measured it, otherwise `None`.
    fn typical_rows(&self) -> Option<usize> {
        self.record().rows
    }

    /// Generates a table of exactly this many rows. The same seed gives the same table on any
    /// number of threads.
    ///
    /// # Errors
    /// See [`SampleError`].
    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError>;

    /// Generates a table without reporting progress; see [`Model::sample_with`].
    ///
    /// # Errors
    /// See [`SampleError`].
    fn sample(&self, rows: usize, seed: &Seed) -> Result<Table, SampleError> {
        self.sample_with(rows, seed, &NoObserver)
    }

    /// Generates one row for each row of `given`, in its order, with the given values: "500 treated
    /// pupils with special needs" is a table of 500 equal rows with two columns. The other columns
    /// follow the model's distribution given these values.
    ///
    /// The default draws rows from the model until each given row has found a partner: exact for
    /// every model, slow for rare combinations.
    ///
    /// # Errors
    /// [`SampleError::Given`] for a column the model does not generate in this type;
    /// [`SampleError::Rare`] if the combination does not turn up.
    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let draw = |rows, seed: &Seed| self.sample_with(rows, seed, observer);
        given::sample_by_rejection(self.schema(), &draw, given, seed, observer)
    }

    /// Writes what the method needs to generate tables again, without the header that
    /// [`ModelFile`](crate::ModelFile) adds.
    ///
    /// # Errors
    /// [`ModelFileError::Io`] if writing fails.
    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError>;

    /// Explains in text how the model draws a column. `None` for a column that the model does not
    /// draw by itself, and for methods that cannot explain (the default).
    fn explain(&self, column: &str) -> Option<String> {
        let _ = column;
        None
    }

    /// Draws the model as SVG: how it draws one column, or all columns together. `None` for what it
    /// cannot draw (the default).
    fn picture(&self, column: Option<&str>) -> Option<String> {
        let _ = column;
        None
    }

    /// Returns the course of the training, for methods that train step by step. Empty for others
    /// (the default). Computed from released values alone if the fit was private, confidential
    /// otherwise.
    fn training(&self) -> Vec<TrainingCurve> {
        Vec::new()
    }

    /// Returns the noisy counts that a private fit released, which may be published beside the
    /// rows. `None` for fits that released none (the default).
    fn publication(&self) -> Option<&Publication> {
        None
    }
}

/// What a method can take and what it promises; the conformance suite checks each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The fit is differentially private: it charges each release and refuses observed facts.
    pub private: bool,
    /// Takes missing values and models them.
    pub missing: bool,
    /// Takes free-text columns.
    pub text: bool,
    /// Generates whole clusters: cluster-level columns are constant in every synthetic cluster.
    pub clusters: bool,
    /// The first `k` rows of a larger sample with the same seed are the sample of `k` rows.
    pub prefix: bool,
    /// Resumes a fit from a [checkpoint](crate::Checkpointing), and charges nothing twice.
    pub resumable: bool,
    /// Keeps the rules of the schema about single rows, as far as the model can; others are left to
    /// repair.
    pub rules: bool,
}

impl Capabilities {
    /// Declares that missing values are taken and modelled.
    #[must_use]
    pub const fn with_missing(mut self) -> Self {
        self.missing = true;
        self
    }

    /// Declares that free text is taken.
    #[must_use]
    pub const fn with_text(mut self) -> Self {
        self.text = true;
        self
    }

    /// Declares that whole clusters are generated.
    #[must_use]
    pub const fn with_clusters(mut self) -> Self {
        self.clusters = true;
        self
    }

    /// Declares that the first rows of a large sample are the small sample.
    #[must_use]
    pub const fn with_prefix(mut self) -> Self {
        self.prefix = true;
        self
    }

    /// Declares that fits resume from a checkpoint.
    #[must_use]
    pub const fn with_resumption(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// Declares that rules about single rows are kept.
    #[must_use]
    pub const fn with_rules(mut self) -> Self {
        self.rules = true;
        self
    }

    /// Declares differential privacy.
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

    /// See [`Synthesizer::plan`].
    ///
    /// # Errors
    /// See [`FitError`].
    fn plan(
        &self,
        schema: &Schema,
        params: &PrivacyParams,
        rows: f64,
    ) -> Result<Option<Plan>, FitError>;
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

    fn plan(
        &self,
        schema: &Schema,
        params: &PrivacyParams,
        rows: f64,
    ) -> Result<Option<Plan>, FitError> {
        Synthesizer::plan(self, schema, params, rows)
    }
}
