//! Calibration: the least noise, the largest rate, the most steps or the largest `rho` that a
//! target admits.
//!
//! Costs are those of [`Best`](crate::Best); the answer of every search is one that was itself
//! evaluated and found to fit.

use crate::accounting::accountant::{best_epsilon, rough_epsilon};
use crate::accounting::composition::{Composition, Unsupported};
use crate::event::Event;
use crate::number::{Delta, Epsilon, NoiseMultiplier, Rho, SamplingRate};
use crate::unit::PrivacyUnit;

/// The target of a calibration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Largest loss.
    pub epsilon: Epsilon,
    /// Largest failure probability.
    pub delta: Delta,
    /// The privacy unit.
    pub unit: PrivacyUnit,
}

/// A parameter that reaches its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibrated<T> {
    /// The parameter.
    pub value: T,
    /// Upper bound on the loss with it, at most that of the target.
    pub epsilon: Epsilon,
}

/// A calibration without an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// No value of the parameter reaches the target.
    #[error("no {parameter} reaches epsilon {epsilon} at delta {delta}")]
    Infeasible {
        /// The parameter, in words.
        parameter: &'static str,
        /// The loss asked for.
        epsilon: f64,
        /// The failure probability asked for.
        delta: f64,
    },
    /// No accountant covers the event.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// Least noise multiplier with which the event is within the target. More noise must not cost more.
///
/// # Errors
///
/// [`CalibrationError::Infeasible`] when no noise multiplier up to `1e12` suffices (`delta = 0`
/// with Gaussian noise).
///
/// ```
/// use parable_dp::{
///     Delta, Epsilon, Event, PrivacyUnit, SamplingRate, Target, calibrate_noise_multiplier,
/// };
///
/// let (epsilon, delta) = (Epsilon::new(2.0)?, Delta::new(1e-5)?);
/// let target = Target { epsilon, delta, unit: PrivacyUnit::one_row() };
/// let rate = SamplingRate::new(0.01)?;
/// let found = calibrate_noise_multiplier(target, |noise_multiplier| {
///     Event::Gaussian { noise_multiplier }.poisson_sampled(rate).repeated(10_000)
/// })?;
/// assert!((found.value.get() - 2.127_375).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibrate_noise_multiplier(
    target: Target,
    event: impl Fn(NoiseMultiplier) -> Event,
) -> Result<Calibrated<NoiseMultiplier>, CalibrationError> {
    let number =
        |value: f64| NoiseMultiplier::new(value).expect("a noise multiplier is at least 0");
    if let Some(epsilon) = vacuous(&target) {
        target.cost(&event(number(1.0)))?;
        return Ok(Calibrated {
            value: number(0.0),
            epsilon,
        });
    }
    let (value, epsilon) = least(&target, "noise multiplier", 1.0, (1e-9, 1e12), |x| {
        event(number(x))
    })?;
    Ok(Calibrated {
        value: number(value),
        epsilon,
    })
}

/// Largest sampling rate with which the event is within the target. A larger rate must not cost
/// less.
///
/// # Errors
///
/// [`CalibrationError::Infeasible`] when even a rate of `1e-12` costs too much.
pub fn calibrate_sampling_rate(
    target: Target,
    event: impl Fn(SamplingRate) -> Event,
) -> Result<Calibrated<SamplingRate>, CalibrationError> {
    let number = |value: f64| SamplingRate::new(value.min(1.0)).expect("a rate is a probability");
    let full = target.cost(&event(number(1.0)))?;
    if full <= target.epsilon {
        return Ok(Calibrated {
            value: number(1.0),
            epsilon: full,
        });
    }
    let (value, epsilon) = least(&target, "sampling rate", 100.0, (1.0, 1e12), |x| {
        event(number(1.0 / x))
    })?;
    Ok(Calibrated {
        value: number(1.0 / value),
        epsilon,
    })
}

/// Largest zero-concentrated loss that the event may be given. More must not cost less.
///
/// # Errors
///
/// [`CalibrationError::Infeasible`] when even a `rho` of `1e-15` costs too much.
pub fn calibrate_rho(
    target: Target,
    event: impl Fn(Rho) -> Event,
) -> Result<Calibrated<Rho>, CalibrationError> {
    let number = |value: f64| Rho::new(value).expect("a loss is at least 0");
    if let Some(epsilon) = vacuous(&target) {
        target.cost(&event(number(1.0)))?;
        return Ok(Calibrated {
            value: number(f64::INFINITY),
            epsilon,
        });
    }
    let (value, epsilon) = least(&target, "rho", 10.0, (1e-9, 1e15), |x| {
        event(number(1.0 / x))
    })?;
    Ok(Calibrated {
        value: number(1.0 / value),
        epsilon,
    })
}

/// Most repetitions of an event that stay within the target; `u64::MAX` when any number does.
///
/// # Errors
///
/// [`CalibrationError::Unsupported`] when no accountant covers the event. No repetition at all is
/// always within.
pub fn calibrate_steps(target: Target, event: &Event) -> Result<Calibrated<u64>, CalibrationError> {
    let cost = |steps: u64| target.cost(&event.clone().repeated(steps));
    let (mut low, mut at_low) = (0_u64, Epsilon::ZERO);
    let mut high = 1_u64;
    loop {
        let epsilon = cost(high)?;
        if epsilon > target.epsilon {
            break;
        }
        (low, at_low) = (high, epsilon);
        if high > u64::MAX / 4 {
            return Ok(Calibrated {
                value: u64::MAX,
                epsilon,
            });
        }
        high *= 4;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let epsilon = cost(middle)?;
        if epsilon <= target.epsilon {
            (low, at_low) = (middle, epsilon);
        } else {
            high = middle;
        }
    }
    Ok(Calibrated {
        value: low,
        epsilon: at_low,
    })
}

impl Target {
    fn cost(&self, event: &Event) -> Result<Epsilon, Unsupported> {
        Ok(best_epsilon(&Composition::new(event, &self.unit)?, self.delta.get()).upper)
    }
}

/// Targets that promise nothing are reached without any noise.
fn vacuous(target: &Target) -> Option<Epsilon> {
    if target.delta.get() >= 1.0 {
        Some(Epsilon::ZERO)
    } else if target.epsilon == Epsilon::INFINITE {
        Some(Epsilon::INFINITE)
    } else {
        None
    }
}

/// Least `x` in a range whose cost is within the target; the cost falls in `x`. A first search by
/// Renyi losses, which are cheap and never below the exact ones, gives a safe start close to the
/// answer.
fn least(
    target: &Target,
    parameter: &'static str,
    start: f64,
    range: (f64, f64),
    event: impl Fn(f64) -> Event,
) -> Result<(f64, Epsilon), CalibrationError> {
    let rough = |x: f64| -> Result<Epsilon, Unsupported> {
        Ok(rough_epsilon(
            &Composition::new(&event(x), &target.unit)?,
            target.delta.get(),
        ))
    };
    let coarse = Search {
        parameter,
        start,
        factor: 4.0,
        precision: 0.3,
        range,
    };
    let near = match search(target, &coarse, rough) {
        Ok((near, _)) => near,
        Err(CalibrationError::Infeasible { .. }) => start,
        Err(error) => return Err(error),
    };
    let fine = Search {
        start: near,
        factor: 1.1,
        precision: 1e-9,
        ..coarse
    };
    search(target, &fine, |x| target.cost(&event(x)))
}

/// A search for the parameter of a release.
struct Search {
    parameter: &'static str,
    start: f64,
    /// First factor of the bracket.
    factor: f64,
    /// Logarithmic width of the bracket at the end.
    precision: f64,
    range: (f64, f64),
}

/// Brackets by growing factors, then interpolates between logarithms of cost and `x`, always
/// keeping a point on each side.
fn search(
    target: &Target,
    search: &Search,
    cost: impl Fn(f64) -> Result<Epsilon, Unsupported>,
) -> Result<(f64, Epsilon), CalibrationError> {
    let cost = |x: f64| cost(x).map(|epsilon| (x, epsilon));
    let fits = |point: &(f64, Epsilon)| point.1 <= target.epsilon;
    let &Search {
        parameter,
        precision,
        range: (floor, ceiling),
        ..
    } = search;
    let mut point = cost(search.start)?;
    let up = !fits(&point);
    let mut last = point;
    let mut factor = search.factor;
    while fits(&point) != up {
        let next = if up {
            point.0 * factor
        } else {
            point.0 / factor
        };
        if up && next > ceiling {
            let (epsilon, delta) = (target.epsilon.get(), target.delta.get());
            return Err(CalibrationError::Infeasible {
                parameter,
                epsilon,
                delta,
            });
        }
        if !up && next < floor {
            // Less than any amount that matters still fits.
            return Ok(point);
        }
        last = point;
        point = cost(next)?;
        factor = (factor * factor).min(4.0);
    }
    let (mut bad, mut good) = if up { (last, point) } else { (point, last) };
    let height = |point: &(f64, Epsilon)| {
        (point.1.get().max(1e-300) / target.epsilon.get().max(1e-300)).ln()
    };
    let (mut weight_bad, mut weight_good) = (1.0, 1.0);
    for round in 0..100 {
        let width = (good.0 / bad.0).ln();
        if width < precision {
            break;
        }
        let (above, below) = (height(&bad) * weight_bad, height(&good) * weight_good);
        let mut share = above / (above - below);
        if !share.is_finite() || round > 25 || target.epsilon.get() == 0.0 {
            share = 0.5;
        }
        // Aim a little to the safe side, so that the good end closes in as well.
        let edge = (0.1 * precision / width).min(1e-3);
        let share = (share + 2.0 * edge).clamp(edge, 1.0 - edge);
        let next = cost(bad.0 * (share * width).exp())?;
        if next.0 <= bad.0 || next.0 >= good.0 {
            break;
        }
        // Illinois: an end that stays is counted half.
        if fits(&next) {
            good = next;
            (weight_good, weight_bad) = (1.0, 0.5 * weight_bad);
        } else {
            bad = next;
            (weight_bad, weight_good) = (1.0, 0.5 * weight_good);
        }
    }
    Ok(good)
}
