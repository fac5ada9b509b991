//! The method, unfitted.

use std::ops::ControlFlow;

use parable_core::{
    Capabilities, Curator, FitContext, FitError, FitRecord, MarginalSynthesizer, NoiseProvenance,
    Progress, Publication, Synthesizer, check_source,
};
use parable_domain::{AttrSet, MarginalSource};
use parable_dp::PrivacyUnit;
use parable_encode::{Codec, CodecConfig};
use parable_pgm::{Factor, MarkovField, Scaled};
use parable_table::{Schema, Table};

use crate::config::IpfConfig;
use crate::margins::{self, Margins};
use crate::model::IpfModel;
use crate::zeros::rules;
use crate::{NAME, exact, noisy};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Steps of progress of a fit.
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
        let codec = self.codec(&margins.schema)?;
        let mut config = self.config.clone();
        config.zeros.extend(margins.zeros.iter().cloned());
        let factors = self.factors(&config, &codec)?;
        let (field, sets, warnings) = margins::fit(&config, margins, &codec, &factors)?;
        let nothing = Publication::new(codec.domain().clone(), PrivacyUnit::one_row());
        let mut record = nothing.record(NAME, VERSION, &self.config, codec.schema());
        record.private = false;
        record.warnings = warnings;
        record.warnings.push(
            "computed from margins that were given: what protects the people in them is not known here"
                .to_owned(),
        );
        Ok(IpfModel::new(record, codec, field, sets))
    }

    fn factors(&self, config: &IpfConfig, codec: &Codec) -> Result<Vec<Factor>, FitError> {
        let rules = rules(&config.zeros, codec)?;
        rules.iter().map(|rule| rule.factor(codec)).collect()
    }

    /// The model of exact counts, without protection, and the warnings about it.
    fn fit_exact(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<(Scaled, Vec<AttrSet>), FitError> {
        let _receipt = context.charge_non_private("margins counted as they are")?;
        let rules = rules(&self.config.zeros, codec)?;
        context.progress(0, STEPS)?;
        let mut progress = |done| context.progress(done, STEPS);
        let found = exact::fit(&self.config, codec, source, &rules, &mut progress)?;
        context.progress(STEPS, STEPS)?;
        Ok(found)
    }

    /// The model of exact margins, with a warning if they were not met.
    fn exact_model(
        &self,
        mut record: FitRecord,
        codec: Codec,
        (scaled, sets): (Scaled, Vec<AttrSet>),
    ) -> IpfModel {
        if !scaled.converged {
            record.warnings.push(format!(
                "after {} passes a cell of a margin is still off by {:.1} rows; more passes come nearer",
                scaled.passes,
                scaled.off * scaled.field.total()
            ));
        }
        IpfModel::new(record, codec, scaled.field, sets)
    }

    fn fit_noisy(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<IpfModel, FitError> {
        let factors = self.factors(&self.config, codec)?;
        let zeros: Vec<AttrSet> = factors.iter().map(|f| f.attrs().clone()).collect();
        let ordered = codec.ordered();
        let observer = context.observer;
        let mut progress = |done| match observer.progress(Progress::new("fit", done, STEPS)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FitError::Cancelled),
        };
        progress(0)?;
        let mut curator = Curator::new(source, context.ledger, context.noise);
        let publication =
            noisy::release(&self.config, &ordered, &zeros, &mut curator, &mut progress)?;
        let (field, sets) = self.field_of(codec, &publication, &factors)?;
        progress(STEPS)?;
        let mut record = FitRecord::private(NAME, VERSION, &self.config, codec.schema(), context);
        if sets.is_empty() && codec.domain().len() > 1 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no larger margin was measured, and columns are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(IpfModel::new(record, codec.clone(), field, sets))
    }

    /// The field nearest to released counts, and the sets of two and more columns among these.
    fn field_of(
        &self,
        codec: &Codec,
        publication: &Publication,
        zeros: &[Factor],
    ) -> Result<(MarkovField, Vec<AttrSet>), FitError> {
        let measurements = margins::published(&self.config, publication)?;
        let rows = publication.rows.map(|rows| rows as f64);
        let ordered = &publication.ordered;
        let domain = codec.domain();
        let field = noisy::nearest(&self.config, domain, ordered, &measurements, zeros, rows)?;
        let sets = publication.marginals.iter().map(|own| own.attrs.clone());
        Ok((field, sets.collect()))
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
        let refused = |error| FitError::no_codes(NAME, error);
        if self.config.private {
            let codec = self.codec(table.schema())?;
            let codes = codec.encode(table).map_err(refused)?;
            return self.fit_noisy(&codec, &codes, context);
        }
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        let codec = Codec::observed(table, &bins).map_err(refused)?;
        let codes = codec.encode(table).map_err(refused)?;
        let found = self.fit_exact(&codec, &codes, context)?;
        let record = FitRecord::non_private(NAME, VERSION, &self.config, table, context);
        Ok(self.exact_model(record, codec, found))
    }
}

impl MarginalSynthesizer for Ipf {
    fn codec(&self, schema: &Schema) -> Result<Codec, FitError> {
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        Codec::declared_with(schema, &bins).map_err(|error| FitError::no_codes(NAME, error))
    }

    fn fit_source(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<IpfModel, FitError> {
        check_source(codec, source)?;
        if self.config.private {
            return self.fit_noisy(codec, source, context);
        }
        let found = self.fit_exact(codec, source, context)?;
        let mut record = FitRecord::private(NAME, VERSION, &self.config, codec.schema(), context);
        record.private = false;
        record.noise = NoiseProvenance::None;
        record.seed = Some(context.seed);
        record.rows = Some(found.0.field.total().round() as usize);
        Ok(self.exact_model(record, codec.clone(), found))
    }

    /// The setting `max_bins` must be the one that the publication was made with. Levels that the
    /// publication merged share the rows of their group as its counts of single columns say.
    fn fit_publication(
        &self,
        schema: &Schema,
        publication: &Publication,
    ) -> Result<IpfModel, FitError> {
        let codec = self.codec(schema)?;
        publication.check_domain(codec.domain())?;
        let factors = self.factors(&self.config, &codec)?;
        let (field, sets) = self.field_of(&codec, publication, &factors)?;
        let mut record = publication.record(NAME, VERSION, &self.config, codec.schema());
        if !publication.rules.is_empty() {
            record.warnings.push(format!(
                "{} rules of the publication about its codes are not part of this model",
                publication.rules.len()
            ));
        }
        Ok(IpfModel::new(record, codec, field, sets))
    }
}
