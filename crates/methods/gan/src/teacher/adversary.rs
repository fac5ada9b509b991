//! Training against a discriminator, which alone sees rows.
//!
//! The recipe is that of Bie, Kamath & Zhang (2023): many steps of the discriminator for each of
//! the generator, large batches, gradients of real and of synthetic rows clipped alike, noise on
//! the sum of the real ones. Synthetic rows are drawn from the generator's shares; the generator's
//! gradient passes the draw by the straight-through estimate with Gumbel noise (Jang, Gu & Poole
//! 2017).

use burn::module::{AutodiffModule, Module};
use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};
use burn::tensor::backend::{AutodiffBackend, Backend};
use parable_core::FitError;
use parable_nn::access::add_parts;
use parable_nn::adam::DpAdam;
use parable_nn::checkpoint::MissingEntry;
use parable_nn::device::{Matrix, download, upload};
use parable_nn::ghost_clipping::Clip;
use parable_nn::mlp::Mlp;
use parable_nn::module::{gradients, parameters};
use parable_nn::train_state::TrainState;
use parable_seed::Seed;
use rayon::prelude::*;

use crate::config::{DiscriminatorConfig, GanConfig};
use crate::discriminator::discriminator;
use crate::generator::Pass;
use crate::layout::Layout;
use crate::network::ColumnSoftmax;
use crate::resume::Snapshot;
use crate::teacher::positions::{backward_to_modes, backward_to_units, place};
use crate::teacher::rows::Rows;
use crate::teacher::turns::Turns;

/// Rows of a block that share a random stream.
const BLOCK: usize = 64;
/// Temperature of the soft draws that gradients pass through.
const TEMPERATURE: f64 = 0.5;

/// Derivatives of the loss of a generator by the parts of its rows.
struct Slopes<B: Backend> {
    /// By the units of levels, `[examples, width]`.
    units: Matrix<B>,
    /// By the mode parameters.
    modes: Option<Matrix<B>>,
    loss: f64,
}

/// A discriminator in training.
pub(crate) struct Adversary<'r, B: AutodiffBackend> {
    config: &'r DiscriminatorConfig,
    rows: Rows<'r>,
    network: TrainState<B, Mlp<B>>,
    layout: Layout,
    seed: Seed,
    step: u64,
    turns: Turns,
    /// Real rows that are computed at once.
    part: usize,
}

impl<'r, B: AutodiffBackend> Adversary<'r, B> {
    pub(crate) fn new(
        config: &'r GanConfig,
        rows: Rows<'r>,
        layout: Layout,
        seed: &Seed,
        device: &B::Device,
    ) -> Self {
        let (how, config) = (config.steps_per_generator(), &config.discriminator);
        let network = discriminator::<B>(layout.row(), &config.hidden_units, seed, device);
        let variance = rows.access.noise_variance(config.batch);
        let corrected = if config.noise_correction {
            variance
        } else {
            0.0
        };
        let adam = DpAdam::new(0.5, 0.99).with_noise_variance(corrected);
        Self {
            network: TrainState::new(network, adam),
            seed: seed.stream("gan/adversary"),
            step: 0,
            turns: Turns::new(how, rows.access.is_private(), config.steps),
            part: rows.access.part(config.batch, config.accumulate),
            config,
            rows,
            layout,
        }
    }

    /// Returns whether rows are read under a guarantee.
    pub(crate) fn is_private(&self) -> bool {
        self.rows.access.is_private()
    }

    /// Writes the network and its optimiser down.
    pub(crate) fn save(&self, snapshot: &mut Snapshot) {
        self.network.save("discriminator", snapshot);
        self.turns.save(snapshot);
    }

    /// Goes on behind so many steps with the network that was written down.
    pub(crate) fn load(&mut self, snapshot: &Snapshot, steps: u64) -> Result<(), MissingEntry> {
        self.network.load("discriminator", snapshot)?;
        self.turns.load(snapshot)?;
        self.step = steps;
        Ok(())
    }

    /// Steps for each of the generator at present.
    pub(crate) fn turn(&self) -> u64 {
        self.turns.steps()
    }

    /// Returns whether the generator takes a step after the next one of the discriminator.
    pub(crate) fn is_last(&self) -> bool {
        self.turns.is_last()
    }

    /// Takes one step of the discriminator against rows of these components.
    pub(crate) fn learn(&mut self, pass: &Pass<B>) -> Result<(), FitError> {
        let device = pass.shares.device();
        let rows = self
            .rows
            .access
            .draw(self.rows.rows, self.config.batch, self.step, &self.seed);
        let clip = self.rows.access.clip();
        let synthetic = self.synthetic(pass);
        let most = self.config.batch.min(self.config.accumulate);
        let mut sums = self.sums(&synthetic, most, 0.0, clip);
        let real = self.rows.one_hot(&self.layout, &rows);
        let right = self
            .turns
            .asks()
            .then(|| self.accuracy(&synthetic, &real, &device));
        let real = self.sums(&real, self.part, 1.0, clip);
        for (sum, real) in sums.iter_mut().zip(real) {
            *sum = sum.clone().add(real);
        }
        self.rows.access.add_noise(&mut sums)?;
        // By the public size of a batch, never by the number of rows drawn.
        let scale = 1.0 / self.config.batch as f64;
        let means = sums.into_iter().map(|sum| sum.mul_scalar(scale)).collect();
        let gradients = gradients(self.network.module(), means);
        self.network.step(self.config.learning_rate, gradients);
        self.step += 1;
        self.turns.step(right);
        Ok(())
    }

    /// Returns the share of the rows of a step that it classifies right. Under a guarantee it is
    /// the share of the synthetic rows, which with a network that has noise in it is no further
    /// release; of the real ones it would be.
    fn accuracy(&self, synthetic: &[f32], real: &[f32], device: &B::Device) -> f64 {
        let width = self.layout.row();
        let mut kinds = vec![(synthetic, -1.0)];
        if !self.is_private() {
            kinds.push((real, 1.0));
        }
        let network = self.network.module().valid();
        let (mut right, mut all) = (0, 0);
        for (rows, sign) in kinds {
            for part in rows.chunks(self.config.accumulate * width) {
                let rows = upload(part.to_vec(), part.len() / width, width, device);
                let scores = download(&network.forward(rows).outputs);
                right += scores.iter().filter(|score| sign * **score > 0.0).count();
                all += scores.len();
            }
        }
        right as f64 / all.max(1) as f64
    }

    /// Sums of the gradients of rows of one kind (1: real, 0: synthetic), so many at once.
    fn sums(
        &self,
        rows: &[f32],
        part: usize,
        kind: f64,
        clip: Option<Clip>,
    ) -> Vec<Matrix<B::InnerBackend>> {
        let (network, device) = (self.network.module().valid(), self.device());
        add_parts(
            rows,
            self.layout.row(),
            part,
            &device,
            |_, rows, present| {
                let scored = network.forward(rows);
                let slopes = sigmoid(scored.outputs.clone()).sub_scalar(kind);
                // A slope of 0 leaves a row out.
                network.clipped_sum(&scored, slopes.mul(present), clip)
            },
        )
    }

    /// Draws rows from these components, one each.
    fn synthetic(&self, pass: &Pass<B>) -> Vec<f32> {
        let [examples, width] = pass.shares.dims();
        let layout = &self.layout;
        let (numbers, row) = (download(&pass.shares), layout.row());
        let mut rows = vec![0.0f32; examples * row];
        let seed = self.seed.stream("made").index(self.step);
        rows.par_chunks_mut(BLOCK * row)
            .zip(numbers.par_chunks(BLOCK * width))
            .enumerate()
            .for_each(|(block, (rows, shares))| {
                let mut rng = seed.index(block as u64).rng();
                for (row, shares) in rows.chunks_mut(row).zip(shares.chunks(width)) {
                    for column in 0..layout.levels().len() {
                        let units = layout.column(column);
                        let point = rng.uniform() as f32;
                        let mut sum = 0.0;
                        let own = &shares[units.clone()];
                        let level = own.iter().position(|share| {
                            sum += share;
                            point < sum
                        });
                        row[units.start + level.unwrap_or(own.len() - 1)] = 1.0;
                    }
                }
            });
        if let Some(modes) = &pass.modes {
            let seed = self.seed.stream("positions").index(self.step);
            place(layout, &mut rows, &download(modes), &seed);
        }
        rows
    }

    /// Returns the loss of the generator against the discriminator, to be differentiated, and its
    /// value: the mean of `ln(1 + e^-score)` over synthetic rows.
    pub(crate) fn loss(&self, softmax: &ColumnSoftmax<B>, pass: &Pass<B>) -> (Tensor<B, 1>, f64) {
        let [examples, width] = pass.logits.dims();
        let device = pass.logits.device();
        let noise = upload::<B>(self.gumbel(examples, width), examples, width, &device);
        let disturbed = pass.logits.clone().add(noise);
        let rows = self.largest(&download(&disturbed));
        let slopes = self.slopes(rows, pass.modes.as_ref());
        // Straight through: the rows have whole levels, their gradient is that of soft ones.
        let soft = softmax.forward(disturbed.mul_scalar(1.0 / TEMPERATURE));
        let mut loss = soft.mul(Matrix::from_inner(slopes.units)).sum();
        if let (Some(modes), Some(own)) = (&pass.modes, slopes.modes) {
            loss = loss.add(modes.clone().mul(Matrix::from_inner(own)).sum());
        }
        (loss, slopes.loss)
    }

    /// Returns how the loss of the generator changes with its rows, which have a level in each
    /// column and get positions by these mode parameters.
    fn slopes(&self, mut rows: Vec<f32>, modes: Option<&Matrix<B>>) -> Slopes<B::InnerBackend> {
        let (width, row) = (self.layout.width(), self.layout.row());
        let (examples, device) = (rows.len() / row, self.device());
        let placed = modes.map(|modes| {
            let seed = self.seed.stream("gradient positions").index(self.step);
            place(&self.layout, &mut rows, &download(modes), &seed)
        });
        let rows = upload::<B>(rows, examples, row, &device).require_grad();
        let scores = self
            .network
            .module()
            .clone()
            .no_grad()
            .forward(rows.clone());
        let values = download(&scores.outputs);
        let losses = values
            .iter()
            .map(|&score| (-f64::from(score)).exp().ln_1p());
        let loss = losses.sum::<f64>() / examples as f64;
        let gradients = log_sigmoid(scores.outputs).mean().neg().backward();
        let towards = rows.grad(&gradients).expect("rows are differentiated");
        let (Some(placed), layout) = (placed, &self.layout) else {
            return Slopes {
                units: towards,
                modes: None,
                loss,
            };
        };
        let (towards, outputs) = (download(&towards), layout.heads().outputs());
        let modes = backward_to_modes(layout, &placed, &towards);
        let units = backward_to_units(layout, &towards);
        Slopes {
            units: upload(units, examples, width, &device),
            modes: Some(upload(modes, examples, outputs, &device)),
            loss,
        }
    }

    fn device(&self) -> B::Device {
        self.network.module().layers()[0].weight.device()
    }

    /// Gumbel noise: `-ln(-ln u)`.
    fn gumbel(&self, examples: usize, width: usize) -> Vec<f32> {
        let seed = self.seed.stream("gumbel").index(self.step);
        let mut noise = vec![0.0f32; examples * width];
        noise
            .par_chunks_mut(BLOCK * width)
            .enumerate()
            .for_each(|(block, noise)| {
                let mut rng = seed.index(block as u64).rng();
                // Two 32-bit numbers from each draw: noise needs no more.
                for pair in noise.chunks_mut(2) {
                    let bits = rng.next_u64();
                    for (number, bits) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                        let uniform = ((bits >> 8) as f32 + 0.5) * (1.0 / (1u32 << 24) as f32);
                        *number = -(-uniform.ln()).ln();
                    }
                }
            });
        noise
    }

    /// Rows with a 1 at the largest unit of each column, 0 elsewhere.
    fn largest(&self, numbers: &[f32]) -> Vec<f32> {
        let (width, row) = (self.layout.width(), self.layout.row());
        let mut hard = vec![0.0f32; numbers.len() / width * row];
        for (row, numbers) in hard.chunks_mut(row).zip(numbers.chunks(width)) {
            for column in 0..self.layout.levels().len() {
                let units = self.layout.column(column);
                let best = units
                    .clone()
                    .max_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
                row[best.unwrap_or(units.start)] = 1.0;
            }
        }
        hard
    }

    /// Returns whether all numbers are finite.
    pub(crate) fn is_finite(&self) -> bool {
        let all = parameters(self.network.module());
        all.iter()
            .map(download)
            .all(|numbers| numbers.iter().all(|x| x.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
    use parable_nn::access::Access;
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu};
    use parable_nn::dp_sgd::{StepNoise, TrainingPlan};
    use parable_nn::ghost_clipping::Clipping;
    use parable_nn::init::weights;
    use parable_nn::module::with_parameters;

    use super::*;
    use crate::config::StepsPerGenerator;
    use crate::forward::Sizes;
    use crate::generator::Generator;
    use crate::numbers::heads::tests::around_one_without;

    fn with_steps(how: StepsPerGenerator) -> GanConfig {
        let mut config = GanConfig::default();
        config.discriminator.steps_per_generator = Some(how);
        config
    }

    struct Parts(Option<Clip>);

    impl Task for Parts {
        type Output = Vec<Vec<f32>>;

        /// Sums over 100 rows, in parts of several sizes.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output {
            let layout = Layout::new(&[3, 4], [].iter());
            let columns = [3, 4].map(|levels| (0..100).map(|row| row * 7 % levels).collect());
            let config = with_steps(StepsPerGenerator::Steps(1));
            let rows = Rows {
                columns: &columns,
                positions: &[],
                rows: 100,
                access: Access::Plain,
            };
            let seed = Seed::from_u64(1);
            let adversary = Adversary::<B>::new(&config, rows, layout, &seed, device);
            let every: Vec<u32> = (0..100).collect();
            let all = adversary.rows.one_hot(&adversary.layout, &every);
            let sums = |part: usize| -> Vec<f32> {
                let sums = adversary.sums(&all, part, 1.0, self.0);
                sums.iter().flat_map(download).collect()
            };
            vec![sums(100), sums(32), sums(1), sums(512)]
        }
    }

    struct Accuracies(Access);

    impl Task for Accuracies {
        type Output = [f64; 2];

        /// The accuracy on the same synthetic rows beside two different sets of real ones.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> [f64; 2] {
            let config = with_steps(StepsPerGenerator::Adaptive);
            let rows = Rows {
                columns: &[vec![0; 9], vec![0; 9]],
                positions: &[],
                rows: 9,
                access: self.0,
            };
            let layout = Layout::new(&[3, 4], [].iter());
            let seed = Seed::from_u64(1);
            let adversary = Adversary::<B>::new(&config, rows, layout, &seed, device);
            // Every combination of levels once as synthetic rows; one of them a thousand times as
            // real ones.
            let row = |a: usize, b: usize| {
                (0..7).map(move |at| f32::from(u8::from(at == a || at == 3 + b)))
            };
            let synthetic: Vec<f32> = (0..12).flat_map(|at| row(at % 3, at / 3)).collect();
            [0, 11].map(|at| {
                let real: Vec<f32> = (0..1_000).flat_map(|_| row(at % 3, at / 3)).collect();
                adversary.accuracy(&synthetic, &real, device)
            })
        }
    }

    #[test]
    fn under_a_guarantee_the_accuracy_knows_nothing_of_real_rows() {
        let budget = Budget::approx(
            Epsilon::new(1.0).expect("above 0"),
            Delta::new(1e-6).expect("small"),
        );
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let schedule = DiscriminatorConfig::default().schedule();
        let plan = TrainingPlan::calibrate(&schedule, 5_000.0, 1.0, &ledger).expect("a plan");
        let charged = plan.charge("test", &mut ledger).expect("within the budget");
        let mut noise = NoiseSource::insecure_seeded([1; 32]);
        let coins = Box::new(StepNoise::like(&mut noise));
        let [one, other] = run_on_cpu(Accuracies(Access::Private(charged, coins)));
        assert_eq!(one, other);
        assert!(one > 0.0 && one < 1.0);
        // The comparison sees an accuracy that does.
        let [one, other] = run_on_cpu(Accuracies(Access::Plain));
        assert_ne!(one, other);
    }

    struct Modes;

    impl Task for Modes {
        type Output = ();

        fn run<B: AutodiffBackend>(self, device: &B::Device) {
            let heads = around_one_without();
            let levels = [3, 2, 4];
            let layout = Layout::new(&levels, [].iter()).with_heads(heads);
            let sizes = Sizes {
                latent: 5,
                conditional: false,
                hidden: vec![7],
                levels: levels.to_vec(),
                modes: layout.heads().outputs(),
            };
            let seed = Seed::from_u64(6);
            let begin = layout.heads().begin();
            let generator = Generator::<B>::new(sizes, &[0.3; 9], &begin, &seed, device);
            let mut config = with_steps(StepsPerGenerator::Steps(1));
            config.discriminator.hidden_units = vec![4, 4];
            let rows = Rows {
                columns: &[],
                positions: &[],
                rows: 0,
                access: Access::Plain,
            };
            let mut adversary = Adversary::<B>::new(&config, rows, layout, &seed, device);
            // Far from the kinks of the rectifiers, where differences are no gradients: even units
            // are always on, odd ones off. The weights stay as they are: smaller ones would leave
            // differences of the rounding of scores, which are of single precision.
            let network = adversary.network.module().clone();
            let mut all = parameters(&network);
            for layer in [1, 3] {
                let shifts = [2.0, -2.0, 2.0, -2.0].map(|shift| shift * layer as f32);
                all[layer] = upload(shifts.to_vec(), 1, 4, device);
            }
            let network = with_parameters(network, all);
            adversary.network = TrainState::new(network, DpAdam::new(0.5, 0.99));
            let latent = weights::<B>(80, 5, 1.0, &seed.stream("z"), device);
            let pass = generator.forward(latent, None);
            // The levels of a step and the uniform numbers of its positions are those of the seed:
            // the loss is a function of the mode parameters.
            let rows = adversary.largest(&download(&pass.logits));
            let modes = pass.modes.expect("modes").inner();
            let slopes = |modes: Matrix<B::InnerBackend>| {
                adversary.slopes(rows.clone(), Some(&Matrix::from_inner(modes)))
            };
            let gradient = slopes(modes.clone()).modes.expect("modes");
            check_gradient(&modes, &gradient, 3, |moved| slopes(moved).loss);
        }
    }

    #[test]
    fn gradients_of_mode_parameters_are_those_of_differences() {
        run_on_cpu(Modes);
    }

    #[test]
    fn parts_of_any_size_add_up_to_the_same_sum() {
        let clip = |clipping| Clip {
            norm: 0.4,
            clipping,
        };
        for clip in [
            None,
            Some(clip(Clipping::Flat)),
            Some(clip(Clipping::PerLayer)),
        ] {
            let sums = run_on_cpu(Parts(clip));
            let size = sums[0].iter().map(|x| x.abs()).fold(0.0, f32::max);
            assert!(size > 0.0);
            for other in &sums[1..] {
                let off = sums[0].iter().zip(other).map(|(a, b)| (a - b).abs());
                assert!(off.fold(0.0, f32::max) < 1e-5 * size, "{clip:?}");
            }
        }
    }
}
