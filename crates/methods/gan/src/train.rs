//! Training of the generator, by any teacher.
//!
//! The number of steps is fixed before the first. Nothing is evaluated on real rows: no early
//! stopping, no choice among models.

use std::cell::Cell;

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use parable_core::FitError;
use parable_domain::AttrSet;
use parable_nn::adam::DpAdam;
use parable_nn::checkpoint::MissingEntry;
use parable_nn::device::{Matrix, Task, download, upload};
use parable_nn::error::TrainingError;
use parable_nn::init::normals;
use parable_nn::module::parameters;
use parable_nn::train_state::TrainState;
use parable_seed::Seed;

use crate::NAME;
use crate::calibrate::calibrated;
use crate::condition::Conditions;
use crate::config::GanConfig;
use crate::draws::Draws;
use crate::forward::{Forward, Latent, Sizes};
use crate::generator::{Generator, Pass};
use crate::layout::Layout;
use crate::model::LossPoint;
use crate::resume::{Checkpointer, Snapshot};
use crate::teacher::adversary::Adversary;
use crate::teacher::anchors::Anchors;
use crate::teacher::marginal::MarginalTeacher;
use crate::teacher::rows::Rows;
use crate::teacher::targets::{Measured, combined_columns, targets};

/// Decay rates of the moments of the generator's steps.
const BETAS: (f64, f64) = (0.5, 0.99);
/// Share of itself that the average of the generator's parameters keeps at each step.
const AVERAGE: f64 = 0.99;
/// Random draws that normalisations are computed from when components are not fixed.
const POPULATION: usize = 4_096;
/// Steps between two looks at the losses.
const LOOK: u64 = 50;

/// Asked for more to learn: given the shares of the model, measures more sets; none when all are
/// measured.
pub(crate) type Next<'t> =
    dyn FnMut(&dyn Fn(&AttrSet) -> Vec<f64>) -> Result<Vec<Measured>, FitError> + 't;

/// Counts to learn.
pub(crate) struct Counts<'t> {
    /// Rows of each level of each column, with the standard deviation of their noise.
    pub(crate) columns: Vec<(Vec<f64>, f64)>,
    /// Relations known from the start.
    pub(crate) measured: Vec<Measured>,
    /// How often relations will be measured during training.
    pub(crate) rounds: usize,
    pub(crate) next: Box<Next<'t>>,
    /// The number of rows, exact or estimated.
    pub(crate) rows: f64,
}

/// A training to be run on some device.
pub(crate) struct Training<'t> {
    pub(crate) config: &'t GanConfig,
    pub(crate) layout: Layout,
    pub(crate) counts: Counts<'t>,
    /// Rows for a discriminator.
    pub(crate) adversary: Option<Rows<'t>>,
    pub(crate) seed: Seed,
    /// Receives progress; an error stops the training.
    pub(crate) progress: &'t mut Report<'t>,
    /// The approximate privacy loss charged so far.
    pub(crate) spent: &'t Cell<Option<f64>>,
    /// Writes checkpoints.
    pub(crate) checkpointer: Option<Checkpointer<'t>>,
}

/// Receives the steps taken, the steps of the whole training, and the last loss.
pub(crate) type Report<'t> = dyn FnMut(u64, u64, Option<f64>) -> Result<(), FitError> + 't;

/// Position of a training, from which another run resumes.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// Turns of measuring and learning that are over.
    turns: u64,
    /// Whether the sets of the next turn are measured already.
    measured: bool,
    /// Steps of the last learning of counts.
    final_steps: u64,
    /// Steps of the discriminator.
    adversary_steps: u64,
}

/// Result of a training.
pub(crate) struct Trained {
    pub(crate) forward: Forward,
    pub(crate) latent: Latent,
    pub(crate) curve: Vec<LossPoint>,
}

impl Task for Training<'_> {
    type Output = Result<Trained, FitError>;

    fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output {
        let seed = self.seed.stream("gan/train");
        let sizes = Sizes {
            latent: self.config.latent_dim,
            hidden: self.config.hidden_units.clone(),
            levels: self.layout.levels().to_vec(),
            conditional: self.config.is_conditional(),
            modes: self.layout.heads().outputs(),
        };
        let known = targets(
            &self.layout,
            &self.counts.columns,
            &self.counts.measured,
            self.counts.rows,
        );
        let shares: Vec<f64> = known.units.iter().map(|&share| f64::from(share)).collect();
        let modes = self.layout.heads().begin();
        let generator = Generator::<B>::new(sizes, &shares, &modes, &seed, device);
        let teacher = MarginalTeacher::new(&self.layout, &known, device);
        let fixed = self.adversary.is_none();
        let conditions = self.config.is_conditional().then(|| {
            // By what is known before the first step, so that a training that is resumed draws the
            // same.
            let rows = self.counts.rows.max(1.0);
            let columns = &self.counts.columns;
            let shares = combined_columns(columns, &[], self.layout.levels(), rows);
            let share = |own: Vec<f64>| own.into_iter().map(|own| (own / rows) as f32).collect();
            let shares = shares.into_iter().map(share).collect();
            Conditions::new(self.config.discriminator.condition_probability, shares)
        });
        let mut trainer = Trainer {
            draws: Draws {
                seed: seed.stream("latent"),
                size: self.config.latent_dim,
                conditions,
                fixed: fixed.then(|| {
                    let count = self.config.marginals.components;
                    let seed = seed.stream("components");
                    normals(count * self.config.latent_dim, 1.0, &seed)
                }),
            },
            teacher,
            generator: TrainState::new(generator, adam()),
            curve: Vec::new(),
            at: Position::default(),
            done: 0,
            kept: 0,
            device: device.clone(),
            training: self,
        };
        let total = trainer.total();
        trainer.begin()?;
        trainer.report(total, None)?;
        if trainer.training.counts.rounds > 0
            || !trainer.training.counts.measured.is_empty()
            || fixed
        {
            trainer.learn_counts(total)?;
        }
        if let Some(rows) = trainer.training.adversary.take() {
            trainer.learn_rows(rows, total)?;
        }
        trainer.finish()
    }
}

struct Trainer<'t, B: AutodiffBackend> {
    training: Training<'t>,
    generator: TrainState<B, Generator<B>>,
    teacher: MarginalTeacher<B>,
    draws: Draws,
    curve: Vec<LossPoint>,
    at: Position,
    /// Steps of all networks done.
    done: u64,
    /// Steps of all networks at the last checkpoint.
    kept: u64,
    device: B::Device,
}

impl<B: AutodiffBackend> Trainer<'_, B> {
    /// Steps of all networks.
    fn total(&self) -> u64 {
        let own = &self.training.config.marginals;
        let counts = self.training.counts.rounds as u64 * own.round_steps + own.final_steps;
        let rows = &self.training.config.discriminator;
        match (&self.training.adversary, self.training.counts.rounds) {
            (None, _) => counts,
            (Some(_), 0) if self.training.counts.measured.is_empty() => rows.steps,
            (Some(_), _) => counts + rows.steps,
        }
    }

    /// Reports progress. A training that is cancelled is written to its checkpoint.
    fn report(&mut self, total: u64, adversary: Option<&Adversary<'_, B>>) -> Result<(), FitError> {
        let last = self.curve.last();
        let loss = last.and_then(|point| point.discriminator.or(point.marginals));
        let answer = (self.training.progress)(self.done.min(total), total, loss);
        if matches!(answer, Err(FitError::Cancelled)) {
            self.keep(adversary, 0)?;
        }
        answer
    }

    /// Resumes an earlier run; otherwise writes the beginning to the checkpoint, so that nothing is
    /// reported about releases that no file holds.
    fn begin(&mut self) -> Result<(), FitError> {
        let Some(checkpointer) = &self.training.checkpointer else {
            return Ok(());
        };
        match &checkpointer.resumed {
            None => self.keep(None, 0),
            Some(snapshot) => {
                let snapshot = snapshot.clone();
                let loaded = self.load(&snapshot);
                self.damaged(loaded)
            }
        }
    }

    fn damaged(&self, loaded: Result<(), MissingEntry>) -> Result<(), FitError> {
        loaded.map_err(|problem| match &self.training.checkpointer {
            Some(checkpointer) => checkpointer.damaged(problem),
            None => unreachable!("only a checkpointer has a snapshot"),
        })
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<(), MissingEntry> {
        let facts = &snapshot.facts;
        self.at = Position {
            turns: facts.counter("turns")?,
            measured: facts.counter("measured")? == 1,
            final_steps: facts.counter("final_steps")?,
            adversary_steps: facts.counter("adversary_steps")?,
        };
        if self.at.final_steps > 0 || self.at.adversary_steps > 0 {
            self.generator.start_average(AVERAGE);
        }
        self.generator.load("generator", snapshot)?;
        self.done = facts.counter("done")?;
        self.kept = self.done;
        self.curve.clone_from(&facts.curve);
        Ok(())
    }

    /// Writes a checkpoint. `reserved` further steps of the discriminator count as taken from now
    /// on, so that no interruption makes a step happen twice under one charge.
    fn keep(
        &mut self,
        adversary: Option<&Adversary<'_, B>>,
        reserved: u64,
    ) -> Result<(), FitError> {
        let Some(checkpointer) = &mut self.training.checkpointer else {
            return Ok(());
        };
        let mut snapshot = Snapshot::default();
        self.generator.save("generator", &mut snapshot);
        if let Some(adversary) = adversary {
            adversary.save(&mut snapshot);
        }
        for (name, value) in [
            ("turns", self.at.turns),
            ("measured", u64::from(self.at.measured)),
            ("final_steps", self.at.final_steps),
            ("adversary_steps", self.at.adversary_steps + reserved),
            ("done", self.done + reserved),
        ] {
            snapshot.facts.count(name, value);
        }
        snapshot.facts.curve.clone_from(&self.curve);
        self.kept = self.done;
        (checkpointer.write)(snapshot)
    }

    /// Steps between two writings; nothing without a checkpoint.
    fn every(&self) -> Option<u64> {
        self.training.checkpointer.as_ref().map(|k| k.file.every())
    }

    /// Returns the components of a step, out of this generator.
    fn batch(&self, generator: &Generator<B>, count: usize) -> Pass<B> {
        let latent = self.draws.batch(count, self.done, &self.device);
        let condition = self.draws.condition(count, self.done, &self.device);
        generator.forward(latent, condition.as_ref())
    }

    /// Returns the generator as one that nothing is differentiated by.
    fn fixed(&self) -> Generator<B> {
        self.generator.module().clone().no_grad()
    }

    /// Returns the shares of the mixture as it is.
    fn mixture(&self) -> Matrix<B> {
        let count = self.training.config.marginals.components;
        let latent = self.draws.all(count, &self.device);
        let condition = self.draws.condition(count, u64::MAX, &self.device);
        self.fixed().forward(latent, condition.as_ref()).shares
    }

    /// Learns what is measured, asks for more where it is worst, and at last learns it all with a
    /// falling rate.
    fn learn_counts(&mut self, total: u64) -> Result<(), FitError> {
        let config = &self.training.config.marginals;
        let (rate, round_steps, final_steps) =
            (config.learning_rate, config.round_steps, config.final_steps);
        while self.at.turns < self.training.counts.rounds as u64 {
            if !self.at.measured {
                self.measure()?;
            }
            for _ in 0..round_steps {
                self.step(rate);
            }
            self.at.turns += 1;
            self.at.measured = false;
            self.look()?;
            self.report(total, None)?;
        }
        if self.at.final_steps == 0 && self.at.adversary_steps == 0 {
            self.generator.start_average(AVERAGE);
        }
        for step in self.at.final_steps..final_steps {
            let left = 1.0 - step as f64 / final_steps as f64;
            // A cosine from the full rate to a hundredth of it.
            let wave = 0.5 * (1.0 + (std::f64::consts::PI * (1.0 - left)).cos());
            self.step(rate * (0.01 + 0.99 * wave));
            self.at.final_steps += 1;
            if step % LOOK == LOOK - 1 || step + 1 == final_steps {
                self.look()?;
                self.report(total, None)?;
                if self
                    .every()
                    .is_some_and(|every| self.done - self.kept >= every)
                {
                    self.keep(None, 0)?;
                }
            }
        }
        Ok(())
    }

    /// Measures what the generator is worst at. What was released is written to the checkpoint
    /// before anything is learnt from it or reported about it.
    fn measure(&mut self) -> Result<(), FitError> {
        let shares = self.mixture();
        let gram = download(&self.teacher.gram(&shares));
        if !gram.iter().all(|x| x.is_finite()) {
            return Err(TrainingError::Diverged { step: self.done }.of(NAME));
        }
        let layout = &self.training.layout;
        let model = |set: &AttrSet| cells(layout, &gram, set);
        let measured = (self.training.counts.next)(&model)?;
        self.training.counts.measured.extend(measured);
        self.teach();
        self.at.measured = true;
        self.keep(None, 0)
    }

    fn teach(&mut self) {
        let counts = &self.training.counts;
        let known = targets(
            &self.training.layout,
            &counts.columns,
            &counts.measured,
            counts.rows,
        );
        self.teacher.teach(&known);
    }

    /// One step on the counts.
    fn step(&mut self, rate: f64) {
        let count = self.training.config.marginals.batch;
        let pass = self.batch(self.generator.module(), count);
        let loss = self.teacher.cross_entropy(&pass.shares);
        self.generator.descend(rate, &loss);
        self.done += 1;
    }

    /// Notes the loss on the counts.
    fn look(&mut self) -> Result<(), FitError> {
        let shares = self.mixture();
        let sets = self.training.layout.levels().len() + self.training.counts.measured.len();
        let loss = self.teacher.loss(&shares, sets);
        self.note(Some(loss), None)
    }

    fn note(&mut self, marginals: Option<f64>, adversary: Option<f64>) -> Result<(), FitError> {
        let finite = |loss: Option<f64>| loss.is_none_or(f64::is_finite);
        if !finite(marginals) || !finite(adversary) {
            return Err(TrainingError::Diverged { step: self.done }.of(NAME));
        }
        self.curve.push(LossPoint {
            step: self.done,
            marginals,
            discriminator: adversary,
            rows: None,
            spent: self.training.spent.get(),
        });
        Ok(())
    }

    /// Learns from a discriminator, and from the counts beside it.
    fn learn_rows(&mut self, rows: Rows<'_>, total: u64) -> Result<(), FitError> {
        let config = &self.training.config.discriminator;
        let seed = self.training.seed.stream("gan/train");
        let layout = self.training.layout.clone();
        let anchors = Anchors::of(&layout, rows.columns, rows.positions);
        let mut adversary =
            Adversary::<B>::new(self.training.config, rows, layout, &seed, &self.device);
        let snapshot = self.training.checkpointer.as_mut();
        let snapshot = snapshot.and_then(|checkpointer| checkpointer.resumed.take());
        match snapshot.filter(|_| self.at.adversary_steps > 0) {
            Some(snapshot) => {
                let loaded = adversary.load(&snapshot, self.at.adversary_steps);
                self.damaged(loaded)?;
            }
            None => {
                self.generator.restart(adam());
                self.generator.start_average(AVERAGE);
            }
        }
        let mut granted = self.at.adversary_steps;
        for step in self.at.adversary_steps + 1..=config.steps {
            if step > granted
                && let Some(every) = self.every()
            {
                let further = every.min(config.steps - granted);
                // Without a guarantee, steps may be taken again.
                let reserved = if adversary.is_private() { further } else { 0 };
                self.keep(Some(&adversary), reserved)?;
                granted += further;
            }
            // Only what the generator descends is differentiated.
            let is_last = adversary.is_last();
            let pass = if is_last {
                self.batch(self.generator.module(), config.batch)
            } else {
                self.batch(&self.fixed(), config.batch)
            };
            adversary.learn(&pass)?;
            self.done += 1;
            self.at.adversary_steps = step;
            if is_last {
                let softmax = self.generator.module().softmax();
                let (loss, value) = adversary.loss(softmax, &pass);
                let known = self
                    .known(&anchors, &pass)
                    .mul_scalar(config.columns_weight);
                self.generator
                    .descend(config.generator_learning_rate, &loss.add(known));
                let turn = adversary.turn();
                if (step / turn).is_multiple_of(LOOK) || step + turn > config.steps {
                    if !adversary.is_finite() {
                        return Err(TrainingError::Diverged { step: self.done }.of(NAME));
                    }
                    self.note(None, Some(value))?;
                }
            }
            if step.is_multiple_of(LOOK) || step == config.steps {
                self.report(total, Some(&adversary))?;
            }
        }
        self.keep(Some(&adversary), 0)
    }

    /// Returns the loss of what is known beside a discriminator: columns, and positions within
    /// modes.
    fn known(&self, anchors: &Anchors, pass: &Pass<B>) -> Tensor<B, 1> {
        let loss = self.teacher.cross_entropy(&pass.shares);
        let Some(modes) = &pass.modes else {
            return loss;
        };
        let (shares, own) = (download(&pass.shares), download(modes));
        let (by_shares, by_modes) = anchors.gradients(&self.training.layout, &shares, &own);
        // A function with these derivatives.
        let along = |matrix: &Matrix<B>, by: Vec<f32>| {
            let [rows, columns] = matrix.dims();
            let by = upload::<B>(by, rows, columns, &self.device);
            matrix.clone().mul(by).sum()
        };
        let positions = along(&pass.shares, by_shares).add(along(modes, by_modes));
        loss.add(positions)
    }

    fn finish(mut self) -> Result<Trained, FitError> {
        let generator = self.generator.averaged();
        let finite = |matrix: &Matrix<B>| download(matrix).iter().all(|x| x.is_finite());
        if !parameters(&generator).iter().all(finite) {
            return Err(TrainingError::Diverged { step: self.done }.of(NAME));
        }
        let population = self.draws.all(POPULATION, &self.device);
        let condition = self.draws.condition(POPULATION, u64::MAX, &self.device);
        let forward = generator.plain(population, condition.as_ref());
        let latent = match (self.draws.fixed.take(), self.draws.conditions.take()) {
            (Some(numbers), _) => Latent::Fixed(numbers),
            (None, Some(conditions)) => Latent::Conditional(conditions),
            (None, None) => Latent::Drawn,
        };
        let counts = &self.training.counts;
        let levels = self.training.layout.levels();
        let known = combined_columns(&counts.columns, &counts.measured, levels, counts.rows);
        let seed = self.draws.seed.stream("calibration");
        Ok(Trained {
            forward: calibrated(forward, &latent, &known, &seed),
            latent,
            curve: self.curve,
        })
    }
}

/// Returns the optimiser of the generator.
fn adam() -> DpAdam {
    DpAdam::new(BETAS.0, BETAS.1)
}

/// Shares of the cells of a pair, row-major, out of those of all pairs of units.
fn cells(layout: &Layout, gram: &[f32], set: &AttrSet) -> Vec<f64> {
    let Some((first, second)) = layout.blocks(set) else {
        return Vec::new();
    };
    let size = layout.extended();
    first
        .flat_map(|i| second.clone().map(move |j| f64::from(gram[i * size + j])))
        .collect()
}

#[cfg(test)]
mod tests {
    use parable_core::FitError;
    use parable_nn::device::run_on_cpu;

    use super::*;
    use crate::config::GanConfig;

    fn train(rate: f64) -> Result<Trained, FitError> {
        let mut config = GanConfig {
            hidden_units: vec![8],
            latent_dim: 4,
            ..GanConfig::default()
        };
        config.marginals.components = 20;
        config.marginals.final_steps = 400;
        config.marginals.learning_rate = rate;
        run_on_cpu(Training {
            config: &config,
            layout: Layout::new(&[2, 2], [].iter()),
            counts: Counts {
                columns: vec![(vec![60.0, 40.0], 1.0), (vec![50.0, 50.0], 1.0)],
                measured: vec![Measured {
                    attrs: AttrSet::new([0, 1]),
                    cells: vec![45.0, 15.0, 5.0, 35.0],
                    sigma: 0.0,
                }],
                rounds: 0,
                next: Box::new(|_| Ok(Vec::new())),
                rows: 100.0,
            },
            adversary: None,
            seed: Seed::from_u64(1),
            progress: &mut |_, _, _| Ok(()),
            spent: &Cell::new(None),
            checkpointer: None,
        })
    }

    #[test]
    fn a_relation_without_noise_is_learnt_and_losses_that_are_no_numbers_end_the_training() {
        let trained = train(0.003).expect("finite numbers");
        // Independent columns have a loss of 0.05 here: the information of the pair, shared by
        // three sets.
        let last = trained.curve.last().and_then(|point| point.marginals);
        assert!(last.is_some_and(|loss| loss < 0.002), "{last:?}");
        match train(f64::NAN) {
            Err(FitError::Method { source, .. }) => {
                let error = source.downcast_ref::<TrainingError>();
                assert!(matches!(error, Some(TrainingError::Diverged { .. })));
            }
            other => panic!("{:?}", other.map(|trained| trained.curve)),
        }
    }
}
