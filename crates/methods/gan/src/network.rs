//! The pieces networks are made of, each with its way back.
//!
//! Gradients are written out: there is no tape. Rows of a matrix are examples, columns are units.

use burn_tensor::backend::Backend;
use parable_nn::device::{Matrix, download, upload};

/// Added to a variance before its root is taken.
const EPSILON: f64 = 1e-5;
/// Logits beyond this are as good as certain; exponentials stay in range.
pub(crate) const LARGEST_LOGIT: f64 = 30.0;

/// Mean of each column.
pub(crate) fn means<B: Backend>(matrix: Matrix<B>) -> Matrix<B> {
    let [rows, _] = matrix.dims();
    matrix.sum_dim(0).mul_scalar(1.0 / rows as f64)
}

/// What the way back through a normalisation needs.
#[derive(Clone)]
pub(crate) struct Normalised<B: Backend> {
    /// Columns with mean 0 and variance 1.
    pub(crate) values: Matrix<B>,
    /// Means of the columns before.
    pub(crate) mean: Matrix<B>,
    /// One over their standard deviations.
    pub(crate) inverse: Matrix<B>,
}

/// Brings each column to mean 0 and variance 1 over the batch (Ioffe & Szegedy 2015). Mixes the examples of a batch, so that no real row
/// may pass.
pub(crate) fn normalise<B: Backend>(matrix: Matrix<B>) -> Normalised<B> {
    let mean = means(matrix.clone());
    let centred = matrix.sub(mean.clone());
    let variance = means(centred.clone().mul(centred.clone()));
    let inverse = variance.add_scalar(EPSILON).sqrt().recip();
    Normalised {
        values: centred.mul(inverse.clone()),
        mean,
        inverse,
    }
}

/// The gradient before a normalisation from the one behind it.
pub(crate) fn normalise_back<B: Backend>(
    normalised: &Normalised<B>,
    gradient: Matrix<B>,
) -> Matrix<B> {
    let values = normalised.values.clone();
    let along = means(gradient.clone().mul(values.clone()));
    let mean = means(gradient.clone());
    gradient
        .sub(mean)
        .sub(values.mul(along))
        .mul(normalised.inverse.clone())
}

/// Shares of the levels of each column from logits: one softmax per group of units, in one pass over the matrix.
#[derive(Clone)]
pub(crate) struct ColumnSoftmax<B: Backend> {
    /// `[units, columns]`: 1 where the unit belongs to the column.
    gather: Matrix<B>,
    /// Its transpose.
    spread: Matrix<B>,
}

impl<B: Backend> ColumnSoftmax<B> {
    /// For columns with these numbers of levels.
    pub(crate) fn new(levels: &[usize], device: &B::Device) -> Self {
        let units: usize = levels.iter().sum();
        let mut gather = vec![0.0f32; units * levels.len()];
        let mut unit = 0;
        for (column, &count) in levels.iter().enumerate() {
            for _ in 0..count {
                gather[unit * levels.len() + column] = 1.0;
                unit += 1;
            }
        }
        let gather = upload::<B>(gather, units, levels.len(), device);
        let spread = upload::<B>(
            transpose(&download(&gather), units, levels.len()),
            levels.len(),
            units,
            device,
        );
        Self { gather, spread }
    }

    pub(crate) fn forward(&self, logits: Matrix<B>) -> Matrix<B> {
        let raised = logits.clamp(-LARGEST_LOGIT, LARGEST_LOGIT).exp();
        let sums = raised.clone().matmul(self.gather.clone());
        raised.mul(sums.recip().matmul(self.spread.clone()))
    }

    /// 1 at every unit of a column that has a 1 at some unit, 0 elsewhere.
    pub(crate) fn columns_of(&self, units: Matrix<B>) -> Matrix<B> {
        units
            .matmul(self.gather.clone())
            .matmul(self.spread.clone())
    }

    /// The gradient before the softmax from the one behind it.
    pub(crate) fn back(&self, shares: Matrix<B>, gradient: Matrix<B>) -> Matrix<B> {
        let mean = shares
            .clone()
            .mul(gradient.clone())
            .matmul(self.gather.clone())
            .matmul(self.spread.clone());
        gradient.sub(mean).mul(shares)
    }
}

/// The transpose of a matrix that stands row by row.
pub(crate) fn transpose(numbers: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = vec![0.0; numbers.len()];
    for row in 0..rows {
        for column in 0..columns {
            turned[column * rows + row] = numbers[row * columns + column];
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu};
    use parable_nn::init::weights;
    use parable_seed::Seed;

    use super::*;

    /// A loss whose gradient is the matrix `towards`.
    fn inner<B: Backend>(values: &Matrix<B>, towards: &Matrix<B>) -> f64 {
        download(&values.clone().mul(towards.clone()))
            .iter()
            .map(|&x| f64::from(x))
            .sum()
    }

    struct Pieces;

    impl Task for Pieces {
        type Output = ();

        fn run<B: Backend>(self, device: &B::Device) {
            let seed = |n| Seed::from_u64(n);
            let x = weights::<B>(40, 9, 1.5, &seed(1), device);
            let towards = weights::<B>(40, 9, 1.0, &seed(2), device);
            let normalised = normalise(x.clone());
            let back = normalise_back(&normalised, towards.clone());
            check_gradient(&x, &back, 3, |x| inner(&normalise(x).values, &towards));

            let softmax = ColumnSoftmax::<B>::new(&[4, 2, 3], device);
            let shares = softmax.forward(x.clone());
            for row in download(&shares).chunks(9) {
                for (from, to) in [(0, 4), (4, 6), (6, 9)] {
                    let sum: f32 = row[from..to].iter().sum();
                    assert!((sum - 1.0).abs() < 1e-5);
                }
            }
            let back = softmax.back(shares, towards.clone());
            check_gradient(&x, &back, 4, |x| inner(&softmax.forward(x), &towards));
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        run_on_cpu(Pieces);
    }
}
