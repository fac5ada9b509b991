//! Distribution of the position of a number within its mode: a truncated logistic.
//!
//! Its place and width are what the generator says. Cut instead of clamped, it is a density without
//! atoms, its draws are a smooth function of place, width and one uniform number, and probabilities
//! of stretches have a closed form, so that given numbers choose components by Bayes' rule.

/// Widths of the logistic distributions, in units of a position.
const NARROWEST: f64 = 0.004;
const WIDEST: f64 = 0.4;
/// The width of a position whose standard deviation is that of its mode, a quarter: a logistic
/// distribution has `pi / sqrt 3` times its width.
const USUAL: f64 = 0.138;
/// Places that no begin lies beyond, as a share of the half stretch.
const MOST_OFF: f64 = 0.9;

/// Positions that a mode can have, -1 to 1 or less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Stretch {
    fn middle(self) -> f64 {
        0.5 * (self.low + self.high)
    }

    fn half(self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// The two numbers of a generator that say: in the middle of the mode, as wide as it.
    pub(crate) fn begin(self) -> [f64; 2] {
        let place = (-self.middle() / self.half()).clamp(-MOST_OFF, MOST_OFF);
        let width = (USUAL.ln() - middle_log_width()) / half_log_width();
        [place.atanh(), width.atanh()]
    }
}

fn middle_log_width() -> f64 {
    0.5 * (WIDEST.ln() + NARROWEST.ln())
}

fn half_log_width() -> f64 {
    0.5 * (WIDEST.ln() - NARROWEST.ln())
}

/// `ln(1 + e^x)`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)`.
fn below(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The density of the standard logistic distribution.
fn density(x: f64) -> f64 {
    let tail = (-x.abs()).exp();
    tail / ((1.0 + tail) * (1.0 + tail))
}

/// The logarithm of the standard logistic probability between two numbers, however far out.
fn log_between(low: f64, high: f64) -> f64 {
    // F(b) - F(a) = (1 - e^(a - b)) / ((1 + e^-b) (1 + e^a))
    (-(low - high).exp_m1()).ln() - softplus(-high) - softplus(low)
}

/// The distribution of a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Position {
    stretch: Stretch,
    place: f64,
    width: f64,
    /// The ends of the stretch, in widths from the place.
    ends: (f64, f64),
    log_total: f64,
}

impl Position {
    /// Creates the distribution from two parameters: the place lies inside the stretch, the width
    /// between its limits.
    pub(crate) fn new(stretch: Stretch, parameters: [f32; 2]) -> Self {
        let [place, width] = parameters.map(f64::from);
        let place = stretch.middle() + stretch.half() * place.tanh();
        let width = (middle_log_width() + half_log_width() * width.tanh()).exp();
        let ends = (
            (stretch.low - place) / width,
            (stretch.high - place) / width,
        );
        Self {
            stretch,
            place,
            width,
            ends,
            log_total: log_between(ends.0, ends.1),
        }
    }

    /// The position below which this share (above 0, below 1) of the distribution lies.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let (low, high) = self.ends;
        let total = self.log_total.exp();
        // Each tail from its own end, where its small probabilities are exact.
        let under = below(low) + share * total;
        let over = below(-high) + (1.0 - share) * total;
        let off = under.ln() - over.ln();
        let at = self.place + self.width * off;
        at.clamp(self.stretch.low, self.stretch.high)
    }

    /// Of each cell between neighbouring edges, which ascend from one end of the stretch to the
    /// other: its probability, and how it moves with each of the two numbers of the generator.
    pub(crate) fn cells(&self, edges: &[f64]) -> Vec<[f64; 3]> {
        // The distribution function of the whole logistic distribution, and how it moves with place
        // and width.
        let at = |edge: &f64| {
            let off = (edge - self.place) / self.width;
            let by_place = -density(off) / self.width;
            [below(off), by_place, by_place * off]
        };
        let edges: Vec<[f64; 3]> = edges.iter().map(at).collect();
        let less = |a: &[f64; 3], b: &[f64; 3]| [0, 1, 2].map(|n| a[n] - b[n]);
        let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
            return Vec::new();
        };
        let [total, total_by_place, total_by_width] = less(last, first);
        let [to_place, to_width] = self.bends();
        let cells = edges.windows(2).map(|pair| {
            let [mass, by_place, by_width] = less(&pair[1], &pair[0]);
            let mass = mass / total;
            [
                mass,
                (by_place - mass * total_by_place) / total * to_place,
                (by_width - mass * total_by_width) / total * to_width,
            ]
        });
        cells.collect()
    }

    /// Returns the derivatives of place and width by the two parameters.
    fn bends(&self) -> [f64; 2] {
        let half = self.stretch.half();
        let place = (self.place - self.stretch.middle()) / half;
        let width = (self.width.ln() - middle_log_width()) / half_log_width();
        [
            half * (1.0 - place * place),
            self.width * half_log_width() * (1.0 - width * width),
        ]
    }

    /// Returns the derivatives of the quantile of a share by the two parameters.
    pub(crate) fn slopes(&self, share: f64) -> [f64; 2] {
        let at = (self.quantile(share) - self.place) / self.width;
        let (low, high) = self.ends;
        // From F(q) = (1 - u) F(low) + u F(high), with ends that stay where they are.
        let own = density(at).max(f64::MIN_POSITIVE);
        let (first, last) = (
            (1.0 - share) * density(low) / own,
            share * density(high) / own,
        );
        // A truncated logistic distribution moves with its place, never faster and never back.
        let by_place = (1.0 - first - last).clamp(0.0, 1.0);
        let by_width = (at - first * low - last * high).clamp(low, high);
        let [to_place, to_width] = self.bends();
        [by_place * to_place, by_width * to_width]
    }

    /// The logarithm of the probability of a part of the stretch; parts outside it have none.
    pub(crate) fn log_mass(&self, low: f64, high: f64) -> f64 {
        let (low, high) = (low.max(self.stretch.low), high.min(self.stretch.high));
        if low >= high {
            return f64::NEG_INFINITY;
        }
        let scaled = |at: f64| (at - self.place) / self.width;
        (log_between(scaled(low), scaled(high)) - self.log_total).min(0.0)
    }

    /// The logarithm of the density of a position; outside the stretch there is none.
    pub(crate) fn log_density(&self, at: f64) -> f64 {
        if at < self.stretch.low || at > self.stretch.high {
            return f64::NEG_INFINITY;
        }
        let at = (at - self.place) / self.width;
        -softplus(at) - softplus(-at) - self.width.ln() - self.log_total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions() -> Vec<Position> {
        let stretches = [(-1.0, 1.0), (-0.02, 1.0), (-1.0, 0.3), (-0.1, 0.15)];
        let parameters = [
            [0.0, 0.6],
            [3.0, -4.0],
            [-9.0, -9.0],
            [0.4, 9.0],
            [-0.7, -1.0],
        ];
        let all = stretches.iter().flat_map(|&(low, high)| {
            parameters.map(|parameters| Position::new(Stretch { low, high }, parameters))
        });
        all.collect()
    }

    #[test]
    fn quantiles_and_probabilities_belong_together() {
        for position in positions() {
            let Stretch { low, high } = position.stretch;
            for share in [1e-9, 0.01, 0.3, 0.5, 0.9, 0.999] {
                let at = position.quantile(share);
                assert!((low..=high).contains(&at));
                let under = position.log_mass(low, at).exp();
                assert!(
                    (under - share).abs() < 1e-6,
                    "{position:?}: {under} for {share}"
                );
                let over = position.log_mass(at, high).exp();
                assert!((over + share - 1.0).abs() < 1e-6);
            }
            // The density is the slope of the probability. Parts far out keep their logarithms.
            let step = 1e-4 * position.width;
            for at in [low + 0.1 * (high - low), high - 0.1 * (high - low)] {
                let log_slope = position.log_mass(at - step, at + step) - (2.0 * step).ln();
                let off = log_slope - position.log_density(at);
                assert!(off.abs() < 1e-5, "{position:?}: {off}");
            }
        }
    }

    #[test]
    fn begins_say_the_middle_of_the_mode() {
        let begun = |low, high| {
            let stretch = Stretch { low, high };
            Position::new(stretch, stretch.begin().map(|x| x as f32))
        };
        let whole = begun(-1.0, 1.0);
        assert!(whole.place.abs() < 1e-6 && (whole.width - USUAL).abs() < 1e-6);
        let part = begun(-0.3, 1.0);
        assert!(part.place.abs() < 1e-6 && (part.width - USUAL).abs() < 1e-6);
        assert!(begun(0.0, 1.0).place.is_finite());
    }

    #[test]
    fn slopes_are_those_of_differences() {
        let stretches = [(-1.0, 1.0), (-0.02, 1.0), (-0.1, 0.15)];
        for (low, high) in stretches {
            for parameters in [[0.0f32, 0.6], [1.5, -1.0], [-0.7, 1.2], [-2.0, -2.0]] {
                for share in [1e-3, 0.2, 0.5, 0.97] {
                    let stretch = Stretch { low, high };
                    let slopes = Position::new(stretch, parameters).slopes(share);
                    // Powers of two, so that the steps are exact in single precision.
                    let step = 1.0f32 / 1024.0;
                    for which in 0..2 {
                        let moved = |sign: f32| {
                            let mut parameters = parameters;
                            parameters[which] += sign * step;
                            Position::new(stretch, parameters).quantile(share)
                        };
                        let off = (moved(1.0) - moved(-1.0)) / (2.0 * f64::from(step));
                        let close = (slopes[which] - off).abs() < 1e-5 + 1e-3 * off.abs();
                        assert!(
                            close,
                            "{stretch:?} {parameters:?} {share}: {slopes:?} {off}"
                        );
                    }
                }
            }
        }
    }
}
