//! Exact coins: `n / d`, `exp(-n / d)`, and exact uniform whole numbers.
//!
//! A coin `n / d` compares 64 random bits with the fraction. When they decide, the answer is that
//! of infinitely many bits; when they do not (once in `2^64 / d` times), the comparison goes on
//! with the next 64 bits and what remains of the fraction. No division, no rejection, no rounding.

use std::sync::LazyLock;

use dashu::integer::UBig;

use crate::mechanism::noise_source::NoiseSource;

/// Largest denominator of [`coin`].
pub(super) const LARGEST: u128 = 1 << 126;

/// Heads with probability `n / d`, for `n <= d < 2^32`, with 32 random bits at a time.
#[inline]
fn tiny_coin(mut n: u32, d: u32, source: &mut NoiseSource) -> bool {
    loop {
        let product = u64::from(source.next_u32()) * u64::from(d);
        let (high, low) = ((product >> 32) as u32, product as u32);
        if high >= n {
            return false;
        }
        if n - high > 1 {
            return true;
        }
        let gap = low.wrapping_neg();
        if low == 0 || gap >= d {
            return true;
        }
        n = gap;
    }
}

/// Heads with probability `n / d`, for `n <= d < 2^64`.
#[inline]
pub(super) fn small_coin(mut n: u64, d: u64, source: &mut NoiseSource) -> bool {
    loop {
        // Random bits r stand for the interval [r, r + 1) / 2^64; compare it with n / d, both times
        // d 2^64.
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

/// `floor(2^64 e^-k)` for `k` from 1 to 44; `e^-45` is below `2^-64`.
static THRESHOLDS: LazyLock<[u64; 44]> = LazyLock::new(|| {
    std::array::from_fn(|index| u64::try_from(threshold(index as u32 + 1, 64)).expect("below 2^64"))
});

/// `floor(2^bits e^-k)`, by the series of `e^k` in big integers.
fn threshold(k: u32, bits: usize) -> UBig {
    // 1 / e^k with 192 bits to spare: the error of the sum and of the division is far below the
    // last of them, so that the floor is right unless a run of 100 equal bits follows, which is
    // checked.
    let guard = 192;
    let one = UBig::from(1_u8) << (bits + guard);
    let (mut sum, mut term, mut n) = (one.clone(), one.clone(), 0_u32);
    while term > UBig::from(0_u8) {
        n += 1;
        term = term * UBig::from(k) / UBig::from(n);
        sum += &term;
    }
    let inverse = (&one << (bits + guard)) / sum;
    let rest = &inverse % (UBig::from(1_u8) << guard);
    let close = UBig::from(1_u8) << (guard - 64);
    assert!(
        rest > close && rest < (UBig::from(1_u8) << guard) - close,
        "e^-k is irrational; its bits do not repeat for 64 places here"
    );
    inverse >> guard
}

/// How many heads of coins `exp(-1)` come before the first tails: `floor(-log u)` of a uniform `u`,
/// read from 64 bits of it unless these lie exactly on a threshold.
#[inline]
pub(super) fn heads_of_inverse_e(source: &mut NoiseSource) -> u64 {
    let u = source.next_u64();
    let mut heads = 0;
    for threshold in THRESHOLDS.iter() {
        if u > *threshold {
            return heads;
        }
        if u == *threshold {
            break;
        }
        heads += 1;
    }
    undecided(u, heads, source)
}

/// Goes on with more bits of the uniform number, one comparison with `e^-(heads + 1)` after the
/// other.
#[cold]
fn undecided(u: u64, mut heads: u64, source: &mut NoiseSource) -> u64 {
    let (mut uniform, mut bits) = (UBig::from(u), 64);
    loop {
        let edge = threshold(heads as u32 + 1, bits);
        if uniform > edge {
            return heads;
        }
        if uniform < edge {
            heads += 1;
        } else {
            uniform = (uniform << 64) + UBig::from(source.next_u64());
            bits += 64;
        }
    }
}

/// Heads with probability `exp(-1)`.
#[inline]
pub(super) fn inverse_e(source: &mut NoiseSource) -> bool {
    heads_of_inverse_e(source) > 0
}

/// Heads with probability `exp(-n / d)` (Canonne, Kamath & Steinke 2020, algorithm 1), for `0 < d
/// <= LARGEST`.
pub(super) fn exp_coin(n: u128, d: u128, source: &mut NoiseSource) -> bool {
    let (whole, part) = match (u64::try_from(n), u64::try_from(d)) {
        (Ok(n), Ok(d)) if n < d => (0, u128::from(n)),
        (Ok(n), Ok(d)) => (u128::from(n / d), u128::from(n % d)),
        _ => (n / d, n % d),
    };
    if whole > 0 && u128::from(heads_of_inverse_e(source)) < whole {
        return false;
    }
    exp_part(part, d, source)
}

/// Heads with probability `exp(-n / d)` for `n < d`: count heads of coins `n / (d k)`, `k = 1, 2,
/// ...` until tails.
#[inline]
fn exp_part(n: u128, d: u128, source: &mut NoiseSource) -> bool {
    if n == 0 {
        return true;
    }
    let mut k = 1_u64;
    if d < 1 << 26 {
        // As below, in 32 bits.
        let (n, d) = (n as u32, d as u32);
        while k < 64 {
            if !tiny_coin(n, d * k as u32, source) {
                return k % 2 == 1;
            }
            k += 1;
        }
    } else if d < 1 << 58 {
        // Denominators stay below 2^64 for k up to 63; more heads in a row are rarer than 1 / 63!,
        // and go on below.
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
    if bound < 1 << 31 {
        let bound = bound as u32;
        let mut product = u64::from(source.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let uneven = bound.wrapping_neg() % bound;
            while (product as u32) < uneven {
                product = u64::from(source.next_u32()) * u64::from(bound);
            }
        }
        return product >> 32;
    }
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

    /// Heads in a million flips; the threshold of six deviations is passed by chance less than once
    /// in 5e8 times.
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
        check(0.3, |s| tiny_coin(3, 10, s));
        check(1.0 / 3.0, |s| {
            tiny_coin((u32::MAX - 3) / 3, u32::MAX - 3, s)
        });
        for k in 1..5 {
            check((-f64::from(k)).exp(), |s| heads_of_inverse_e(s) >= k as u64);
        }
        // A uniform number that begins exactly on a threshold is above it as often as the bits of
        // e^-1 that follow say.
        let rest = threshold(1, 128) % (UBig::from(1_u8) << 64);
        let share = u64::try_from(rest).unwrap() as f64 / 2.0_f64.powi(64);
        let mut tries = 0;
        check(share, |s| {
            tries += 1;
            if tries > 3000 {
                (tries as f64 * share).floor() > ((tries - 1) as f64 * share).floor()
            } else {
                undecided(THRESHOLDS[0], 0, s) > 0
            }
        });
        check((-0.7_f64).exp(), |s| exp_coin(7, 10, s));
        check((-2.5_f64).exp(), |s| exp_coin(5 << 90, 2 << 90, s));
        check((-2.5_f64).exp(), |s| {
            big_exp_coin(UBig::from(5_u8) << 300, &(UBig::from(2_u8) << 300), s)
        });
        check((-0.5_f64).exp(), |s| exp_coin(LARGEST / 2, LARGEST, s));
    }

    #[test]
    fn undecided_bits_go_on_with_the_rest_of_the_fraction() {
        // With a denominator near 2^64 almost every second comparison is undecided: the slow path
        // must be exact too.
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
