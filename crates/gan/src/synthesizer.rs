//! The method: unfitted.

use std::ops::ControlFlow;

use parable_core::{
    Capabilities, Curator, Determinism, FitContext, FitError, FitRecord, Observer, Progress,
    Publication, Synthesizer,
};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{NoiseSource, Rho};
use parable_pgm::Groups;
use parable_table::codec::{Codec, CodecConfig, CodecError, ValueCodes};
use parable_table::{Kind, Table};

use crate::config::{GanConfig, Teacher};
use crate::device;
use crate::dp_sgd::Plan;
use crate::layout::Layout;
use crate::model::GanModel;
use crate::release::{Opened, Release, merged_domain, required_sets};
use crate::teacher::adversary::{Access, Rows};
use crate::teacher::targets::Measured;
use crate::train::{Counts, Trained, Training};

pub(crate) const NAME: &str = "gan";

/// Bins of a number at this zero-concentrated loss, which is that of epsilon 1 at delta 1e-6 or so.
const BINS: f64 = 128.0;
const RHO_OF_BINS: f64 = 0.018;
const FEWEST_BINS: f64 = 32.0;
const MOST_BINS: f64 = 1024.0;

/// A generator network, taught by counts, by a discriminator, or by both; private unless the settings say otherwise.
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

    /// How numbers are cut when this much zero-concentrated loss is allowed; by public facts alone.
    fn bins(&self, allowed: Option<f64>) -> CodecConfig {
        let by_budget = match allowed {
            None => BINS,
            Some(rho) => (BINS * (rho / RHO_OF_BINS).sqrt()).clamp(FEWEST_BINS, MOST_BINS),
        };
        let bins = self.config.marginals.max_bins;
        CodecConfig::default().with_max_bins(bins.unwrap_or(by_budget as u32))
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
        let allowed = parable_core::allowance(context.ledger).map(Rho::get);
        let bins = self.bins(allowed);
        let codec = Codec::declared_with(table.schema(), &bins).map_err(refused)?;
        let codes = codec.encode(table).map_err(refused)?;
        required_sets(&config.marginals, codec.domain())?;
        let seed = context.seed;
        let mut progress = progress_of(context.observer);
        progress(0, 1)?;
        // Everything is charged before training, but for relations, which are chosen while it goes on.
        let opened = {
            let mut curator = Curator::new(&codes, context.ledger, context.noise);
            let share = config.marginals.columns_share;
            let gaussian = self.adversary_share().is_none();
            Opened::measure(share, ordered(&codec), &mut curator, gaussian)?
        };
        let charged = match self.adversary_share() {
            None => None,
            Some(share) => {
                let plan =
                    Plan::calibrate(&config.discriminator, opened.rows(), share, context.ledger)?;
                Some((plan.charge(context.ledger)?, fork(context.noise)))
            }
        };
        let mut curator = Curator::new(&codes, context.ledger, context.noise);
        let relations = self.learns_relations();
        let mut release = Release::new(&config.marginals, opened, &mut curator, relations)?;
        let merged = merged_columns(&codes, release.groups());
        let adversary = charged.map(|(charged, noise)| Rows {
            columns: &merged,
            rows: table.rows(),
            access: Access::Private(charged, Box::new(noise)),
        });
        let layout = release.layout();
        let (columns, rows, rounds) = (release.columns(), release.rows(), release.turns());
        let next = |model: &dyn Fn(&AttrSet) -> Vec<f64>| {
            let measured = release.round(model)?.into_iter();
            Ok(measured
                .map(|noisy| Measured {
                    attrs: noisy.attrs,
                    cells: noisy.cells.iter().map(|&cell| cell as f64).collect(),
                    sigma: noisy.sigma,
                })
                .collect())
        };
        let training = Training {
            config,
            layout,
            counts: Counts {
                columns,
                measured: Vec::new(),
                rounds,
                next: Box::new(next),
                rows,
            },
            adversary,
            seed,
            progress: &mut progress,
        };
        let trained = device::run(config.compute, training)??;
        let (publication, groups, domain) = release.close();
        let mut record = FitRecord::private(
            NAME,
            env!("CARGO_PKG_VERSION"),
            config,
            codec.schema(),
            context.ledger,
            context.noise,
        );
        record.determinism = Determinism::SameDevice;
        if relations && publication.marginals.is_empty() && publication.domain.len() > 1 {
            record.warnings.push(
                "the budget allows little more than single columns for so few rows: no relation between columns was measured, and they are synthesized independently"
                    .to_owned(),
            );
        }
        Ok(model(
            record,
            codec,
            groups,
            domain,
            trained,
            Some((publication, rows)),
        ))
    }

    fn fit_plain(&self, table: &Table, context: &mut FitContext<'_>) -> Result<GanModel, FitError> {
        let config = &self.config;
        let receipt = context.charge_non_private("rows as they are")?;
        drop(receipt);
        let codec = Codec::observed(table, &self.bins(None)).map_err(refused)?;
        let codes = codec.encode(table).map_err(refused)?;
        let required = required_sets(&config.marginals, codec.domain())?;
        let mut progress = progress_of(context.observer);
        progress(0, 1)?;
        let attrs = codec.domain().len();
        let exact = |sets: &[AttrSet]| -> Result<Vec<Vec<f64>>, FitError> {
            let counts = codes.counts(sets)?;
            let cells = counts.iter().map(|counts| counts.cells().iter());
            Ok(cells
                .map(|cells| cells.map(|&cell| cell as f64).collect())
                .collect())
        };
        let singles: Vec<AttrSet> = (0..attrs as u32).map(|attr| AttrSet::new([attr])).collect();
        let single = exact(&singles)?;
        let mut sets = Vec::new();
        if self.learns_relations() {
            sets.extend(AttrSet::pairs(attrs));
            sets.extend(required.into_iter().filter(|set| set.len() > 2));
        }
        let measured = exact(&sets)?
            .into_iter()
            .zip(&sets)
            .map(|(cells, attrs)| Measured {
                attrs: attrs.clone(),
                cells,
                sigma: 0.0,
            })
            .collect();
        let groups: Vec<Groups> = single
            .iter()
            .map(|rows| Groups {
                of: (0..rows.len() as u32).collect(),
                rows: rows.clone(),
            })
            .collect();
        let levels: Vec<usize> = single.iter().map(Vec::len).collect();
        let merged = merged_columns(&codes, &groups);
        let training = Training {
            config,
            layout: Layout::new(&levels, sets.iter()),
            counts: Counts {
                columns: single.into_iter().map(|rows| (rows, 0.0)).collect(),
                measured,
                rounds: 0,
                next: Box::new(|_| Ok(Vec::new())),
                rows: table.rows() as f64,
            },
            adversary: self.adversary_share().map(|_| Rows {
                columns: &merged,
                rows: table.rows(),
                access: Access::Plain,
            }),
            seed: context.seed,
            progress: &mut progress,
        };
        let trained = device::run(config.compute, training)??;
        let mut record =
            FitRecord::non_private(NAME, env!("CARGO_PKG_VERSION"), config, table, context);
        record.determinism = Determinism::SameDevice;
        let domain = merged_domain(codec.domain(), &groups)?;
        Ok(model(record, codec, groups, domain, trained, None))
    }
}

impl Synthesizer for Gan {
    type Model = GanModel;

    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::default().with_missing();
        if self.config.private {
            capabilities.with_privacy()
        } else {
            capabilities
        }
    }

    fn fit(&self, table: &Table, context: &mut FitContext<'_>) -> Result<GanModel, FitError> {
        if table.rows() == 0 || table.schema().is_empty() {
            return Err(FitError::Empty {
                rows: table.rows(),
                columns: table.schema().len(),
            });
        }
        self.config.check()?;
        if self.config.private {
            self.fit_private(table, context)
        } else {
            self.fit_plain(table, context)
        }
    }
}

fn model(
    record: FitRecord,
    codec: Codec,
    groups: Vec<Groups>,
    domain: Domain,
    trained: Trained,
    publication: Option<(Publication, f64)>,
) -> GanModel {
    let (publication, rows) = publication.unzip();
    GanModel {
        record,
        codec,
        groups,
        domain,
        forward: trained.forward,
        latent: trained.latent,
        publication,
        curve: trained.curve,
        noisy_rows: rows.map(|rows: f64| rows.round() as usize),
    }
}

fn progress_of(observer: &dyn Observer) -> impl FnMut(u64, u64) -> Result<(), FitError> {
    move |done, total| match observer.progress(Progress::new("fit", done, total)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FitError::Cancelled),
    }
}

/// Another source of the same kind: keyed by the operating system, or repeatable where the first one is.
fn fork(noise: &mut NoiseSource) -> NoiseSource {
    if !noise.is_insecure() {
        return NoiseSource::operating_system();
    }
    let mut seed = [0; 32];
    for bytes in seed.chunks_mut(8) {
        bytes.copy_from_slice(&noise.next_u64().to_le_bytes());
    }
    NoiseSource::insecure_seeded(seed)
}

fn merged_columns(codes: &Codes, groups: &[Groups]) -> Vec<Vec<u32>> {
    let columns = groups.iter().enumerate();
    columns
        .map(|(attr, groups)| {
            let column = codes.column(attr).iter();
            column.map(|&code| groups.of[code as usize]).collect()
        })
        .collect()
}

/// How many of the first levels of each column stand in an order: those of ordinal columns, and bins.
fn ordered(codec: &Codec) -> Vec<u32> {
    let fields = codec.schema().fields().iter();
    fields
        .zip(codec.columns())
        .map(|(field, column)| match &column.values {
            ValueCodes::Bins(bins) => bins.len() as u32,
            ValueCodes::Levels(levels) if matches!(field.kind, Kind::Ordinal { .. }) => {
                levels.len() as u32
            }
            _ => 0,
        })
        .collect()
}

fn refused(error: CodecError) -> FitError {
    match error {
        CodecError::Undeclared { column, fact } => FitError::Undeclared { column, fact },
        CodecError::NoCodes { column, .. } => FitError::Unsupported {
            method: NAME,
            column,
            kind: "free text or names of rows",
        },
        other => FitError::Method {
            method: NAME.to_owned(),
            source: Box::new(other),
        },
    }
}
