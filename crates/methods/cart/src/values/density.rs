//! A kernel density estimate and its quantiles.

use crate::values::normal::phi;

/// The distribution function of a normal kernel density estimate on a grid.
#[derive(Debug)]
pub(crate) struct Density {
    start: f64,
    step: f64,
    /// Ascending, from 0 to 1.
    cumulative: Vec<f64>,
}

const POINTS: usize = 2_048;
/// Bandwidths beyond which the kernel is zero.
const REACH: f64 = 4.0;

impl Density {
    /// The estimate from sorted numbers, with the bandwidth of Silverman 1986 (`0.9 min(sd, IQR /
    /// 1.34) n^(-1/5)`); `None` if they do not vary.
    pub(crate) fn of(sorted: &[f64]) -> Option<Self> {
        let (first, last) = (sorted.first()?, sorted.last()?);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let sd = (sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let quartile = |share: f64| sorted[(share * (n - 1.0)).round() as usize];
        let spread = (quartile(0.75) - quartile(0.25)) / 1.34;
        let width = 0.9 * if spread > 0.0 { sd.min(spread) } else { sd } * n.powf(-0.2);
        if !(width > 0.0 && width.is_finite()) {
            return None;
        }
        let start = first - REACH * width;
        let step = (last + REACH * width - start) / (POINTS - 1) as f64;
        let mut rows = vec![0.0; POINTS];
        for x in sorted {
            // A row is shared between the two points next to it, which keeps its place.
            let place = (x - start) / step;
            let (point, share) = (place as usize, place.fract());
            rows[point] += 1.0 - share;
            rows[(point + 1).min(POINTS - 1)] += share;
        }
        let reach = ((REACH * width / step) as usize).min(POINTS);
        let kernel: Vec<f64> = (0..2 * reach + 1)
            .map(|k| {
                phi((k as f64 - reach as f64 + 0.5) * step / width)
                    - phi((k as f64 - reach as f64 - 0.5) * step / width)
            })
            .collect();
        let mut mass = vec![0.0; POINTS];
        for (point, &held) in rows.iter().enumerate().filter(|(_, held)| **held > 0.0) {
            let low = point.saturating_sub(reach);
            for target in low..(point + reach + 1).min(POINTS) {
                mass[target] += held * kernel[target + reach - point];
            }
        }
        let all: f64 = mass.iter().sum();
        let mut sum = 0.0;
        let cumulative = mass
            .iter()
            .map(|mass| {
                sum += mass / all;
                sum
            })
            .collect();
        Some(Self {
            start,
            step,
            cumulative,
        })
    }

    /// The number below which this share lies.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let point = self
            .cumulative
            .partition_point(|&sum| sum < share)
            .min(POINTS - 1);
        let below = if point == 0 {
            0.0
        } else {
            self.cumulative[point - 1]
        };
        let mass = self.cumulative[point] - below;
        let part = if mass > 0.0 {
            ((share - below) / mass).clamp(0.0, 1.0)
        } else {
            0.5
        };
        self.start + (point as f64 - 0.5 + part) * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::normal::probit;

    #[test]
    fn quantiles_of_a_normal_sample_are_those_of_a_slightly_wider_normal() {
        let sorted: Vec<f64> = (0..10_000)
            .map(|row| probit((f64::from(row) + 0.5) / 10_000.0))
            .collect();
        let density = Density::of(&sorted).expect("numbers that vary");
        // The kernel adds the square of its width, 0.9 * 10,000^-0.2 = 0.143, to the variance.
        let sd = (1.0f64 + 0.143 * 0.143).sqrt();
        for share in [0.01, 0.25, 0.5, 0.9, 0.999] {
            let (found, expected) = (density.quantile(share), sd * probit(share));
            assert!(
                (found - expected).abs() < 0.01,
                "{share}: {found} against {expected}"
            );
        }
    }

    #[test]
    fn what_does_not_vary_has_no_density() {
        assert!(Density::of(&[]).is_none() && Density::of(&[3.0; 50]).is_none());
    }
}
