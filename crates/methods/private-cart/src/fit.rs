//! The method: unfitted.

use parable_core::{Capabilities, Curator, FitContext, FitError, FitRecord, Progress, Synthesizer};
use parable_encode::{Codec, CodecConfig};
use parable_seed::Seed;
use parable_table::Table;

use crate::NAME;
use crate::config::PrivateCartConfig;
use crate::model::PrivateCartModel;
use crate::release::release;
use crate::trees::PrivateTrees;

/// Private sequential synthesis with trees.
///
/// Each column has a tree of bounded depth over columns drawn before it. Which columns a tree asks about is chosen by noisy scores, which answers
/// become one node by noisy histograms, and leaves hold noisy histograms that agree with those of all nodes above; each of them is charged before it
/// is drawn. Levels, bounds and missing reasons are those declared in the schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrivateCart {
    config: PrivateCartConfig,
}

impl PrivateCart {
    /// The method with these settings.
    #[must_use]
    pub fn new(config: PrivateCartConfig) -> Self {
        Self { config }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &PrivateCartConfig {
        &self.config
    }

    /// Learns from counts alone, spending all that the curator's ledger still allows. Columns named in the settings stand in an order. The seed
    /// is for draws that protect nobody.
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
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        let refused = |error| FitError::no_codes(NAME, error);
        let codec = Codec::declared_with(table.schema(), &bins).map_err(refused)?;
        let codes = codec.encode(table).map_err(refused)?;
        let observer = context.observer;
        let mut progress = |done, total| match observer.progress(Progress::new("fit", done, total))
        {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        };
        let mut curator = Curator::new(&codes, context.ledger, context.noise);
        let trees = release(
            &self.config,
            codec.ordered_with(&self.config.ordered),
            &mut curator,
            &context.seed,
            &mut progress,
        )?;
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            codec.schema(),
            context.ledger,
            context.noise,
        );
        let alone = trees.trees().iter().all(|tree| tree.questions().len() == 0);
        if alone && codec.domain().len() > 1 && self.config.max_depth > 0 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no tree asks about another column, and columns are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(PrivateCartModel::new(record, codec, trees))
    }
}
