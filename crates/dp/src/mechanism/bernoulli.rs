//! Exact coins: `n / d`, `exp(-n / d)`, and exact uniform whole numbers.
//!
//! A coin `n / d` compares 64 random bits with the fraction. When they decide, the answer is that of infinitely many bits; when
//! they do not (once in `2^64 / d` times), the comparison goes on with the next 64 bits and what remains of the fraction.
//! No division, no rejection, no rounding.

use dashu::integer::UBig;

use crate::noise_source::NoiseSource;

/// Largest denominator of [`coin`].
pub(super) const LARGEST: u128 = 1 << 126;

/// Heads with probability `n / d`, for `n <= d < 2^64`.
#[inline]
pub(super) fn small_coin(mut n: u64, d: u64, source: &mut NoiseSource) -> bool {
    loop {
        // Random bits r stand for the interval [r, r + 1) / 2^64; compare it with n / d, both times d 2^64.
        let product = u128::from(source.next_u64()) * u128::from(d);
        let (high, low) = ((product >> 64) as u64, product as u64);
        if high >= n {
            return false;
        }
        if n - high > 1 {
            return true;
        }
        // n 2^64 - r d, which is at most 2^64 here.
        let gap = low.wrapping_neg();
        if low == 0 || gap >= d {
            return true;
        }
        n = gap;
    }
}

/// Heads with probability `n / d`, for `n <= d <= LARGEST`.
pub(super) fn coin(mut n: u128, d: u128, source: &mut NoiseSource) -> bool {
    if let (Ok(n), Ok(d)) = (u64::try_from(n), u64::try_from(d)) {
        return small_coin(n, d, source);
    }
    loop {
        let r = u128::from(source.next_u64());
        // r d = high 2^64 + low, in 192 bits.
        let bottom = r * (d & u128::from(u64::MAX));
        let high = r * (d >> 64) + (bottom >> 64);
        let low = bottom & u128::from(u64::MAX);
        if high >= n {
            return false;
        }
        // gap = n 2^64 - r d; from 2^62 units of 2^64 on it exceeds every denominator.
        let units = n - high;
        if units > 1 << 62 {
            return true;
        }
        let gap = (units << 64) - low;
        if gap >= d {
            return true;
        }
        n = gap;
    }
}

/// Heads with probability `n / d` for whole numbers of any size.
fn big_coin(mut n: UBig, d: &UBig, source: &mut NoiseSource) -> bool {
    loop {
        let left = n << 64;
        let product = UBig::from(source.next_u64()) * d;
        if product >= left {
            return false;
        }
        let gap = left - product;
        if gap >= *d {
            return true;
        }
        n = gap;
    }
}

/// Heads with probability `exp(-1)`.
#[inline]
pub(super) fn inverse_e(source: &mut NoiseSource) -> bool {
    // The series of exp(-1), as below with n = d: a coin 1/k for each k.
    let mut k = 1_u64;
    loop {
        k += 1;
        if !small_coin(1, k, source) {
            return k % 2 == 1;
        }
    }
}

/// Heads with probability `exp(-n / d)` (Canonne, Kamath & Steinke 2020, algorithm 1), for `0 < d <= LARGEST`.
pub(super) fn exp_coin(n: u128, d: u128, source: &mut NoiseSource) -> bool {
    let (whole, part) = match (u64::try_from(n), u64::try_from(d)) {
        (Ok(n), Ok(d)) if n < d => (0, u128::from(n)),
        (Ok(n), Ok(d)) => (u128::from(n / d), u128::from(n % d)),
        _ => (n / d, n % d),
    };
    for _ in 0..whole {
        if !inverse_e(source) {
            return false;
        }
    }
    exp_part(part, d, source)
}

/// Heads with probability `exp(-n / d)` for `n < d`: count heads of coins `n / (d k)`, `k = 1, 2, ...` until tails.
#[inline]
fn exp_part(n: u128, d: u128, source: &mut NoiseSource) -> bool {
    if n == 0 {
        return true;
    }
    let mut k = 1_u64;
    if d < 1 << 58 {
        // Denominators stay below 2^64 for k up to 63; more heads in a row are rarer than 1 / 63!, and go on below.
        let (n, d) = (n as u64, d as u64);
        while k < 64 {
            if !small_coin(n, d * k, source) {
                return k % 2 == 1;
            }
            k += 1;
        }
    }
    loop {
        let heads = match d.checked_mul(u128::from(k)) {
            Some(product) if product <= LARGEST => coin(n, product, source),
            _ => big_coin(UBig::from(n), &(UBig::from(d) * UBig::from(k)), source),
        };
        if !heads {
            return k % 2 == 1;
        }
        k += 1;
    }
}

/// Heads with probability `exp(-n / d)` for whole numbers of any size.
pub(super) fn big_exp_coin(n: UBig, d: &UBig, source: &mut NoiseSource) -> bool {
    let mut part = n;
    while part >= *d {
        if !inverse_e(source) {
            return false;
        }
        part -= d;
    }
    let mut k = 1_u32;
    loop {
        if !big_coin(part.clone(), &(d * UBig::from(k)), source) {
            return k % 2 == 1;
        }
        k += 1;
    }
}

/// Uniform whole number below `bound` (Lemire 2019), `bound > 0`.
#[inline]
pub(super) fn below(bound: u64, source: &mut NoiseSource) -> u64 {
    let mut product = u128::from(source.next_u64()) * u128::from(bound);
    if (product as u64) < bound {
        let uneven = bound.wrapping_neg() % bound;
        while (product as u64) < uneven {
            product = u128::from(source.next_u64()) * u128::from(bound);
        }
    }
    (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads in a million flips; the threshold of six deviations is passed by chance less than once in 5e8 times.
    #[track_caller]
    fn check(probability: f64, mut flip: impl FnMut(&mut NoiseSource) -> bool) {
        let mut source = NoiseSource::insecure_seeded([3; 32]);
        let flips = 1_000_000;
        let heads = (0..flips).filter(|_| flip(&mut source)).count() as f64;
        let (mean, variance) = (
            probability * flips as f64,
            probability * (1.0 - probability) * flips as f64,
        );
        assert!(
            (heads - mean).abs() <= 6.0 * variance.sqrt(),
            "{heads} heads, expected {mean}"
        );
    }

    #[test]
    fn coins_have_their_probability() {
        check(0.3, |s| small_coin(3, 10, s));
        check(1.0, |s| small_coin(7, 7, s));
        check(0.0, |s| small_coin(0, 7, s));
        check(2.0 / 3.0, |s| coin((LARGEST / 3) * 2, LARGEST / 3 * 3, s));
        check(0.25, |s| {
            big_coin(UBig::from(1_u8) << 300, &(UBig::from(1_u8) << 302), s)
        });
        check((-1.0_f64).exp(), inverse_e);
        check((-0.7_f64).exp(), |s| exp_coin(7, 10, s));
        check((-2.5_f64).exp(), |s| exp_coin(5 << 90, 2 << 90, s));
        check((-2.5_f64).exp(), |s| {
            big_exp_coin(UBig::from(5_u8) << 300, &(UBig::from(2_u8) << 300), s)
        });
        check((-0.5_f64).exp(), |s| exp_coin(LARGEST / 2, LARGEST, s));
    }

    #[test]
    fn undecided_bits_go_on_with_the_rest_of_the_fraction() {
        // With a denominator near 2^64 almost every second comparison is undecided: the slow path must be exact too.
        let d = u64::MAX - 58;
        check(1.0 / 3.0, |s| small_coin(d / 3, d, s));
        check(0.5, |s| coin(LARGEST / 2 - 1, LARGEST - 2, s));
    }

    #[test]
    fn uniform_numbers_are_uniform() {
        let mut source = NoiseSource::insecure_seeded([5; 32]);
        let mut counts = [0_u32; 7];
        for _ in 0..700_000 {
            counts[below(7, &mut source) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom is above 46 less than 3e-8 of the time.
        let chi: f64 = counts
            .iter()
            .map(|c| (f64::from(*c) - 1e5).powi(2) / 1e5)
            .sum();
        assert!(chi < 46.0, "{chi}");
    }
}
