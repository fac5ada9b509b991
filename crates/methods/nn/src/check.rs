//! Checks of gradients, for tests.

use burn_tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::{Matrix, download};
use crate::init::weights;

/// Checks a gradient against central differences along random directions: `loss(x + h d) - loss(x - h d)` over `2 h`.
///
/// The numbers are of single precision, so half a percent is allowed. Where a rectifier has its kink between the two points, the
/// difference is not the gradient: of seven directions, five must agree; a wrong term shows in all.
///
/// # Panics
///
/// When fewer than five directions agree, or the gradient vanishes.
#[track_caller]
pub fn check_gradient<B: Backend>(
    at: &Matrix<B>,
    gradient: &Matrix<B>,
    seed: u64,
    loss: impl Fn(Matrix<B>) -> f64,
) {
    let [rows, columns] = at.dims();
    let step = 5e-4;
    let own = download(gradient);
    let size = own
        .iter()
        .map(|&x| f64::from(x).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(size > 0.0, "the gradient vanishes");
    let compared: Vec<(f64, f64)> = (0..7)
        .map(|turn| {
            let seed = Seed::from_u64(seed).index(turn);
            let direction = weights::<B>(rows, columns, 1.0, &seed, &at.device());
            let moved = |sign: f64| loss(at.clone().add(direction.clone().mul_scalar(sign * step)));
            let expected = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            let product = download(&direction);
            let pairs = product.iter().zip(&own);
            (
                pairs.map(|(&d, &g)| f64::from(d) * f64::from(g)).sum(),
                expected,
            )
        })
        .collect();
    let agree = compared
        .iter()
        .filter(|(got, expected)| (got - expected).abs() <= 0.005 * expected.abs().max(size));
    assert!(agree.count() >= 5, "{compared:?}");
}
