//! The privacy loss of one elementary release as a distribution: how much probability lies above
//! and below a loss, under both of the distributions that are told apart.

use crate::accounting::composition::{Release, Scheme, response_epsilon};
use crate::accounting::sampled_gaussian::Direction;
use crate::math::normal;

/// Probability on both sides of a loss, under the first (`p`) and the second (`q`) distribution.
/// Each number keeps its digits however small it is. "Above" excludes the loss itself, "below"
/// includes it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sides {
    pub(crate) p_above: f64,
    pub(crate) p_below: f64,
    pub(crate) q_above: f64,
    pub(crate) q_below: f64,
}

impl Sides {
    const ALL_ABOVE: Self = Self {
        p_above: 1.0,
        p_below: 0.0,
        q_above: 1.0,
        q_below: 0.0,
    };
    const ALL_BELOW: Self = Self {
        p_above: 0.0,
        p_below: 1.0,
        q_above: 0.0,
        q_below: 1.0,
    };

    /// Probability of the losses above the first and not above the second point, and a bound on its
    /// error.
    pub(crate) fn between(self, higher: Self) -> (f64, f64, f64, f64) {
        // Tails are good to about y^2 units in the last place; 512 covers y = 20.
        const ERROR: f64 = 512.0 * f64::EPSILON;
        let difference = |above: f64, below: f64, above_high: f64, below_high: f64| {
            if above < below_high {
                ((above - above_high).max(0.0), ERROR * above)
            } else {
                ((below_high - below).max(0.0), ERROR * below_high)
            }
        };
        let (p, p_error) = difference(self.p_above, self.p_below, higher.p_above, higher.p_below);
        let (q, q_error) = difference(self.q_above, self.q_below, higher.q_above, higher.q_below);
        (p, q, p_error, q_error)
    }
}

/// A distribution of the privacy loss.
#[derive(Clone, Debug)]
pub(crate) enum LossLaw {
    Gaussian {
        mu: f64,
    },
    Laplace {
        epsilon: f64,
    },
    BoundedRange {
        range: f64,
    },
    /// The base release on a Poisson sample.
    Sampled {
        rate: f64,
        base: Box<LossLaw>,
        direction: Direction,
    },
    /// The base release on a sample, the person exchanged: both directions at once.
    Exchanged {
        rate: f64,
        base: Box<LossLaw>,
    },
    /// Finitely many losses, rising; sums of probability from both ends.
    Atoms {
        losses: Vec<f64>,
        sides: Vec<Sides>,
    },
}

impl LossLaw {
    /// Law of a release, its probability of an infinite loss, and how many copies make one release.
    /// Absent where no dominating pair is known.
    pub(crate) fn of(release: &Release, direction: Direction) -> Option<(Self, f64, u64)> {
        let law = match release {
            Release::Gaussian { mu_squared } => Self::Gaussian {
                mu: mu_squared.sqrt(),
            },
            Release::Laplace { scale } => Self::Laplace {
                epsilon: 1.0 / scale,
            },
            Release::SampledGaussian {
                scheme,
                rate,
                sigma,
            } => {
                let base = Box::new(Self::Gaussian { mu: 1.0 / sigma });
                match scheme {
                    Scheme::Poisson => Self::Sampled {
                        rate: *rate,
                        base,
                        direction,
                    },
                    Scheme::Exchange => Self::Exchanged { rate: *rate, base },
                }
            }
            Release::SampledLaplace { rate, scale } => Self::Sampled {
                rate: *rate,
                base: Box::new(Self::Laplace {
                    epsilon: 1.0 / scale,
                }),
                direction,
            },
            Release::DiscreteGaussian { sigma, squared } if *squared <= 2 && *sigma < 2e4 => {
                return Some((discrete_gaussian(*sigma, 1), 0.0, *squared));
            }
            Release::DiscreteLaplace { scale, sensitivity } if *sensitivity < 100_000 => {
                discrete_laplace(*scale, *sensitivity)
            }
            Release::RandomizedResponse { categories, noise } => {
                let low = noise / f64::from(*categories);
                let epsilon = response_epsilon(*categories, *noise);
                let high = 1.0 - noise + low;
                let same = f64::from(categories - 2) * low;
                Self::atoms(vec![
                    (-epsilon, low, high),
                    (0.0, same, same),
                    (epsilon, high, low),
                ])
            }
            Release::BoundedRange { range } => Self::BoundedRange { range: *range },
            Release::Approximate { epsilon, delta } => {
                let low = 1.0 / (1.0 + epsilon.exp());
                let high = 1.0 / (1.0 + (-epsilon).exp());
                return Some((
                    Self::atoms(vec![(-epsilon, low, high), (*epsilon, high, low)]),
                    *delta,
                    1,
                ));
            }
            _ => return None,
        };
        law.is_finite().then_some((law, 0.0, 1))
    }

    fn is_finite(&self) -> bool {
        match self {
            Self::Gaussian { mu } => *mu > 0.0 && *mu < 1e6,
            Self::Laplace { epsilon } | Self::BoundedRange { range: epsilon } => {
                *epsilon > 0.0 && *epsilon < 1e6
            }
            Self::Sampled { base, .. } | Self::Exchanged { base, .. } => base.is_finite(),
            Self::Atoms { losses, .. } => losses.iter().all(|loss| loss.is_finite()),
        }
    }

    /// Builds the sums of atoms `(loss, p, q)`, given in rising order.
    fn atoms(atoms: Vec<(f64, f64, f64)>) -> Self {
        let mut sides = vec![Sides::default(); atoms.len()];
        let (mut p, mut q) = (0.0, 0.0);
        for (side, atom) in sides.iter_mut().zip(&atoms) {
            p += atom.1;
            q += atom.2;
            (side.p_below, side.q_below) = (p, q);
        }
        (p, q) = (0.0, 0.0);
        for (side, atom) in sides.iter_mut().zip(&atoms).rev() {
            (side.p_above, side.q_above) = (p, q);
            p += atom.1;
            q += atom.2;
        }
        Self::Atoms {
            losses: atoms.into_iter().map(|atom| atom.0).collect(),
            sides,
        }
    }

    /// Losses that a grid had better contain: the lowest atom and the distance to the highest.
    pub(crate) fn lattice(&self) -> Option<(f64, f64)> {
        match self {
            Self::Gaussian { .. } | Self::BoundedRange { .. } | Self::Exchanged { .. } => None,
            Self::Laplace { epsilon } => Some((-epsilon, 2.0 * epsilon)),
            Self::Sampled {
                rate,
                base,
                direction,
            } => {
                let (low, width) = base.lattice()?;
                let ratio = |loss: f64| (rate * loss.exp_m1()).ln_1p();
                let (a, b) = (ratio(low), ratio(low + width));
                Some(if *direction == Direction::Remove {
                    (a, b - a)
                } else {
                    (-b, b - a)
                })
            }
            // Neighbouring atoms of the discrete laws are equally spaced: the least gap fits them
            // all.
            Self::Atoms { losses, .. } if losses.len() > 1 => {
                Some((losses[0], losses[1] - losses[0]))
            }
            Self::Atoms { .. } => None,
        }
    }

    /// Probability on both sides of a loss.
    pub(crate) fn sides(&self, loss: f64) -> Sides {
        match self {
            Self::Gaussian { mu } => {
                let (p, q) = (loss / mu - 0.5 * mu, loss / mu + 0.5 * mu);
                Sides {
                    p_above: normal::above(p),
                    p_below: normal::below(p),
                    q_above: normal::above(q),
                    q_below: normal::below(q),
                }
            }
            Self::Laplace { epsilon } => {
                if loss < -epsilon {
                    return Sides::ALL_ABOVE;
                }
                if loss >= *epsilon {
                    return Sides::ALL_BELOW;
                }
                // Between the centres, at distances (epsilon -+ loss) / 2 of them in units of the
                // scale.
                let p_below = 0.5 * (-0.5 * (epsilon - loss)).exp();
                let q_above = 0.5 * (-0.5 * (epsilon + loss)).exp();
                Sides {
                    p_above: 1.0 - p_below,
                    p_below,
                    q_above,
                    q_below: 1.0 - q_above,
                }
            }
            Self::BoundedRange { range } => {
                if loss < -range {
                    return Sides::ALL_ABOVE;
                }
                if loss >= *range {
                    return Sides::ALL_BELOW;
                }
                // Density of the loss proportional to e^(loss / 2) under the first, e^(-loss / 2)
                // under the second.
                let total = -(-range).exp_m1();
                let upper = -(0.5 * (loss - range)).exp_m1() / total;
                let lower = (-range).exp() * (0.5 * (loss + range)).exp_m1() / total;
                let mirrored_upper = (-range).exp() * (0.5 * (range - loss)).exp_m1() / total;
                let mirrored_lower = -(-0.5 * (range + loss)).exp_m1() / total;
                Sides {
                    p_above: upper,
                    p_below: lower,
                    q_above: mirrored_upper,
                    q_below: mirrored_lower,
                }
            }
            Self::Sampled {
                rate,
                base,
                direction: Direction::Remove,
            } => mixed(base, *rate, loss),
            Self::Sampled {
                rate,
                base,
                direction: Direction::Add,
            } => {
                // The loss is minus the log ratio, and the roles of the two are exchanged.
                let mirror = mixed(base, *rate, -loss);
                Sides {
                    p_above: mirror.q_below,
                    p_below: mirror.q_above,
                    q_above: mirror.p_below,
                    q_below: mirror.p_above,
                }
            }
            Self::Exchanged { rate, base } => {
                if loss >= 0.0 {
                    let above = mixed(base, *rate, loss);
                    Sides {
                        p_above: above.p_above,
                        p_below: 1.0 - above.p_above,
                        q_above: above.q_above,
                        q_below: 1.0 - above.q_above,
                    }
                } else {
                    let mirror = mixed(base, *rate, -loss);
                    Sides {
                        p_above: 1.0 - mirror.q_above,
                        p_below: mirror.q_above,
                        q_above: 1.0 - mirror.p_above,
                        q_below: mirror.p_above,
                    }
                }
            }
            Self::Atoms { losses, sides } => match losses.partition_point(|atom| *atom <= loss) {
                0 => Sides::ALL_ABOVE,
                count => sides[count - 1],
            },
        }
    }
}

/// The mixture of the base pair against its second part, split at a log ratio.
fn mixed(base: &LossLaw, rate: f64, loss: f64) -> Sides {
    let share = if loss > 500.0 {
        f64::INFINITY
    } else {
        loss.exp_m1() / rate
    };
    if share <= -1.0 {
        return Sides::ALL_ABOVE;
    }
    let inner = base.sides(if loss > 500.0 {
        loss - rate.ln()
    } else {
        share.ln_1p()
    });
    Sides {
        p_above: (1.0 - rate) * inner.q_above + rate * inner.p_above,
        p_below: (1.0 - rate) * inner.q_below + rate * inner.p_below,
        q_above: inner.q_above,
        q_below: inner.q_below,
    }
}

/// Loss of the discrete Gaussian between two centres a whole shift apart.
fn discrete_gaussian(sigma: f64, shift: i32) -> LossLaw {
    let reach = (40.0 * sigma).ceil() as i32 + 2 * shift + 2;
    let weight = |x: i32| {
        let z = f64::from(x) / sigma;
        (-0.5 * z * z).exp()
    };
    let total: f64 = (1..=reach).rev().map(weight).sum::<f64>() * 2.0 + 1.0;
    let atoms = (-reach..=reach + shift)
        .map(|x| {
            // First distribution centred at the shift: the loss rises with x.
            let loss =
                f64::from(shift) * (2.0 * f64::from(x) - f64::from(shift)) * 0.5 / sigma / sigma;
            (loss, weight(x - shift) / total, weight(x) / total)
        })
        .collect();
    LossLaw::atoms(atoms)
}

/// Exact `delta` of one discrete Gaussian for a whole shift: `P(loss > epsilon) - e^epsilon Q(loss
/// > epsilon)`.
#[cfg(test)]
pub(crate) fn discrete_gaussian_delta(sigma: f64, shift: i32, epsilon: f64) -> f64 {
    let sides = discrete_gaussian(sigma, shift).sides(epsilon);
    sides.p_above - epsilon.exp() * sides.q_above
}

/// Loss of the discrete Laplace: geometric tails make the two outer atoms.
fn discrete_laplace(scale: f64, sensitivity: u64) -> LossLaw {
    let (step, shift) = (1.0 / scale, sensitivity as f64);
    let outer = 1.0 / (1.0 + (-step).exp());
    let centre = -(-step).exp_m1() * outer;
    let far = outer * (-shift * step).exp();
    let mut atoms = vec![(-shift * step, far, outer)];
    for x in 1..sensitivity {
        let x = x as f64;
        atoms.push((
            (2.0 * x - shift) * step,
            centre * (-(shift - x) * step).exp(),
            centre * (-x * step).exp(),
        ));
    }
    if sensitivity > 0 {
        atoms.push((shift * step, outer, far));
    }
    LossLaw::atoms(atoms)
}
