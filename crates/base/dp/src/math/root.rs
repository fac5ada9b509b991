//! Zeros of monotone functions, bracketed at every step.

/// Zero of an increasing function given with its derivative, by Newton steps that fall back to
/// bisection. Needs `f(low) <= 0 <= f(high)`; the answer is within a few units in the last place
/// unless `f` is flat there.
pub(crate) fn increasing(
    mut low: f64,
    mut high: f64,
    start: f64,
    mut f: impl FnMut(f64) -> (f64, f64),
) -> f64 {
    let mut x = start.clamp(low, high);
    for _ in 0..200 {
        let (value, slope) = f(x);
        if value == 0.0 {
            return x;
        }
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - value / slope;
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - x).abs() <= 2.0 * f64::EPSILON * x.abs() || next == low || next == high {
            return next;
        }
        x = next;
    }
    x
}

/// Argument and value of the minimum of a function with one valley, by golden section on `[low,
/// high]`.
pub(crate) fn valley(
    mut low: f64,
    mut high: f64,
    steps: usize,
    mut f: impl FnMut(f64) -> f64,
) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..steps {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = f(right);
        }
    }
    if at_left <= at_right {
        (left, at_left)
    } else {
        (right, at_right)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_zero_and_valley() {
        let root = super::increasing(0.0, 1e9, 1e8, |x| (x * x * x - 2.0, 3.0 * x * x));
        assert!((root - 2.0_f64.cbrt()).abs() < 1e-15);
        let (at, value) = super::valley(-5.0, 9.0, 80, |x| (x - 1.25) * (x - 1.25) + 3.0);
        assert!((at - 1.25).abs() < 1e-7 && (value - 3.0).abs() < 1e-12);
    }
}
