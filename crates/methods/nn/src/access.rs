//! Access to confidential rows: private, by charged steps, or plain.

use burn::tensor::backend::Backend;
use parable_core::FitError;
use parable_seed::Seed;

use crate::device::{Matrix, upload};
use crate::dp_sgd::{Charged, StepNoise};
use crate::ghost_clipping::Clip;

/// A part has room for a batch this many standard deviations above the expected size.
const ROOM: f64 = 3.0;

/// Access to the rows of a table, batch by batch.
#[derive(Debug)]
pub enum Access {
    /// Under a guarantee: Poisson batches, clipped gradients, noise, as charged.
    Private(Charged, Box<StepNoise>),
    /// Without a guarantee.
    Plain,
}

impl Access {
    /// Returns whether rows are read under a guarantee.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Private(..))
    }

    /// Returns the clip of gradients of rows, if there is one.
    pub fn clip(&self) -> Option<Clip> {
        match self {
            Self::Private(charged, _) => Some(charged.clip()),
            Self::Plain => None,
        }
    }

    /// Returns the variance of the noise in each number of a mean over a batch of this expected
    /// size.
    pub fn noise_variance(&self, batch: usize) -> f64 {
        match self {
            Self::Private(charged, _) => charged.variance() / (batch as f64).powi(2),
            Self::Plain => 0.0,
        }
    }

    /// Returns how many rows to compute at once, at most `most`: room for nearly every batch of
    /// this expected size.
    pub fn part(&self, batch: usize, most: usize) -> usize {
        let room = match self {
            Self::Private(..) => (batch as f64 + ROOM * (batch as f64).sqrt()).ceil() as usize,
            Self::Plain => batch,
        };
        room.min(most).next_multiple_of(32)
    }

    /// Starts a step and draws its batch out of `rows` rows.
    ///
    /// Under a guarantee each row is in the batch by a coin of its own (Poisson sampling); else as
    /// many as expected are drawn with the seed.
    pub fn draw(&mut self, rows: usize, batch: usize, step: u64, seed: &Seed) -> Vec<u32> {
        match self {
            Self::Private(charged, noise) => {
                noise.begin(step);
                charged.draw_rows(rows, noise.source())
            }
            Self::Plain => {
                let mut rng = seed.stream("rows").index(step).rng();
                (0..batch).map(|_| rng.below(rows as u64) as u32).collect()
            }
        }
    }

    /// Returns a seed for random numbers that belong to the rows of the current step.
    ///
    /// Under a guarantee nobody knows it, so that it does not matter that the position of a row in
    /// its batch, and with it its numbers, depends on other rows.
    pub fn seed_of_step(&mut self, step: u64, seed: &Seed) -> Seed {
        match self {
            Self::Private(_, noise) => Seed::from_u64(noise.source().next_u64()),
            Self::Plain => seed.stream("codes").index(step),
        }
    }

    /// Adds the noise of the current step to sums of clipped gradients; without a guarantee,
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`FitError::Setting`] when all steps that were charged are taken.
    pub fn add_noise<B: Backend>(&mut self, sums: &mut [Matrix<B>]) -> Result<(), FitError> {
        let Self::Private(charged, source) = self else {
            return Ok(());
        };
        let count = |sum: &Matrix<B>| sum.dims().iter().product::<usize>();
        let total = sums.iter().map(count).sum();
        let mut noise = charged.step_noise(total, source.source())?;
        for sum in sums {
            let rest = noise.split_off(count(sum));
            let [rows, columns] = sum.dims();
            *sum = sum.clone().add(upload(noise, rows, columns, &sum.device()));
            noise = rest;
        }
        Ok(())
    }
}

/// Returns part `at` of rows of this width, padded to `size` rows with zeros, and a column with 1
/// for each row that is present.
pub fn part<B: Backend>(
    rows: &[f32],
    width: usize,
    at: usize,
    size: usize,
    device: &B::Device,
) -> (Matrix<B>, Matrix<B>) {
    let start = (at * size * width).min(rows.len());
    let own = &rows[start..rows.len().min(start + size * width)];
    let mut padded = own.to_vec();
    padded.resize(size * width, 0.0);
    let mut present = vec![0.0f32; size];
    present[..own.len() / width].fill(1.0);
    (
        upload(padded, size, width, device),
        upload(present, size, 1, device),
    )
}

/// Adds up what `sums` returns for each part of rows of this width: the number of the part, its
/// rows, and which of them are present.
///
/// A batch without rows is one part of padding, so that noise is added to it as to any other.
pub fn add_parts<B: Backend>(
    rows: &[f32],
    width: usize,
    size: usize,
    device: &B::Device,
    sums: impl Fn(usize, Matrix<B>, Matrix<B>) -> Vec<Matrix<B>>,
) -> Vec<Matrix<B>> {
    let parts = rows.len().div_ceil(size * width).max(1);
    let each = (0..parts).map(|at| {
        let (rows, present) = part(rows, width, at, size, device);
        sums(at, rows, present)
    });
    let add = |a: Vec<Matrix<B>>, b: Vec<Matrix<B>>| {
        let pairs = a.into_iter().zip(b);
        pairs.map(|(a, b)| a.add(b)).collect()
    };
    each.reduce(add).expect("a part")
}
