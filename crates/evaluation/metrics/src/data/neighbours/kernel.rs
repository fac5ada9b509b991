//! Sums of per-axis terms for 32 rows at once.

/// Rows per strip: eight vector registers of four single-precision numbers hold their sums.
pub(super) const LANES: usize = 32;

/// Axes between two looks at the partial sums.
const GROUP: usize = 8;

/// What one axis adds to a distance.
pub(crate) trait Term: Copy + Send + Sync {
    /// In single precision, from the difference of two coordinates.
    fn single(difference: f32) -> f32;
    /// In double precision.
    fn double(difference: f64) -> f64;
    /// The distance that a sum of terms stands for.
    fn distance(sum: f64) -> f64 {
        sum
    }
    /// Whether large offsets of coordinates are subtracted first, so that they cost no precision.
    const CENTRED: bool;
    /// How far a difference on one axis can be off in single precision, coordinates being at most
    /// `reach` away from the origin.
    fn axis_error(reach: f64) -> f64;
    /// An upper end for the single-precision sum of any row whose true sum is at most `sum`, given
    /// the sum over the axes of the errors of a difference in single precision and the number of
    /// axes.
    fn limit(sum: f64, error: f64, axes: usize) -> f64;
}

/// The absolute difference, at most 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capped;

/// The absolute difference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute;

/// The squared difference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Squared;

/// Relative error of a sum of this many single-precision terms, each with one rounding of its own.
fn rounding(axes: usize) -> f64 {
    (axes + 4) as f64 * f64::from(f32::EPSILON)
}

/// Both coordinates are rounded, and so is their difference.
const ROUNDINGS: f64 = 4.0;

impl Term for Capped {
    const CENTRED: bool = false;

    fn axis_error(_: f64) -> f64 {
        // Where a difference is below 1 at all, coordinates are either whole numbers, which are
        // exact, or lie between -1 and 2.
        2.0 * ROUNDINGS * f64::from(f32::EPSILON)
    }

    #[inline(always)]
    fn single(difference: f32) -> f32 {
        let distance = difference.abs();
        if distance < 1.0 { distance } else { 1.0 }
    }

    #[inline(always)]
    fn double(difference: f64) -> f64 {
        let distance = difference.abs();
        if distance < 1.0 { distance } else { 1.0 }
    }

    fn limit(sum: f64, error: f64, axes: usize) -> f64 {
        (sum + error) * (1.0 + rounding(axes))
    }
}

impl Term for Absolute {
    const CENTRED: bool = true;

    fn axis_error(reach: f64) -> f64 {
        ROUNDINGS * f64::from(f32::EPSILON) * reach
    }

    #[inline(always)]
    fn single(difference: f32) -> f32 {
        difference.abs()
    }

    #[inline(always)]
    fn double(difference: f64) -> f64 {
        difference.abs()
    }

    fn limit(sum: f64, error: f64, axes: usize) -> f64 {
        (sum + error) * (1.0 + rounding(axes))
    }
}

impl Term for Squared {
    fn distance(sum: f64) -> f64 {
        sum.sqrt()
    }

    const CENTRED: bool = true;

    fn axis_error(reach: f64) -> f64 {
        ROUNDINGS * f64::from(f32::EPSILON) * reach
    }

    #[inline(always)]
    fn single(difference: f32) -> f32 {
        difference * difference
    }

    #[inline(always)]
    fn double(difference: f64) -> f64 {
        difference * difference
    }

    fn limit(sum: f64, error: f64, axes: usize) -> f64 {
        // Coordinates are off by at most `error` in total, and so is the root of the sum (triangle
        // inequality; the Euclidean error is below the sum of errors).
        let root = sum.sqrt() + error;
        root * root * (1.0 + rounding(axes))
    }
}

/// Adds up the terms of one query against a strip of 32 rows (axis by axis, 32 coordinates each).
/// Stops and says false as soon as every partial sum is above the limit; terms are never negative,
/// so the full sums would be too.
#[inline]
pub(super) fn strip_sums<T: Term>(
    query: &[f32],
    strip: &[f32],
    limit: f32,
    sums: &mut [f32; LANES],
) -> bool {
    *sums = [0.0; LANES];
    for (coordinates, axes) in query.chunks(GROUP).zip(strip.chunks(GROUP * LANES)) {
        let mut local = *sums;
        for (&x, lanes) in coordinates.iter().zip(axes.chunks_exact(LANES)) {
            for lane in 0..LANES {
                local[lane] += T::single(x - lanes[lane]);
            }
        }
        *sums = local;
        if smallest(sums) > limit {
            return false;
        }
    }
    true
}

#[inline(always)]
fn smallest(sums: &[f32; LANES]) -> f32 {
    let mut least = [f32::INFINITY; 4];
    for four in sums.chunks_exact(4) {
        for lane in 0..4 {
            least[lane] = if four[lane] < least[lane] {
                four[lane]
            } else {
                least[lane]
            };
        }
    }
    least.into_iter().fold(f32::INFINITY, f32::min)
}
