//! Random numbers: one named stream for each column, in blocks of rows, and the distributions drawn
//! from them.

use parable_seed::{Rng, Seed};
use rand_distr::{
    Beta, Binomial, Distribution, Gamma, Poisson, StandardNormal, StudentT as StudentDistribution,
};

use crate::potential::Potential;

/// The streams of one trial.
///
/// A stream belongs to a name and, within it, to a block of 4,096 rows (or schools, or classes), so
/// what one column draws never depends on how much another drew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    root: Seed,
}

/// Rows that share one generator.
const BLOCK: usize = 4096;

impl Streams {
    pub(crate) fn new(root: Seed) -> Self {
        Self { root }
    }

    /// Draws one value for each row.
    pub(crate) fn each<T>(
        &self,
        name: &str,
        rows: usize,
        mut draw: impl FnMut(&mut Draws, usize) -> T,
    ) -> Vec<T> {
        let stream = self.root.stream(name);
        let mut values = Vec::with_capacity(rows);
        for start in (0..rows).step_by(BLOCK) {
            let mut draws = Draws::new(stream.index((start / BLOCK) as u64));
            values.extend((start..rows.min(start + BLOCK)).map(|row| draw(&mut draws, row)));
        }
        values
    }

    /// Draws both potential outcomes of each row, control and treated, from the same random
    /// numbers.
    pub(crate) fn both(
        &self,
        name: &str,
        rows: usize,
        mut draw: impl FnMut(&mut Draws, usize) -> [f64; 2],
    ) -> Potential {
        let mut treated = Vec::with_capacity(rows);
        let control = self.each(name, rows, |draws, row| {
            let [without, with] = draw(draws, row);
            treated.push(with);
            without
        });
        Potential { control, treated }
    }

    /// Draws whether an event happens in each row, with the row's probability.
    pub(crate) fn chances(
        &self,
        name: &str,
        rows: usize,
        probability: impl Fn(usize) -> f64,
    ) -> Vec<bool> {
        self.each(name, rows, |draws, row| draws.chance(probability(row)))
    }

    /// Draws a standard normal number for each row.
    pub(crate) fn normals(&self, name: &str, rows: usize) -> Vec<f64> {
        self.each(name, rows, |draws, _| draws.normal())
    }

    /// Draws the numbers below `count` in random order.
    pub(crate) fn permutation(&self, name: &str, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        self.root.stream(name).rng().shuffle(&mut numbers);
        numbers
    }
}

/// Draws from one stream.
#[derive(Debug)]
pub(crate) struct Draws(Rng);

impl Draws {
    fn new(seed: Seed) -> Self {
        Self(seed.rng())
    }

    /// Uniform on `[0, 1)` in steps of 2^-53.
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.uniform()
    }

    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    #[inline]
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Draws an index with these probabilities, which sum to 1.
    #[inline]
    pub(crate) fn category(&mut self, probabilities: &[f64]) -> usize {
        let point = self.uniform();
        let mut sum = 0.0;
        for (index, probability) in probabilities.iter().enumerate() {
            sum += probability;
            if point < sum {
                return index;
            }
        }
        probabilities.len() - 1
    }

    /// Draws a gamma number with this shape and scale, both above 0.
    pub(crate) fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        Gamma::new(shape, scale)
            .expect("shape and scale are above 0")
            .sample(&mut self.0)
    }

    /// Draws a beta number with parameters `mean * precision` and `(1 - mean) * precision`.
    pub(crate) fn beta(&mut self, mean: f64, precision: f64) -> f64 {
        // A mean that a large logit has rounded to 0 or 1 has no density; the nearest representable
        // shape is as good.
        let mean = mean.clamp(1e-9, 1.0 - 1e-9);
        Beta::new(mean * precision, (1.0 - mean) * precision)
            .expect("both parameters are above 0")
            .sample(&mut self.0)
    }

    pub(crate) fn binomial(&mut self, trials: u64, probability: f64) -> u64 {
        Binomial::new(trials, probability.clamp(0.0, 1.0))
            .expect("the probability lies between 0 and 1")
            .sample(&mut self.0)
    }

    /// Draws a negative binomial number with this mean and shape: Poisson with a gamma rate.
    pub(crate) fn negative_binomial(&mut self, mean: f64, shape: f64) -> f64 {
        let rate = self.gamma(shape, mean / shape).max(1e-12);
        Poisson::new(rate)
            .expect("the rate is above 0 and far below the limit")
            .sample(&mut self.0)
    }
}

/// Student's t scaled to variance 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StudentT {
    distribution: StudentDistribution<f64>,
    scale: f64,
}

impl StudentT {
    /// With this many degrees of freedom, above 2.
    pub(crate) fn new(freedom: f64) -> Self {
        Self {
            distribution: StudentDistribution::new(freedom)
                .expect("the degrees of freedom are above 0"),
            scale: ((freedom - 2.0) / freedom).sqrt(),
        }
    }

    #[inline]
    pub(crate) fn sample(&self, draws: &mut Draws) -> f64 {
        self.scale * self.distribution.sample(&mut draws.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, variance)
    }

    #[track_caller]
    fn check(
        name: &str,
        mean: f64,
        variance: f64,
        excess_kurtosis: f64,
        draw: impl Fn(&mut Draws) -> f64,
    ) {
        // 200,000 draws; the mean has variance s2/n and the variance (kurtosis + 2) s2^2/n. 5.5 SD
        // is exceeded with probability 4e-8.
        let rows = 200_000;
        let values = Streams::new(Seed::from_u64(5)).each(name, rows, |draws, _| draw(draws));
        let (found_mean, found_variance) = moments(&values);
        let n = rows as f64;
        assert!(
            (found_mean - mean).abs() < 5.5 * (variance / n).sqrt(),
            "{name}: mean {found_mean}"
        );
        let tolerance = 5.5 * variance * ((excess_kurtosis + 2.0) / n).sqrt();
        assert!(
            (found_variance - variance).abs() < tolerance,
            "{name}: variance {found_variance}"
        );
    }

    #[test]
    fn distributions_have_their_textbook_moments() {
        check("normal", 0.0, 1.0, 0.0, Draws::normal);
        let heavy = StudentT::new(7.0);
        // The excess kurtosis of t_7 is 6 / (7 - 4) = 2.
        check("t7", 0.0, 1.0, 2.0, |draws| heavy.sample(draws));
        check("gamma", 8.8, 48.4, 6.0 / 1.6, |draws| draws.gamma(1.6, 5.5));
        // Beta: variance m (1 - m) / (precision + 1); the excess kurtosis is below 1.
        check("beta", 0.3, 0.21 / 7.0, 1.0, |draws| draws.beta(0.3, 6.0));
        check("binomial", 6.0, 4.2, 0.0, |draws| {
            draws.binomial(20, 0.3) as f64
        });
        // Negative binomial: variance mean + mean^2 / shape; excess kurtosis 6 / shape + 1 /
        // variance.
        check("counts", 13.0, 13.0 + 169.0 / 1.1, 6.0, |draws| {
            draws.negative_binomial(13.0, 1.1)
        });
    }

    #[test]
    fn streams_depend_on_name_and_block_only() {
        let streams = Streams::new(Seed::from_u64(1));
        let short = streams.normals("a", 10);
        let long = streams.normals("a", 5_000);
        assert_eq!(short, long[..10]);
        assert_ne!(short, streams.normals("b", 10));
        assert_ne!(long[..10], long[4096..4106]);
    }

    #[test]
    fn values_for_a_fixed_seed_are_fixed() {
        let streams = Streams::new(Seed::from_u64(7));
        let drawn = streams.each("stability", 1, |draws, _| {
            format!(
                "{:.9} {:.9} {:.9} {:.9} {} {}",
                draws.uniform(),
                draws.normal(),
                draws.gamma(1.6, 5.5),
                draws.beta(0.3, 6.0),
                draws.binomial(24, 0.4),
                draws.negative_binomial(13.0, 1.1),
            )
        });
        assert_eq!(
            drawn[0],
            "0.927275986 -1.113317396 2.498579586 0.118471959 12 19"
        );
    }
}
