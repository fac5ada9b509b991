//! Random numbers and weights, by named seeds.

use burn_tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::{Matrix, upload};

/// Weights drawn from a normal distribution with this standard deviation.
pub fn weights<B: Backend>(
    rows: usize,
    columns: usize,
    deviation: f64,
    seed: &Seed,
    device: &B::Device,
) -> Matrix<B> {
    upload(
        normals(rows * columns, deviation, seed),
        rows,
        columns,
        device,
    )
}

/// Normal numbers with this standard deviation.
pub fn normals(count: usize, deviation: f64, seed: &Seed) -> Vec<f32> {
    let mut rng = seed.rng();
    (0..count)
        .map(|_| (deviation * rng.normal()) as f32)
        .collect()
}
