//! Teaching by a discriminator, which alone sees rows.
//!
//! The recipe is that of Bie, Kamath & Zhang (2023): many steps of the discriminator for each of the generator, large batches, gradients of real and of
//! made rows cut alike, noise on the sum of the real ones. Made rows are drawn from the generator's shares; the generator's gradient passes the
//! draw by the straight-through estimate with Gumbel noise (Jang, Gu & Poole 2017).

use burn_tensor::backend::Backend;
use parable_core::FitError;
use parable_seed::Seed;
use rayon::prelude::*;

use crate::config::DiscriminatorConfig;
use crate::device::{Matrix, download, upload};
use crate::discriminator::{discriminator, probability};
use crate::generator::{Generator, Pass};
use crate::layout::Layout;
use crate::mlp::{Clip, Mlp};
use crate::optimiser::Adam;
use crate::snapshot::{Lacking, Snapshot};
use crate::teacher::rows::{Rows, add_parts};

/// Rows of a block that share a random stream.
const BLOCK: usize = 64;
/// Temperature of the soft draws that gradients pass through.
const TEMPERATURE: f64 = 0.5;
/// A discriminator in training.
pub(crate) struct Adversary<'r, B: Backend> {
    config: &'r DiscriminatorConfig,
    rows: Rows<'r>,
    network: Mlp<B>,
    adam: Adam<B>,
    layout: Layout,
    seed: Seed,
    step: u64,
    /// Real rows that are computed at once.
    part: usize,
}

impl<'r, B: Backend> Adversary<'r, B> {
    pub(crate) fn new(
        config: &'r DiscriminatorConfig,
        rows: Rows<'r>,
        layout: Layout,
        seed: &Seed,
        device: &B::Device,
    ) -> Self {
        let network = discriminator::<B>(layout.width(), &config.hidden, seed, device);
        let adam = Adam::new(&network.parameters, 0.5, 0.99)
            .with_noise_variance(rows.noise_variance(config.batch));
        Self {
            adam,
            network,
            seed: seed.stream("gan/adversary"),
            step: 0,
            part: rows.part(config.batch, config.accumulate),
            config,
            rows,
            layout,
        }
    }

    /// Whether rows are read under a guarantee.
    pub(crate) fn is_private(&self) -> bool {
        self.rows.is_private()
    }

    /// Writes the network and its optimiser down.
    pub(crate) fn save(&self, snapshot: &mut Snapshot) {
        snapshot.put("discriminator", &self.network.parameters);
        self.adam.save("discriminator.adam", snapshot);
    }

    /// Goes on behind so many steps with the network that was written down.
    pub(crate) fn load(&mut self, snapshot: &Snapshot, steps: u64) -> Result<(), Lacking> {
        snapshot.get("discriminator", &mut self.network.parameters)?;
        self.adam.load("discriminator.adam", snapshot)?;
        self.step = steps;
        Ok(())
    }

    /// One step of the discriminator against rows made from these shares.
    pub(crate) fn learn(&mut self, shares: &Matrix<B>) -> Result<(), FitError> {
        let device = shares.device();
        let rows = self.rows.draw(self.config.batch, self.step, &self.seed);
        let clip = self.rows.clip();
        let made = self.made(shares);
        let most = self.config.batch.min(self.config.accumulate);
        let mut sums = self.sums(&made, most, 0.0, clip, &device);
        let real = self.rows.one_hot(&self.layout, &rows);
        let real = self.sums(&real, self.part, 1.0, clip, &device);
        for (sum, real) in sums.iter_mut().zip(real) {
            *sum = sum.clone().add(real);
        }
        self.rows.disturb(&mut sums)?;
        // By the public size of a batch, never by the number of rows drawn.
        let scale = 1.0 / self.config.batch as f64;
        let gradients = sums.into_iter().map(|sum| sum.mul_scalar(scale)).collect();
        self.adam
            .step(self.config.rate, &mut self.network.parameters, gradients);
        self.step += 1;
        Ok(())
    }

    /// Sums of the gradients of rows of one kind (1: real, 0: made), so many at once.
    fn sums(
        &self,
        rows: &[f32],
        part: usize,
        kind: f64,
        clip: Option<Clip>,
        device: &B::Device,
    ) -> Vec<Matrix<B>> {
        add_parts(
            rows,
            self.layout.width(),
            part,
            device,
            |_, rows, present| {
                let scored = self.network.forward(rows);
                let slopes = probability(scored.outputs.clone()).sub_scalar(kind);
                // A slope of 0 leaves a row out.
                self.network.clipped_sum(&scored, slopes.mul(present), clip)
            },
        )
    }

    /// Rows drawn from these shares, one component each.
    fn made(&self, shares: &Matrix<B>) -> Vec<f32> {
        let [examples, width] = shares.dims();
        let numbers = download(shares);
        let mut rows = vec![0.0f32; examples * width];
        let seed = self.seed.stream("made").index(self.step);
        rows.par_chunks_mut(BLOCK * width)
            .zip(numbers.par_chunks(BLOCK * width))
            .enumerate()
            .for_each(|(block, (rows, shares))| {
                let mut rng = seed.index(block as u64).rng();
                for (row, shares) in rows.chunks_mut(width).zip(shares.chunks(width)) {
                    for column in 0..self.layout.levels().len() {
                        let units = self.layout.column(column);
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
        rows
    }

    /// The gradient of the generator's logits, and its loss: the mean of `ln(1 + e^-score)` over made rows.
    pub(crate) fn gradient(&self, generator: &Generator<B>, pass: &Pass<B>) -> (Matrix<B>, f64) {
        let [examples, width] = pass.logits.dims();
        let device = pass.logits.device();
        let noise = upload::<B>(self.gumbel(examples, width), examples, width, &device);
        let disturbed = pass.logits.clone().add(noise);
        let hard = self.largest(&download(&disturbed));
        let soft = generator
            .softmax()
            .forward(disturbed.mul_scalar(1.0 / TEMPERATURE));
        let scored = self.network.forward(upload(hard, examples, width, &device));
        let scale = 1.0 / examples as f64;
        let slopes = probability(scored.outputs.clone())
            .sub_scalar(1.0)
            .mul_scalar(scale);
        let loss = download(&scored.outputs)
            .iter()
            .map(|&score| (-f64::from(score)).exp().ln_1p())
            .sum::<f64>()
            * scale;
        let deltas = self.network.deltas(&scored, slopes);
        let back = self.network.input_gradient(deltas);
        let logits = generator
            .softmax()
            .back(soft, back)
            .mul_scalar(1.0 / TEMPERATURE);
        (logits, loss)
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

    /// 1 at the largest unit of each column, 0 elsewhere.
    fn largest(&self, numbers: &[f32]) -> Vec<f32> {
        let width = self.layout.width();
        let mut hard = vec![0.0f32; numbers.len()];
        for (row, numbers) in hard.chunks_mut(width).zip(numbers.chunks(width)) {
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

    /// Whether all numbers are finite.
    pub(crate) fn is_finite(&self) -> bool {
        let all = self.network.parameters.iter();
        all.map(download)
            .all(|numbers| numbers.iter().all(|x| x.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Clipping;
    use crate::device::{Task, run_on_cpu};
    use crate::teacher::rows::Access;

    struct Parts(Option<Clip>);

    impl Task for Parts {
        type Output = Vec<Vec<f32>>;

        /// Sums over 100 rows, in parts of several sizes.
        fn run<B: Backend>(self, device: &B::Device) -> Self::Output {
            let layout = Layout::new(&[3, 4], [].iter());
            let columns = [3, 4].map(|levels| (0..100).map(|row| row * 7 % levels).collect());
            let config = DiscriminatorConfig::default();
            let rows = Rows {
                columns: &columns,
                rows: 100,
                access: Access::Plain,
            };
            let seed = Seed::from_u64(1);
            let adversary = Adversary::<B>::new(&config, rows, layout, &seed, device);
            let every: Vec<u32> = (0..100).collect();
            let all = adversary.rows.one_hot(&adversary.layout, &every);
            let sums = |part: usize| -> Vec<f32> {
                let sums = adversary.sums(&all, part, 1.0, self.0, device);
                sums.iter().flat_map(download).collect()
            };
            vec![sums(100), sums(32), sums(1), sums(512)]
        }
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
