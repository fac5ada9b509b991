//! Multinomial logistic regression on dense rows.

use ndarray::{Array2, ArrayView1, ArrayView2, s};

use crate::error::{LearnError, check};

/// Steps of the accelerated gradient.
const STEPS: usize = 120;

/// Class scores that are linear in the features, with a penalty on all weights.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftmaxRegression {
    /// One row per class: intercept, then weights.
    weights: Array2<f64>,
}

impl SoftmaxRegression {
    /// Minimises the mean negative log-likelihood plus half `penalty` times the squared weights, by
    /// 120 steps of Nesterov's accelerated gradient with a fixed step size.
    ///
    /// - `labels`: the class of each row, below `classes`
    ///
    /// # Errors
    ///
    /// [`LearnError::ShapeMismatch`] if there are not as many labels as rows.
    pub fn fit(
        design: ArrayView2<'_, f64>,
        labels: &[u32],
        classes: usize,
        penalty: f64,
    ) -> Result<Self, LearnError> {
        let (n, p) = design.dim();
        check("rows of labels", n, labels.len())?;
        let mut weights = Array2::zeros((classes, p + 1));
        let mut ahead = weights.clone();
        // Half the mean squared length of a row bounds the curvature of the softmax loss.
        let mean_square = design.iter().map(|x| x * x).sum::<f64>() / n.max(1) as f64 + 1.0;
        let step = 1.0 / (0.5 * mean_square + penalty);
        let mut scores = vec![0.0; classes];
        for iteration in 0..STEPS {
            let mut gradient = &ahead * penalty;
            for (x, &label) in design.rows().into_iter().zip(labels) {
                softmax(ahead.view(), x, &mut scores);
                for (class, score) in scores.iter().enumerate() {
                    let error = (score - f64::from(u8::from(label as usize == class))) / n as f64;
                    let mut row = gradient.row_mut(class);
                    row[0] += error;
                    row.slice_mut(s![1..]).scaled_add(error, &x);
                }
            }
            let momentum = iteration as f64 / (iteration as f64 + 3.0);
            let next = &ahead - &(gradient * step);
            ahead = &next + &((&next - &weights) * momentum);
            weights = next;
        }
        Ok(Self { weights })
    }

    /// Predicts the most probable class of a row; of equally probable ones the first.
    ///
    /// # Panics
    ///
    /// If the row has another width than the design.
    pub fn predict(&self, row: ArrayView1<'_, f64>) -> u32 {
        let mut scores = vec![0.0; self.weights.nrows()];
        softmax(self.weights.view(), row, &mut scores);
        let better = |best: usize, class: usize| match scores[class] > scores[best] {
            true => class,
            false => best,
        };
        (0..scores.len()).fold(0, better) as u32
    }
}

/// Writes the softmax of the linear scores.
fn softmax(weights: ArrayView2<'_, f64>, x: ArrayView1<'_, f64>, scores: &mut [f64]) {
    for (score, weights) in scores.iter_mut().zip(weights.rows()) {
        *score = weights[0] + weights.slice(s![1..]).dot(&x);
    }
    let largest = scores.iter().copied().fold(f64::MIN, f64::max);
    scores
        .iter_mut()
        .for_each(|score| *score = (*score - largest).exp());
    let total: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= total);
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    #[test]
    fn classes_that_a_line_separates_are_told_apart() {
        let x: Vec<f64> = (0..60).map(|i| f64::from(i) / 10.0 - 3.0).collect();
        let labels: Vec<u32> = x
            .iter()
            .map(|&x| u32::from(x > -1.0) + u32::from(x > 1.0))
            .collect();
        let design = Array1::from_vec(x).insert_axis(ndarray::Axis(1));
        let model = SoftmaxRegression::fit(design.view(), &labels, 3, 1e-3).unwrap();
        let rows = design.rows().into_iter().zip(&labels);
        let right = rows
            .filter(|(x, label)| model.predict(*x) == **label)
            .count();
        // A point on either side of each of the two boundaries may fall on the wrong side of a
        // penalised fit.
        assert!(right >= 54, "{right}");
        assert!(SoftmaxRegression::fit(design.view(), &[0], 1, 1e-3).is_err());
    }

    #[test]
    fn probabilities_of_large_scores_stay_finite() {
        let mut scores = [0.0; 2];
        let weights = array![[0.0, 1e6], [0.0, -1e6]];
        softmax(weights.view(), array![1.0].view(), &mut scores);
        assert_eq!(scores, [1.0, 0.0]);
    }
}
