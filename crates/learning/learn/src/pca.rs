//! Principal components.

use ndarray::{Array1, Array2, ArrayView2, s};
use parable_linalg::{LinalgError, SymmetricEigen, covariance};

/// Share of the total variance below which a component is rounding.
const LEAST_SHARE: f64 = 1e-9;

/// The leading principal components of a design.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pca {
    /// One column of loadings per component, of length 1, with its largest entry above 0.
    pub components: Array2<f64>,
    /// Variance along each component, largest first.
    pub variances: Array1<f64>,
    /// Sum of the variances of all columns of the design.
    pub total_variance: f64,
}

impl Pca {
    /// Finds at most `most` components of the columns of a design; those of no variance are left
    /// out.
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotFinite`] and [`LinalgError::NotConverged`].
    pub fn fit(design: ArrayView2<'_, f64>, most: usize) -> Result<Self, LinalgError> {
        Self::of_covariance(covariance(design).view(), most)
    }

    /// Finds the components of a covariance (or correlation) matrix.
    ///
    /// # Errors
    ///
    /// As [`Pca::fit`]; [`LinalgError::NotSquare`].
    pub fn of_covariance(
        covariance: ArrayView2<'_, f64>,
        most: usize,
    ) -> Result<Self, LinalgError> {
        let eigen = SymmetricEigen::new(covariance)?;
        let total_variance = covariance.diag().sum();
        let used = (eigen.values.iter())
            .take(most)
            .take_while(|&&value| value > LEAST_SHARE * total_variance)
            .count();
        Ok(Self {
            components: eigen.vectors.slice(s![.., ..used]).to_owned(),
            variances: eigen.values.slice(s![..used]).to_owned(),
            total_variance,
        })
    }

    /// Projects rows, from which the means of the design were subtracted, on the components.
    ///
    /// # Panics
    ///
    /// If the rows have another width than the design.
    pub fn project(&self, centred: ArrayView2<'_, f64>) -> Array2<f64> {
        centred.dot(&self.components)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_component_of_two_columns_that_agree_is_their_sum() {
        let design = array![[-1.0, -2.0], [0.0, 0.0], [1.0, 2.0]];
        let found = Pca::fit(design.view(), 5).unwrap();
        assert_eq!(found.variances.len(), 1);
        assert!((found.variances[0] - 10.0 / 3.0).abs() < 1e-12);
        assert!((found.total_variance - 10.0 / 3.0).abs() < 1e-12);
        let projected = found.project(design.view());
        assert!((projected[[2, 0]] - 5f64.sqrt()).abs() < 1e-12);
        assert!(
            Pca::fit(Array2::zeros((4, 3)).view(), 2)
                .unwrap()
                .variances
                .is_empty()
        );
    }
}
