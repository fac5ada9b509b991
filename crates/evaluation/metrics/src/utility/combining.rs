//! Combining the estimates of several synthetic tables.

use serde::{Deserialize, Serialize};

/// How several synthetic tables of the same real one were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Combining {
    /// Every value synthetic, drawn from one fitted model. Variance `v (k/n + 1/m)` (Raab, Nowok
    /// and Dibben 2016).
    #[default]
    Simple,
    /// Every value synthetic, each table from a model with parameters drawn anew. Variance
    /// `v (k/n + (1 + k/n)/m)` (the same).
    Proper,
    /// Some values kept as they are. Variance `b/m + v` (Reiter 2003).
    Partial,
}

/// One estimate from several tables.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Combined {
    /// Mean of the estimates.
    pub value: f64,
    /// Its standard error for the population the real table was drawn from.
    pub se: f64,
    /// Mean of their variances, `v`.
    pub within: f64,
    /// Variance of the estimates, `b` (divisor tables - 1); `None` for one table.
    pub between: Option<f64>,
}

impl Combining {
    /// Combines the estimates of `m` tables of `synthetic_rows` rows each (`k`) made from
    /// `real_rows` real ones (`n`); `None` without an estimate, with lists of different lengths, or
    /// for [`Combining::Partial`] with a single table.
    #[must_use]
    pub fn combine(
        self,
        estimates: &[f64],
        variances: &[f64],
        real_rows: f64,
        synthetic_rows: f64,
    ) -> Option<Combined> {
        let m = estimates.len() as f64;
        if estimates.is_empty() || estimates.len() != variances.len() || real_rows <= 0.0 {
            return None;
        }
        let value = estimates.iter().sum::<f64>() / m;
        let within = variances.iter().sum::<f64>() / m;
        let between = (m > 1.0).then(|| {
            let squares = estimates.iter().map(|q| (q - value) * (q - value));
            squares.sum::<f64>() / (m - 1.0)
        });
        let size = synthetic_rows / real_rows;
        let variance = match self {
            Self::Simple => within * (size + 1.0 / m),
            Self::Proper => within * (size + (1.0 + size) / m),
            Self::Partial => between? / m + within,
        };
        Some(Combined {
            value,
            se: variance.sqrt(),
            within,
            between,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_follow_their_formulas() {
        let combine = |rule: Combining| {
            rule.combine(&[1.0, 2.0, 6.0], &[0.5, 0.7, 0.6], 100.0, 50.0)
                .unwrap()
        };
        let simple = combine(Combining::Simple);
        assert_eq!((simple.value, simple.between), (3.0, Some(7.0)));
        assert!((simple.within - 0.6).abs() < 1e-15);
        assert!((simple.se.powi(2) - 0.6 * (0.5 + 1.0 / 3.0)).abs() < 1e-15);
        assert!((combine(Combining::Proper).se.powi(2) - 0.6 * (0.5 + 0.5)).abs() < 1e-15);
        assert!((combine(Combining::Partial).se.powi(2) - (7.0 / 3.0 + 0.6)).abs() < 1e-14);
        assert_eq!(Combining::Partial.combine(&[1.0], &[1.0], 10.0, 10.0), None);
        assert_eq!(Combining::Simple.combine(&[], &[], 10.0, 10.0), None);
    }

    /// A table of normal values, the mean as the estimate: the formula for simple synthesis must be
    /// its true variance about the population's mean.
    #[test]
    fn the_variance_of_simple_synthesis_is_the_true_one() {
        use parable_seed::Seed;
        const REPEATS: usize = 4000;
        let (n, k, m) = (40, 60, 3);
        let mut rng = Seed::from_u64(11).rng();
        let (mut errors, mut formula) = (0.0, 0.0);
        for _ in 0..REPEATS {
            let mut sample = |mean: f64, sd: f64, rows: usize| {
                let values: Vec<f64> = (0..rows).map(|_| mean + sd * rng.normal()).collect();
                let mean = values.iter().sum::<f64>() / rows as f64;
                let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
                (mean, squares / (rows - 1) as f64)
            };
            let (mean, variance) = sample(0.0, 1.0, n);
            let copies: Vec<(f64, f64)> =
                (0..m).map(|_| sample(mean, variance.sqrt(), k)).collect();
            let estimates: Vec<f64> = copies.iter().map(|copy| copy.0).collect();
            let variances: Vec<f64> = copies.iter().map(|copy| copy.1 / k as f64).collect();
            let found = Combining::Simple
                .combine(&estimates, &variances, n as f64, k as f64)
                .unwrap();
            errors += found.value * found.value / REPEATS as f64;
            formula += found.se * found.se / REPEATS as f64;
        }
        // The mean of 4,000 squares has a relative standard error of sqrt(2 / 4000) = 2.2 %; five
        // of them, and 1 % for the formula's own.
        assert!((errors / formula - 1.0).abs() < 0.12, "{errors} {formula}");
    }
}
