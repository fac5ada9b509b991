//! The exponential function of numbers that are not positive, the same to the last bit on every
//! machine.

/// `exp(x)` for `x <= 0`, with a relative error below 3e-16; 0 below -708.
///
/// The mathematics library of the system differs between platforms in the last bit, and calls into
/// it keep loops from being turned into vector instructions. Argument reduction by multiples of ln
/// 2 in two parts (Cody and Waite 1980), then a Taylor polynomial of degree 13 on `[-ln 2 / 2, ln 2
/// / 2]`, whose remainder is below 2^-57.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to a whole number
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let clamped = if x > -708.0 { x } else { -708.0 };
    let shifted = clamped * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = clamped - k * LN2_HIGH - k * LN2_LOW;
    // Even and odd parts side by side shorten the chain of dependent operations.
    let s = r * r;
    let even = 1.0
        + s * (1.0 / 2.0
            + s * (1.0 / 24.0
                + s * (1.0 / 720.0
                    + s * (1.0 / 40_320.0 + s * (1.0 / 3_628_800.0 + s * (1.0 / 479_001_600.0))))));
    let odd = 1.0
        + s * (1.0 / 6.0
            + s * (1.0 / 120.0
                + s * (1.0 / 5_040.0
                    + s * (1.0 / 362_880.0
                        + s * (1.0 / 39_916_800.0 + s * (1.0 / 6_227_020_800.0))))));
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    let value = (even + r * odd) * power;
    if x > -708.0 { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_system_to_a_few_last_places() {
        for step in 0..200_000 {
            let x = -f64::from(step) * 0.003_537;
            let (own, system) = (exp(x), x.exp());
            assert!(
                (own - system).abs() <= 4e-16 * system || x <= -708.0,
                "{x}: {own} {system}"
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-709.0), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }
}
