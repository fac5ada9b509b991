//! Means, variances and correlations.

use ndarray::{Array2, ArrayView2, Axis};

use crate::products::{dot, gram};

/// Returns the arithmetic mean; `None` for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Returns the sample variance, with divisor `n - 1`; `None` for fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some(squares / (values.len() - 1) as f64)
}

/// Returns the covariance matrix of the columns of a design, with divisor `n`; zeros for no rows.
pub fn covariance(design: ArrayView2<'_, f64>) -> Array2<f64> {
    let (rows, columns) = design.dim();
    let Some(means) = design.mean_axis(Axis(0)) else {
        return Array2::zeros((columns, columns));
    };
    // Contiguous columns, as the cross products want them.
    let mut centred = Array2::zeros(ndarray::ShapeBuilder::f((rows, columns)));
    centred.assign(&(&design - &means));
    gram(centred.view(), &vec![1.0 / rows as f64; rows])
}

/// Returns Pearson's correlation, within -1 to 1; `None` if one of the two is constant or empty.
///
/// # Panics
///
/// If the slices have different lengths.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    assert_eq!(x.len(), y.len(), "pairs of values");
    let centred = |values: &[f64]| {
        // The mean of equal numbers may be off by rounding, which is no variation.
        let varies = values.windows(2).any(|pair| pair[0] != pair[1]);
        let mean = mean(values).filter(|_| varies)?;
        let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let norm = dot(&centred, &centred).sqrt();
        (norm > 0.0).then_some((centred, norm))
    };
    let ((x, x_norm), (y, y_norm)) = (centred(x)?, centred(y)?);
    Some((dot(&x, &y) / (x_norm * y_norm)).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn moments_by_hand() {
        let values = [1.0, 2.0, 3.0, 6.0];
        assert_eq!(mean(&values), Some(3.0));
        assert_eq!(variance(&values), Some(14.0 / 3.0));
        assert_eq!((mean(&[]), variance(&[1.0])), (None, None));
        let design = array![[1.0, 2.0], [3.0, 6.0]];
        assert_eq!(covariance(design.view()), array![[1.0, 2.0], [2.0, 4.0]]);
        assert_eq!(covariance(Array2::zeros((0, 1)).view()), array![[0.0]]);
    }

    #[test]
    fn correlations_lie_within_their_bounds() {
        let same = correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap();
        assert!(same <= 1.0 && 1.0 - same < 1e-15);
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[0.1, 0.1, 0.1]), None);
        assert_eq!(correlation(&[], &[]), None);
        let found = correlation(&[0.0, 1.0, 2.0], &[1.0, 0.0, 2.0]).unwrap();
        assert!((found - 0.5).abs() < 1e-15);
    }
}
