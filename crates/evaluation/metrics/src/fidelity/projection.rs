//! The plane on which the real table varies most (specification 3.7).

use ndarray::{ArrayView1, s};
use parable_linalg::{SymmetricEigen, gram, quantile};

use crate::data::design::Design;
use crate::data::features::{FeatureKind, Features};
use crate::data::frame::Frame;
use crate::{Projection, Sides};

/// Cells along each axis.
const CELLS: usize = 24;
/// Levels of a column that takes part: each is an axis of the full space.
const MOST_LEVELS: usize = 12;

/// Numbers in real standard deviations and indicators of levels times `1 / sqrt(2)`; directions
/// from the real table, both tables projected. `None` without two terms or without rows.
pub(crate) fn projection(frame: &Frame) -> Option<Projection> {
    let features = Features::of(frame, |column| {
        column
            .codes()
            .is_none_or(|(labels, _)| labels.len() <= MOST_LEVELS)
    });
    let (n, m) = (features.real, features.synthetic);
    if n < 2 || m == 0 {
        return None;
    }
    let design = terms(frame, &features);
    if design.width() < 2 {
        return None;
    }
    let real = design.matrix().slice_move(s![..n, ..]);
    let covariance = gram(real, &vec![1.0 / n as f64; n]);
    let total: f64 = covariance.diag().sum();
    let axes = SymmetricEigen::new(covariance.view()).ok()?;
    let (along_first, along_second) = (axes.values[0], axes.values[1]);
    if total <= 0.0 || along_first <= 0.0 {
        return None;
    }
    let (first, second) = (axes.vectors.column(0), axes.vectors.column(1));
    let project = |direction: &ArrayView1<'_, f64>| design.matrix().dot(direction).to_vec();
    let (xs, ys) = (project(&first), project(&second));
    let (x, y) = (edges(&xs), edges(&ys));
    let count = |rows: std::ops::Range<usize>| {
        let mut counts = vec![vec![0u64; CELLS]; CELLS];
        for row in rows {
            counts[cell(&y, ys[row])][cell(&x, xs[row])] += 1;
        }
        counts
    };
    Some(Projection {
        loadings: first.iter().zip(second).map(|(&a, &b)| [a, b]).collect(),
        explained: [along_first / total, along_second / total],
        counts: Sides {
            real: count(0..n),
            synthetic: count(n..n + m),
        },
        terms: design.into_names(),
        x,
        y,
    })
}

/// Names and values of the terms, real rows first, minus their real means.
fn terms(frame: &Frame, features: &Features) -> Design {
    let rows = features.real + features.synthetic;
    let mut design = Design::new(rows);
    let mut push = |name: String, mut values: Vec<f64>| {
        let mean = values[..features.real].iter().sum::<f64>() / features.real as f64;
        values.iter_mut().for_each(|x| *x -= mean);
        design.push(name, values);
    };
    for (name, feature) in features.names.iter().zip(&features.features) {
        match &feature.kind {
            FeatureKind::Number { values, .. } => {
                push(
                    name.clone(),
                    values[..rows].iter().map(|&x| f64::from(x)).collect(),
                );
            }
            FeatureKind::Levels => {
                let labels = frame.named(name).and_then(|column| column.codes());
                let labels = labels.map_or(&[][..], |(labels, _)| labels);
                for (position, label) in labels.iter().enumerate() {
                    let is = |&bin: &u8| match usize::from(bin) == position + 1 {
                        true => std::f64::consts::FRAC_1_SQRT_2,
                        false => 0.0,
                    };
                    let values: Vec<f64> = feature.bins[..rows].iter().map(is).collect();
                    push(format!("{name} = {label}"), values);
                }
            }
        }
    }
    design
}

/// Edges of even cells over all but the outermost hundredth of the rows.
fn edges(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&sorted, 0.005), quantile(&sorted, 0.995));
    let (low, high) = if high > low {
        (low, high)
    } else {
        (low - 0.5, low + 0.5)
    };
    (0..=CELLS)
        .map(|i| low + (high - low) * i as f64 / CELLS as f64)
        .collect()
}

fn cell(edges: &[f64], value: f64) -> usize {
    edges[1..CELLS].partition_point(|&edge| edge <= value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table};

    #[test]
    fn the_diagonal_of_two_equal_columns_is_the_first_axis() {
        let x: Vec<f64> = (0..200).map(f64::from).collect();
        let z: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 200)).collect();
        let real = table(vec![numbers("x", &x), numbers("y", &x), numbers("z", &z)]);
        let frame = Frame::new(&real, &real.take(&[0, 1, 2]), None);
        let found = projection(&frame).unwrap();
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!(
            (found.loadings[0][0] - half).abs() < 0.05,
            "{:?}",
            found.loadings
        );
        assert!(
            (found.explained[0] - 2.0 / 3.0).abs() < 0.03,
            "{:?}",
            found.explained
        );
        let sum = |counts: &[Vec<u64>]| counts.iter().flatten().sum::<u64>();
        assert_eq!(
            (sum(&found.counts.real), sum(&found.counts.synthetic)),
            (200, 3)
        );
    }
}
