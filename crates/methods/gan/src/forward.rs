//! A trained generator as plain numbers: what a model file holds and what sampling needs.

use std::borrow::Cow;

use parable_nn::init::normals;
use parable_seed::Seed;
use rayon::prelude::*;

use crate::condition::Conditions;

/// Sizes of a generator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    /// Random numbers per draw.
    pub(crate) latent: usize,
    /// Whether there are conditions, whose levels then are inputs, too.
    pub(crate) conditional: bool,
    /// Units of the hidden layers.
    pub(crate) hidden: Vec<usize>,
    /// Levels of each column.
    pub(crate) levels: Vec<usize>,
    /// Mode parameters, which are outputs behind the logits of all levels: where numbers lie within
    /// modes.
    pub(crate) modes: usize,
}

impl Sizes {
    /// Returns the levels of all columns together.
    pub(crate) fn width(&self) -> usize {
        self.levels.iter().sum()
    }

    /// Returns the logits of all levels and the mode parameters.
    pub(crate) fn outputs(&self) -> usize {
        self.width() + self.modes
    }

    /// Returns the numbers that an example begins with: random numbers, then a condition.
    pub(crate) fn inputs(&self) -> usize {
        self.latent + if self.conditional { self.width() } else { 0 }
    }

    /// Returns the inputs of each part of the weights of a layer: the beginning of an example, then
    /// the hidden layers before it.
    pub(crate) fn parts(&self, layer: usize) -> Vec<usize> {
        let hidden = self.hidden[..layer].iter().copied();
        std::iter::once(self.inputs()).chain(hidden).collect()
    }

    /// Returns the inputs of a layer, without those of a condition.
    pub(crate) fn inputs_of(&self, layer: usize) -> usize {
        self.latent + self.hidden[..layer].iter().sum::<usize>()
    }

    /// Returns the units of a layer, the last of which has the outputs.
    pub(crate) fn units_of(&self, layer: usize) -> usize {
        let hidden = self.hidden.get(layer).copied();
        hidden.unwrap_or_else(|| self.outputs())
    }
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// `[inputs, units]` row by row: the beginning of an example, then the hidden layers before.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// A generator without device, normalisation or gradients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Forward {
    sizes: Sizes,
    layers: Vec<Layer>,
}

/// Examples computed together.
const BLOCK: usize = 16;

impl Forward {
    /// Returns nothing if the layers do not have these sizes, or a number is not finite.
    pub(crate) fn new(sizes: Sizes, layers: Vec<Layer>) -> Option<Self> {
        let fits = layers.len() == sizes.hidden.len() + 1
            && layers.iter().enumerate().all(|(index, layer)| {
                let units = sizes.units_of(index);
                let inputs: usize = sizes.parts(index).iter().sum();
                let mut numbers = layer.weights.iter().chain(&layer.bias);
                layer.bias.len() == units
                    && layer.weights.len() == inputs * units
                    && numbers.all(|x| x.is_finite())
            });
        fits.then_some(Self { sizes, layers })
    }

    /// Adds these numbers to the biases of the levels.
    pub(crate) fn with_bias_added(mut self, added: impl Iterator<Item = f32>) -> Self {
        if let Some(last) = self.layers.last_mut() {
            let pairs = last.bias.iter_mut().zip(added);
            pairs.for_each(|(bias, own)| *bias += own);
        }
        self
    }

    pub(crate) fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Returns shares of the levels and mode parameters, `[examples, outputs]` row by row, for
    /// `[examples, inputs]` numbers. Each sum is formed in one fixed order.
    pub(crate) fn outputs(&self, inputs: &[f32]) -> Vec<f32> {
        let size = self.sizes.inputs();
        let width = self.sizes.outputs();
        let mut outputs = vec![0.0f32; inputs.len() / size * width];
        outputs
            .par_chunks_mut(BLOCK * width)
            .zip(inputs.par_chunks(BLOCK * size))
            .for_each(|(outputs, inputs)| {
                outputs.copy_from_slice(&self.logits(inputs));
                let rows = outputs.chunks_mut(width).zip(inputs.chunks(size));
                rows.for_each(|(row, input)| self.normalise(row, &input[self.sizes.latent..]));
            });
        outputs
    }

    /// Returns the outputs of the last layer for a block of examples.
    fn logits(&self, examples: &[f32]) -> Vec<f32> {
        let count = examples.len() / self.sizes.inputs();
        let mut inputs: Vec<Vec<f32>> = vec![examples.to_vec()];
        for (index, layer) in self.layers.iter().enumerate() {
            let units = layer.bias.len();
            let mut outputs = layer.bias.repeat(count);
            let mut rest = &layer.weights[..];
            for (input, size) in inputs.iter().zip(self.sizes.parts(index)) {
                let (own, others) = rest.split_at(size * units);
                add_product(input, own, units, &mut outputs);
                rest = others;
            }
            if index + 1 < self.layers.len() {
                outputs.iter_mut().for_each(|x| *x = x.max(0.0));
            }
            inputs.push(outputs);
        }
        inputs.pop().unwrap_or_default()
    }

    /// Turns the logits of a row into shares; a column with a condition has its level.
    fn normalise(&self, row: &mut [f32], condition: &[f32]) {
        let (mut rest, mut condition) = (row, condition);
        for &levels in &self.sizes.levels {
            let (column, others) = rest.split_at_mut(levels);
            let (own, next) = condition.split_at(levels.min(condition.len()));
            if own.iter().any(|&unit| unit > 0.0) {
                column.copy_from_slice(own);
            } else {
                softmax(column);
            }
            (rest, condition) = (others, next);
        }
    }
}

/// Adds the product of `[examples, inputs]` and `[inputs, units]`.
fn add_product(input: &[f32], weights: &[f32], units: usize, outputs: &mut [f32]) {
    let inputs = weights.len() / units.max(1);
    for (row, outputs) in input.chunks(inputs.max(1)).zip(outputs.chunks_mut(units)) {
        for (&x, weights) in row.iter().zip(weights.chunks(units)) {
            if x != 0.0 {
                for (output, weight) in outputs.iter_mut().zip(weights) {
                    *output += x * weight;
                }
            }
        }
    }
}

fn softmax(column: &mut [f32]) {
    let most = column.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in column.iter_mut() {
        *x = (*x - most).exp();
        sum += *x;
    }
    column.iter_mut().for_each(|x| *x /= sum);
}

/// Sources of the random numbers of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Latent {
    /// A fixed set, `[components, latent]` row by row: the model is the mixture of these
    /// components.
    Fixed(Vec<f32>),
    /// Drawn anew for every sample.
    Drawn,
    /// Drawn anew, as is the condition of each component.
    Conditional(Conditions),
}

impl Latent {
    /// Returns the numbers that the components begin with, `[components, inputs]`: those of the
    /// fixed ones, or of so many drawn ones.
    pub(crate) fn inputs(&self, sizes: &Sizes, count: usize, seed: &Seed) -> Cow<'_, [f32]> {
        let seed = seed.stream("gan/latent");
        let drawn = || normals(count * sizes.latent, 1.0, &seed);
        match self {
            Self::Fixed(numbers) => Cow::Borrowed(numbers),
            Self::Drawn => Cow::Owned(drawn()),
            Self::Conditional(conditions) => {
                let units = conditions.units(count, &seed.stream("conditions"));
                let numbers = drawn();
                let each = numbers
                    .chunks(sizes.latent)
                    .zip(units.chunks(sizes.width()));
                Cow::Owned(each.flat_map(|(z, units)| [z, units].concat()).collect())
            }
        }
    }
}
