//! Ridge-penalised least squares and logistic regression on sparse rows.

use ndarray::{Array1, Array2, ArrayView1};
use parable_linalg::Cholesky;

use crate::error::{LearnError, check};
use crate::sparse::SparseRows;

/// Largest number of Newton steps.
const STEPS: usize = 50;
/// Largest step of a coefficient at which the iteration ends.
const TOLERANCE: f64 = 1e-6;
/// Penalty of the intercept: none, but for a matrix that can be inverted.
const INTERCEPT_PENALTY: f64 = 1e-10;

/// Ridge-penalised logistic regression for several classes, one against the rest.
#[derive(Clone, Debug)]
pub struct PenalisedLogistic {
    classes: usize,
    /// Classes that occur.
    present: Vec<usize>,
    /// One row of weights for each class that occurs; a single model for two classes, none for one.
    models: Array2<f64>,
}

impl PenalisedLogistic {
    /// Fits a model for each class.
    ///
    /// - `labels`: the class of each row, below `classes`
    /// - `penalty`: weight of the squared weights, `1 / C`; the intercept is not penalised
    ///
    /// # Errors
    ///
    /// [`LearnError::ShapeMismatch`] if there are not as many labels as rows.
    pub fn fit(
        rows: &SparseRows,
        labels: &[u8],
        classes: usize,
        penalty: f64,
    ) -> Result<Self, LearnError> {
        check("rows of labels", rows.rows(), labels.len())?;
        let mut counts = vec![0usize; classes];
        labels
            .iter()
            .for_each(|&label| counts[usize::from(label)] += 1);
        let present: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0).collect();
        let fit = |class: usize| {
            let label = |row: usize| f64::from(u8::from(usize::from(labels[row]) == class));
            maximise(rows, penalty, label)
        };
        let fitted = match present[..] {
            [] | [_] => &[],
            // Two classes share one model.
            [_, _] => &present[1..],
            _ => &present[..],
        };
        let mut models = Array2::zeros((fitted.len(), rows.width() + 1));
        for (mut model, &class) in models.rows_mut().into_iter().zip(fitted) {
            model.assign(&Array1::from_vec(fit(class)));
        }
        Ok(Self {
            classes,
            present,
            models,
        })
    }

    /// Returns the probability of each class (column) for each row, scaled to a sum of 1.
    pub fn probabilities(&self, rows: &SparseRows) -> Array2<f64> {
        let probability = |weights: ArrayView1<'_, f64>, row: usize| {
            1.0 / (1.0 + (-rows.linear(row, weights)).exp())
        };
        let mut scores = Array2::zeros((rows.rows(), self.classes));
        for (row, mut scores) in scores.rows_mut().into_iter().enumerate() {
            match self.present[..] {
                [only] => scores[only] = 1.0,
                [first, second] => {
                    let p = probability(self.models.row(0), row);
                    (scores[first], scores[second]) = (1.0 - p, p);
                }
                _ => {
                    for (&class, model) in self.present.iter().zip(self.models.rows()) {
                        scores[class] = probability(model, row);
                    }
                    let total: f64 = scores.sum();
                    if total > 0.0 {
                        scores.mapv_inplace(|score| score / total);
                    }
                }
            }
        }
        scores
    }
}

/// Returns the weights (intercept first) of a ridge regression of the response.
///
/// - `penalty`: weight of the squared weights; the intercept is not penalised
///
/// # Errors
///
/// [`LearnError::ShapeMismatch`] if the response has another length than the rows.
pub fn penalised_least_squares(
    rows: &SparseRows,
    response: &[f64],
    penalty: f64,
) -> Result<Vec<f64>, LearnError> {
    check("values of the response", rows.rows(), response.len())?;
    let mean = response.iter().sum::<f64>() / response.len().max(1) as f64;
    let mut sums = Sums::new(rows.width() + 1);
    for (row, own) in response.iter().enumerate() {
        sums.add(rows, row, 1.0, own - mean);
    }
    let mut weights = vec![0.0; rows.width() + 1];
    if let Some(step) = sums.step(&weights, penalty) {
        weights = step;
    }
    weights[0] += mean;
    Ok(weights)
}

/// The lower triangle of the weighted cross products, and the gradient, intercept first.
struct Sums {
    matrix: Array2<f64>,
    gradient: Vec<f64>,
}

impl Sums {
    fn new(size: usize) -> Self {
        Self {
            matrix: Array2::zeros((size, size)),
            gradient: vec![0.0; size],
        }
    }

    fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.gradient.fill(0.0);
    }

    fn add(&mut self, rows: &SparseRows, row: usize, weight: f64, residual: f64) {
        let (index, value) = rows.row(row);
        self.matrix[[0, 0]] += weight;
        self.gradient[0] += residual;
        for a in 0..index.len() {
            let (at, scaled) = (index[a] as usize + 1, value[a] * weight);
            self.gradient[at] += value[a] * residual;
            let mut line = self.matrix.row_mut(at);
            line[0] += scaled;
            // Columns ascend along a row of entries.
            for b in 0..=a {
                line[index[b] as usize + 1] += scaled * value[b];
            }
        }
    }

    /// The Newton step towards the penalised maximum.
    fn step(&self, weights: &[f64], penalty: f64) -> Option<Vec<f64>> {
        let of = |i: usize| if i == 0 { 0.0 } else { penalty };
        let mut matrix = self.matrix.clone();
        for (i, cell) in matrix.diag_mut().into_iter().enumerate() {
            *cell += if i == 0 { INTERCEPT_PENALTY } else { penalty };
        }
        let gradient = Array1::from_iter(
            (self.gradient.iter().zip(weights).enumerate()).map(|(i, (g, w))| g - of(i) * w),
        );
        let factor = Cholesky::factor(matrix.view()).ok()?;
        Some(factor.solve(gradient.view()).to_vec())
    }
}

/// The weights that maximise the penalised likelihood, by Newton's method with halved steps.
fn maximise(rows: &SparseRows, penalty: f64, label: impl Fn(usize) -> f64) -> Vec<f64> {
    let objective = |weights: &[f64]| -> f64 {
        let loss: f64 = (0..rows.rows())
            .map(|row| {
                let linear = rows.linear(row, weights.into());
                let signed = if label(row) == 1.0 { -linear } else { linear };
                // ln(1 + e^x) without overflow.
                signed.max(0.0) + (-signed.abs()).exp().ln_1p()
            })
            .sum();
        loss + 0.5 * penalty * weights[1..].iter().map(|w| w * w).sum::<f64>()
    };
    let mut weights = vec![0.0; rows.width() + 1];
    let mut sums = Sums::new(weights.len());
    let mut last = objective(&weights);
    for _ in 0..STEPS {
        sums.clear();
        for row in 0..rows.rows() {
            let p = 1.0 / (1.0 + (-rows.linear(row, ArrayView1::from(&weights))).exp());
            sums.add(rows, row, p * (1.0 - p), label(row) - p);
        }
        let Some(step) = sums.step(&weights, penalty) else {
            break;
        };
        let mut scale = 1.0;
        loop {
            let moved = weights.iter().zip(&step).map(|(w, s)| w + scale * s);
            let next: Vec<f64> = moved.collect();
            let value = objective(&next);
            if value <= last || scale < 1e-4 {
                (weights, last) = (next, value);
                break;
            }
            scale *= 0.5;
        }
        if step.iter().all(|s| s.abs() * scale <= TOLERANCE) {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> SparseRows {
        let mut rows = SparseRows::with_capacity(1, 1, values.len());
        values.iter().for_each(|&value| rows.push([(0, value)]));
        rows
    }

    #[test]
    fn ridge_weights_are_those_of_the_normal_equations() {
        // x = -1, 0, 1 and y = 2x + 1: Sxy / (Sxx + penalty) = 4 / 3.
        let rows = line(&[-1.0, 0.0, 1.0]);
        let weights = penalised_least_squares(&rows, &[-1.0, 1.0, 3.0], 1.0).unwrap();
        assert!((weights[0] - 1.0).abs() < 1e-9 && (weights[1] - 4.0 / 3.0).abs() < 1e-9);
        assert!(penalised_least_squares(&rows, &[1.0], 1.0).is_err());
    }

    #[test]
    fn the_penalised_gradient_vanishes() {
        let x = [-2.0, -1.0, 0.0, 1.0, 2.0, 0.5];
        let labels = [0, 0, 1, 1, 1, 0];
        let rows = line(&x);
        let model = PenalisedLogistic::fit(&rows, &labels, 2, 1.0).unwrap();
        let p = model.probabilities(&rows);
        let residual = |row: usize| f64::from(labels[row]) - p[[row, 1]];
        let weight = model.models[[0, 1]];
        let gradient: f64 = (0..6).map(|row| x[row] * residual(row)).sum::<f64>() - weight;
        let total: f64 = (0..6).map(residual).sum();
        assert!(
            gradient.abs() < 1e-6 && total.abs() < 1e-6,
            "{gradient} {total}"
        );
    }

    #[test]
    fn rows_without_entries_have_the_rates_of_the_classes() {
        let mut rows = SparseRows::with_capacity(0, 0, 4);
        (0..4).for_each(|_| rows.push([]));
        let model = PenalisedLogistic::fit(&rows, &[0, 1, 1, 1], 2, 1.0).unwrap();
        assert!((model.probabilities(&rows)[[3, 1]] - 0.75).abs() < 1e-6);
        let weights = penalised_least_squares(&rows, &[1.0, 2.0, 3.0, 6.0], 1.0).unwrap();
        assert!((weights[0] - 3.0).abs() < 1e-9);
    }

    #[test]
    fn classes_that_do_not_occur_have_probability_zero() {
        let rows = line(&[0.0, 1.0, 2.0, 3.0]);
        let only = PenalisedLogistic::fit(&rows, &[2; 4], 3, 1.0).unwrap();
        assert!(
            only.probabilities(&rows)
                .column(2)
                .iter()
                .all(|&p| p == 1.0)
        );
        let three = PenalisedLogistic::fit(&rows, &[0, 1, 3, 3], 4, 1.0).unwrap();
        let found = three.probabilities(&rows);
        assert!(found.column(2).iter().all(|&p| p == 0.0));
        assert!(
            found
                .rows()
                .into_iter()
                .all(|row| (row.sum() - 1.0).abs() < 1e-12)
        );
    }
}
