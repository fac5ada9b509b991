//! The generator: from random numbers to the shares of the levels of every column.
//!
//! Each layer sees all layers before it. Given its random numbers, the columns of a row are
//! independent, so that the generator is a mixture of product distributions with as many components
//! as there are draws of random numbers.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Embedding, Linear};
use burn::tensor::activation::relu;
use burn::tensor::backend::{AutodiffBackend, Backend};
use parable_nn::device::{Matrix, download, upload};
use parable_nn::init::{linear, normals};
use parable_seed::Seed;

use crate::condition::Condition;
use crate::forward::{Forward, Layer, Sizes};
use crate::network::{ColumnSoftmax, LARGEST_LOGIT};

/// Part of their usual size that the weights of mode parameters begin with.
const QUIET: f32 = 0.3;

/// The generator with its parameters.
#[derive(Module, Debug)]
pub(crate) struct Generator<B: Backend> {
    hidden: Vec<Hidden<B>>,
    output: Conditioned<B>,
    softmax: ColumnSoftmax<B>,
    #[module(skip)]
    sizes: Sizes,
}

/// A hidden layer. Its normalisation mixes the examples of a batch: no real row may pass.
#[derive(Module, Debug)]
struct Hidden<B: Backend> {
    layer: Conditioned<B>,
    norm: BatchNorm<B>,
}

/// A layer that sees a condition beside its inputs, where the generator is conditional.
#[derive(Module, Debug)]
struct Conditioned<B: Backend> {
    linear: Linear<B>,
    /// Weights of the levels of a condition, one of which is 1 at most: no product is needed.
    condition: Option<Embedding<B>>,
}

/// Outputs of the generator for a batch.
#[derive(Clone, Debug)]
pub(crate) struct Pass<B: Backend> {
    /// Logits of the levels, `[examples, width]`.
    pub(crate) logits: Matrix<B>,
    /// Shares of the levels, `[examples, width]`.
    pub(crate) shares: Matrix<B>,
    /// Parameters of the distributions of positions within modes, `[examples, modes]`.
    pub(crate) modes: Option<Matrix<B>>,
}

impl<B: Backend> Conditioned<B> {
    fn forward(&self, inputs: Matrix<B>, condition: Option<&Condition<B>>) -> Matrix<B> {
        let sums = self.linear.forward(inputs);
        let (Some(embedding), Some(condition)) = (&self.condition, condition) else {
            return sums;
        };
        let own = embedding.forward(condition.levels.clone());
        sums.add(own.squeeze_dim(1).mul(condition.present.clone()))
    }
}

impl<B: Backend> Generator<B> {
    /// Returns a generator with random weights whose columns have these shares on average, and
    /// whose mode parameters are near these.
    pub(crate) fn new(
        sizes: Sizes,
        shares: &[f64],
        modes: &[f32],
        seed: &Seed,
        device: &B::Device,
    ) -> Self {
        let seed = seed.stream("gan/generator");
        let hidden = sizes.hidden.iter().enumerate();
        let hidden = hidden.map(|(index, &units)| Hidden {
            layer: Conditioned::new(&sizes, index, None, &seed, device),
            norm: BatchNormConfig::new(units).init(device),
        });
        let bias = shares.iter().map(|&share| share.max(1e-6).ln() as f32);
        let bias = Some(bias.chain(modes.iter().copied()).collect());
        Self {
            hidden: hidden.collect(),
            output: Conditioned::new(&sizes, sizes.hidden.len(), bias, &seed, device),
            softmax: ColumnSoftmax::new(&sizes.levels, device),
            sizes,
        }
    }

    /// Passes a batch of random numbers through the network. A level that is a condition has all of
    /// its column.
    ///
    /// Normalisations are over the batch; on a backend without differentiation, by running
    /// statistics.
    pub(crate) fn forward(&self, latent: Matrix<B>, condition: Option<&Condition<B>>) -> Pass<B> {
        let mut inputs = latent;
        for hidden in &self.hidden {
            let sums = hidden.layer.forward(inputs.clone(), condition);
            let output = relu(hidden.norm.forward(sums));
            inputs = Matrix::cat(vec![inputs, output], 1);
        }
        let mut logits = self.output.forward(inputs, condition);
        let mut modes = None;
        if self.sizes.modes > 0 {
            let ([examples, all], width) = (logits.dims(), self.sizes.width());
            modes = Some(logits.clone().slice([0..examples, width..all]));
            logits = logits.slice([0..examples, 0..width]);
        }
        if let Some(condition) = condition {
            let closed = self.softmax.columns_of(condition.units.clone());
            let open = closed.clone().neg().add_scalar(1.0);
            // As certain as a logit can be.
            let certain = condition.units.clone().mul_scalar(2.0).sub(closed);
            logits = logits.mul(open).add(certain.mul_scalar(LARGEST_LOGIT));
        }
        Pass {
            shares: self.softmax.forward(logits.clone()),
            logits,
            modes,
        }
    }

    /// Returns the softmax over the levels of each column.
    pub(crate) fn softmax(&self) -> &ColumnSoftmax<B> {
        &self.softmax
    }
}

impl<B: Backend> Conditioned<B> {
    /// Returns layer `index`, with random weights.
    fn new(
        sizes: &Sizes,
        index: usize,
        bias: Option<Vec<f32>>,
        seed: &Seed,
        device: &B::Device,
    ) -> Self {
        let (inputs, units) = (sizes.inputs_of(index), sizes.units_of(index));
        let last = index == sizes.hidden.len();
        let gain = if last { 1.0 } else { 2.0 };
        let deviation = (gain / inputs as f64).sqrt();
        let seed = seed.index(index as u64);
        let quiet = |numbers: &mut [f32]| {
            if last {
                for row in numbers.chunks_mut(units) {
                    let modes = &mut row[units - sizes.modes..];
                    modes.iter_mut().for_each(|number| *number *= QUIET);
                }
            }
        };
        let mut weights = normals(inputs * units, deviation, &seed);
        quiet(&mut weights);
        let condition = sizes.conditional.then(|| {
            // Of a condition one number is 1 and the others are 0: together they weigh as much as
            // all random numbers.
            let deviation = deviation * (sizes.latent as f64).sqrt();
            let width = sizes.width();
            let mut weights = normals(width * units, deviation, &seed.stream("condition"));
            quiet(&mut weights);
            Embedding {
                weight: Param::from_tensor(upload(weights, width, units, device)),
            }
        });
        Self {
            linear: linear(weights, bias, units, device),
            condition,
        }
    }
}

impl<B: AutodiffBackend> Generator<B> {
    /// Returns the network as plain numbers, with the normalisations written into its weights:
    /// means and deviations are those over these random numbers.
    pub(crate) fn plain(self, latent: Matrix<B>, condition: Option<&Condition<B>>) -> Forward {
        let mut network = self.no_grad();
        // Running statistics that forget everything are those of the last batch.
        for hidden in &mut network.hidden {
            hidden.norm.momentum = 1.0;
        }
        network.forward(latent, condition);
        let mut layers = Vec::new();
        for hidden in &network.hidden {
            let mut layer = hidden.layer.plain(&network.sizes);
            let own = |tensor: burn::tensor::Tensor<B, 1>| download(&tensor.unsqueeze::<2>());
            let norm = &hidden.norm;
            let (gamma, beta) = (own(norm.gamma.val()), own(norm.beta.val()));
            let mean = own(norm.running_mean.value_sync());
            let variance = own(norm.running_var.value_sync());
            let scales = gamma.iter().zip(&variance);
            let scales = scales.map(|(g, v)| g / (v + norm.epsilon as f32).sqrt());
            let scales: Vec<f32> = scales.collect();
            for row in layer.weights.chunks_mut(scales.len()) {
                row.iter_mut()
                    .zip(&scales)
                    .for_each(|(w, scale)| *w *= scale);
            }
            let shifts = beta.iter().zip(&mean).zip(&scales);
            layer.bias = shifts
                .map(|((beta, mean), scale)| beta - mean * scale)
                .collect();
            layers.push(layer);
        }
        layers.push(network.output.plain(&network.sizes));
        Forward::new(network.sizes, layers).expect("layers in the sizes of the network")
    }
}

impl<B: Backend> Conditioned<B> {
    /// Returns the layer as plain numbers: the weights of random numbers, of conditions, of layers.
    fn plain(&self, sizes: &Sizes) -> Layer {
        let mut weights = download(&self.linear.weight.val());
        if let Some(condition) = &self.condition {
            let own = download(&condition.weight.val());
            let [_, units] = condition.weight.dims();
            let behind = sizes.latent * units;
            weights.splice(behind..behind, own);
        }
        let bias = self.linear.bias.as_ref();
        let bias = bias.map(|bias| download(&bias.val().unsqueeze::<2>()));
        Layer {
            weights,
            bias: bias.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_nn::check::check_module;
    use parable_nn::device::Train;
    use parable_nn::init::weights;

    use super::*;
    use crate::condition::Conditions;

    fn sizes(conditional: bool) -> Sizes {
        Sizes {
            latent: 5,
            hidden: vec![7, 6],
            levels: vec![3, 2, 4],
            conditional,
            modes: 4,
        }
    }

    /// Returns the generator with normalisations far from the kinks of the rectifiers, where
    /// differences are no gradients: even units are always on, odd ones off.
    fn generator(sizes: Sizes, seed: &Seed) -> Generator<Train> {
        let device = Default::default();
        let shares = [0.2, 0.3, 0.5, 0.5, 0.5, 0.1, 0.2, 0.3, 0.4];
        let mut generator = Generator::new(sizes, &shares, &[0.5; 4], seed, &device);
        for hidden in &mut generator.hidden {
            let [units] = hidden.norm.gamma.dims();
            let shifts = (0..units).map(|unit| if unit % 2 == 0 { 3.0 } else { -3.0 });
            let on = |numbers: Vec<f32>| {
                let matrix = upload::<Train>(numbers, 1, units, &device);
                Param::from_tensor(matrix.reshape([units]))
            };
            hidden.norm.beta = on(shifts.collect());
            hidden.norm.gamma = on(vec![0.5; units]);
        }
        generator
    }

    fn check(conditional: bool) {
        let (seed, device) = (Seed::from_u64(4), Default::default());
        let generator = generator(sizes(conditional), &seed);
        let normal = |rows, columns, name: &str| {
            weights::<Train>(rows, columns, 1.0, &seed.stream(name), &device)
        };
        let latent = normal(64, 5, "z");
        let (towards, modes_towards) = (normal(64, 9, "g"), normal(64, 4, "said"));
        let shares = vec![vec![0.2, 0.3, 0.5], vec![0.5; 2], vec![0.25; 4]];
        let units = Conditions::new(0.7, shares).units(64, &seed);
        let condition = conditional.then(|| Condition::<Train>::new(units, 9, &device));
        let checked = check_module(&generator, 9, |generator: &Generator<Train>| {
            let pass = generator.forward(latent.clone(), condition.as_ref());
            let modes = pass.modes.expect("modes").mul(modes_towards.clone());
            Matrix::cat(vec![pass.shares.mul(towards.clone()), modes], 1)
        });
        // Two hidden layers of weights, scale and shift; weights and bias; one embedding each.
        assert_eq!(checked, if conditional { 11 } else { 8 });
        // The same numbers without a device.
        let pass = generator.forward(latent.clone(), condition.as_ref());
        let plain = generator.clone().plain(latent.clone(), condition.as_ref());
        let units = condition.into_iter().map(|condition| condition.units);
        let inputs = [vec![latent], units.collect()].concat();
        let outputs = plain.outputs(&download(&Matrix::cat(inputs, 1)));
        let expected = Matrix::cat(vec![pass.shares, pass.modes.expect("modes")], 1);
        let pairs = outputs.iter().zip(download(&expected));
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn gradients_are_those_of_differences_and_plain_numbers_agree() {
        check(false);
        check(true);
    }
}
