//! Fitting the method.

use std::ops::ControlFlow;

use parable_core::{
    Capabilities, Curator, FitContext, FitError, FitRecord, MarginalSynthesizer, Progress,
    Publication, Synthesizer, check_source,
};
use parable_domain::MarginalSource;
use parable_encode::{Codec, CodecConfig};
use parable_seed::Seed;
use parable_table::{Schema, Table};

use crate::config::PrivateCartConfig;
use crate::model::PrivateCartModel;
use crate::release::release;
use crate::trees::PrivateTrees;
use crate::{NAME, published};

/// Private sequential synthesis with trees.
///
/// Which columns a tree splits on is chosen by noisy scores, which branches become one node by
/// noisy histograms, and leaves hold noisy histograms that agree with those of all nodes above.
/// Each of them is charged before it is drawn. Levels, bounds and missing reasons are those
/// declared in the schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrivateCart {
    config: PrivateCartConfig,
}

impl PrivateCart {
    /// Creates a synthesizer with these settings, which the fit checks.
    #[must_use]
    pub fn new(config: PrivateCartConfig) -> Self {
        Self { config }
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &PrivateCartConfig {
        &self.config
    }

    /// Fits from counts alone, spending all that the curator's ledger still allows. Columns named
    /// in `ordered` have an order. The seed is for draws that protect nobody.
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn fit_counts(
        &self,
        curator: &mut Curator<'_>,
        seed: &Seed,
    ) -> Result<PrivateTrees, FitError> {
        let ordered = curator
            .domain()
            .attrs()
            .iter()
            .map(|attr| {
                let named = self.config.ordered.iter().any(|name| **name == *attr.name);
                if named { attr.levels } else { 0 }
            })
            .collect();
        release(&self.config, ordered, curator, seed, &mut |_, _| Ok(()))
    }
}

impl Synthesizer for PrivateCart {
    type Model = PrivateCartModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .with_privacy()
            .with_missing()
            .with_rules()
    }

    fn fit(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<PrivateCartModel, FitError> {
        FitError::unless_filled(table)?;
        let codec = self.codec(table.schema())?;
        let codes = codec.encode(table);
        let codes = codes.map_err(|error| FitError::no_codes(NAME, error))?;
        self.fit_source(&codec, &codes, context)
    }
}

impl MarginalSynthesizer for PrivateCart {
    fn codec(&self, schema: &Schema) -> Result<Codec, FitError> {
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        Codec::declared_with(schema, &bins).map_err(|error| FitError::no_codes(NAME, error))
    }

    fn fit_source(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<PrivateCartModel, FitError> {
        check_source(codec, source)?;
        let observer = context.observer;
        let mut progress = |done, total| match observer.progress(Progress::new("fit", done, total))
        {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FitError::Cancelled),
        };
        let mut curator = Curator::new(source, context.ledger, context.noise);
        let ordered = codec.ordered_with(&self.config.ordered);
        let seed = &context.seed;
        let trees = release(&self.config, ordered, &mut curator, seed, &mut progress)?;
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            codec.schema(),
            context,
        );
        let alone = trees.trees().iter().all(|tree| tree.questions().len() == 0);
        if alone && codec.domain().len() > 1 && self.config.max_depth > 0 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no tree asks about another column, and columns are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(PrivateCartModel::new(record, codec.clone(), trees))
    }

    /// Trees ask one question at most, about a column that the publication counted together with
    /// theirs.
    fn fit_publication(
        &self,
        schema: &Schema,
        publication: &Publication,
    ) -> Result<PrivateCartModel, FitError> {
        let codec = self.codec(schema)?;
        publication.check_domain(codec.domain())?;
        let trees = published::grow(&self.config, publication)?;
        let version = env!("CARGO_PKG_VERSION");
        let record = publication.record(NAME, version, &self.config, codec.schema());
        Ok(PrivateCartModel::new(record, codec, trees))
    }
}
