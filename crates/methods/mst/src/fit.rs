//! The method, unfitted.

use std::ops::ControlFlow;

use parable_core::{
    Capabilities, Curator, FitContext, FitError, FitRecord, MarginalSynthesizer, Plan,
    PrivacyParams, Progress, Publication, Synthesizer, check_source,
};
use parable_domain::{Domain, MarginalSource};
use parable_dp::{Ledger, NoiseSource, Rho};
use parable_encode::{Codec, CodecConfig, CodecError};
use parable_measure::{
    Discretisation, PublicFacts, choose_accounting, discretise, release_clusters, rules,
};
use parable_table::{Schema, Table};

use crate::NAME;
use crate::config::{MstConfig, Strategy};
use crate::estimate::{Estimated, estimate, failed};
use crate::model::MstModel;
use crate::plan::plan;
use crate::release::{STEPS, mostly_counts, release};

/// Private synthesis from noisy marginals.
///
/// Fits a table, a source of counts that never shows a row, or nothing but a publication; in each
/// case with the same algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mst {
    config: MstConfig,
    past: Option<Publication>,
}

impl Mst {
    /// The method with these settings.
    #[must_use]
    pub fn new(config: MstConfig) -> Self {
        Self { config, past: None }
    }

    /// The same, after a past publication of the same table (the same columns, levels and privacy
    /// unit): its counts are used again, and the budget goes to what they leave open. What it cost
    /// was paid then; the promises of both add up.
    #[must_use]
    pub fn after(mut self, past: Publication) -> Self {
        self.past = Some(past);
        self
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &MstConfig {
        &self.config
    }

    /// Learns from counts alone, spending all that the curator's ledger still allows: the
    /// publication is what was released, the model is computed from it and nothing else. Columns
    /// named in the settings stand in an order.
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn fit_marginals(
        &self,
        curator: &mut Curator<'_>,
    ) -> Result<(Publication, Estimated), FitError> {
        let facts = PublicFacts {
            ordered: ordered_by_name(curator.domain(), &self.config),
            ..PublicFacts::default()
        };
        let past = self.past.as_ref();
        let publication = release(&self.config, past, facts, curator, &mut |_| Ok(()))?;
        let estimated = estimate(&publication, &self.config)?;
        Ok((publication, estimated))
    }

    fn model(
        &self,
        record: FitRecord,
        codec: &Codec,
        publication: Publication,
        estimated: Estimated,
    ) -> MstModel {
        let restore = self.config.restore;
        MstModel::new(record, codec.clone(), publication, estimated, restore)
    }

    fn warnings(
        &self,
        codec: &Codec,
        left: &[usize],
        publication: &Publication,
        estimated: &Estimated,
    ) -> Result<Vec<String>, FitError> {
        let mut warnings = warnings(&self.config.strategy, publication, estimated);
        let rules = rules_left(codec, left, publication, estimated, &self.config)?;
        warnings.extend(rules);
        Ok(warnings)
    }

    /// The codes of the columns, by declared facts and by bounds and bins that are charged.
    fn charged_codec(
        &self,
        table: &Table,
        ledger: &mut Ledger,
        noise: &mut NoiseSource,
    ) -> Result<Codec, FitError> {
        check_bins(&self.config, table.schema())?;
        let how = Discretisation {
            method: NAME,
            max_bins: self.config.max_bins,
            bins: &|column| self.config.bins_of(column),
            bins_share: self.config.bins_share,
            bounds_share: self.config.bounds_share,
            spikes: false,
            mostly_counts: mostly_counts(&self.config),
        };
        let codec = discretise(table, &how, ledger, noise)?;
        codec.cut_at_rules().map_err(refused)
    }
}

impl Synthesizer for Mst {
    type Model = MstModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .with_privacy()
            .with_missing()
            .with_clusters()
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<MstModel, FitError> {
        FitError::unless_filled(table)?;
        let codec = self.charged_codec(table, context.ledger, context.noise)?;
        let codes = codec.encode(table).map_err(refused)?;
        self.fit_source(&codec, &codes, context)
    }

    fn plan(
        &self,
        schema: &Schema,
        params: &PrivacyParams,
        rows: f64,
    ) -> Result<Option<Plan>, FitError> {
        let bins = CodecConfig::default().with_max_bins(self.config.max_bins);
        let codec =
            Codec::declared_with(schema, &bins).map_err(|error| FitError::no_codes(NAME, error))?;
        let rho = gaussian_loss(params)?;
        plan(&self.config, codec.domain(), rows, rho, params.unit).map(Some)
    }
}

impl MarginalSynthesizer for Mst {
    fn codec(&self, schema: &Schema) -> Result<Codec, FitError> {
        let settings = CodecConfig::default().with_max_bins(self.config.max_bins);
        let codec = Codec::declared_with(schema, &settings).map_err(refused)?;
        codec.cut_at_rules().map_err(refused)
    }

    fn fit_source(
        &self,
        codec: &Codec,
        source: &dyn MarginalSource,
        context: &mut FitContext<'_>,
    ) -> Result<MstModel, FitError> {
        check_source(codec, source)?;
        let found = codec.rules().map_err(refused)?;
        let observer = context.observer;
        let mut progress = |done| match observer.progress(Progress::new("fit", done, STEPS)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(FitError::Cancelled),
        };
        if mostly_counts(&self.config) {
            choose_accounting(context.ledger, codec.domain().len())?;
        }
        let mut curator = Curator::new(source, context.ledger, context.noise);
        let share = self.config.clusters_share;
        let (functions, notes) = release_clusters(codec, &found.rules, share, &mut curator)?;
        let facts = PublicFacts {
            ordered: codec.ordered_with(&self.config.ordered),
            rules: found.rules.into_iter().chain(functions).collect(),
            ..PublicFacts::default()
        };
        let past = self.past.as_ref();
        let publication = release(&self.config, past, facts, &mut curator, &mut progress)?;
        let estimated = estimate(&publication, &self.config)?;
        progress(STEPS)?;
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            &self.config,
            codec.schema(),
            context,
        );
        record.warnings = self.warnings(codec, &found.left, &publication, &estimated)?;
        record.warnings.extend(notes);
        Ok(self.model(record, codec, publication, estimated))
    }

    fn fit_publication(
        &self,
        schema: &Schema,
        publication: &Publication,
    ) -> Result<MstModel, FitError> {
        let codec = MarginalSynthesizer::codec(self, schema)?;
        publication.check_domain(codec.domain())?;
        let found = codec.rules().map_err(refused)?;
        let estimated = estimate(publication, &self.config)?;
        let version = env!("CARGO_PKG_VERSION");
        let mut record = publication.record(NAME, version, &self.config, codec.schema());
        let warnings = self.warnings(&codec, &found.left, publication, &estimated)?;
        record.warnings.extend(warnings);
        Ok(self.model(record, &codec, publication.clone(), estimated))
    }
}

/// Returns the zero-concentrated loss that Gaussian releases may cost under a budget.
fn gaussian_loss(params: &PrivacyParams) -> Result<Rho, FitError> {
    let mut ledger = params.ledger();
    ledger.use_exact_gaussian_accounting();
    parable_core::allowance(&ledger)
        .ok_or_else(|| FitError::setting("budget", "a private fit needs a finite budget"))
}

/// Refuses settings about columns that are not there or hold no numbers.
fn check_bins(config: &MstConfig, schema: &Schema) -> Result<(), FitError> {
    let numeric = |name: &str| schema.field(name).is_some_and(|f| f.kind.is_numeric());
    match config.bins.keys().find(|name| !numeric(name)) {
        None => Ok(()),
        Some(name) => Err(FitError::setting(
            "bins",
            format!("there is no column of numbers `{name}`"),
        )),
    }
}

/// Warnings for the reader of the record, from released numbers only.
fn warnings(strategy: &Strategy, publication: &Publication, estimated: &Estimated) -> Vec<String> {
    let mut warnings = Vec::new();
    let columns = publication.domain.len();
    let measured = publication.marginals.len();
    let chosen = !matches!(strategy, Strategy::Independent | Strategy::Direct { .. });
    if chosen && columns > 1 && measured == 0 {
        warnings.push(
            "the budget allows little more than single columns for so few rows: no relation between columns was measured, and they are synthesized independently"
                .to_owned(),
        );
    } else if chosen && measured + 1 < columns {
        warnings.push(format!(
            "the budget allows little more than single columns for so few rows: only {measured} of {} relations between columns were worth their noise, and columns in none of them are synthesized independently",
            columns * (columns - 1) / 2
        ));
    }
    let flat: Vec<&str> = publication
        .domain
        .attrs()
        .iter()
        .zip(estimated.field.domain().attrs())
        .filter(|(own, merged)| merged.levels == 1 && own.levels > 1)
        .map(|(own, _)| &*own.name)
        .collect();
    if !publication.marginals.is_empty() && !flat.is_empty() {
        warnings.push(format!(
            "noise hides all differences between levels of {}: these columns are synthesized independently of the others",
            flat.join(", ")
        ));
    }
    warnings
}

/// The rules that rows of the model may break, in words.
fn rules_left(
    codec: &Codec,
    left: &[usize],
    publication: &Publication,
    estimated: &Estimated,
    config: &MstConfig,
) -> Result<Vec<String>, FitError> {
    let constraints = codec.schema().constraints();
    let mut warnings: Vec<String> = left
        .iter()
        .map(|&index| {
            format!(
                "rule {}, {}, holds in part only or by chance; repair rows that break it",
                index + 1,
                constraints[index]
            )
        })
        .collect();
    let merged = estimated.field.domain();
    let (_, too_large) = rules::factors(publication, merged, config.max_cells).map_err(failed)?;
    for index in too_large {
        let names = publication.rules[index].columns().into_iter();
        let names: Vec<&str> = names
            .map(|column| &*publication.domain.attrs()[column as usize].name)
            .collect();
        warnings.push(format!(
            "a rule about {} needs more cells than the model may have and is not kept; repair rows that break it",
            names.join(", ")
        ));
    }
    Ok(warnings)
}

fn ordered_by_name(domain: &Domain, config: &MstConfig) -> Vec<u32> {
    domain
        .attrs()
        .iter()
        .map(|attr| {
            let named = config.ordered.iter().any(|name| **name == *attr.name);
            if named { attr.levels } else { 0 }
        })
        .collect()
}

fn refused(error: CodecError) -> FitError {
    FitError::no_codes(NAME, error)
}
