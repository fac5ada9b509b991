//! Ridge and ridge-penalised logistic regression on rows with few non-zero entries.

use crate::data::features::{FeatureKind, Features};
use crate::data::logistic::{cholesky, solve};

/// Weight of the penalty, `1 / C`.
const RIDGE: f64 = 1.0;
/// Newton steps at most.
const STEPS: usize = 50;
/// Largest step of a coefficient at which the iteration ends.
const TOLERANCE: f64 = 1e-6;

/// The non-zero entries of some rows: as many per row as there are features, and one for each that may be missing.
struct Entries {
    slots: usize,
    index: Vec<u32>,
    value: Vec<f64>,
}

impl Entries {
    fn of(data: &Features, rows: &[u32]) -> Self {
        let wide = |kind: &FeatureKind| match kind {
            FeatureKind::Number {
                missing: Some(_), ..
            } => 2,
            _ => 1,
        };
        let slots = data.features.iter().map(|f| wide(&f.kind)).sum();
        let mut entries = Self {
            slots,
            index: Vec::with_capacity(slots * rows.len()),
            value: Vec::with_capacity(slots * rows.len()),
        };
        for &row in rows {
            let row = row as usize;
            for feature in &data.features {
                // Coefficient 0 is the intercept.
                let start = feature.start as u32 + 1;
                match &feature.kind {
                    FeatureKind::Number { values, missing } => {
                        entries.index.push(start);
                        entries.value.push(f64::from(values[row]));
                        if let Some(missing) = missing {
                            entries.index.push(start + 1);
                            entries.value.push(f64::from(u8::from(missing[row])));
                        }
                    }
                    FeatureKind::Levels => {
                        entries.index.push(start + u32::from(feature.bins[row]));
                        entries.value.push(1.0);
                    }
                }
            }
        }
        entries
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let own = row * self.slots..(row + 1) * self.slots;
        let index = self.index[own.clone()].iter().map(|&index| index as usize);
        index.zip(self.value[own].iter().copied())
    }

    fn linear(&self, row: usize, weights: &[f64]) -> f64 {
        self.row(row).fold(weights[0], |sum, (index, value)| {
            sum + weights[index] * value
        })
    }

    fn rows(&self) -> usize {
        self.index.len() / self.slots.max(1)
    }
}

/// Sums of weighted cross products (lower triangle, row after row) and of weighted entries.
struct Sums {
    size: usize,
    matrix: Vec<f64>,
    gradient: Vec<f64>,
}

impl Sums {
    fn new(size: usize) -> Self {
        Self {
            size,
            matrix: vec![0.0; size * size],
            gradient: vec![0.0; size],
        }
    }

    fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.gradient.fill(0.0);
    }

    fn add(&mut self, entries: &Entries, row: usize, weight: f64, residual: f64) {
        let own = row * entries.slots..(row + 1) * entries.slots;
        let (index, value) = (&entries.index[own.clone()], &entries.value[own]);
        self.matrix[0] += weight;
        self.gradient[0] += residual;
        for a in 0..index.len() {
            let (at, scaled) = (index[a] as usize, value[a] * weight);
            self.gradient[at] += value[a] * residual;
            let line = &mut self.matrix[at * self.size..(at + 1) * self.size];
            line[0] += scaled;
            // Indices rise along a row of entries.
            for b in 0..=a {
                line[index[b] as usize] += scaled * value[b];
            }
        }
    }

    /// The Newton step towards the penalised maximum; the intercept is not penalised.
    fn step(&self, weights: &[f64]) -> Option<Vec<f64>> {
        let rows = (0..self.size).map(|i| {
            let mut line = self.matrix[i * self.size..=i * self.size + i].to_vec();
            line[i] += if i == 0 { 1e-10 } else { RIDGE };
            line
        });
        let lower = cholesky(rows.collect())?;
        let gradient = self.gradient.iter().zip(weights).enumerate();
        let gradient = gradient.map(|(i, (g, w))| g - if i == 0 { 0.0 } else { RIDGE * w });
        Some(solve(&lower, gradient.collect()))
    }
}

/// Probabilities of the classes for the test rows: one model for each class against the rest, scaled to a sum of 1.
pub(super) fn logistic(
    data: &Features,
    train: &[u32],
    of: &[u8],
    classes: usize,
    test: &[u32],
) -> Vec<Vec<f64>> {
    let entries = Entries::of(data, train);
    let asked = Entries::of(data, test);
    let mut counts = vec![0usize; classes];
    train
        .iter()
        .for_each(|&row| counts[usize::from(of[row as usize])] += 1);
    let present: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0).collect();
    let fit = |class: usize| {
        let label = |row: usize| f64::from(u8::from(usize::from(of[train[row] as usize]) == class));
        maximise(&entries, data.width + 1, label)
    };
    let models: Vec<Option<Vec<f64>>> = match present[..] {
        [] | [_] => Vec::new(),
        // Two classes share one model.
        [_, second] => vec![Some(fit(second))],
        _ => present.iter().map(|&class| Some(fit(class))).collect(),
    };
    let probability = |model: &Option<Vec<f64>>, row| {
        let weights = model
            .as_ref()
            .map_or(0.0, |weights| asked.linear(row, weights));
        1.0 / (1.0 + (-weights).exp())
    };
    (0..test.len())
        .map(|row| {
            let mut scores = vec![0.0; classes];
            match (&present[..], &models[..]) {
                ([only], _) => scores[*only] = 1.0,
                (&[first, second], [model]) => {
                    let p = probability(model, row);
                    (scores[first], scores[second]) = (1.0 - p, p);
                }
                (present, models) => {
                    for (&class, model) in present.iter().zip(models) {
                        scores[class] = probability(model, row);
                    }
                    let total: f64 = scores.iter().sum();
                    if total > 0.0 {
                        scores.iter_mut().for_each(|score| *score /= total);
                    }
                }
            }
            scores
        })
        .collect()
}

/// The weights that maximise the penalised likelihood, by Newton's method with halved steps.
fn maximise(entries: &Entries, size: usize, label: impl Fn(usize) -> f64) -> Vec<f64> {
    let objective = |weights: &[f64]| -> f64 {
        let loss: f64 = (0..entries.rows())
            .map(|row| {
                let linear = entries.linear(row, weights);
                let signed = if label(row) == 1.0 { -linear } else { linear };
                // ln(1 + e^x) without overflow.
                signed.max(0.0) + (-signed.abs()).exp().ln_1p()
            })
            .sum();
        loss + 0.5 * RIDGE * weights[1..].iter().map(|w| w * w).sum::<f64>()
    };
    let mut weights = vec![0.0; size];
    let mut sums = Sums::new(size);
    let mut last = objective(&weights);
    for _ in 0..STEPS {
        sums.clear();
        for row in 0..entries.rows() {
            let p = 1.0 / (1.0 + (-entries.linear(row, &weights)).exp());
            sums.add(entries, row, p * (1.0 - p), label(row) - p);
        }
        let Some(step) = sums.step(&weights) else {
            break;
        };
        let mut scale = 1.0;
        loop {
            let next: Vec<f64> = weights
                .iter()
                .zip(&step)
                .map(|(w, s)| w + scale * s)
                .collect();
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

/// Predictions of a ridge regression for the test rows, one number each.
pub(super) fn ridge(data: &Features, train: &[u32], of: &[f64], test: &[u32]) -> Vec<Vec<f64>> {
    let entries = Entries::of(data, train);
    let asked = Entries::of(data, test);
    let size = data.width + 1;
    let n = train.len().max(1) as f64;
    let mean = train.iter().map(|&row| of[row as usize]).sum::<f64>() / n;
    let mut sums = Sums::new(size);
    for (row, &own) in train.iter().enumerate() {
        sums.add(&entries, row, 1.0, of[own as usize] - mean);
    }
    let weights = sums
        .step(&vec![0.0; size])
        .unwrap_or_else(|| vec![0.0; size]);
    let predict = |row| vec![mean + asked.linear(row, &weights)];
    (0..test.len()).map(predict).collect()
}
