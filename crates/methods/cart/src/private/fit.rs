//! The method: unfitted.

use parable_core::{Capabilities, Curator, FitContext, FitError, FitRecord, Progress, Synthesizer};
use parable_seed::Seed;
use parable_table::Table;
use parable_table::codec::{Codec, CodecConfig};

use super::config::PrivateCartConfig;
use super::model::PrivateCartModel;
use super::release::release;
use super::trees::PrivateTrees;

pub(super) const NAME: &str = "private_cart";

/// Private sequential synthesis with trees.
///
/// Each column has a tree of bounded depth over columns drawn before it. Which columns a tree asks about is chosen by noisy scores, which answers
/// become one node by noisy histograms, and leaves hold noisy histograms that agree with those of all nodes above; each of them is charged before it
/// is drawn. Levels, bounds and missing reasons are those declared in the schema.
///
/// ```
/// use parable_cart::PrivateCart;
/// use parable_core::{FitContext, FitError, Model, Synthesizer};
/// use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
/// use parable_seed::Seed;
/// use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let yes_no = |name| -> Result<Field, parable_table::SchemaError> {
///     Ok(Field::new(name, Kind::nominal(Known::declared(Levels::new(["no", "yes"])?))))
/// };
/// let schema = Schema::new(vec![yes_no("treated")?, yes_no("passed")?])?;
/// let treated: Vec<u32> = (0..4_000).map(|row| row % 2).collect();
/// let passed = treated.iter().enumerate().map(|(row, arm)| u32::from(row % 10 < 2 + 6 * *arm as usize)).collect();
/// let columns = vec![Column::complete(Values::Codes(treated)), Column::complete(Values::Codes(passed))];
/// let table = Table::new(schema, columns)?;
///
/// let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
/// let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
/// let mut noise = NoiseSource::operating_system();
/// let model = PrivateCart::default().fit(&table, &mut FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise))?;
///
/// let synthetic = model.sample(4_000, &Seed::from_u64(2))?;
/// assert_eq!(synthetic.rows(), 4_000);
/// assert!(model.record().private && ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
/// # Ok(())
/// # }
/// ```
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
