//! Training of the autoencoder: a fixed number of steps on batches of rows.

use std::cell::Cell;

use burn::module::AutodiffModule;
use burn::tensor::backend::AutodiffBackend;
use parable_core::FitError;
use parable_nn::access::add_parts;
use parable_nn::adam::DpAdam;
use parable_nn::checkpoint::MissingEntry;
use parable_nn::device::{Matrix, Task, download, upload};
use parable_nn::error::TrainingError;
use parable_nn::init::normals;
use parable_nn::mlp::Mlp;
use parable_nn::module::{gradients, parameters};
use parable_nn::train_state::TrainState;
use parable_seed::Seed;

use super::network::{Autoencoder, decoder, encoder, plain};
use super::{NAME, VaeConfig};
use crate::calibrate::calibrated;
use crate::forward::{Latent, Sizes};
use crate::layout::Layout;
use crate::model::LossPoint;
use crate::network::ColumnSoftmax;
use crate::resume::{Checkpointer, Snapshot};
use crate::teacher::marginal::MarginalTeacher;
use crate::teacher::rows::Rows;
use crate::teacher::targets::{Targets, combined_columns, targets};
use crate::train::{Report, Trained};

/// Decay rates of the moments of the steps.
const BETAS: (f64, f64) = (0.9, 0.99);
/// Share of itself that the average of the decoder's parameters keeps at each step.
const AVERAGE: f64 = 0.99;
/// Steps between two looks at the losses.
const LOOK: u64 = 50;
/// Codes and rows that a look is taken at.
const LOOKED_AT: usize = 500;

/// A training to be run on some device.
pub(super) struct VaeTraining<'t> {
    pub(super) config: &'t VaeConfig,
    pub(super) layout: Layout,
    /// Rows of each level of each column, with the standard deviation of their noise.
    pub(super) columns: Vec<(Vec<f64>, f64)>,
    /// The number of rows, exact or estimated.
    pub(super) count: f64,
    pub(super) rows: Rows<'t>,
    pub(super) seed: Seed,
    pub(super) progress: &'t mut Report<'t>,
    /// The approximate privacy loss charged so far.
    pub(super) spent: &'t Cell<Option<f64>>,
    pub(super) checkpointer: Option<Checkpointer<'t>>,
}

impl Task for VaeTraining<'_> {
    type Output = Result<Trained, FitError>;

    fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output {
        let seed = self.seed.stream("vae/train");
        let sizes = Sizes {
            latent: self.config.latent_dim,
            hidden: self.config.hidden_units.clone(),
            levels: self.layout.levels().to_vec(),
            conditional: false,
            modes: 0,
        };
        let known: Targets = targets(&self.layout, &self.columns, &[], self.count);
        let shares: Vec<f64> = known.units.iter().map(|&share| f64::from(share)).collect();
        let variance = self.rows.access.noise_variance(self.config.batch);
        let adam = DpAdam::new(BETAS.0, BETAS.1).with_noise_variance(variance);
        let mut decoder = TrainState::new(decoder(&sizes, &shares, &seed, device), adam.clone());
        decoder.start_average(AVERAGE);
        let mut trainer = Trainer::<B> {
            encoder: TrainState::new(encoder(&sizes, &seed, device), adam),
            decoder,
            softmax: ColumnSoftmax::new(&sizes.levels, device),
            columns: MarginalTeacher::new(&self.layout, &known, device),
            part: self
                .rows
                .access
                .part(self.config.batch, self.config.accumulate),
            sizes,
            curve: Vec::new(),
            done: 0,
            seed,
            device: device.clone(),
            training: self,
        };
        trainer.begin()?;
        trainer.learn()?;
        trainer.finish()
    }
}

struct Trainer<'t, B: AutodiffBackend> {
    training: VaeTraining<'t>,
    encoder: TrainState<B, Mlp<B>>,
    decoder: TrainState<B, Mlp<B>>,
    softmax: ColumnSoftmax<B::InnerBackend>,
    sizes: Sizes,
    /// Compares the columns of the decoder with those that were measured.
    columns: MarginalTeacher<B::InnerBackend>,
    curve: Vec<LossPoint>,
    /// Rows computed at once.
    part: usize,
    /// Steps that were taken, or count as taken.
    done: u64,
    seed: Seed,
    device: B::Device,
}

impl<B: AutodiffBackend> Trainer<'_, B> {
    /// Returns both networks as they are.
    fn networks(&self) -> Autoencoder<B::InnerBackend> {
        Autoencoder {
            encoder: self.encoder.module().valid(),
            decoder: self.decoder.module().valid(),
            softmax: self.softmax.clone(),
            divergence: self.training.config.divergence,
        }
    }

    fn learn(&mut self) -> Result<(), FitError> {
        let steps = self.training.config.steps;
        let mut granted = self.done;
        self.report()?;
        while self.done < steps {
            if self.done >= granted {
                let every = self.training.checkpointer.as_ref().map(|k| k.file.every());
                let further = every.unwrap_or(steps).min(steps - granted);
                // Without a guarantee, steps may be taken again.
                let private = self.training.rows.access.is_private();
                self.keep(if private { further } else { 0 })?;
                granted += further;
            }
            self.step()?;
            if self.done.is_multiple_of(LOOK) || self.done == steps {
                self.look()?;
                self.report()?;
            }
        }
        self.keep(0)
    }

    /// One step on a batch of rows.
    fn step(&mut self) -> Result<(), FitError> {
        let (config, networks) = (self.training.config, self.networks());
        let (layout, width) = (&self.training.layout, self.training.layout.width());
        let rows = &mut self.training.rows;
        let drawn = rows
            .access
            .draw(rows.rows, config.batch, self.done, &self.seed);
        let noise = rows.access.seed_of_step(self.done, &self.seed);
        let latent = config.latent_dim;
        let places = drawn.len().div_ceil(self.part).max(1) * self.part;
        let noise = normals(places * latent, 1.0, &noise);
        let numbers = rows.one_hot(layout, &drawn);
        let clip = rows.access.clip();
        let part = self.part;
        let mut sums = add_parts(&numbers, width, part, &self.device, |at, rows, present| {
            let own = noise[at * part * latent..(at + 1) * part * latent].to_vec();
            let own = upload(own, part, latent, &self.device);
            networks.clipped_sum(rows, present, own, clip)
        });
        rows.access.add_noise(&mut sums)?;
        // By the public size of a batch, never by the number of rows drawn.
        let scale = 1.0 / config.batch as f64;
        let means = sums.into_iter().map(|sum| sum.mul_scalar(scale));
        let mut means: Vec<Matrix<B::InnerBackend>> = means.collect();
        let left = 1.0 - self.done as f64 / config.steps as f64;
        // A cosine from the full rate to a hundredth of it.
        let wave = 0.5 * (1.0 + (std::f64::consts::PI * (1.0 - left)).cos());
        let rate = config.learning_rate * (0.01 + 0.99 * wave);
        let own = means.split_off(parameters(self.encoder.module()).len());
        for (network, means) in [(&mut self.encoder, means), (&mut self.decoder, own)] {
            let gradients = gradients(network.module(), means);
            network.step(rate, gradients);
        }
        self.done += 1;
        Ok(())
    }

    /// Records the losses: of columns against what is known of them, and without a guarantee that
    /// of rows.
    fn look(&mut self) -> Result<(), FitError> {
        let seed = self.seed.stream("look").index(self.done);
        let latent = self.training.config.latent_dim;
        let normal = |seed: &Seed| {
            let numbers = normals(LOOKED_AT * latent, 1.0, seed);
            upload::<B::InnerBackend>(numbers, LOOKED_AT, latent, &self.device)
        };
        let shares = self.networks().decode(normal(&seed.stream("codes")));
        let columns = self.training.layout.levels().len();
        let loss = self.columns.loss(&shares, columns);
        let rows = &self.training.rows;
        let own = (!rows.access.is_private()).then(|| {
            let mut rng = seed.stream("rows").rng();
            let drawn: Vec<u32> = (0..LOOKED_AT)
                .map(|_| rng.below(rows.rows as u64) as u32)
                .collect();
            let width = self.training.layout.width();
            let drawn = rows.one_hot(&self.training.layout, &drawn);
            let drawn = upload(drawn, LOOKED_AT, width, &self.device);
            let noise = normal(&seed.stream("noise"));
            let losses = self.networks().losses(&drawn, noise);
            losses.iter().sum::<f64>() / LOOKED_AT as f64
        });
        if !loss.is_finite() || !own.is_none_or(f64::is_finite) {
            return Err(self.diverged());
        }
        self.curve.push(LossPoint {
            step: self.done,
            marginals: Some(loss),
            discriminator: None,
            rows: own,
            spent: self.training.spent.get(),
        });
        Ok(())
    }

    fn diverged(&self) -> FitError {
        TrainingError::Diverged { step: self.done }.of(NAME)
    }

    /// Reports progress. A training that is cancelled is written to its checkpoint.
    fn report(&mut self) -> Result<(), FitError> {
        let last = self.curve.last();
        let loss = last.and_then(|point| point.rows.or(point.marginals));
        let answer = (self.training.progress)(self.done, self.training.config.steps, loss);
        if matches!(answer, Err(FitError::Cancelled)) {
            self.keep(0)?;
        }
        answer
    }

    /// Resumes an earlier run; otherwise writes the beginning to the checkpoint.
    fn begin(&mut self) -> Result<(), FitError> {
        let Some(checkpointer) = &mut self.training.checkpointer else {
            return Ok(());
        };
        let Some(snapshot) = checkpointer.resumed.take() else {
            return self.keep(0);
        };
        let loaded = self.load(&snapshot);
        loaded.map_err(|problem| match &self.training.checkpointer {
            Some(checkpointer) => checkpointer.damaged(problem),
            None => unreachable!("only a checkpointer has a snapshot"),
        })
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<(), MissingEntry> {
        self.encoder.load("encoder", snapshot)?;
        self.decoder.load("decoder", snapshot)?;
        self.done = snapshot.facts.counter(STEPS)?;
        self.curve.clone_from(&snapshot.facts.curve);
        Ok(())
    }

    /// Writes a checkpoint. `reserved` further steps count as taken from now on, so that no
    /// interruption makes a step happen twice under one charge.
    fn keep(&mut self, reserved: u64) -> Result<(), FitError> {
        let Some(checkpointer) = &mut self.training.checkpointer else {
            return Ok(());
        };
        let mut snapshot = Snapshot::default();
        self.encoder.save("encoder", &mut snapshot);
        self.decoder.save("decoder", &mut snapshot);
        snapshot.facts.count(STEPS, self.done + reserved);
        snapshot.facts.curve.clone_from(&self.curve);
        (checkpointer.write)(snapshot)
    }

    fn finish(self) -> Result<Trained, FitError> {
        let decoder = self.decoder.averaged();
        let finite = |matrix: &Matrix<B>| download(matrix).iter().all(|x| x.is_finite());
        if !parameters(&decoder).iter().all(finite) {
            return Err(self.diverged());
        }
        let training = &self.training;
        let levels = training.layout.levels();
        let known = combined_columns(&training.columns, &[], levels, training.count);
        let (latent, seed) = (Latent::Drawn, self.seed.stream("calibration"));
        Ok(Trained {
            forward: calibrated(plain(&decoder, &self.sizes), &latent, &known, &seed),
            latent,
            curve: self.curve,
        })
    }
}

/// The counter of steps in a snapshot.
pub(super) const STEPS: &str = "steps";
