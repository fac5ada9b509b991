//! The autoencoder: an encoder from rows to means and variances of codes, a decoder from codes to
//! the shares of the levels of every column.
//!
//! Kingma & Welling (2014), with one softmax per column as in the tabular one of Xu, Skoularidou,
//! Cuesta-Infante & Veeramachaneni (2019). The decoder sees the code in every layer, which keeps it
//! from being ignored (Dieng, Kim, Rush & Blei 2019). No layer mixes the rows of a batch.

use burn::tensor::backend::Backend;
use parable_nn::device::{Matrix, download};
use parable_nn::ghost_clipping::Clip;
use parable_nn::mlp::{Deltas, Mlp, Shape, Trace};
use parable_seed::Seed;

use crate::forward::{Forward, Layer, Sizes};
use crate::network::ColumnSoftmax;

/// Slope of the rectifiers of the encoder below 0.
const LEAK: f64 = 0.2;
/// Logarithms of variances stay within this of 0, by a soft limit.
const LARGEST_LOG_VARIANCE: f64 = 8.0;
/// Part of their usual size that the last weights of the decoder begin with, so that shares begin
/// near those of the columns.
const QUIET: f64 = 0.1;

/// Both networks.
#[derive(Clone)]
pub(crate) struct Autoencoder<B: Backend> {
    pub(crate) encoder: Mlp<B>,
    pub(crate) decoder: Mlp<B>,
    pub(crate) softmax: ColumnSoftmax<B>,
    /// Weight of the divergence of codes from normal numbers, against the loss of reconstruction.
    pub(crate) divergence: f64,
}

/// One pass through both.
pub(crate) struct Coded<B: Backend> {
    encoder: Trace<B>,
    decoder: Trace<B>,
    mean: Matrix<B>,
    log_variance: Matrix<B>,
    /// Standard deviations times the random numbers.
    moved: Matrix<B>,
    shares: Matrix<B>,
}

/// Returns an encoder with random weights.
pub(crate) fn encoder<B: Backend>(sizes: &Sizes, seed: &Seed, device: &B::Device) -> Mlp<B> {
    let shape = Shape {
        inputs: sizes.width(),
        hidden: sizes.hidden.clone(),
        outputs: 2 * sizes.latent,
        dense: false,
        leak: LEAK,
    };
    Mlp::new(
        &shape,
        &seed.stream("vae/network").stream("encoder"),
        device,
    )
}

/// Returns a decoder with random weights; its shares begin near these.
pub(crate) fn decoder<B: Backend>(
    sizes: &Sizes,
    shares: &[f64],
    seed: &Seed,
    device: &B::Device,
) -> Mlp<B> {
    let shape = Shape {
        inputs: sizes.latent,
        hidden: sizes.hidden.iter().rev().copied().collect(),
        outputs: sizes.width(),
        dense: true,
        leak: 0.0,
    };
    let decoder = Mlp::new(
        &shape,
        &seed.stream("vae/network").stream("decoder"),
        device,
    );
    let bias = shares.iter().map(|&share| share.max(1e-6).ln() as f32);
    decoder.with_outputs(bias.collect(), QUIET)
}

impl<B: Backend> Autoencoder<B> {
    /// Encodes rows, adds `noise` (normal numbers, `[rows, latent]`) times the deviations of their
    /// codes, and decodes them.
    pub(crate) fn forward(&self, rows: Matrix<B>, noise: Matrix<B>) -> Coded<B> {
        let [count, latent] = noise.dims();
        let encoder = self.encoder.forward(rows);
        let mean = encoder.outputs.clone().slice([0..count, 0..latent]);
        let raw = encoder.outputs.clone();
        let raw = raw.slice([0..count, latent..2 * latent]);
        let log_variance = raw
            .mul_scalar(1.0 / LARGEST_LOG_VARIANCE)
            .tanh()
            .mul_scalar(LARGEST_LOG_VARIANCE);
        let deviation = log_variance.clone().mul_scalar(0.5).exp();
        let moved = deviation.mul(noise);
        let decoder = self.decoder.forward(mean.clone().add(moved.clone()));
        let shares = self.softmax.forward(decoder.outputs.clone());
        Coded {
            encoder,
            decoder,
            mean,
            log_variance,
            moved,
            shares,
        }
    }

    /// Gradients of the losses of single rows for the sums of every layer of both networks.
    fn deltas(
        &self,
        rows: Matrix<B>,
        present: Matrix<B>,
        coded: &Coded<B>,
    ) -> (Deltas<B>, Deltas<B>) {
        // Of the cross-entropy behind a softmax: shares less what is there.
        let logits = coded.shares.clone().sub(rows).mul(present.clone());
        let decoder = self.decoder.deltas(&coded.decoder, logits);
        let code = self.decoder.input_gradient(decoder.clone());
        let weight = present.mul_scalar(self.divergence);
        let mean = code.clone().add(coded.mean.clone().mul(weight.clone()));
        let variance = coded.log_variance.clone().exp();
        let spread = variance.sub_scalar(1.0).mul(weight);
        let log_variance = code.mul(coded.moved.clone()).add(spread).mul_scalar(0.5);
        // The slope of the soft limit.
        let bent = coded
            .log_variance
            .clone()
            .mul_scalar(1.0 / LARGEST_LOG_VARIANCE);
        let slope = bent.clone().mul(bent).neg().add_scalar(1.0);
        let outputs = Matrix::cat(vec![mean, log_variance.mul(slope)], 1);
        (self.encoder.deltas(&coded.encoder, outputs), decoder)
    }

    /// Returns sums over rows of the gradients of their losses, clipped to a norm over all layers
    /// of both networks: those of the encoder, then those of the decoder. Rows with `present` 0 are
    /// left out.
    pub(crate) fn clipped_sum(
        &self,
        rows: Matrix<B>,
        present: Matrix<B>,
        noise: Matrix<B>,
        clip: Option<Clip>,
    ) -> Vec<Matrix<B>> {
        let coded = self.forward(rows.clone(), noise);
        let (encoder, decoder) = self.deltas(rows, present, &coded);
        let factors = clip.map(|clip| {
            let mut squares = self.encoder.square_norms(&coded.encoder, &encoder);
            squares.extend(self.decoder.square_norms(&coded.decoder, &decoder));
            clip.factors(squares)
        });
        let (first, second) = match &factors {
            Some(factors) => {
                let (first, second) = factors.split_at(encoder.len());
                (Some(first), Some(second))
            }
            None => (None, None),
        };
        let mut sums = self.encoder.sums(&coded.encoder, encoder, first);
        sums.extend(self.decoder.sums(&coded.decoder, decoder, second));
        sums
    }

    /// Returns the loss of every row: cross-entropy of the reconstruction, plus the weighted
    /// divergence of its code from normal numbers, in nats.
    pub(crate) fn losses(&self, rows: &Matrix<B>, noise: Matrix<B>) -> Vec<f64> {
        let ([_, width], [_, latent]) = (rows.dims(), noise.dims());
        let coded = self.forward(rows.clone(), noise);
        let (shares, own) = (download(&coded.shares), download(rows));
        let (mean, log_variance) = (download(&coded.mean), download(&coded.log_variance));
        let read = shares.chunks(width).zip(own.chunks(width));
        let codes = mean.chunks(latent).zip(log_variance.chunks(latent));
        read.zip(codes)
            .map(|((shares, own), (mean, log_variance))| {
                let there = shares.iter().zip(own).filter(|(_, own)| **own > 0.0);
                let missed: f64 = there.map(|(share, _)| -f64::from(*share).ln()).sum();
                let far = mean.iter().zip(log_variance).map(|(&mean, &log)| {
                    let (mean, log) = (f64::from(mean), f64::from(log));
                    mean * mean + log.exp() - 1.0 - log
                });
                missed + self.divergence * 0.5 * far.sum::<f64>()
            })
            .collect()
    }

    /// Decodes codes to shares.
    pub(crate) fn decode(&self, codes: Matrix<B>) -> Matrix<B> {
        self.softmax.forward(self.decoder.forward(codes).outputs)
    }
}

/// Returns a decoder as plain numbers.
pub(crate) fn plain<B: Backend>(decoder: &Mlp<B>, sizes: &Sizes) -> Forward {
    let layers = decoder.layers().iter().map(|layer| Layer {
        weights: download(&layer.weight.val()),
        bias: layer
            .bias
            .as_ref()
            .map(|bias| download(&bias.val().unsqueeze::<2>()))
            .unwrap_or_default(),
    });
    let sizes = Sizes {
        hidden: sizes.hidden.iter().rev().copied().collect(),
        ..sizes.clone()
    };
    Forward::new(sizes, layers.collect()).expect("layers in the sizes of the network")
}

#[cfg(test)]
mod tests {
    use burn::tensor::backend::AutodiffBackend;
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu, upload};
    use parable_nn::ghost_clipping::Clipping;
    use parable_nn::init::weights;
    use parable_nn::module::{parameters, with_parameters};

    use super::*;

    const LEVELS: [usize; 3] = [3, 2, 4];

    fn sizes() -> Sizes {
        Sizes {
            latent: 4,
            hidden: vec![9, 7],
            levels: LEVELS.to_vec(),
            conditional: false,
            modes: 0,
        }
    }

    fn autoencoder<B: Backend>(device: &B::Device) -> Autoencoder<B> {
        let sizes = sizes();
        let shares = [0.2, 0.3, 0.5, 0.5, 0.5, 0.1, 0.2, 0.3, 0.4];
        let seed = Seed::from_u64(2);
        Autoencoder {
            encoder: encoder(&sizes, &seed, device),
            decoder: decoder(&sizes, &shares, &seed, device),
            softmax: ColumnSoftmax::new(&LEVELS, device),
            divergence: 1.0,
        }
    }

    fn rows<B: Backend>(count: usize, device: &B::Device) -> Matrix<B> {
        let mut numbers = vec![0.0f32; count * 9];
        for (row, units) in numbers.chunks_mut(9).enumerate() {
            units[row % 3] = 1.0;
            units[3 + row / 2 % 2] = 1.0;
            units[5 + row * 5 % 4] = 1.0;
        }
        upload(numbers, count, 9, device)
    }

    struct Gradients(f64);

    impl Task for Gradients {
        type Output = ();

        fn run<B: AutodiffBackend>(self, device: &B::Device) {
            let mut network = autoencoder::<B::InnerBackend>(device);
            network.divergence = self.0;
            let rows = rows::<B::InnerBackend>(24, device);
            let noise = weights::<B::InnerBackend>(24, 4, 1.0, &Seed::from_u64(3), device);
            let present = Matrix::ones([24, 1], device);
            let sums = network.clipped_sum(rows.clone(), present, noise.clone(), None);
            let mut all = parameters(&network.encoder);
            let own = all.len();
            all.extend(parameters(&network.decoder));
            assert_eq!(sums.len(), all.len());
            for (index, gradient) in sums.iter().enumerate() {
                check_gradient(&all[index], gradient, 5, |moved| {
                    let mut encoder = all.clone();
                    encoder[index] = moved;
                    let decoder = encoder.split_off(own);
                    let other = Autoencoder {
                        encoder: with_parameters(network.encoder.clone(), encoder),
                        decoder: with_parameters(network.decoder.clone(), decoder),
                        softmax: network.softmax.clone(),
                        divergence: self.0,
                    };
                    other.losses(&rows, noise.clone()).iter().sum()
                });
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for divergence in [1.0, 0.3, 4.0] {
            run_on_cpu(Gradients(divergence));
        }
    }

    struct Naive(Clip);

    impl Task for Naive {
        type Output = (f64, usize);

        /// How far the clipped sum is from the sum of the clipped gradients of single rows,
        /// relatively; how many of 32 were clipped.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output {
            let network = autoencoder::<B::InnerBackend>(device);
            let rows = rows::<B::InnerBackend>(32, device);
            let noise = weights::<B::InnerBackend>(32, 4, 1.0, &Seed::from_u64(3), device);
            // The last row is a place without one.
            let mut present = vec![1.0f32; 32];
            present[31] = 0.0;
            let present = upload::<B::InnerBackend>(present, 32, 1, device);
            let at_once = network.clipped_sum(rows.clone(), present, noise.clone(), Some(self.0));
            let at_once: Vec<f32> = at_once.iter().flat_map(download).collect();
            let mut looped = vec![0.0f64; at_once.len()];
            let mut clipped = 0;
            for row in 0..31 {
                let own = network.clipped_sum(
                    rows.clone().slice([row..row + 1, 0..9]),
                    Matrix::ones([1, 1], device),
                    noise.clone().slice([row..row + 1, 0..4]),
                    None,
                );
                let own: Vec<f64> = own.iter().flat_map(download).map(f64::from).collect();
                let size = own.iter().map(|x| x * x).sum::<f64>().sqrt();
                clipped += usize::from(size > self.0.norm);
                let factor = (self.0.norm / size).min(1.0);
                let pairs = looped.iter_mut().zip(own);
                pairs.for_each(|(sum, own)| *sum += factor * own);
            }
            let off = at_once.iter().zip(&looped);
            let off = off.map(|(&a, b)| (f64::from(a) - b).powi(2)).sum::<f64>();
            let size = looped.iter().map(|x| x * x).sum::<f64>();
            ((off / size).sqrt(), clipped)
        }
    }

    #[test]
    fn clipped_sums_are_those_of_the_loop_over_rows() {
        let clipped = [0.05, 2.0, 1e3].map(|norm| {
            let clipping = Clipping::Flat;
            let (off, clipped) = run_on_cpu(Naive(Clip { norm, clipping }));
            assert!(off < 1e-5, "clip {norm}: {off}");
            clipped
        });
        assert!(
            clipped[0] == 31 && clipped[1] > 0 && clipped[2] == 0,
            "{clipped:?}"
        );
    }

    struct OneRow {
        clip: Clip,
        size: f32,
        /// Whether each network may have the whole norm.
        apart: bool,
    }

    impl Task for OneRow {
        type Output = f64;

        /// How far the clipped sum moves when one row is added, whatever its values.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> f64 {
            let network = autoencoder::<B::InnerBackend>(device);
            let mut numbers = download(&rows::<B::InnerBackend>(6, device));
            numbers[45..].iter_mut().for_each(|x| *x *= self.size);
            let rows = upload::<B::InnerBackend>(numbers, 6, 9, device);
            let noise = weights::<B::InnerBackend>(6, 4, 1.0, &Seed::from_u64(3), device);
            let sum = |keep: f32| -> Vec<f32> {
                let mut present = vec![1.0f32; 6];
                present[5] = keep;
                let present = upload::<B::InnerBackend>(present, 6, 1, device);
                let coded = network.forward(rows.clone(), noise.clone());
                if self.apart {
                    let (encoder, decoder) = network.deltas(rows.clone(), present, &coded);
                    let clipped =
                        |network: &Mlp<B::InnerBackend>,
                         trace: &Trace<B::InnerBackend>,
                         deltas: Deltas<B::InnerBackend>| {
                            let factors = self.clip.factors(network.square_norms(trace, &deltas));
                            network.sums(trace, deltas, Some(&factors))
                        };
                    let mut sums = clipped(&network.encoder, &coded.encoder, encoder);
                    sums.extend(clipped(&network.decoder, &coded.decoder, decoder));
                    return sums.iter().flat_map(download).collect();
                }
                let clip = Some(self.clip);
                let sums = network.clipped_sum(rows.clone(), present, noise.clone(), clip);
                sums.iter().flat_map(download).collect()
            };
            let (with, without) = (sum(1.0), sum(0.0));
            let moved = with.iter().zip(&without);
            let squares = moved.map(|(a, b)| f64::from(a - b).powi(2));
            squares.sum::<f64>().sqrt()
        }
    }

    #[test]
    fn one_row_moves_the_sum_of_both_networks_by_no_more_than_the_clip() {
        for clipping in [Clipping::Flat, Clipping::PerLayer] {
            let clip = |norm: f64| Clip { norm, clipping };
            for size in [0.0, 1.0, 1e3] {
                let moved = run_on_cpu(OneRow {
                    clip: clip(0.5),
                    size,
                    apart: false,
                });
                assert!(moved <= 0.5 * (1.0 + 1e-4), "{moved}");
            }
            // The check sees clipping that is off, and a clip for each network by itself.
            for (norm, apart) in [(1e9, false), (0.5, true)] {
                let moved = run_on_cpu(OneRow {
                    clip: clip(norm),
                    size: 1.0,
                    apart,
                });
                assert!(moved > 0.6, "{moved}");
            }
        }
    }

    struct Plain;

    impl Task for Plain {
        type Output = f32;

        fn run<B: AutodiffBackend>(self, device: &B::Device) -> f32 {
            let network = autoencoder::<B::InnerBackend>(device);
            let codes = weights::<B::InnerBackend>(20, 4, 1.0, &Seed::from_u64(6), device);
            let expected = download(&network.decode(codes.clone()));
            let outputs = plain(&network.decoder, &sizes()).outputs(&download(&codes));
            let off = outputs.iter().zip(&expected).map(|(a, b)| (a - b).abs());
            off.fold(0.0, f32::max)
        }
    }

    #[test]
    fn plain_numbers_agree() {
        assert!(run_on_cpu(Plain) < 1e-5);
    }
}
