//! Gaussian mixtures in one dimension.
//!
//! Expectation and maximisation (Dempster, Laird & Rubin 1977) for one to ten components, from
//! three starts each; the Bayesian information criterion (Schwarz 1978) chooses their number.
//! Nothing is random: the same numbers give the same components.

use serde::{Deserialize, Serialize};

/// Largest number of components.
const MAX_COMPONENTS: usize = 10;
/// Largest number of points that the expectation is taken over: of more numbers, those at equal
/// steps of their order.
const POINTS: usize = 2_048;
/// Largest number of rounds of expectation and maximisation.
const ROUNDS: usize = 100;
/// Gain of a row's log-likelihood below which the rounds end.
const GAIN: f64 = 1e-6;
/// A component of fewer rows is left out.
const FEWEST_ROWS: f64 = 8.0;
/// Numbers of components tried without a better one before the search ends.
const PATIENCE: usize = 2;

/// A normal distribution and its share of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianComponent {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub sd: f64,
    /// Share of the rows.
    pub weight: f64,
}

impl GaussianComponent {
    /// Returns the logarithm of its share times its density, up to a constant.
    pub fn log_weight(&self, value: f64) -> f64 {
        let off = (value - self.mean) / self.sd;
        (self.weight / self.sd).ln() - 0.5 * off * off
    }
}

/// Fits a mixture to ascending numbers; components come in the order of their means. None is
/// narrower than `least_sd` (above 0). Empty for no numbers.
pub fn fit_gaussian_mixture(sorted: &[f64], least_sd: f64) -> Vec<GaussianComponent> {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else {
        return Vec::new();
    };
    // Halves, so that no difference overflows.
    let (centre, unit) = (0.5 * first + 0.5 * last, 0.5 * last - 0.5 * first);
    let floor = least_sd.max(unit * f64::EPSILON);
    if unit <= 0.0 || floor >= 4.0 * unit {
        let (mean, sd) = (centre, floor.max(unit));
        return vec![GaussianComponent {
            mean,
            sd,
            weight: 1.0,
        }];
    }
    let points = Points::of(sorted, |x| (x - centre) / unit);
    let rows = sorted.len() as f64;
    let chosen = points.choose(floor / unit, rows);
    let mut components = chosen.components;
    components.retain(|component| component.weight * rows >= FEWEST_ROWS);
    if components.is_empty() {
        components = points.spread_evenly(1, floor / unit);
    }
    let total: f64 = components.iter().map(|component| component.weight).sum();
    for component in &mut components {
        *component = GaussianComponent {
            mean: (centre + unit * component.mean).clamp(first, last),
            sd: (unit * component.sd).max(floor),
            weight: component.weight / total,
        };
    }
    components.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    components
}

/// Ascending numbers between -1 and 1, and the share of each.
struct Points {
    values: Vec<f64>,
    shares: Vec<f64>,
}

/// Components and the mean log-likelihood of a row.
#[derive(Clone)]
struct Fitted {
    components: Vec<GaussianComponent>,
    likelihood: f64,
}

impl Points {
    fn of(sorted: &[f64], scaled: impl Fn(f64) -> f64) -> Self {
        let count = sorted.len().min(POINTS);
        let at = |point: usize| sorted[(2 * point + 1) * sorted.len() / (2 * count)];
        let (mut values, mut shares) = (Vec::new(), Vec::<f64>::new());
        for value in (0..count).map(|point| scaled(at(point))) {
            match (values.last(), shares.last_mut()) {
                (Some(&last), Some(share)) if last == value => *share += 1.0 / count as f64,
                _ => {
                    values.push(value);
                    shares.push(1.0 / count as f64);
                }
            }
        }
        Self { values, shares }
    }

    /// The number of components with the lowest criterion.
    fn choose(&self, floor: f64, rows: f64) -> Fitted {
        // Lower is better; a component has three numbers, one of which is known when the others
        // are.
        let criterion = |fitted: &Fitted| {
            let numbers = 3.0 * fitted.components.len() as f64 - 1.0;
            numbers * rows.ln() - 2.0 * rows * fitted.likelihood
        };
        let mut best = self.climb(self.spread_evenly(1, floor), floor);
        let (mut last, mut since) = (best.clone(), 0);
        for count in 2..=MAX_COMPONENTS.min(self.values.len()) {
            let starts = [
                self.spread_by_rows(count, floor),
                self.spread_evenly(count, floor),
                split(&last.components, floor),
            ];
            let climbed = starts.map(|start| self.climb(start, floor));
            let highest = climbed
                .into_iter()
                .max_by(|a, b| a.likelihood.total_cmp(&b.likelihood));
            last = highest.expect("there are starts");
            if criterion(&last) < criterion(&best) {
                best = last.clone();
                since = 0;
            } else {
                since += 1;
            }
            if since == PATIENCE {
                break;
            }
        }
        best
    }

    /// Components that hold equally many rows each.
    fn spread_by_rows(&self, count: usize, floor: f64) -> Vec<GaussianComponent> {
        let mut sums = self.shares.clone();
        for at in 1..sums.len() {
            sums[at] += sums[at - 1];
        }
        let quantile = |share: f64| {
            let at = sums.partition_point(|&sum| sum < share);
            self.values[at.min(self.values.len() - 1)]
        };
        let parts = count as f64;
        (0..count)
            .map(|at| {
                let at = at as f64;
                let width = quantile((at + 1.0) / parts) - quantile(at / parts);
                GaussianComponent {
                    mean: quantile((at + 0.5) / parts),
                    sd: (0.5 * width).max(floor),
                    weight: 1.0 / parts,
                }
            })
            .collect()
    }

    /// Components at equal distances.
    fn spread_evenly(&self, count: usize, floor: f64) -> Vec<GaussianComponent> {
        let parts = count as f64;
        (0..count)
            .map(|at| GaussianComponent {
                mean: (2.0 * at as f64 + 1.0) / parts - 1.0,
                sd: (1.0 / parts).max(floor),
                weight: 1.0 / parts,
            })
            .collect()
    }

    /// Expectation and maximisation until it gains no more.
    fn climb(&self, mut components: Vec<GaussianComponent>, floor: f64) -> Fitted {
        let mut before = f64::NEG_INFINITY;
        let mut parts = vec![0.0; components.len()];
        for _ in 0..ROUNDS {
            let mut likelihood = 0.0;
            let mut sums = vec![[0.0f64; 3]; components.len()];
            for (&value, &share) in self.values.iter().zip(&self.shares) {
                let mut most = f64::NEG_INFINITY;
                for (part, component) in parts.iter_mut().zip(&components) {
                    *part = component.log_weight(value);
                    most = most.max(*part);
                }
                let mut sum = 0.0;
                for part in &mut parts {
                    *part = (*part - most).exp();
                    sum += *part;
                }
                likelihood += share * (most + sum.ln());
                for ((part, sums), component) in parts.iter().zip(&mut sums).zip(&components) {
                    // Around the old mean, so that little is lost by cancellation.
                    let (weight, off) = (share * part / sum, value - component.mean);
                    sums[0] += weight;
                    sums[1] += weight * off;
                    sums[2] += weight * off * off;
                }
            }
            for (component, [weight, first, second]) in components.iter_mut().zip(sums) {
                if weight > f64::MIN_POSITIVE {
                    let moved = first / weight;
                    let variance = second / weight - moved * moved;
                    component.mean = (component.mean + moved).clamp(-1.0, 1.0);
                    component.sd = variance.max(floor * floor).sqrt();
                }
                component.weight = weight.max(f64::MIN_POSITIVE);
            }
            let gain = likelihood - before;
            before = likelihood;
            if gain < GAIN {
                break;
            }
        }
        Fitted {
            components,
            likelihood: before,
        }
    }
}

/// The components with the heaviest split in two.
fn split(components: &[GaussianComponent], floor: f64) -> Vec<GaussianComponent> {
    let mut components = components.to_vec();
    let heaviest = (0..components.len())
        .max_by(|&a, &b| components[a].weight.total_cmp(&components[b].weight));
    if let Some(at) = heaviest {
        let whole = components[at];
        let half = |sign: f64| GaussianComponent {
            mean: (whole.mean + sign * 0.8 * whole.sd).clamp(-1.0, 1.0),
            sd: (0.6 * whole.sd).max(floor),
            weight: 0.5 * whole.weight,
        };
        components[at] = half(-1.0);
        components.push(half(1.0));
    }
    components
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_by(f64::total_cmp);
        values
    }

    fn normal_numbers(rows: usize, of: &[(f64, f64, f64)]) -> Vec<f64> {
        let mut rng = Seed::from_u64(5).rng();
        let sums: Vec<f64> = of
            .iter()
            .scan(0.0, |sum, component| {
                *sum += component.2;
                Some(*sum)
            })
            .collect();
        let value = |_| {
            let at = rng.weighted(&sums).expect("weights above 0");
            of[at].0 + of[at].1 * rng.normal()
        };
        sorted((0..rows).map(value).collect())
    }

    #[test]
    fn known_components_are_found() {
        let known = [(-40.0, 2.0, 0.2), (0.0, 1.0, 0.5), (25.0, 5.0, 0.3)];
        let components = fit_gaussian_mixture(&normal_numbers(10_000, &known), 1e-3);
        assert_eq!(components.len(), 3, "{components:?}");
        for (component, (mean, sd, weight)) in components.iter().zip(known) {
            // The components hardly overlap. Of n rows of one, the mean has sd / sqrt(n), the
            // deviation sd / sqrt(2 n), and the weight sqrt(w (1 - w) / rows); five of each, and as
            // much again for the points at equal steps.
            let rows = 10_000.0 * weight;
            assert!((component.mean - mean).abs() < 10.0 * sd / rows.sqrt());
            assert!((component.sd - sd).abs() < 10.0 * sd / (2.0 * rows).sqrt());
            assert!(
                (component.weight - weight).abs() < 10.0 * (weight * (1.0 - weight) / 1e4).sqrt()
            );
        }
    }

    /// Mean over rows of the log-likelihood.
    fn likelihood(components: &[GaussianComponent], values: &[f64]) -> f64 {
        let root = (2.0 * std::f64::consts::PI).sqrt();
        let each = values.iter().map(|&x| {
            let parts = components
                .iter()
                .map(|component| component.log_weight(x).exp() / root);
            parts.sum::<f64>().max(1e-300).ln()
        });
        each.sum::<f64>() / values.len() as f64
    }

    #[test]
    fn what_is_no_mixture_is_followed_as_well() {
        // Uniform numbers have the log-density 0; exponential ones have the mean log-density -1. A
        // single normal distribution is off by 0.17 and by 0.42 nats.
        let mut rng = Seed::from_u64(6).rng();
        let uniform = sorted((0..20_000).map(|_| rng.uniform()).collect());
        assert!(likelihood(&fit_gaussian_mixture(&uniform, 1e-4), &uniform) > -0.08);
        let steep = sorted((0..20_000).map(|_| -rng.uniform_open().ln()).collect());
        assert!(likelihood(&fit_gaussian_mixture(&steep, 1e-4), &steep) > -1.1);
    }

    #[test]
    fn one_normal_distribution_is_one_component() {
        let components = fit_gaussian_mixture(&normal_numbers(5_000, &[(3.0, 0.5, 1.0)]), 1e-6);
        assert_eq!(components.len(), 1, "{components:?}");
    }

    #[test]
    fn ties_single_values_huge_ranges_and_outliers_break_nothing() {
        let mut rng = Seed::from_u64(7).rng();
        let mut outlying: Vec<f64> = (0..5_000).map(|_| rng.normal()).collect();
        outlying.push(1e12);
        let ties = (0..9_000).map(|row| f64::from(row % 3)).collect();
        let powers = (-300..300).map(|power| 10f64.powi(power)).collect();
        let cases = [
            vec![5.0],
            vec![5.0; 100],
            vec![1.0, 2.0],
            ties,
            sorted(outlying),
            powers,
            vec![f64::MIN, 0.0, f64::MAX],
        ];
        for values in cases {
            let components = fit_gaussian_mixture(&values, 0.5);
            let total: f64 = components.iter().map(|component| component.weight).sum();
            assert!((total - 1.0).abs() < 1e-9);
            for component in &components {
                let inside =
                    values[0] <= component.mean && component.mean <= values[values.len() - 1];
                assert!(
                    inside && component.sd >= 0.5 && component.sd.is_finite(),
                    "{component:?}"
                );
            }
        }
        assert!(fit_gaussian_mixture(&[], 1.0).is_empty());
    }
}
