//! Support vector machines by sequential minimal optimisation.
//!
//! Platt (1998), with the second-order choice of pairs of Fan, Chen and Lin (2005).

/// Largest violation of the optimality conditions.
const TOLERANCE: f64 = 1e-3;
/// Smallest curvature of a step.
const CURVATURE: f64 = 1e-12;
/// Largest number of steps per row.
const STEPS_PER_ROW: usize = 200;

/// The solution of the dual problem of a two-class machine.
///
/// The decision value of a point is the sum of `multiplier * sign * kernel` over the rows, plus
/// `bias`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SvmDual {
    /// Multiplier of each row, from 0 to the bound; above 0 for support vectors.
    pub multipliers: Vec<f64>,
    /// Offset of the decision value.
    pub bias: f64,
}

impl SvmDual {
    /// Solves the dual problem.
    ///
    /// - `signs`: 1 or -1 for each row
    /// - `bound`: largest multiplier, `C`
    /// - `kernel`: the kernel of a row with every row; called once for each row that is needed. The
    ///   kernel of a row with itself is 1
    pub fn solve(signs: &[f64], bound: f64, kernel: impl Fn(usize) -> Box<[f32]>) -> Self {
        let n = signs.len();
        let mut lines: Vec<Option<Box<[f32]>>> = vec![None; n];
        let fill = |lines: &mut Vec<Option<Box<[f32]>>>, at: usize| {
            if lines[at].is_none() {
                lines[at] = Some(kernel(at));
            }
        };
        let mut alpha = vec![0.0; n];
        let mut gradient = vec![-1.0f64; n];
        for _ in 0..STEPS_PER_ROW * n {
            // The row that violates its condition most, among those that may move up.
            let mut up = (f64::NEG_INFINITY, usize::MAX);
            for t in 0..n {
                let free = match signs[t] > 0.0 {
                    true => alpha[t] < bound,
                    false => alpha[t] > 0.0,
                };
                let value = -signs[t] * gradient[t];
                if free && value > up.0 {
                    up = (value, t);
                }
            }
            let (most, i) = up;
            if i == usize::MAX {
                break;
            }
            fill(&mut lines, i);
            let line = lines[i].as_deref().unwrap_or_default();
            // Its partner: the largest decrease of the objective.
            let mut least = f64::INFINITY;
            let mut down = (f64::INFINITY, usize::MAX);
            for t in 0..n {
                let free = match signs[t] > 0.0 {
                    true => alpha[t] > 0.0,
                    false => alpha[t] < bound,
                };
                if !free {
                    continue;
                }
                let value = -signs[t] * gradient[t];
                least = least.min(value);
                let difference = most - value;
                if difference > 0.0 {
                    let curvature = (2.0 - 2.0 * f64::from(line[t])).max(CURVATURE);
                    let decrease = -difference * difference / curvature;
                    if decrease < down.0 {
                        down = (decrease, t);
                    }
                }
            }
            let j = down.1;
            if j == usize::MAX || most - least < TOLERANCE {
                break;
            }
            fill(&mut lines, j);
            let (a, b) = (
                lines[i].as_deref().unwrap_or_default(),
                lines[j].as_deref().unwrap_or_default(),
            );
            let curvature = (2.0 - 2.0 * f64::from(a[j])).max(CURVATURE);
            let wanted = (most + signs[j] * gradient[j]) / curvature;
            // How far both multipliers can go within their bounds: one rises along its sign, the
            // other falls.
            let room = |sign: f64, alpha: f64| if sign > 0.0 { bound - alpha } else { alpha };
            let step = wanted
                .min(room(signs[i], alpha[i]))
                .min(room(-signs[j], alpha[j]));
            let settle = |value: f64| match value {
                value if value < 1e-12 => 0.0,
                value if value > bound - 1e-12 => bound,
                value => value,
            };
            alpha[i] = settle(alpha[i] + signs[i] * step);
            alpha[j] = settle(alpha[j] - signs[j] * step);
            for t in 0..n {
                gradient[t] += signs[t] * step * f64::from(a[t] - b[t]);
            }
        }
        let bias = bias(&alpha, &gradient, signs, bound);
        Self {
            multipliers: alpha,
            bias,
        }
    }
}

/// The mean over free rows of the offset that makes their decision value 1, or the middle of the
/// range that the bounded ones allow.
fn bias(alpha: &[f64], gradient: &[f64], signs: &[f64], bound: f64) -> f64 {
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut sum, mut free) = (0.0, 0);
    for t in 0..alpha.len() {
        let value = -signs[t] * gradient[t];
        if alpha[t] > 0.0 && alpha[t] < bound {
            sum += value;
            free += 1;
        } else if (alpha[t] == 0.0) == (signs[t] > 0.0) {
            low = low.max(value);
        } else {
            high = high.min(value);
        }
    }
    match (free, low.is_finite(), high.is_finite()) {
        (1.., _, _) => sum / f64::from(free),
        (_, true, true) => 0.5 * (low + high),
        (_, true, false) => low,
        (_, false, true) => high,
        (_, false, false) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(x: &[f64], signs: &[f64], dual: &SvmDual, at: f64) -> f64 {
        let kernel = |a: f64, b: f64| f64::from((-(a - b) * (a - b)).exp() as f32);
        let each = (0..x.len()).map(|i| dual.multipliers[i] * signs[i] * kernel(x[i], at));
        each.sum::<f64>() + dual.bias
    }

    #[test]
    fn a_radial_kernel_tells_an_interval_from_what_lies_around_it() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i) / 5.0 - 4.0).collect();
        let sign = |x: f64| if x.abs() < 1.5 { 1.0 } else { -1.0 };
        let signs: Vec<f64> = x.iter().map(|&x| sign(x)).collect();
        let dual = SvmDual::solve(&signs, 1.0, |at| {
            x.iter()
                .map(|y| (-(x[at] - y) * (x[at] - y)).exp() as f32)
                .collect()
        });
        for probe in [-3.0, -2.5, 0.0, 0.7, 2.5, 3.3] {
            assert!(
                decide(&x, &signs, &dual, probe) * sign(probe) > 0.0,
                "{probe}"
            );
        }
        // The multipliers of both classes have the same sum.
        let balance: f64 = dual
            .multipliers
            .iter()
            .zip(&signs)
            .map(|(a, s)| a * s)
            .sum();
        assert!(balance.abs() < 1e-9);
        assert!(dual.multipliers.iter().all(|a| (0.0..=1.0).contains(a)));
    }

    #[test]
    fn one_class_or_none_has_no_multipliers() {
        let alone = SvmDual::solve(&[1.0, 1.0], 1.0, |_| Box::new([1.0, 0.5]));
        assert_eq!(alone.multipliers, [0.0, 0.0]);
        assert_eq!(SvmDual::solve(&[], 1.0, |_| Box::new([])).bias, 0.0);
    }
}
