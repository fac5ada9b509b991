//! The condition vector: of every made row at most one column is revealed to the generator beforehand.
//!
//! The revealed level is the row's own, and the discriminator judges the row as a whole. What is revealed is drawn by the known shares of the columns, released ones in
//! a private fit, so that made rows together still follow the columns. No real row is chosen by a category, as in training by sampling (Xu, Skoularidou,
//! Cuesta-Infante & Veeramachaneni 2019), where a person with a rare level is seen far more often than is paid for.

use burn_tensor::backend::Backend;
use burn_tensor::{Int, Tensor, TensorData};
use parable_seed::{Rng, Seed};

use parable_nn::device::{Matrix, upload};

/// How conditions are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditions {
    /// Probability that a column is revealed.
    share: f64,
    /// Shares of the levels of each column.
    columns: Vec<Vec<f32>>,
}

impl Conditions {
    pub(crate) fn new(share: f64, columns: Vec<Vec<f32>>) -> Self {
        Self { share, columns }
    }

    /// Probability that a column is revealed.
    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    /// Shares of the levels of each column.
    pub(crate) fn columns(&self) -> &[Vec<f32>] {
        &self.columns
    }

    /// What is revealed of so many rows: 1 at the revealed level of each, `[rows, width]`.
    pub(crate) fn units(&self, rows: usize, seed: &Seed) -> Vec<f32> {
        let width = self.columns.iter().map(Vec::len).sum();
        let mut rng = seed.rng();
        let mut units = vec![0.0f32; rows * width];
        for row in units.chunks_mut(width) {
            if let Some((column, level)) = self.draw(&mut rng) {
                let start: usize = self.columns[..column].iter().map(Vec::len).sum();
                row[start + level] = 1.0;
            }
        }
        units
    }

    /// A column, each as likely as any other, and one of its levels, by their shares.
    fn draw(&self, rng: &mut Rng) -> Option<(usize, usize)> {
        if rng.uniform() >= self.share {
            return None;
        }
        let column = rng.below(self.columns.len() as u64) as usize;
        let shares = &self.columns[column];
        let point = rng.uniform() as f32;
        let mut sum = 0.0;
        let level = shares.iter().position(|share| {
            sum += share;
            point < sum
        });
        // Rounding may leave the last levels' sum below the point.
        let last = || shares.iter().rposition(|&share| share > 0.0).unwrap_or(0);
        Some((column, level.unwrap_or_else(last)))
    }
}

/// What the examples of a batch are told.
#[derive(Clone)]
pub(crate) struct Told<B: Backend> {
    /// 1 at the told level of each example, `[examples, width]`.
    pub(crate) units: Matrix<B>,
    /// Which weights, behind those of so many random numbers, belong to it.
    rows: Tensor<B, 1, Int>,
    /// 1 for examples that are told a level, else 0.
    any: Matrix<B>,
}

impl<B: Backend> Told<B> {
    /// Of examples of this width, which begin with `latent` random numbers.
    pub(crate) fn new(units: Vec<f32>, width: usize, latent: usize, device: &B::Device) -> Self {
        let at = units
            .chunks(width)
            .map(|row| row.iter().position(|&unit| unit > 0.0));
        let at: Vec<Option<usize>> = at.collect();
        let count = at.len();
        let rows: Vec<i32> = at
            .iter()
            .map(|at| (latent + at.unwrap_or(0)) as i32)
            .collect();
        let any = at.iter().map(|at| f32::from(u8::from(at.is_some())));
        Self {
            any: upload(any.collect(), count, 1, device),
            rows: Tensor::from_data(TensorData::new(rows, [count]), device),
            units: upload(units, count, width, device),
        }
    }

    /// The product of what examples begin with and `[inputs, units]` weights.
    pub(crate) fn product(&self, latent: &Matrix<B>, weights: Matrix<B>) -> Matrix<B> {
        let [_, random] = latent.dims();
        let [_, units] = weights.dims();
        let told = weights.clone().select(0, self.rows.clone());
        let weights = weights.slice([0..random, 0..units]);
        latent
            .clone()
            .matmul(weights)
            .add(told.mul(self.any.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_equally_likely_and_levels_follow_their_shares() {
        let conditions = Conditions::new(0.8, vec![vec![0.2, 0.8, 0.0], vec![1.0, 0.0]]);
        let mut counts = [0.0f64; 5];
        for row in conditions.units(10_000, &Seed::from_u64(1)).chunks(5) {
            assert!(row.iter().sum::<f32>() <= 1.0);
            for (count, unit) in counts.iter_mut().zip(row) {
                *count += f64::from(*unit);
            }
        }
        // Counts of 10,000 draws have sd at most 50; five of them.
        for (count, share) in counts.iter().zip([0.08, 0.32, 0.0, 0.4, 0.0]) {
            assert!((count - 10_000.0 * share).abs() < 250.0, "{counts:?}");
        }
    }
}
