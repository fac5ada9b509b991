//! The method of the autoencoder, before its fit.

use std::cell::Cell;

use parable_core::{
    Capabilities, CheckpointFile, Curator, Determinism, FitContext, FitError, FitRecord,
    Publication, Synthesizer,
};
use parable_domain::Domain;
use parable_dp::Rho;
use parable_encode::Codec;
use parable_measure::merged_domain;
use parable_nn::access::Access;
use parable_nn::device;
use parable_nn::dp_sgd::{Charged, StepNoise, TrainingPlan};
use parable_pgm::Groups;
use parable_table::Table;

use super::train::{STEPS, VaeTraining};
use super::{NAME, VaeConfig, VaeModel};
use crate::fit::{apart, bins, columns, merged_columns, model, refused};
use crate::layout::Layout;
use crate::numbers::coding::Coding;
use crate::release::{self, Opened, Release, Saved};
use crate::resume::{
    Checkpointer, Resumed, Snapshot, State, checkpointer_open, epsilon, found_damaged, progress_of,
    resume, resume_open, unwritable,
};
use crate::teacher::rows::Rows;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A variational autoencoder; private by DP-SGD over both networks unless the settings say
/// otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vae {
    config: VaeConfig,
}

/// Released counts of the columns, and the groups of their levels.
struct Known {
    saved: Saved,
    layout: Layout,
    columns: Vec<(Vec<f64>, f64)>,
    rows: f64,
    publication: Publication,
    groups: Vec<Groups>,
    domain: Domain,
}

impl Known {
    fn of(release: Release<'_, '_>) -> Self {
        let (saved, layout) = (release.saved(), release.layout());
        let (columns, rows) = (release.columns(), release.rows());
        let (publication, groups, domain) = release.close();
        Self {
            saved,
            layout,
            columns,
            rows,
            publication,
            groups,
            domain,
        }
    }
}

impl Vae {
    /// The method with these settings.
    #[must_use]
    pub fn new(config: VaeConfig) -> Self {
        Self { config }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &VaeConfig {
        &self.config
    }

    fn fit_private(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<VaeModel, FitError> {
        let config = &self.config;
        let measuring = config.columns();
        let file = CheckpointFile::private(NAME, VERSION, config, table.schema(), context);
        // Before anything else is drawn, so that it is the same in a run that is resumed.
        let coins = StepNoise::like(context.noise);
        let resumed = resume(file.as_ref(), context)?;
        let (seed, observer) = (context.seed, context.observer);
        let spent = Cell::new(epsilon(context.ledger));
        let mut progress = progress_of(observer, &spent);
        progress(0, 1, None)?;
        let codec = match &resumed {
            Some(resumed) => resumed.state.codec.clone(),
            None => {
                let allowed = parable_core::allowance(context.ledger).map(Rho::get);
                let bins = bins(&measuring, allowed);
                release::codec(
                    NAME,
                    table,
                    &measuring,
                    &bins,
                    context.ledger,
                    context.noise,
                )?
            }
        };
        let codes = codec.encode(table).map_err(refused(NAME))?;
        let (known, charged, snapshot): (Known, Charged, Option<Snapshot>) = match resumed {
            Some(Resumed {
                state,
                snapshot,
                receipt,
            }) => {
                let damaged = |problem| found_damaged(file.as_ref(), problem);
                let taken = snapshot.facts.counter(STEPS).map_err(damaged)?;
                let receipt = receipt.ok_or_else(|| damaged("its ledger has no training"))?;
                let plan = state.plan.ok_or_else(|| damaged("it has no plan"))?;
                let charged = plan.resume(receipt, taken, &context.ledger.unit());
                let charged = charged.map_err(damaged)?;
                let mut curator = Curator::new(&codes, context.ledger, context.noise);
                let release = Release::resume(&measuring, state.release, &mut curator)?;
                (Known::of(release), charged, Some(snapshot))
            }
            None => {
                let mut curator = Curator::new(&codes, context.ledger, context.noise);
                let opened =
                    Opened::measure(measuring.columns_share, codec.ordered(), &mut curator)?;
                let rows = opened.rows();
                let known = Known::of(Release::new(&measuring, opened, &mut curator, false)?);
                let plan = TrainingPlan::calibrate(&config.schedule(), rows, 1.0, context.ledger)?;
                (known, plan.charge("training", context.ledger)?, None)
            }
        };
        spent.set(epsilon(context.ledger));
        let plan = charged.plan().clone();
        let merged = merged_columns(&codes, &known.groups);
        let training = VaeTraining {
            config,
            layout: known.layout,
            columns: known.columns,
            count: known.rows,
            rows: Rows {
                columns: &merged,
                positions: &[],
                rows: table.rows(),
                access: Access::Private(charged, Box::new(coins)),
            },
            seed,
            progress: &mut progress,
            spent: &spent,
            checkpointer: file.map(|file| Checkpointer {
                resumed: snapshot,
                write: Box::new({
                    let (file, codec) = (file.clone(), &codec);
                    let (release, ledger) = (known.saved, &*context.ledger);
                    move |snapshot| {
                        let state = State {
                            codec: codec.clone(),
                            release: release.clone(),
                            plan: Some(plan.clone()),
                            facts: snapshot.facts,
                        };
                        let state = serde_json::to_value(state).map_err(unwritable(NAME))?;
                        Ok(file.write(ledger, state, snapshot.arrays)?)
                    }
                }),
                file,
            }),
        };
        let trained = device::run(config.compute, training)??;
        let mut publication = known.publication;
        publication.ledger = context.ledger.entries().to_vec();
        let mut record = FitRecord::private(NAME, VERSION, config, codec.schema(), context);
        record.determinism = Determinism::SameDevice;
        let released = Some((publication, known.rows));
        let (groups, domain) = (known.groups, known.domain);
        let model = model(
            record,
            Coding::by_bins(codec),
            (groups, domain),
            trained,
            released,
        );
        Ok(VaeModel(model))
    }

    fn fit_plain(&self, table: &Table, context: &mut FitContext<'_>) -> Result<VaeModel, FitError> {
        let config = &self.config;
        let file = CheckpointFile::non_private(NAME, VERSION, config, table, context);
        let snapshot = resume_open(file.as_ref(), context)?;
        let codec =
            Codec::observed(table, &bins(&config.columns(), None)).map_err(refused(NAME))?;
        let codes = codec.encode(table).map_err(refused(NAME))?;
        let spent = Cell::new(None);
        let mut progress = progress_of(context.observer, &spent);
        progress(0, 1, None)?;
        let columns = columns(&codes)?;
        let groups = apart(&columns);
        let levels: Vec<usize> = columns.iter().map(Vec::len).collect();
        let merged = merged_columns(&codes, &groups);
        let training = VaeTraining {
            config,
            layout: Layout::new(&levels, [].iter()),
            columns: columns.into_iter().map(|rows| (rows, 0.0)).collect(),
            count: table.rows() as f64,
            rows: Rows {
                columns: &merged,
                positions: &[],
                rows: table.rows(),
                access: Access::Plain,
            },
            seed: context.seed,
            progress: &mut progress,
            spent: &spent,
            checkpointer: file.map(|file| checkpointer_open(NAME, file, snapshot, context.ledger)),
        };
        let trained = device::run(config.compute, training)??;
        let mut record = FitRecord::non_private(NAME, VERSION, config, table, context);
        record.determinism = Determinism::SameDevice;
        let domain = merged_domain(codec.domain(), &groups)?;
        let model = model(
            record,
            Coding::by_bins(codec),
            (groups, domain),
            trained,
            None,
        );
        Ok(VaeModel(model))
    }
}

impl Synthesizer for Vae {
    type Model = VaeModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::default()
            .with_missing()
            .with_resumption()
            .with_rules();
        if self.config.private {
            capabilities.with_privacy()
        } else {
            capabilities
        }
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<VaeModel, FitError> {
        FitError::unless_filled(table)?;
        self.config.check()?;
        device::find(self.config.compute)?;
        if self.config.private {
            self.fit_private(table, context)
        } else {
            self.fit_plain(table, context)
        }
    }
}
