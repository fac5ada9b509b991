//! Teaching by counts: cross-entropy of measured shares against those of the generator.
//!
//! The shares that the generator gives to every pair of levels of every two columns are one product of a matrix with its own transpose. The loss is
//! that of a network trained on noisy marginals (Liu, Vietri & Wu 2021 fit squared errors of sampled answers; here the cross-entropy of all
//! measured cells, on a mixture of fixed components).

use burn_tensor::backend::Backend;

use crate::layout::Layout;
use crate::teacher::targets::Targets;
use parable_nn::device::{Matrix, download, upload};

/// Added to a share before anything is divided by it.
const LEAST_SHARE: f64 = 1e-7;

/// What belongs to the first and to the second column of each product.
type Factors<B> = (Matrix<B>, Matrix<B>);

/// Targets on a device.
pub(crate) struct MarginalTeacher<B: Backend> {
    units: Matrix<B>,
    pairs: Matrix<B>,
    /// For each product of two columns: which unit of the first and of the second each of its units stands for.
    products: Option<Factors<B>>,
    width: usize,
}

impl<B: Backend> MarginalTeacher<B> {
    pub(crate) fn new(layout: &Layout, targets: &Targets, device: &B::Device) -> Self {
        let (width, size) = (layout.width(), layout.extended());
        let products = (size > width).then(|| {
            let extra = size - width;
            let mut first = vec![0.0f32; width * extra];
            let mut second = vec![0.0f32; width * extra];
            let mut unit = 0;
            for &(a, b) in layout.products() {
                for i in layout.column(a) {
                    for j in layout.column(b) {
                        first[i * extra + unit] = 1.0;
                        second[j * extra + unit] = 1.0;
                        unit += 1;
                    }
                }
            }
            let on = |numbers| upload::<B>(numbers, width, extra, device);
            (on(first), on(second))
        });
        Self {
            units: upload(targets.units.clone(), 1, width, device),
            pairs: upload(targets.pairs.clone(), size, size, device),
            products,
            width,
        }
    }

    /// Replaces the targets.
    pub(crate) fn teach(&mut self, targets: &Targets) {
        let device = self.units.device();
        let [size, _] = self.pairs.dims();
        self.units = upload(targets.units.clone(), 1, self.width, &device);
        self.pairs = upload(targets.pairs.clone(), size, size, &device);
    }

    /// Shares of every two units, columns and products alike, of the mixture whose components have these shares.
    pub(crate) fn gram(&self, shares: &Matrix<B>) -> Matrix<B> {
        gram(self.extended(shares).0)
    }

    /// Units of columns and of products, and the factors of the products.
    fn extended(&self, shares: &Matrix<B>) -> (Matrix<B>, Option<Factors<B>>) {
        match &self.products {
            None => (shares.clone(), None),
            Some((first, second)) => {
                let a = shares.clone().matmul(first.clone());
                let b = shares.clone().matmul(second.clone());
                let both = vec![shares.clone(), a.clone().mul(b.clone())];
                (Matrix::cat(both, 1), Some((a, b)))
            }
        }
    }

    /// The gradient of the loss for the shares.
    pub(crate) fn gradient(&self, shares: &Matrix<B>) -> Matrix<B> {
        let [examples, _] = shares.dims();
        let scale = -1.0 / examples as f64;
        let (extended, factors) = self.extended(shares);
        let slopes = self
            .pairs
            .clone()
            .div(gram(extended.clone()).add_scalar(LEAST_SHARE));
        let whole = extended.matmul(slopes).mul_scalar(scale);
        let mean = crate::network::means(shares.clone());
        let units = self
            .units
            .clone()
            .div(mean.add_scalar(LEAST_SHARE))
            .mul_scalar(scale);
        let own = match (&self.products, factors) {
            (Some((first, second)), Some((a, b))) => {
                let [_, size] = whole.dims();
                let products = whole.clone().slice([0..examples, self.width..size]);
                let to_first = products.clone().mul(b).matmul(first.clone().transpose());
                let to_second = products.mul(a).matmul(second.clone().transpose());
                whole
                    .slice([0..examples, 0..self.width])
                    .add(to_first)
                    .add(to_second)
            }
            _ => whole,
        };
        own.add(units)
    }

    /// The loss: cross-entropy of the targets less their entropy, so that 0 is the best there can be; per measured set.
    pub(crate) fn loss(&self, shares: &Matrix<B>, sets: usize) -> f64 {
        let divergence = |targets: &Matrix<B>, model: &Matrix<B>| -> f64 {
            let (targets, model) = (download(targets), download(model));
            targets
                .iter()
                .zip(&model)
                .filter(|(target, _)| **target > 0.0)
                .map(|(&t, &m)| {
                    let (t, m) = (f64::from(t), f64::from(m) + LEAST_SHARE);
                    t * (t / m).ln()
                })
                .sum()
        };
        let mean = crate::network::means(shares.clone());
        let units = divergence(&self.units, &mean);
        let pairs = 0.5 * divergence(&self.pairs, &self.gram(shares));
        (units + pairs) / sets.max(1) as f64
    }
}

fn gram<B: Backend>(extended: Matrix<B>) -> Matrix<B> {
    let [examples, _] = extended.dims();
    extended
        .clone()
        .transpose()
        .matmul(extended)
        .mul_scalar(1.0 / examples as f64)
}

#[cfg(test)]
mod tests {
    use parable_domain::AttrSet;
    use parable_seed::Seed;

    use super::*;
    use crate::network::ColumnSoftmax;
    use crate::teacher::targets::{Measured, targets};
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu};
    use parable_nn::init::weights;

    struct Check;

    impl Task for Check {
        type Output = ();

        fn run<B: Backend>(self, device: &B::Device) {
            let levels = [3, 2, 4];
            let sets = [AttrSet::new([0, 1, 2]), AttrSet::new([1, 2])];
            let layout = Layout::new(&levels, sets.iter());
            let counts = |n: usize| (0..n).map(|i| 1.0 + (i * 7 % 5) as f64).collect::<Vec<_>>();
            let measured: Vec<Measured> = sets
                .iter()
                .zip([24, 8])
                .map(|(set, cells)| Measured {
                    attrs: set.clone(),
                    cells: counts(cells),
                    sigma: 1.0,
                })
                .collect();
            let columns: Vec<_> = levels.iter().map(|&n| (counts(n), 1.0)).collect();
            let targets = targets(&layout, &columns, &measured, 72.0);
            let teacher = MarginalTeacher::<B>::new(&layout, &targets, device);
            let softmax = ColumnSoftmax::<B>::new(&levels, device);
            let logits = weights::<B>(30, 9, 1.0, &Seed::from_u64(1), device);
            let shares = softmax.forward(logits.clone());
            let back = softmax.back(shares.clone(), teacher.gradient(&shares));
            check_gradient(&logits, &back, 2, |x| teacher.loss(&softmax.forward(x), 1));
            // The share of a cell of three columns is the mean over components of the product of three shares.
            let gram = download(&teacher.gram(&shares));
            let (first, second) = layout.blocks(&sets[0]).expect("a product");
            let all = download(&shares);
            let expected: f32 = all
                .chunks(9)
                .map(|row| row[2] * row[3] * row[8])
                .sum::<f32>()
                / 30.0;
            let got = gram[(first.start + 4) * layout.extended() + second.start + 3];
            assert!((got - expected).abs() < 1e-6, "{got} against {expected}");
        }
    }

    #[test]
    fn gradients_of_pairs_and_triples_are_those_of_differences() {
        run_on_cpu(Check);
    }
}
