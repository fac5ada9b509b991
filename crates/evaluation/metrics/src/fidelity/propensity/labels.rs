//! Which rows are synthetic, and how well a model says so.

use parable_seed::Seed;
use rayon::prelude::*;

use crate::fidelity::univariate::kolmogorov_smirnov;
use crate::{PropensityModel, Sides};

/// Folds of the cross-validated detection.
const FOLDS: usize = 5;

/// Which rows of the stacked tables are synthetic: the real ones come first.
pub(super) struct Labels {
    real: usize,
    synthetic: usize,
}

impl Labels {
    pub(super) fn new(real: usize, synthetic: usize) -> Self {
        Self { real, synthetic }
    }

    pub(super) fn rows(&self) -> usize {
        self.real + self.synthetic
    }

    pub(super) fn is_synthetic(&self, row: usize) -> bool {
        row >= self.real
    }

    pub(super) fn share(&self) -> f64 {
        self.synthetic as f64 / self.rows() as f64
    }

    pub(super) fn pmse(&self, fitted: &[f64]) -> f64 {
        let c = self.share();
        fitted.iter().map(|p| (p - c) * (p - c)).sum::<f64>() / fitted.len() as f64
    }

    pub(super) fn describe(
        &self,
        model: &str,
        columns: &[String],
        fitted: &[f64],
    ) -> PropensityModel {
        const BINS: usize = 20;
        let c = self.share();
        let (real, synthetic) = fitted.split_at(self.real);
        let sorted = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        };
        let right = real.iter().filter(|&&p| p <= 0.5).count()
            + synthetic.iter().filter(|&&p| p > 0.5).count();
        let histogram = |values: &[f64]| {
            let mut counts = [0u64; BINS];
            for p in values {
                counts[((p * BINS as f64) as usize).min(BINS - 1)] += 1;
            }
            counts
                .iter()
                .map(|&n| n as f64 / values.len() as f64)
                .collect()
        };
        const CERTAIN: f64 = 1e-6;
        PropensityModel {
            model: model.to_owned(),
            columns: columns.to_vec(),
            rows: fitted.len() as u64,
            synthetic_share: c,
            parameters: 0,
            pmse: self.pmse(fitted),
            ceiling: c * (1.0 - c),
            null_mean: None,
            null_sd: None,
            permutations: 0,
            ratio: None,
            standardised: None,
            specks: kolmogorov_smirnov(&sorted(real), &sorted(synthetic)).unwrap_or(0.0),
            po50: 100.0 * right as f64 / fitted.len() as f64 - 50.0,
            auc: None,
            auc_sd: None,
            separable: real.iter().all(|&p| p < CERTAIN)
                && synthetic.iter().all(|&p| p > 1.0 - CERTAIN),
            converged: true,
            generator_pairs: 0,
            generator_mean: None,
            generator_sd: None,
            generator_ratio: None,
            few_generator_tables: false,
            histogram: Sides {
                real: histogram(real),
                synthetic: histogram(synthetic),
            },
        }
    }

    /// The fold of each row: both tables are dealt out evenly, in random order.
    pub(super) fn folds(&self, seed: &Seed) -> Vec<usize> {
        let mut folds = vec![0; self.rows()];
        let mut rng = seed.stream("folds").rng();
        for (start, end) in [(0, self.real), (self.real, self.rows())] {
            let mut rows: Vec<usize> = (start..end).collect();
            rng.shuffle(&mut rows);
            for (position, row) in rows.into_iter().enumerate() {
                folds[row] = position % FOLDS;
            }
        }
        folds
    }

    /// The area under the ROC curve of each fold, the model being fitted on the others. Empty if a
    /// fold would have no row of one table.
    pub(super) fn cross_validate(
        &self,
        folds: &[usize],
        fit: impl Fn(&[bool]) -> Vec<f64> + Sync,
    ) -> Vec<f64> {
        if self.real.min(self.synthetic) < FOLDS {
            return Vec::new();
        }
        (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let train: Vec<bool> = folds.iter().map(|&own| own != fold).collect();
                let fitted = fit(&train);
                let of = |from: usize, to: usize| -> Vec<f64> {
                    let rows = (from..to).filter(|&row| folds[row] == fold);
                    rows.map(|row| fitted[row]).collect()
                };
                area_under_curve(of(0, self.real), of(self.real, self.rows()))
            })
            .collect()
    }
}

/// The probability that a synthetic row has a higher score than a real one, ties counting one half.
pub(crate) fn area_under_curve(mut real: Vec<f64>, mut synthetic: Vec<f64>) -> f64 {
    real.sort_unstable_by(f64::total_cmp);
    synthetic.sort_unstable_by(f64::total_cmp);
    let (mut below, mut through, mut wins) = (0, 0, 0.0);
    for score in &synthetic {
        while below < real.len() && real[below] < *score {
            below += 1;
        }
        through = through.max(below);
        while through < real.len() && real[through] <= *score {
            through += 1;
        }
        wins += below as f64 + 0.5 * (through - below) as f64;
    }
    wins / (real.len() as f64 * synthetic.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_count_ties_one_half() {
        assert_eq!(area_under_curve(vec![0.1, 0.2], vec![0.3, 0.4]), 1.0);
        assert_eq!(area_under_curve(vec![0.5; 3], vec![0.5; 2]), 0.5);
        assert_eq!(area_under_curve(vec![0.1, 0.5], vec![0.5, 0.2]), 0.625);
    }
}
