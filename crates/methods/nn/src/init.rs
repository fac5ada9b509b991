//! Random numbers and weights, by named seeds.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::{Matrix, upload};

/// Returns weights drawn from a normal distribution with this standard deviation.
pub fn weights<B: Backend>(
    rows: usize,
    columns: usize,
    deviation: f64,
    seed: &Seed,
    device: &B::Device,
) -> Matrix<B> {
    let numbers = normals(rows * columns, deviation, seed);
    upload(numbers, rows, columns, device)
}

/// Returns normal numbers with this standard deviation.
#[must_use]
pub fn normals(count: usize, deviation: f64, seed: &Seed) -> Vec<f32> {
    let mut rng = seed.rng();
    (0..count)
        .map(|_| (deviation * rng.normal()) as f32)
        .collect()
}

/// Returns a layer with these weights, row by row, and these biases.
pub fn linear<B: Backend>(
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    units: usize,
    device: &B::Device,
) -> Linear<B> {
    let inputs = weights.len() / units.max(1);
    let weights = upload::<B>(weights, inputs, units, device);
    let bias = bias.map(|bias| upload::<B>(bias, 1, units, device).reshape([units]));
    Linear {
        weight: Param::from_tensor(weights),
        bias: bias.map(Param::from_tensor),
    }
}
