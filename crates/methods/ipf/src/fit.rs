//! The method: unfitted.

use parable_core::{
    Capabilities, Curator, FitContext, FitError, FitRecord, NoiseProvenance, NoisyMarginal,
    Progress, Publication, Synthesizer,
};
use parable_domain::AttrSet;
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_encode::{Codec, CodecConfig};
use parable_pgm::{Factor, MarkovField, Measurement};
use parable_table::{Schema, Table};

use crate::config::IpfConfig;
use crate::margins::{self, Margins};
use crate::model::IpfModel;
use crate::zeros::rules;
use crate::{NAME, exact, noisy, setting};

/// Steps that progress is told of.
const STEPS: u64 = 4;

/// Log-linear synthesis from margins.
///
/// Fits a table, exactly or with noise; a publication of noisy counts; or margins written by hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ipf {
    config: IpfConfig,
}

impl Ipf {
    /// The method with these settings.
    #[must_use]
    pub fn new(config: IpfConfig) -> Self {
        Self { config }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &IpfConfig {
        &self.config
    }

    /// The model of margins written by hand: no data, and nothing to pay. Exact margins that agree
    /// are met exactly (iterative proportional fitting); if some carry noise or contradict each
    /// other, the nearest model is taken, and the record says so.
    ///
    /// # Errors
    /// Margins that do not fit the schema; a model above the limit of cells; a schema without
    /// declared levels or bounds.
    pub fn fit_margins(&self, margins: &Margins) -> Result<IpfModel, FitError> {
        let codec = self.declared(&margins.schema)?;
        let mut config = self.config.clone();
        config.zeros.extend(margins.zeros.iter().cloned());
        let factors = self.factors(&config, &codec)?;
        let (field, sets, warnings) = margins::fit(&config, margins, &codec, &factors)?;
        let mut record = self.record(&codec, PrivacyUnit::one_row());
        record.private = false;
        record.warnings = warnings;
        record.warnings.push(
            "computed from margins that were given: what protects the people in them is not known here"
                .to_owned(),
        );
        Ok(IpfModel::new(record, codec, field, sets))
    }

    /// The model of a publication of noisy counts, which stays as private as these: nothing else is
    /// read, and nothing is spent. The schema has to be the one of the publication, and the setting
    /// `max_bins` the one it was made with. Levels that the publication merged share the rows of
    /// their group as its counts of single columns say.
    ///
    /// # Errors
    /// A publication whose columns are not those of the schema; a model above the limit of cells.
    pub fn fit_publication(
        &self,
        schema: &Schema,
        publication: &Publication,
    ) -> Result<IpfModel, FitError> {
        let codec = self.declared(schema)?;
        if publication.domain != *codec.domain() {
            return Err(setting(
                "max_bins",
                "the columns and codes of the publication are not those of the schema with this number of bins",
            ));
        }
        let factors = self.factors(&self.config, &codec)?;
        let measurements = margins::published(&self.config, publication)?;
        let sets = sets_of(&publication.marginals);
        let rows = publication.rows.map(|rows| rows as f64);
        let field = self.nearest(&codec, &publication.ordered, &measurements, &factors, rows)?;
        let mut record = self.record(&codec, publication.unit);
        record.ledger = publication.ledger.clone();
        record.budget = Budget::Unlimited;
        record.warnings.push(
            "computed from a publication: the ledger is the publication's, its budget is not known here"
                .to_owned(),
        );
        if !publication.rules.is_empty() {
            record.warnings.push(format!(
                "{} rules of the publication about its codes are not part of this model",
                publication.rules.len()
            ));
        }
        Ok(IpfModel::new(record, codec, field, sets))
    }

    fn declared(&self, schema: &Schema) -> Result<Codec, FitError> {
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        Codec::declared_with(schema, &bins).map_err(|error| FitError::no_codes(NAME, error))
    }

    fn factors(&self, config: &IpfConfig, codec: &Codec) -> Result<Vec<Factor>, FitError> {
        let rules = rules(&config.zeros, codec)?;
        rules.iter().map(|rule| rule.factor(codec)).collect()
    }

    fn nearest(
        &self,
        codec: &Codec,
        ordered: &[u32],
        measurements: &[Measurement],
        zeros: &[Factor],
        rows: Option<f64>,
    ) -> Result<MarkovField, FitError> {
        noisy::nearest(
            &self.config,
            codec.domain(),
            ordered,
            measurements,
            zeros,
            rows,
        )
    }

    /// The record of a fit that read no rows.
    fn record(&self, codec: &Codec, unit: PrivacyUnit) -> FitRecord {
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            codec.schema(),
            &Ledger::open(unit, Budget::Unlimited),
            &NoiseSource::operating_system(),
        );
        record.noise = NoiseProvenance::None;
        record
    }

    fn fit_exact(&self, table: &Table, context: &mut FitContext<'_>) -> Result<IpfModel, FitError> {
        let _receipt = context.charge_non_private("margins counted as they are")?;
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        let refused = |error| FitError::no_codes(NAME, error);
        let codec = Codec::observed(table, &bins).map_err(refused)?;
        let codes = codec.encode(table).map_err(refused)?;
        let rules = rules(&self.config.zeros, &codec)?;
        context.progress(0, STEPS)?;
        let mut progress = |done| context.progress(done, STEPS);
        let (scaled, sets) = exact::fit(&self.config, &codec, &codes, &rules, &mut progress)?;
        context.progress(STEPS, STEPS)?;
        let version = env!("CARGO_PKG_VERSION");
        let mut record = FitRecord::non_private(NAME, version, &self.config, table, context);
        if !scaled.converged {
            record.warnings.push(format!(
                "after {} passes a cell of a margin is still off by {:.1} rows; more passes come nearer",
                scaled.passes,
                scaled.off * codes.rows() as f64
            ));
        }
        Ok(IpfModel::new(record, codec, scaled.field, sets))
    }

    fn fit_noisy(&self, table: &Table, context: &mut FitContext<'_>) -> Result<IpfModel, FitError> {
        let codec = self.declared(table.schema())?;
        let codes = codec
            .encode(table)
            .map_err(|error| FitError::no_codes(NAME, error))?;
        let factors = self.factors(&self.config, &codec)?;
        let zeros: Vec<AttrSet> = factors.iter().map(|f| f.attrs().clone()).collect();
        let ordered = codec.ordered();
        let observer = context.observer;
        let mut progress = |done| match observer.progress(Progress::new("fit", done, STEPS)) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(FitError::Cancelled),
        };
        progress(0)?;
        let mut curator = Curator::new(&codes, context.ledger, context.noise);
        let publication =
            noisy::release(&self.config, &ordered, &zeros, &mut curator, &mut progress)?;
        let measurements = margins::published(&self.config, &publication)?;
        let field = self.nearest(&codec, &ordered, &measurements, &factors, None)?;
        let sets = sets_of(&publication.marginals);
        progress(STEPS)?;
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            codec.schema(),
            context.ledger,
            context.noise,
        );
        if sets.is_empty() && codec.domain().len() > 1 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no larger margin was measured, and columns are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(IpfModel::new(record, codec, field, sets))
    }
}

impl Synthesizer for Ipf {
    type Model = IpfModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        let both = Capabilities::default().with_missing().with_rules();
        match self.config.private {
            true => both.with_privacy(),
            false => both,
        }
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<IpfModel, FitError> {
        FitError::unless_filled(table)?;
        match self.config.private {
            true => self.fit_noisy(table, context),
            false => self.fit_exact(table, context),
        }
    }
}

fn sets_of(marginals: &[NoisyMarginal]) -> Vec<AttrSet> {
    marginals
        .iter()
        .map(|marginal| marginal.attrs.clone())
        .collect()
}
