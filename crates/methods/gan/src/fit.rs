//! The method of the generator, before its fit.

use std::cell::{Cell, RefCell};

use parable_core::{
    Capabilities, CheckpointFile, Curator, Determinism, FitContext, FitError, FitRecord,
    NoisyMarginal, Publication, Synthesizer,
};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::Rho;
use parable_encode::{Codec, CodecConfig, CodecError};
use parable_measure::{choose_accounting, merged_domain};
use parable_nn::access::Access;
use parable_nn::device;
use parable_nn::dp_sgd::{StepNoise, TrainingPlan};
use parable_pgm::Groups;
use parable_table::Table;

use crate::NAME;
use crate::config::{GanConfig, MarginalConfig, Numbers, Teacher};
use crate::layout::Layout;
use crate::model::GanModel;
use crate::numbers::coding::{Coding, Written};
use crate::release::{self, Opened, Release, required_sets};
use crate::resume::{
    Checkpointer, Resumed, State, checkpointer_open, epsilon, found_damaged, progress_of, resume,
    resume_open, unwritable,
};
use crate::teacher::rows::Rows;
use crate::teacher::targets::Measured;
use crate::train::{Counts, Trained, Training};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bins of a number at this zero-concentrated loss, which is that of epsilon 1 at delta 1e-6 or so.
const BINS: f64 = 128.0;
const RHO_OF_BINS: f64 = 0.018;
const FEWEST_BINS: f64 = 32.0;
const MOST_BINS: f64 = 1024.0;

/// A generator network, taught by counts, by a discriminator, or by both; private unless the
/// settings say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gan {
    config: GanConfig,
}

impl Gan {
    /// The method with these settings.
    #[must_use]
    pub fn new(config: GanConfig) -> Self {
        Self { config }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &GanConfig {
        &self.config
    }

    /// Share of what is left after the columns that the discriminator gets; nothing without one.
    fn adversary_share(&self) -> Option<f64> {
        match self.config.teacher {
            Teacher::Marginals => None,
            Teacher::Discriminator => Some(1.0),
            Teacher::Both => Some(self.config.discriminator_share),
        }
    }

    fn learns_relations(&self) -> bool {
        self.config.teacher != Teacher::Discriminator
    }

    fn fit_private(
        &self,
        table: &Table,
        context: &mut FitContext<'_>,
    ) -> Result<GanModel, FitError> {
        let config = &self.config;
        // Before anything is charged.
        required_sets(&config.marginals, |name| {
            table
                .schema()
                .position(name)
                .map(|position| position as u32)
        })?;
        let file = CheckpointFile::private(NAME, VERSION, config, table.schema(), context);
        // Before anything else is drawn, so that it is the same in a run that is resumed.
        let coins = self
            .adversary_share()
            .map(|_| StepNoise::like(context.noise));
        let resumed = resume(file.as_ref(), context)?;
        let (seed, observer) = (context.seed, context.observer);
        let spent = Cell::new(epsilon(context.ledger));
        let mut progress = progress_of(observer, &spent);
        progress(0, 1, None)?;
        let codec = match &resumed {
            Some(resumed) => resumed.state.codec.clone(),
            None => {
                if self.adversary_share().is_none() {
                    choose_accounting(context.ledger, table.schema().len())?;
                }
                let allowed = parable_core::allowance(context.ledger).map(Rho::get);
                let bins = bins(&config.marginals, allowed);
                release::codec(
                    NAME,
                    table,
                    &config.marginals,
                    &bins,
                    context.ledger,
                    context.noise,
                )?
            }
        };
        let codes = codec.encode(table).map_err(refused(NAME))?;
        let relations = self.learns_relations();
        let mut curator;
        let (release, charged, snapshot) = match resumed {
            Some(Resumed {
                state,
                snapshot,
                receipt,
            }) => {
                let unit = context.ledger.unit();
                let charged = state.plan.map(|plan| {
                    let taken = snapshot.facts.counter("adversary_steps")?;
                    let receipt = receipt.ok_or("its ledger has no training")?;
                    plan.resume(receipt, taken, &unit)
                });
                let charged = charged.transpose();
                let charged = charged.map_err(|problem| found_damaged(file.as_ref(), problem))?;
                curator = Curator::new(&codes, context.ledger, context.noise);
                let release = Release::resume(&config.marginals, state.release, &mut curator)?;
                (release, charged, Some(snapshot))
            }
            None => {
                // Everything is charged before training, but for relations, which are chosen while
                // it goes on.
                let opened = {
                    let mut curator = Curator::new(&codes, context.ledger, context.noise);
                    let share = config.marginals.columns_share;
                    Opened::measure(share, codec.ordered(), &mut curator)?
                };
                let charged = match self.adversary_share() {
                    None => None,
                    Some(share) => {
                        let schedule = config.discriminator.schedule();
                        let plan = TrainingPlan::calibrate(
                            &schedule,
                            opened.rows(),
                            share,
                            context.ledger,
                        )?;
                        Some(plan.charge("discriminator", context.ledger)?)
                    }
                };
                curator = Curator::new(&codes, context.ledger, context.noise);
                let release = Release::new(&config.marginals, opened, &mut curator, relations)?;
                (release, charged, None)
            }
        };
        spent.set(epsilon(release.ledger()));
        let plan = charged.as_ref().map(|charged| charged.plan().clone());
        let merged = merged_columns(&codes, release.groups());
        let adversary = charged.zip(coins).map(|(charged, coins)| Rows {
            columns: &merged,
            positions: &[],
            rows: table.rows(),
            access: Access::Private(charged, Box::new(coins)),
        });
        let layout = release.layout();
        let (columns, rows, rounds) = (release.columns(), release.rows(), release.turns());
        let known = release.relations().iter().cloned().map(relation).collect();
        let release = RefCell::new(release);
        let next = |model: &dyn Fn(&AttrSet) -> Vec<f64>| {
            let measured = release.borrow_mut().round(model)?.into_iter();
            spent.set(epsilon(release.borrow().ledger()));
            Ok(measured.map(relation).collect())
        };
        let training = Training {
            config,
            layout,
            counts: Counts {
                columns,
                measured: known,
                rounds,
                next: Box::new(next),
                rows,
            },
            adversary,
            seed,
            progress: &mut progress,
            spent: &spent,
            checkpointer: file.map(|file| Checkpointer {
                resumed: snapshot,
                write: Box::new({
                    let (file, release, codec) = (file.clone(), &release, codec.clone());
                    move |snapshot| {
                        let release = release.borrow();
                        let state = State {
                            codec: codec.clone(),
                            release: release.saved(),
                            plan: plan.clone(),
                            facts: snapshot.facts,
                        };
                        let state = serde_json::to_value(state).map_err(unwritable(NAME))?;
                        Ok(file.write(release.ledger(), state, snapshot.arrays)?)
                    }
                }),
                file,
            }),
        };
        let trained = device::run(config.compute, training)??;
        let (publication, groups, domain) = release.into_inner().close();
        let mut record = FitRecord::private(NAME, VERSION, config, codec.schema(), context);
        record.determinism = Determinism::SameDevice;
        if relations && publication.marginals.is_empty() && publication.domain.len() > 1 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no relation between columns was measured, and they are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(model(
            record,
            Coding::by_bins(codec),
            (groups, domain),
            trained,
            Some((publication, rows)),
        ))
    }

    fn fit_plain(&self, table: &Table, context: &mut FitContext<'_>) -> Result<GanModel, FitError> {
        let config = &self.config;
        let file = CheckpointFile::non_private(NAME, VERSION, config, table, context);
        let snapshot = resume_open(file.as_ref(), context)?;
        let bins = bins(&config.marginals, None);
        let coding = match config.discriminator.numbers {
            Numbers::Bins => Codec::observed(table, &bins).map(Coding::by_bins),
            Numbers::Modes => Coding::by_modes(table, &bins),
        };
        let coding = coding.map_err(refused(NAME))?;
        let written = coding.write(table, &context.seed).map_err(refused(NAME))?;
        let Written { codes, positions } = written;
        let required = required_sets(&config.marginals, |name| coding.domain().position(name))?;
        let spent = Cell::new(None);
        let mut progress = progress_of(context.observer, &spent);
        progress(0, 1, None)?;
        let attrs = coding.domain().len();
        let single = columns(&codes)?;
        let mut sets = Vec::new();
        if self.learns_relations() {
            sets.extend(AttrSet::pairs(attrs));
            sets.extend(required.into_iter().filter(|set| set.len() > 2));
        }
        let measured = exact(&codes, &sets)?
            .into_iter()
            .zip(&sets)
            .map(|(cells, attrs)| Measured {
                attrs: attrs.clone(),
                cells,
                sigma: 0.0,
            })
            .collect();
        let groups = apart(&single);
        let levels: Vec<usize> = single.iter().map(Vec::len).collect();
        let merged = merged_columns(&codes, &groups);
        let training = Training {
            config,
            layout: Layout::new(&levels, sets.iter()).with_heads(coding.heads()),
            counts: Counts {
                columns: single.into_iter().map(|rows| (rows, 0.0)).collect(),
                measured,
                rounds: 0,
                next: Box::new(|_| Ok(Vec::new())),
                rows: table.rows() as f64,
            },
            adversary: self.adversary_share().map(|_| Rows {
                columns: &merged,
                positions: &positions,
                rows: table.rows(),
                access: Access::Plain,
            }),
            seed: context.seed,
            progress: &mut progress,
            spent: &spent,
            checkpointer: file.map(|file| checkpointer_open(NAME, file, snapshot, context.ledger)),
        };
        let trained = device::run(config.compute, training)??;
        let mut record = FitRecord::non_private(NAME, VERSION, config, table, context);
        record.determinism = Determinism::SameDevice;
        let domain = merged_domain(coding.domain(), &groups)?;
        Ok(model(record, coding, (groups, domain), trained, None))
    }
}

impl Synthesizer for Gan {
    type Model = GanModel;

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

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<GanModel, FitError> {
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

/// The model of a training, with what was released and the noisy number of rows.
pub(crate) fn model(
    record: FitRecord,
    coding: Coding,
    (groups, domain): (Vec<Groups>, Domain),
    trained: Trained,
    publication: Option<(Publication, f64)>,
) -> GanModel {
    let (publication, rows) = publication.unzip();
    GanModel {
        record,
        coding,
        groups,
        domain,
        forward: trained.forward,
        latent: trained.latent,
        publication,
        curve: trained.curve,
        noisy_rows: rows.map(|rows: f64| rows.round() as usize),
    }
}

fn relation(noisy: NoisyMarginal) -> Measured {
    Measured {
        attrs: noisy.attrs,
        cells: noisy.cells.iter().map(|&cell| cell as f64).collect(),
        sigma: noisy.sigma,
    }
}

/// Returns the bins of numbers when this much zero-concentrated loss is allowed; by public facts
/// alone.
pub(crate) fn bins(config: &MarginalConfig, allowed: Option<f64>) -> CodecConfig {
    let by_budget = match allowed {
        None => BINS,
        Some(rho) => (BINS * (rho / RHO_OF_BINS).sqrt()).clamp(FEWEST_BINS, MOST_BINS),
    };
    CodecConfig::default().with_max_bins(config.max_bins.unwrap_or(by_budget as u32))
}

pub(crate) fn merged_columns(codes: &Codes, groups: &[Groups]) -> Vec<Vec<u32>> {
    let columns = groups.iter().enumerate();
    columns
        .map(|(attr, groups)| {
            let column = codes.column(attr).iter();
            column.map(|&code| groups.of[code as usize]).collect()
        })
        .collect()
}

/// Rows of each cell of each of these tables.
fn exact(codes: &Codes, sets: &[AttrSet]) -> Result<Vec<Vec<f64>>, FitError> {
    let counts = codes.counts(sets)?;
    let cells = counts.iter().map(|counts| counts.cells().iter());
    Ok(cells
        .map(|cells| cells.map(|&cell| cell as f64).collect())
        .collect())
}

/// Rows of each level of each column.
pub(crate) fn columns(codes: &Codes) -> Result<Vec<Vec<f64>>, FitError> {
    let attrs = 0..codes.domain().len() as u32;
    exact(
        codes,
        &attrs.map(|attr| AttrSet::new([attr])).collect::<Vec<_>>(),
    )
}

/// Each level of each column in a group of its own, given their rows.
pub(crate) fn apart(columns: &[Vec<f64>]) -> Vec<Groups> {
    let columns = columns.iter();
    columns
        .map(|rows| Groups {
            of: (0..rows.len() as u32).collect(),
            rows: rows.clone(),
        })
        .collect()
}

/// Returns the error of a method whose table has no codes.
pub(crate) fn refused(method: &'static str) -> impl Fn(CodecError) -> FitError {
    move |error| FitError::no_codes(method, error)
}
