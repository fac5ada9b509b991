//! The condition vector: the level of one column at most, given to the generator before a row.
//!
//! The level is the row's own, and the discriminator assesses the row as a whole. Conditions are
//! drawn by the known shares of the columns, released ones in a private fit, so that synthetic rows
//! together still follow the columns. No real row is chosen by a category, as in training by
//! sampling (Xu, Skoularidou, Cuesta-Infante & Veeramachaneni 2019), where a person with a rare
//! level is seen far more often than is charged.

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};
use parable_nn::device::{Matrix, upload};
use parable_seed::{Rng, Seed};

/// Distribution of conditions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditions {
    /// Probability of a condition.
    share: f64,
    /// Shares of the levels of each column.
    columns: Vec<Vec<f32>>,
}

impl Conditions {
    pub(crate) fn new(share: f64, columns: Vec<Vec<f32>>) -> Self {
        Self { share, columns }
    }

    /// Returns the probability of a condition.
    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    /// Returns the shares of the levels of each column.
    pub(crate) fn columns(&self) -> &[Vec<f32>] {
        &self.columns
    }

    /// Draws conditions of so many rows: 1 at the level of each, `[rows, width]`.
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

    /// Draws a column, each as likely as any other, and one of its levels, by their shares.
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

/// Conditions of the examples of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Condition<B: Backend> {
    /// 1 at the level that is the condition of each example, `[examples, width]`.
    pub(crate) units: Matrix<B>,
    /// The level of each example, `[examples, 1]`; 0 for one without a condition.
    pub(crate) levels: Tensor<B, 2, Int>,
    /// 1 for examples with a condition, else 0, `[examples, 1]`.
    pub(crate) present: Matrix<B>,
}

impl<B: Backend> Condition<B> {
    /// Reads conditions from units, `[examples, width]` row by row.
    pub(crate) fn new(units: Vec<f32>, width: usize, device: &B::Device) -> Self {
        let levels = units
            .chunks(width)
            .map(|row| row.iter().position(|&unit| unit > 0.0));
        let levels: Vec<Option<usize>> = levels.collect();
        let count = levels.len();
        let present = levels.iter().map(|own| f32::from(u8::from(own.is_some())));
        let present = upload(present.collect(), count, 1, device);
        let levels: Vec<i32> = levels.iter().map(|own| own.unwrap_or(0) as i32).collect();
        Self {
            units: upload(units, count, width, device),
            levels: Tensor::from_data(TensorData::new(levels, [count, 1]), device),
            present,
        }
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
