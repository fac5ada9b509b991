//! The generator: from random numbers to the shares of the levels of every column.
//!
//! Each layer sees all layers before it. Given its random numbers, the columns of a row are independent, so that the generator is a mixture of
//! product distributions with as many components as there are draws of random numbers.

use burn_tensor::backend::Backend;
use parable_seed::Seed;

use crate::condition::Told;
use crate::forward::{Forward, Layer};
use crate::network::{ColumnSoftmax, LARGEST_LOGIT, Normalised, normalise, normalise_back};
use parable_nn::device::{Matrix, download, upload};
use parable_nn::init::normals;

/// What of their usual size the weights of outputs about modes begin with.
const QUIET: f32 = 0.3;

/// Sizes of a generator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    /// Random numbers per draw.
    pub(crate) latent: usize,
    /// Whether levels are told, which then are inputs, too.
    pub(crate) conditional: bool,
    /// Units of the hidden layers.
    pub(crate) hidden: Vec<usize>,
    /// Levels of each column.
    pub(crate) levels: Vec<usize>,
    /// Outputs behind the logits of all levels, which say where numbers lie within modes.
    pub(crate) said: usize,
}

impl Sizes {
    /// Levels of all columns together.
    pub(crate) fn width(&self) -> usize {
        self.levels.iter().sum()
    }

    /// Logits of all levels, and what is said of modes.
    pub(crate) fn outputs(&self) -> usize {
        self.width() + self.said
    }

    /// Numbers that an example begins with.
    pub(crate) fn inputs(&self) -> usize {
        self.latent + if self.conditional { self.width() } else { 0 }
    }

    /// Inputs of every layer, hidden ones first, and its outputs.
    fn layers(&self) -> Vec<(Vec<usize>, usize)> {
        let mut inputs = vec![self.inputs()];
        let mut layers = Vec::new();
        for &units in &self.hidden {
            layers.push((inputs.clone(), units));
            inputs.push(units);
        }
        layers.push((inputs, self.outputs()));
        layers
    }
}

/// The generator with its parameters.
#[derive(Clone)]
pub(crate) struct Generator<B: Backend> {
    sizes: Sizes,
    softmax: ColumnSoftmax<B>,
    /// Layer by layer: the weights of each input; then, for a hidden layer, scale and shift of its normalisation, for the last one its bias.
    pub(crate) parameters: Vec<Matrix<B>>,
}

/// One pass through the generator, with what the way back needs.
pub(crate) struct Pass<B: Backend> {
    /// The random numbers, then the outputs of the hidden layers.
    inputs: Vec<Matrix<B>>,
    normalised: Vec<Normalised<B>>,
    /// Logits of the levels, `[examples, width]`.
    pub(crate) logits: Matrix<B>,
    /// Shares of the levels, `[examples, width]`.
    pub(crate) shares: Matrix<B>,
    /// What is said of modes, `[examples, said]`.
    pub(crate) said: Option<Matrix<B>>,
    told: Option<Told<B>>,
    /// 0 at columns of which a level was told, else 1.
    open: Option<Matrix<B>>,
}

impl<B: Backend> Generator<B> {
    /// A generator with random weights whose columns have these shares on average, and which says near this of modes.
    pub(crate) fn new(
        sizes: Sizes,
        shares: &[f64],
        said: &[f32],
        seed: &Seed,
        device: &B::Device,
    ) -> Self {
        let seed = seed.stream("gan/generator");
        let mut parameters = Vec::new();
        let layers = sizes.layers();
        for (index, (inputs, units)) in layers.iter().enumerate() {
            let total: usize = inputs.iter().sum();
            let last = index + 1 == layers.len();
            // Of a level that is told one number is 1 and the others are 0: together they weigh as much as all random numbers.
            let told = sizes.inputs() - sizes.latent;
            let deviation = (if last { 1.0f64 } else { 2.0 } / (total - told) as f64).sqrt();
            for (index, &input) in inputs.iter().enumerate() {
                let seed = seed.index(parameters.len() as u64);
                let told = if index == 0 { told } else { 0 };
                let mut numbers = normals(input * units, deviation, &seed);
                let scale = (sizes.latent as f32).sqrt();
                let own = &mut numbers[(input - told) * units..];
                own.iter_mut().for_each(|number| *number *= scale);
                if last {
                    for row in numbers.chunks_mut(*units) {
                        let quiet = &mut row[units - said.len()..];
                        quiet.iter_mut().for_each(|number| *number *= QUIET);
                    }
                }
                parameters.push(upload(numbers, input, *units, device));
            }
            if last {
                let bias = shares.iter().map(|&share| share.max(1e-6).ln() as f32);
                let bias = bias.chain(said.iter().copied());
                parameters.push(upload(bias.collect(), 1, *units, device));
            } else {
                parameters.push(Matrix::ones([1, *units], device));
                parameters.push(Matrix::zeros([1, *units], device));
            }
        }
        let softmax = ColumnSoftmax::new(&sizes.levels, device);
        Self {
            sizes,
            softmax,
            parameters,
        }
    }

    /// Shares of the levels for a batch of random numbers. A level that is `told` (a 1 at its unit) has all of its column.
    pub(crate) fn forward(&self, latent: Matrix<B>, told: Option<Told<B>>) -> Pass<B> {
        let mut inputs = vec![latent];
        let mut normalised = Vec::new();
        let mut at = 0;
        let sum = |inputs: &[Matrix<B>], at: &mut usize| {
            let mut sum: Option<Matrix<B>> = None;
            for (index, input) in inputs.iter().enumerate() {
                let weights = self.parameters[*at].clone();
                let part = match &told {
                    // Of what is told one number of a row is 1: no product is needed.
                    Some(told) if index == 0 => told.product(input, weights),
                    _ => input.clone().matmul(weights),
                };
                sum = Some(match sum {
                    Some(sum) => sum.add(part),
                    None => part,
                });
                *at += 1;
            }
            sum.expect("a layer has an input")
        };
        for _ in &self.sizes.hidden {
            let normal = normalise(sum(&inputs, &mut at));
            let scaled = normal
                .values
                .clone()
                .mul(self.parameters[at].clone())
                .add(self.parameters[at + 1].clone());
            at += 2;
            inputs.push(scaled.clamp_min(0.0));
            normalised.push(normal);
        }
        let mut logits = sum(&inputs, &mut at).add(self.parameters[at].clone());
        let mut said = None;
        if self.sizes.said > 0 {
            let ([examples, all], width) = (logits.dims(), self.sizes.width());
            said = Some(logits.clone().slice([0..examples, width..all]));
            logits = logits.slice([0..examples, 0..width]);
        }
        let mut open = None;
        if let Some(told) = &told {
            let closed = self.softmax.columns_of(told.units.clone());
            let rest = closed.clone().neg().add_scalar(1.0);
            // As certain as a logit can be.
            let certain = told.units.clone().mul_scalar(2.0).sub(closed);
            let certain = certain.mul_scalar(LARGEST_LOGIT);
            logits = logits.mul(rest.clone()).add(certain);
            open = Some(rest);
        }
        Pass {
            said,
            told,
            open,
            inputs,
            normalised,
            shares: self.softmax.forward(logits.clone()),
            logits,
        }
    }

    /// One softmax per column.
    pub(crate) fn softmax(&self) -> &ColumnSoftmax<B> {
        &self.softmax
    }

    /// The gradient of the logits from that of the shares.
    pub(crate) fn back_to_logits(&self, pass: &Pass<B>, shares: Matrix<B>) -> Matrix<B> {
        self.softmax.back(pass.shares.clone(), shares)
    }

    /// Gradients of all parameters, in their order, from the gradients of the logits and of what is said of modes.
    pub(crate) fn back(
        &self,
        pass: &Pass<B>,
        logits: Matrix<B>,
        said: Option<Matrix<B>>,
    ) -> Vec<Matrix<B>> {
        let logits = match &pass.open {
            Some(open) => logits.mul(open.clone()),
            None => logits,
        };
        let said = said.or_else(|| pass.said.as_ref().map(Matrix::zeros_like));
        let logits = match said {
            Some(said) => Matrix::cat(vec![logits, said], 1),
            None => logits,
        };
        let mut beginnings = pass.inputs[0].clone();
        if let Some(told) = &pass.told {
            beginnings = Matrix::cat(vec![beginnings, told.units.clone()], 1);
        }
        let hidden = self.sizes.hidden.len();
        let mut gradients: Vec<Option<Matrix<B>>> = vec![None; self.parameters.len()];
        // Gradients of the outputs of the hidden layers.
        let mut outputs: Vec<Option<Matrix<B>>> = vec![None; hidden];
        let mut end = self.parameters.len();
        gradients[end - 1] = Some(logits.clone().sum_dim(0));
        end -= 1;
        let mut sums = logits;
        for layer in (0..=hidden).rev() {
            let inputs = layer + 1;
            let first = end - inputs;
            for input in 0..inputs {
                let own = if input == 0 {
                    beginnings.clone()
                } else {
                    pass.inputs[input].clone()
                };
                gradients[first + input] = Some(own.transpose().matmul(sums.clone()));
                if input > 0 {
                    let weights = self.parameters[first + input].clone();
                    let part = sums.clone().matmul(weights.transpose());
                    let place = &mut outputs[input - 1];
                    *place = Some(match place.take() {
                        Some(sum) => sum.add(part),
                        None => part,
                    });
                }
            }
            end = first;
            if layer == 0 {
                break;
            }
            let below = layer - 1;
            let output = outputs[below].take().expect("the layer above reads it");
            // 1 where the output is above 0.
            let scaled = output.mul(pass.inputs[layer].clone().sign());
            let normal = &pass.normalised[below];
            gradients[end - 1] = Some(scaled.clone().sum_dim(0));
            gradients[end - 2] = Some(scaled.clone().mul(normal.values.clone()).sum_dim(0));
            let scale = self.parameters[end - 2].clone();
            sums = normalise_back(normal, scaled.mul(scale));
            end -= 2;
        }
        gradients
            .into_iter()
            .map(|gradient| gradient.expect("every parameter is read"))
            .collect()
    }

    /// The network as plain numbers, with the normalisations written into its weights: means and deviations are those over these random numbers.
    pub(crate) fn plain(&self, latent: Matrix<B>, told: Option<Told<B>>) -> Forward {
        let pass = self.forward(latent, told);
        let mut layers = Vec::new();
        let mut at = 0;
        for (index, normal) in pass.normalised.iter().enumerate() {
            let inputs = index + 1;
            let scale = self.parameters[at + inputs]
                .clone()
                .mul(normal.inverse.clone());
            let shift = self.parameters[at + inputs + 1]
                .clone()
                .sub(normal.mean.clone().mul(scale.clone()));
            let weights = self.parameters[at..at + inputs].iter();
            let scaled = weights.map(|w| download(&w.clone().mul(scale.clone())));
            layers.push(Layer {
                weights: scaled.collect(),
                bias: download(&shift),
            });
            at += inputs + 2;
        }
        let inputs = self.sizes.hidden.len() + 1;
        layers.push(Layer {
            weights: self.parameters[at..at + inputs]
                .iter()
                .map(download)
                .collect(),
            bias: download(&self.parameters[at + inputs]),
        });
        Forward::new(self.sizes.clone(), layers).expect("layers in the sizes of the network")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Conditions;
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu};
    use parable_nn::init::weights;

    fn sizes(conditional: bool) -> Sizes {
        Sizes {
            latent: 5,
            hidden: vec![7, 6],
            levels: vec![3, 2, 4],
            conditional,
            said: 4,
        }
    }

    /// With conditions or without.
    struct Check(bool);

    impl Task for Check {
        type Output = ();

        fn run<B: Backend>(self, device: &B::Device) {
            let shares = [0.2, 0.3, 0.5, 0.5, 0.5, 0.1, 0.2, 0.3, 0.4];
            let seed = Seed::from_u64(4);
            let mut generator =
                Generator::<B>::new(sizes(self.0), &shares, &[0.5; 4], &seed, device);
            // Far from the kinks of the rectifiers, where differences are no gradients: even units always on, odd ones off.
            for (at, units) in [(1, 7), (5, 6)] {
                let shifts = (0..units).map(|unit| if unit % 2 == 0 { 3.0 } else { -3.0 });
                generator.parameters[at] = Matrix::ones([1, units], device).mul_scalar(0.5);
                generator.parameters[at + 1] = upload(shifts.collect(), 1, units, device);
            }
            let latent = weights::<B>(64, 5, 1.0, &seed.stream("z"), device);
            let towards = weights::<B>(64, 9, 1.0, &seed.stream("g"), device);
            let said_towards = weights::<B>(64, 4, 1.0, &seed.stream("said"), device);
            let shares = vec![vec![0.2, 0.3, 0.5], vec![0.5; 2], vec![0.25; 4]];
            let units = Conditions::new(0.7, shares).units(64, &seed);
            let told = self.0.then(|| Told::<B>::new(units, 9, 5, device));
            let pass = generator.forward(latent.clone(), told.clone());
            let logits = generator.back_to_logits(&pass, towards.clone());
            let gradients = generator.back(&pass, logits, Some(said_towards.clone()));
            assert_eq!(gradients.len(), generator.parameters.len());
            for (index, gradient) in gradients.iter().enumerate() {
                check_gradient(&generator.parameters[index], gradient, 9, |moved| {
                    let mut other = generator.clone();
                    other.parameters[index] = moved;
                    let moved = other.forward(latent.clone(), told.clone());
                    let said = moved.said.expect("it says something");
                    let mut products = download(&moved.shares.mul(towards.clone()));
                    products.extend(download(&said.mul(said_towards.clone())));
                    products.iter().map(|&x| f64::from(x)).sum()
                });
            }
            // The same numbers without a device.
            let plain = generator.plain(latent.clone(), told.clone());
            let told = told.into_iter().map(|told| told.units);
            let inputs = [vec![latent], told.collect()].concat();
            let made = plain.outputs(&download(&Matrix::cat(inputs, 1)));
            let said = pass.said.expect("it says something");
            let expected = download(&Matrix::cat(vec![pass.shares, said], 1));
            assert!(
                made.iter()
                    .zip(&expected)
                    .all(|(a, b)| (a - b).abs() < 1e-5)
            );
        }
    }

    #[test]
    fn gradients_are_those_of_differences_and_plain_numbers_agree() {
        run_on_cpu(Check(false));
        run_on_cpu(Check(true));
    }
}
