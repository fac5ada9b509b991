//! Taking noise out of a matrix that is nearly of low rank.

/// Rotations are repeated until no two columns have a cosine above this.
const COSINE: f64 = 1e-9;
/// Sweeps over all pairs of columns, at most; Jacobi rotations converge in far fewer.
const SWEEPS: usize = 60;

/// Shrinks the singular values of a row-major matrix whose rows and columns sum to 0, with noise of
/// this standard deviation in each cell before they were made to, so that the expected squared
/// error is least among all rules for singular values: for `y`, in units of `sigma sqrt(n)`,
/// `sqrt((y^2 - b - 1)^2 - 4 b) / y` above `1 + sqrt(b)` and 0 below (Gavish & Donoho 2017,
/// Frobenius loss). The sides that count are one less than those of the matrix, as sums of 0 leave
/// no more: `n` is the longer one less one, `b` the ratio of both.
pub(crate) fn shrink(cells: &mut [f64], columns: usize, sigma: f64) {
    let rows = cells.len() / columns;
    if sigma <= 0.0 || rows == 0 {
        return;
    }
    // Work on columns of the narrower shape, each stored in one piece.
    let wide = columns > rows;
    let (count, length) = if wide {
        (rows, columns)
    } else {
        (columns, rows)
    };
    let place = |column: usize, index: usize| match wide {
        true => column * columns + index,
        false => index * columns + column,
    };
    let mut own: Vec<Vec<f64>> = (0..count)
        .map(|column| {
            (0..length)
                .map(|index| cells[place(column, index)])
                .collect()
        })
        .collect();
    let mut turned: Vec<Vec<f64>> = (0..count)
        .map(|column| {
            (0..count)
                .map(|i| f64::from(u8::from(i == column)))
                .collect()
        })
        .collect();
    orthogonalise(&mut own, &mut turned);
    cells.fill(0.0);
    if count < 2 {
        return;
    }
    let (free, long) = ((count - 1) as f64, (length - 1) as f64);
    let ratio = free / long;
    let unit = sigma * long.sqrt();
    for (column, turn) in own.iter().zip(&turned) {
        let value = column.iter().map(|x| x * x).sum::<f64>().sqrt() / unit;
        if value <= 1.0 + ratio.sqrt() {
            continue;
        }
        let inner = (value * value - ratio - 1.0).powi(2) - 4.0 * ratio;
        let keep = inner.max(0.0).sqrt() / (value * value);
        for (other, &weight) in turn.iter().enumerate() {
            for (index, x) in column.iter().enumerate() {
                cells[place(other, index)] += keep * weight * x;
            }
        }
    }
}

/// Rotates the columns until they are orthogonal to each other (one-sided Jacobi, Hestenes 1958),
/// and the other ones along.
fn orthogonalise(own: &mut [Vec<f64>], turned: &mut [Vec<f64>]) {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for second in 1..own.len() {
            for first in 0..second {
                let (a, b) = (&own[first], &own[second]);
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if ab.abs() <= COSINE * (aa * bb).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (bb - aa) / (2.0 * ab);
                let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                for columns in [&mut *own, &mut *turned] {
                    let (low, high) = columns.split_at_mut(second);
                    for (x, y) in low[first].iter_mut().zip(&mut high[0]) {
                        let (old, other) = (*x, *y);
                        *x = cosine * (old - tangent * other);
                        *y = cosine * (other + tangent * old);
                    }
                }
            }
        }
        if !rotated {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    #[test]
    fn without_noise_nothing_changes_in_either_shape() {
        for columns in [3, 8] {
            let cells: Vec<f64> = (0..24).map(|i| f64::from(i * i % 17)).collect();
            let mut shrunk = cells.clone();
            shrink(&mut shrunk, columns, 1e-9);
            for (a, b) in cells.iter().zip(&shrunk) {
                assert!((a - b).abs() < 1e-6, "{cells:?} {shrunk:?}");
            }
        }
    }

    #[test]
    fn noise_goes_and_a_relation_stays() {
        let mut rng = Seed::from_u64(2).rng();
        let truth: Vec<f64> = (0..20 * 30)
            .map(|i| 40.0 * (f64::from(i / 30) - 9.5) / 10.0 * ((f64::from(i % 30) - 14.5) / 15.0))
            .collect();
        let noisy: Vec<f64> = truth.iter().map(|t| t + 10.0 * rng.normal()).collect();
        let mut shrunk = noisy.clone();
        shrink(&mut shrunk, 30, 10.0);
        let error =
            |cells: &[f64]| -> f64 { cells.iter().zip(&truth).map(|(c, t)| (c - t).powi(2)).sum() };
        // One component of 20 + 30 numbers instead of 600: about a twelfth of the noise is left.
        assert!(error(&shrunk) < error(&noisy) / 6.0);
        let mut nothing: Vec<f64> = (0..600).map(|_| rng.normal()).collect();
        shrink(&mut nothing, 30, 1.2);
        assert!(nothing.iter().all(|&cell| cell == 0.0));
    }
}
