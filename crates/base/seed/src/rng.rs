//! The random number generator and its basic draws.

use std::convert::Infallible;
use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng, TryRng};

/// A stream of random numbers: ChaCha with 8 rounds, the same on every platform.
///
/// Every method consumes a fixed number of words or rejects and draws again; its values for a fixed
/// seed are part of the contract.
///
/// The type implements `TryRng` of `rand_core` (and with it `Rng`), so that `rand` and `rand_distr`
/// draw from it. Their values belong to the version of those crates, not to this contract. It does
/// not implement `SeedableRng`: generators come from a [`Seed`](crate::Seed) alone.
///
/// ```
/// use rand_distr::{Distribution, Gamma};
///
/// let mut rng = parable_seed::Seed::from_u64(7).stream("incomes").rng();
/// let income: f64 = Gamma::new(2.0, 900.0)?.sample(&mut rng);
/// assert!(income > 0.0);
/// # Ok::<(), rand_distr::GammaError>(())
/// ```
#[derive(Clone)]
pub struct Rng(ChaCha8Rng);

impl TryRng for Rng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl Rng {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// Returns the next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a number uniform on `[0, 1)`, in steps of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Draws a number uniform on the open interval `(0, 1)`: never 0, never 1, so that quantile
    /// functions stay finite.
    #[inline]
    pub fn uniform_open(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
    }

    /// Draws a whole number below `bound`, each with exactly the same probability (Lemire 2019,
    /// with rejection).
    ///
    /// # Panics
    ///
    /// If `bound` is 0: there is nothing to choose from.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a draw below 0 has no outcome");
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Returns true with this probability (values outside `[0, 1]` act as the nearer end).
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Draws a standard normal number (polar method of Marsaglia 1964; the second number of each
    /// pair is not kept).
    pub fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.uniform_open() - 1.0;
            let y = 2.0 * self.uniform_open() - 1.0;
            let s = x * x + y * y;
            if s < 1.0 && s > 0.0 {
                return x * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }

    /// Shuffles the items, each order with the same probability (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// Draws an index with probability proportional to its weight, from the running sums of the
    /// weights.
    ///
    /// `cumulative` ascends and ends with the total; `None` when it is empty or the total is not
    /// above 0.
    pub fn weighted(&mut self, cumulative: &[f64]) -> Option<usize> {
        let total = *cumulative.last()?;
        if total <= 0.0 || total.is_nan() {
            return None;
        }
        let point = self.uniform() * total;
        let index = cumulative.partition_point(|&sum| sum <= point);
        Some(index.min(cumulative.len() - 1))
    }
}

impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng(..)")
    }
}

#[cfg(test)]
mod tests {
    use crate::Seed;

    #[test]
    fn values_for_a_fixed_seed_are_fixed_forever() {
        let mut rng = Seed::from_u64(7).rng();
        let drawn: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        assert_eq!(
            drawn,
            [
                15_968_362_164_765_034_150,
                12_046_329_474_909_439_846,
                351_020_404_335_988_552
            ]
        );
        let mut rng = Seed::from_u64(7).rng();
        assert_eq!(rng.below(1_000), 865);
        assert_eq!(format!("{:.12}", rng.normal()), "-0.292985933442");
    }

    #[test]
    fn other_crates_draw_the_same_words() {
        use rand_distr::{Distribution, StandardUniform};

        let mut own = Seed::from_u64(7).rng();
        let mut drawn = Seed::from_u64(7).rng();
        let words = (0..8).all(|_| {
            let word: u64 = StandardUniform.sample(&mut drawn);
            word == own.next_u64()
        });
        assert!(words);
        // Halves of a word are not mixed up with whole ones.
        let half: u32 = StandardUniform.sample(&mut drawn);
        assert_eq!(half, own.next_u64() as u32);
        // The median of a Gamma(2, 1) is 1.678: 20,000 draws fall on either side of it, sd 0.00354.
        let gamma = rand_distr::Gamma::new(2.0, 1.0).unwrap();
        let below = (0..20_000)
            .filter(|_| gamma.sample(&mut drawn) < 1.678_347)
            .count();
        assert!(
            (below as f64 / 20_000.0 - 0.5).abs() < 5.5 * 0.00354,
            "{below}"
        );
    }

    #[test]
    fn below_is_uniform() {
        // 60,000 draws over 6 outcomes: each count has sd sqrt(60000 * 5/36) = 91.3; 5.5 sd = 502
        // is exceeded with probability below 1e-6.
        let mut rng = Seed::from_u64(1).rng();
        let mut counts = [0i64; 6];
        for _ in 0..60_000 {
            counts[rng.below(6) as usize] += 1;
        }
        assert!(
            counts.iter().all(|&c| (c - 10_000).abs() < 502),
            "{counts:?}"
        );
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        // 100,000 draws: the mean has sd 0.00316, the variance sd sqrt(2/n) = 0.00447; 5.5 sd each.
        let mut rng = Seed::from_u64(2).rng();
        let draws: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance =
            draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.0174, "{mean}");
        assert!((variance - 1.0).abs() < 0.0246, "{variance}");
    }

    #[test]
    fn weights_of_zero_are_never_drawn_and_empty_totals_give_none() {
        let mut rng = Seed::from_u64(3).rng();
        assert!((0..1_000).all(|_| matches!(rng.weighted(&[0.0, 1.0, 1.0, 3.0]), Some(1 | 3))));
        assert_eq!(rng.weighted(&[]), None);
        assert_eq!(rng.weighted(&[0.0, 0.0]), None);
        assert_eq!(rng.weighted(&[f64::NAN]), None);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Seed::from_u64(4).rng().shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
