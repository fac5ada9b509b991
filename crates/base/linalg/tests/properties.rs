//! Properties of the decompositions, and their agreement with other implementations.

use ndarray::{Array1, Array2};
use parable_linalg::{Cholesky, LeastSquares, LinalgError, Svd, SymmetricEigen, gram};
use proptest::collection::vec;
use proptest::prelude::*;

/// Entries between -1 and 1, at most 12 on a side.
fn matrices() -> impl Strategy<Value = Array2<f64>> {
    (1usize..12, 1usize..12).prop_flat_map(|(m, n)| {
        vec(-1.0..1.0f64, m * n).prop_map(move |cells| {
            Array2::from_shape_vec((m, n), cells).expect("as many cells as the shape holds")
        })
    })
}

/// `X'X + I`: eigenvalues between 1 and 145.
fn positive(design: &Array2<f64>) -> Array2<f64> {
    let ones = vec![1.0; design.nrows()];
    gram(design.view(), &ones) + Array2::<f64>::eye(design.ncols())
}

fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10)
}

proptest! {
    #[test]
    fn cross_products_are_those_of_the_matrix_product(design in matrices()) {
        let weights: Vec<f64> = (0..design.nrows()).map(|row| 0.5 + row as f64).collect();
        let weighted = &design * &Array2::from_shape_fn((design.nrows(), 1), |(row, _)| weights[row]);
        prop_assert!(close(&gram(design.view(), &weights), &design.t().dot(&weighted)));
    }

    #[test]
    fn a_cholesky_factor_gives_the_matrix_its_solutions_and_its_inverse(design in matrices()) {
        let matrix = positive(&design);
        let factor = Cholesky::factor(matrix.view()).unwrap();
        prop_assert!(close(&factor.lower().dot(&factor.lower().t()), &matrix));
        prop_assert!(close(&factor.inverse().dot(&matrix), &Array2::eye(matrix.nrows())));
        let x = Array1::from_shape_fn(matrix.nrows(), |i| i as f64 - 2.0);
        let found = factor.solve(matrix.dot(&x).view());
        prop_assert!(found.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-9));
        let clamped = Cholesky::factor_clamped(matrix.view(), 1e-9).unwrap();
        prop_assert_eq!(&clamped, &factor);
        // An independent implementation.
        let own = faer::Mat::from_fn(matrix.nrows(), matrix.nrows(), |i, j| matrix[[i, j]]);
        let other = own.llt(faer::Side::Lower).unwrap();
        let other = Array2::from_shape_fn(matrix.dim(), |(i, j)| other.L()[(i, j)]);
        prop_assert!(close(&factor.lower().to_owned(), &other));
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_give_the_matrix(design in matrices()) {
        let matrix = positive(&design);
        let found = SymmetricEigen::new(matrix.view()).unwrap();
        let v = &found.vectors;
        prop_assert!(close(&v.t().dot(v), &Array2::eye(matrix.nrows())));
        prop_assert!(close(&(v * &found.values).dot(&v.t()), &matrix));
        prop_assert!(found.values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
        prop_assert_eq!(&SymmetricEigen::new(matrix.view()).unwrap(), &found);
    }

    #[test]
    fn singular_vectors_are_orthonormal_and_give_the_matrix(matrix in matrices()) {
        let found = Svd::new(matrix.view()).unwrap();
        let size = found.values.len();
        prop_assert_eq!(size, matrix.nrows().min(matrix.ncols()));
        prop_assert!(close(&found.u.t().dot(&found.u), &Array2::eye(size)));
        prop_assert!(close(&found.v.t().dot(&found.v), &Array2::eye(size)));
        prop_assert!(close(&(&found.u * &found.values).dot(&found.v.t()), &matrix));
        prop_assert!(found.values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn residuals_are_orthogonal_to_the_design(design in matrices()) {
        let response = Array1::from_shape_fn(design.nrows(), |row| (row * row % 7) as f64);
        match LeastSquares::fit(design.view(), response.view()) {
            Ok(fit) => {
                prop_assert!(design.t().dot(&fit.residuals()).iter().all(|x| x.abs() < 1e-9));
                let beta = Array1::from_iter(fit.coefficients().iter().map(|b| b.unwrap_or(0.0)));
                let fitted = design.dot(&beta) + fit.residuals();
                prop_assert!(fitted.iter().zip(&response).all(|(a, b)| (a - b).abs() < 1e-6));
                let kept = design.select(ndarray::Axis(1), fit.kept());
                let product = fit.inverse_gram().dot(&kept.t().dot(&kept));
                let unit = Array2::<f64>::eye(fit.kept().len());
                prop_assert!(product.iter().zip(&unit).all(|(a, b)| (a - b).abs() < 1e-4));
            }
            Err(error) => {
                let too_few = matches!(error, LinalgError::TooFewRows { .. });
                prop_assert!(too_few && design.nrows() <= design.ncols());
            }
        }
    }

    /// Needs feature `lapack`, which needs OpenBLAS on the system.
    #[cfg(feature = "lapack")]
    #[test]
    fn lapack_finds_the_same(design in matrices()) {
        use parable_linalg::lapack;

        let matrix = positive(&design);
        let factor = Cholesky::factor(matrix.view()).unwrap();
        prop_assert!(close(&lapack::cholesky(matrix.view()).unwrap(), &factor.lower().to_owned()));
        // Vectors of nearly equal values may be turned in their plane: compare values and products.
        let (own, other) = (
            SymmetricEigen::new(matrix.view()).unwrap(),
            lapack::symmetric_eigen(matrix.view()).unwrap(),
        );
        prop_assert!(own.values.iter().zip(&other.values).all(|(a, b)| (a - b).abs() < 1e-10));
        let v = &other.vectors;
        prop_assert!(close(&(v * &other.values).dot(&v.t()), &matrix));
        let (own, other) = (Svd::new(design.view()).unwrap(), lapack::svd(design.view()).unwrap());
        prop_assert!(own.values.iter().zip(&other.values).all(|(a, b)| (a - b).abs() < 1e-10));
        prop_assert!(close(&(&other.u * &other.values).dot(&other.v.t()), &design));
    }
}

#[test]
fn cross_products_do_not_depend_on_layout_or_threads() {
    let cells: Vec<f64> = (0..10_000 * 3)
        .map(|i| f64::from(i * 37 % 1_001) / 7.0)
        .collect();
    let rows = Array2::from_shape_vec((10_000, 3), cells).unwrap();
    let columns = rows.t().as_standard_layout().into_owned().reversed_axes();
    let weights = vec![0.3; 10_000];
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let alone = one.install(|| gram(rows.view(), &weights));
    assert_eq!(gram(columns.view(), &weights), alone);
}
