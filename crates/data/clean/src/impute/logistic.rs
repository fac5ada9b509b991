//! Multinomial logistic regression.

use super::features::Design;

/// Scores of classes that are linear in the features.
#[derive(Clone, Debug)]
pub(super) struct Logistic {
    classes: usize,
    /// One row per class: intercept, then weights.
    weights: Vec<f64>,
}

/// Weight of the penalty on squared weights, relative to the mean loss of a row.
const PENALTY: f64 = 1e-3;
const STEPS: usize = 120;

impl Logistic {
    /// Minimises the mean negative log-likelihood plus the penalty by Nesterov's accelerated
    /// gradient with a step from the largest row.
    pub(super) fn fit(design: &Design, y: &[u32], classes: usize) -> Self {
        let (d, n) = (design.width + 1, y.len());
        let mut weights = vec![0.0; classes * d];
        let mut ahead = weights.clone();
        // Half the mean squared length of a row bounds the curvature of the softmax loss well
        // enough in the mean; the trace is an upper bound.
        let mean_square: f64 = design.cells.iter().map(|x| x * x).sum::<f64>() / n as f64 + 1.0;
        let step = 1.0 / (0.5 * mean_square + PENALTY);
        let mut scores = vec![0.0; classes];
        for iteration in 0..STEPS {
            let mut gradient: Vec<f64> = ahead.iter().map(|weight| PENALTY * weight).collect();
            for row in 0..n {
                let x = design.row(row);
                probabilities(&ahead, x, &mut scores);
                for (class, score) in scores.iter().enumerate() {
                    let error = (score - f64::from(u8::from(y[row] as usize == class))) / n as f64;
                    let slot = &mut gradient[class * d..(class + 1) * d];
                    slot[0] += error;
                    for (cell, x) in slot[1..].iter_mut().zip(x) {
                        *cell += error * x;
                    }
                }
            }
            let momentum = iteration as f64 / (iteration as f64 + 3.0);
            for index in 0..weights.len() {
                let next = ahead[index] - step * gradient[index];
                ahead[index] = next + momentum * (next - weights[index]);
                weights[index] = next;
            }
        }
        Self { classes, weights }
    }

    /// The most probable class for a row of features.
    pub(super) fn predict(&self, row: &[f64]) -> u32 {
        let mut scores = vec![0.0; self.classes];
        probabilities(&self.weights, row, &mut scores);
        let best = |best: usize, class: usize| {
            if scores[class] > scores[best] {
                class
            } else {
                best
            }
        };
        (0..self.classes).fold(0, best) as u32
    }
}

/// The softmax of the linear scores.
fn probabilities(weights: &[f64], x: &[f64], scores: &mut [f64]) {
    let d = x.len() + 1;
    for (score, weights) in scores.iter_mut().zip(weights.chunks(d)) {
        *score = weights[0] + weights[1..].iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
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
    use super::*;

    #[test]
    fn classes_that_a_line_separates_are_told_apart() {
        let x: Vec<f64> = (0..60).map(|i| f64::from(i) / 10.0 - 3.0).collect();
        let y: Vec<u32> = x
            .iter()
            .map(|&x| u32::from(x > -1.0) + u32::from(x > 1.0))
            .collect();
        let design = Design {
            width: 1,
            cells: x.clone(),
        };
        let model = Logistic::fit(&design, &y, 3);
        let right = x
            .iter()
            .zip(&y)
            .filter(|&(&x, &y)| model.predict(&[x]) == y)
            .count();
        // A point on either side of each of the two boundaries may fall on the wrong side of a
        // penalised fit.
        assert!(right >= 54, "{right}");
    }

    #[test]
    fn probabilities_of_large_scores_stay_finite() {
        let mut scores = [0.0; 2];
        probabilities(&[0.0, 1e6, 0.0, -1e6], &[1.0], &mut scores);
        assert_eq!(scores, [1.0, 0.0]);
    }
}
