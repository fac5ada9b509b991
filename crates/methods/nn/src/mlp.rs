//! Multilayer perceptrons whose gradients are known example by example.
//!
//! There is no normalisation: it would mix the examples of a batch, and the gradient of a row must
//! be its own. For a layer `z = a W + b` and one example, the gradient of the weights is the outer
//! product of `a` and of the gradient of `z`, so that its norm is the product of two norms: norms
//! of all examples cost no second pass (Goodfellow 2015; ghost clipping: Bu, Wang, Zha & Karypis
//! 2022). Clipping scales the gradient of `z` of each example, and one product sums what is left.
//!
//! These are the only gradients that are written out. Everything else is differentiated by Burn.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::{Matrix, upload};
use crate::ghost_clipping::{Clip, square_norms};
use crate::init::{linear, normals};

/// Sizes of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Numbers of an example.
    pub inputs: usize,
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Units of the last layer.
    pub outputs: usize,
    /// Whether each layer sees the examples and all layers before it; else only the last one.
    pub dense: bool,
    /// Slope of the rectifiers below 0.
    pub leak: f64,
}

/// A multilayer perceptron with leaky rectifiers.
#[derive(Module, Debug)]
pub struct Mlp<B: Backend> {
    layers: Vec<Linear<B>>,
    dense: bool,
    leak: f64,
}

/// One pass over a batch, with what the backward pass needs.
#[derive(Clone, Debug)]
pub struct Trace<B: Backend> {
    /// Inputs of every layer.
    inputs: Vec<Matrix<B>>,
    /// Outputs of the hidden layers.
    hidden: Vec<Matrix<B>>,
    /// Outputs of the last layer, which has no rectifier.
    pub outputs: Matrix<B>,
}

/// Gradients of the losses of single examples by the outputs of every layer before its rectifier.
pub type Deltas<B> = Vec<Matrix<B>>;

impl<B: Backend> Mlp<B> {
    /// Returns a network with random weights.
    #[must_use]
    pub fn new(shape: &Shape, seed: &Seed, device: &B::Device) -> Self {
        let mut layers = Vec::new();
        let mut inputs = shape.inputs;
        let units = shape.hidden.iter().chain([&shape.outputs]);
        for (layer, &units) in units.enumerate() {
            let slope = 1.0 + shape.leak * shape.leak;
            let deviation = (2.0 / (inputs as f64 * slope)).sqrt();
            let weights = normals(inputs * units, deviation, &seed.index(layer as u64));
            layers.push(linear(weights, Some(vec![0.0; units]), units, device));
            inputs = if shape.dense { inputs + units } else { units };
        }
        Self {
            layers,
            dense: shape.dense,
            leak: shape.leak,
        }
    }

    /// Sets the biases of the last layer and scales its weights.
    #[must_use]
    pub fn with_outputs(mut self, bias: Vec<f32>, scale: f64) -> Self {
        if let Some(last) = self.layers.last_mut() {
            let weights = last.weight.val().mul_scalar(scale);
            last.weight = Param::from_tensor(weights.detach());
            let units = bias.len();
            let bias = upload::<B>(bias, 1, units, &last.weight.device());
            last.bias = Some(Param::from_tensor(bias.reshape([units])));
        }
        self
    }

    /// Returns the layers from the first to the last.
    pub fn layers(&self) -> &[Linear<B>] {
        &self.layers
    }

    /// Passes examples through the network.
    pub fn forward(&self, examples: Matrix<B>) -> Trace<B> {
        let mut trace = Trace {
            inputs: Vec::with_capacity(self.layers.len()),
            hidden: Vec::with_capacity(self.layers.len()),
            outputs: examples,
        };
        for (layer, linear) in self.layers.iter().enumerate() {
            let seen = match (trace.inputs.last(), self.dense) {
                (Some(before), true) => Matrix::cat(vec![before.clone(), trace.outputs], 1),
                _ => trace.outputs,
            };
            let sums = linear.forward(seen.clone());
            trace.inputs.push(seen);
            if layer + 1 == self.layers.len() {
                trace.outputs = sums;
            } else {
                trace.outputs = if self.leak == 0.0 {
                    relu(sums)
                } else {
                    leaky_relu(sums, self.leak)
                };
                trace.hidden.push(trace.outputs.clone());
            }
        }
        trace
    }

    /// Returns the gradients of every layer, from those of the outputs of the network.
    pub fn deltas(&self, trace: &Trace<B>, outputs: Matrix<B>) -> Deltas<B> {
        let mut deltas = vec![outputs];
        // From the last layer down.
        for layer in (1..self.layers.len()).rev() {
            let towards = self.backward(&deltas, layer);
            deltas.push(towards.mul(self.slopes(&trace.hidden[layer - 1])));
        }
        deltas.reverse();
        deltas
    }

    /// Returns the gradient of the outputs of hidden layer `input - 1` (0: of the examples), from
    /// the deltas of the layers above it, the last one first.
    fn backward(&self, deltas: &[Matrix<B>], input: usize) -> Matrix<B> {
        let last = self.layers.len() - 1;
        let above = if self.dense {
            input..last + 1
        } else {
            input..input + 1
        };
        let parts = above.map(|layer| {
            let weights = self.layers[layer].weight.val();
            let weights = if self.dense {
                // Rows stand in the order of what a layer sees: the examples, then layer by layer.
                let [_, units] = weights.dims();
                let end = self.layers[input].weight.dims()[0];
                let start = match input.checked_sub(1) {
                    Some(below) => self.layers[below].weight.dims()[0],
                    None => 0,
                };
                weights.slice([start..end, 0..units])
            } else {
                weights
            };
            deltas[last - layer].clone().matmul(weights.transpose())
        });
        parts.reduce(Matrix::add).expect("a layer sees it")
    }

    /// Returns 1 for outputs above 0, the leak for the others.
    fn slopes(&self, outputs: &Matrix<B>) -> Matrix<B> {
        // The sign is -1, 0 or 1; an output of exactly 0 gets the middle of both slopes, and
        // without a leak the lower one.
        let sign = outputs.clone().sign();
        if self.leak == 0.0 {
            return sign;
        }
        sign.mul_scalar(0.5 * (1.0 - self.leak))
            .add_scalar(0.5 * (1.0 + self.leak))
    }

    /// Returns squared norms of the gradients of single examples, layer by layer, `[examples, 1]`.
    pub fn square_norms(&self, trace: &Trace<B>, deltas: &Deltas<B>) -> Vec<Matrix<B>> {
        let layers = trace.inputs.iter().zip(deltas);
        layers
            .map(|(inputs, delta)| square_norms(delta).mul(square_norms(inputs).add_scalar(1.0)))
            .collect()
    }

    /// Returns sums over examples of their gradients, each scaled by the factor of its layer: one
    /// for each parameter.
    pub fn sums(
        &self,
        trace: &Trace<B>,
        deltas: Deltas<B>,
        factors: Option<&[Matrix<B>]>,
    ) -> Vec<Matrix<B>> {
        let mut sums = Vec::with_capacity(2 * deltas.len());
        for (layer, delta) in deltas.into_iter().enumerate() {
            let delta = match factors {
                Some(factors) => delta.mul(factors[layer].clone()),
                None => delta,
            };
            let inputs = trace.inputs[layer].clone();
            sums.push(inputs.transpose().matmul(delta.clone()));
            sums.push(delta.sum_dim(0));
        }
        sums
    }

    /// Returns sums over examples of their clipped gradients (without `clip`: of their gradients),
    /// one for each parameter.
    ///
    /// `outputs` holds the gradient of the loss of each example by its own outputs; rows of 0 leave
    /// an example out.
    pub fn clipped_sum(
        &self,
        trace: &Trace<B>,
        outputs: Matrix<B>,
        clip: Option<Clip>,
    ) -> Vec<Matrix<B>> {
        let deltas = self.deltas(trace, outputs);
        let factors = clip.map(|clip| clip.factors(self.square_norms(trace, &deltas)));
        self.sums(trace, deltas, factors.as_deref())
    }

    /// Returns the gradient of the examples themselves.
    pub fn input_gradient(&self, mut deltas: Deltas<B>) -> Matrix<B> {
        deltas.reverse();
        self.backward(&deltas, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use burn::tensor::backend::AutodiffBackend;

    use super::*;
    use crate::check::check_gradient;
    use crate::device::{Task, download, run_on_cpu};
    use crate::ghost_clipping::Clipping;
    use crate::init::weights;
    use crate::module::{parameters, with_parameters};

    fn shape(dense: bool, leak: f64) -> Shape {
        Shape {
            inputs: 11,
            hidden: vec![9, 8],
            outputs: 3,
            dense,
            leak,
        }
    }

    /// The loss of a row: the sum of `ln(1 + e^output)` over its outputs.
    fn loss<B: Backend>(outputs: &Matrix<B>) -> f64 {
        let outputs = download(outputs);
        outputs
            .iter()
            .map(|&x| (1.0 + f64::from(x).exp()).ln())
            .sum()
    }

    fn slopes<B: Backend>(outputs: &Matrix<B>) -> Matrix<B> {
        outputs.clone().neg().exp().add_scalar(1.0).recip()
    }

    struct Gradients(Shape);

    impl Task for Gradients {
        type Output = ();

        fn run<B: AutodiffBackend>(self, device: &B::Device) {
            let seed = Seed::from_u64(3);
            let network = Mlp::<B::InnerBackend>::new(&self.0, &seed, device);
            let rows = weights::<B::InnerBackend>(25, 11, 1.0, &seed.stream("x"), device);
            let trace = network.forward(rows.clone());
            let slopes = slopes(&trace.outputs);
            let sums = network.clipped_sum(&trace, slopes.clone(), None);
            let all = parameters(&network);
            assert_eq!(sums.len(), all.len());
            for (index, gradient) in sums.iter().enumerate() {
                check_gradient(&all[index], gradient, 5, |moved| {
                    let mut other = all.clone();
                    other[index] = moved;
                    let other = with_parameters(network.clone(), other);
                    loss(&other.forward(rows.clone()).outputs)
                });
            }
            let back = network.input_gradient(network.deltas(&trace, slopes));
            check_gradient(&rows, &back, 6, |x| loss(&network.forward(x).outputs));
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for (dense, leak) in [(false, 0.2), (true, 0.2), (true, 0.0)] {
            run_on_cpu(Gradients(shape(dense, leak)));
        }
    }

    struct Naive(Shape, Clip);

    impl Task for Naive {
        type Output = (Vec<Vec<f32>>, Vec<Vec<f32>>, usize);

        /// The clipped sum at once, and example by example; how many gradients of examples, or of
        /// layers of examples, were clipped.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output {
            let Self(shape, clip) = self;
            let seed = Seed::from_u64(8);
            let network = Mlp::<B::InnerBackend>::new(&shape, &seed, device);
            let rows = weights::<B::InnerBackend>(64, shape.inputs, 1.0, &seed.stream("x"), device);
            let trace = network.forward(rows.clone());
            let at_once = network.clipped_sum(&trace, slopes(&trace.outputs), Some(clip));
            // Weights and bias of each layer.
            let layers = network.layers.iter().enumerate();
            let layers = layers.map(|(layer, _)| 2 * layer..2 * layer + 2);
            let layers: Vec<Range<usize>> = layers.collect();
            let (groups, norm) = match clip.clipping {
                Clipping::Flat => {
                    let all = std::iter::once(0..2 * layers.len());
                    (all.collect(), clip.norm)
                }
                Clipping::PerLayer => {
                    let norm = clip.norm / (layers.len() as f64).sqrt();
                    (layers, norm)
                }
            };
            let mut sums: Option<Vec<Vec<f32>>> = None;
            let mut clipped = 0;
            for example in 0..64 {
                let row = rows.clone().slice([example..example + 1, 0..shape.inputs]);
                let trace = network.forward(row);
                let own = network.clipped_sum(&trace, slopes(&trace.outputs), None);
                let mut own: Vec<Vec<f32>> = own.iter().map(download).collect();
                for group in &groups {
                    let squares = own[group.clone()].iter().flatten();
                    let size = squares.map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                    clipped += usize::from(size > norm);
                    let factor = (norm / size).min(1.0) as f32;
                    own[group.clone()]
                        .iter_mut()
                        .flatten()
                        .for_each(|x| *x *= factor);
                }
                match &mut sums {
                    None => sums = Some(own),
                    Some(sums) => {
                        let pairs = sums.iter_mut().flatten().zip(own.iter().flatten());
                        pairs.for_each(|(sum, own)| *sum += own);
                    }
                }
            }
            let at_once = at_once.iter().map(download).collect();
            (at_once, sums.expect("examples"), clipped)
        }
    }

    #[test]
    fn clipped_sums_are_those_of_the_loop_over_examples() {
        for dense in [false, true] {
            for clipping in [Clipping::Flat, Clipping::PerLayer] {
                let mut seen = Vec::new();
                for norm in [0.05, 8.0, 1e3] {
                    let clip = Clip { norm, clipping };
                    let (at_once, looped, clipped) = run_on_cpu(Naive(shape(dense, 0.2), clip));
                    let (mut difference, mut size) = (0.0f64, 0.0f64);
                    for (a, b) in at_once.iter().flatten().zip(looped.iter().flatten()) {
                        difference += f64::from(a - b).powi(2);
                        size += f64::from(*b).powi(2);
                    }
                    let relative = (difference / size).sqrt();
                    assert!(relative < 1e-5, "{clip:?}: {relative}");
                    seen.push(clipped);
                }
                // All, some and none are clipped.
                assert!(seen[0] >= 64 && seen[1] > 0 && seen[1] < seen[0] && seen[2] == 0);
            }
        }
    }

    struct OneRow(Clip, f32);

    impl Task for OneRow {
        type Output = f64;

        /// How far the clipped sum moves when one row of any size is added.
        fn run<B: AutodiffBackend>(self, device: &B::Device) -> f64 {
            let seed = Seed::from_u64(9);
            let network = Mlp::<B::InnerBackend>::new(&shape(false, 0.2), &seed, device);
            let mut numbers = vec![0.1f32; 11 * 7];
            numbers[66..].fill(self.1);
            let rows = upload::<B::InnerBackend>(numbers, 7, 11, device);
            let trace = network.forward(rows);
            let sum = |keep: f32| {
                let mut slopes = vec![-0.5f32; 7 * 3];
                slopes[18..].iter_mut().for_each(|slope| *slope *= keep);
                let slopes = upload::<B::InnerBackend>(slopes, 7, 3, device);
                let sums = network.clipped_sum(&trace, slopes, Some(self.0));
                sums.iter().flat_map(download).collect::<Vec<f32>>()
            };
            let (with, without) = (sum(1.0), sum(0.0));
            let moved = with.iter().zip(&without);
            moved
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum::<f64>()
                .sqrt()
        }
    }

    #[test]
    fn one_row_moves_the_sum_by_no_more_than_the_clip() {
        for clipping in [Clipping::Flat, Clipping::PerLayer] {
            let moved = |norm: f64, size: f32| run_on_cpu(OneRow(Clip { norm, clipping }, size));
            for norm in [0.3, 1.0] {
                for size in [0.0, 1.0, 1e3, 1e6] {
                    let moved = moved(norm, size);
                    assert!(moved <= norm * (1.0 + 1e-4), "{moved} above {norm}");
                }
                // Without clipping, the check above would fail.
                assert!(moved(1e12, 1e3) > 10.0 * norm);
            }
        }
        // So it would if every layer could have the whole norm.
        let whole = Clip {
            norm: 3.0f64.sqrt(),
            clipping: Clipping::PerLayer,
        };
        assert!(run_on_cpu(OneRow(whole, 1e3)) > 1.01);
    }
}
