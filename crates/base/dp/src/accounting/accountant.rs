//! Accountants: the cost of a composition, as an interval with the method that proved it.

use serde::{Deserialize, Serialize};

use crate::accounting::analytic_gaussian;
use crate::accounting::composition::{Composition, Release, Unsupported};
use crate::accounting::convert;
use crate::accounting::pld::{Laws, Question, Side};
use crate::accounting::renyi;
use crate::accounting::saddle_point;
use crate::accounting::sampled_gaussian;
use crate::accounting::zcdp;
use crate::event::Event;
use crate::number::{Delta, Epsilon};
use crate::unit::PrivacyUnit;

/// How a bound was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountingMethod {
    /// A formula for the exact curve.
    ClosedForm,
    /// Inversion of the moment generating function through its saddle point.
    SaddlePoint,
    /// Privacy loss distributions.
    Pld,
    /// Renyi divergences at the best order.
    Renyi,
    /// Zero-concentrated loss.
    Zcdp,
    /// Sum of pure losses.
    Pure,
}

/// Bounds on the exact `epsilon` at a given `delta`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpsilonBound {
    /// No composition of these events costs more.
    pub upper: Epsilon,
    /// Some composition of these events costs at least this much; 0 where the method says nothing,
    /// and where an event stands for mechanisms of which none is the worst at every loss (bounded
    /// range, exchanged persons on a sample).
    pub lower: Epsilon,
    /// How the upper bound was found.
    pub method: AccountingMethod,
    /// Whether discretisation, truncation and rounding are included in the bounds.
    pub certified: bool,
}

/// Bounds on the exact `delta` at a given `epsilon`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaBound {
    /// No composition of these events fails more often.
    pub upper: Delta,
    /// Some composition of these events fails at least as often; 0 where the method says nothing.
    pub lower: Delta,
    /// How the upper bound was found.
    pub method: AccountingMethod,
    /// Whether discretisation, truncation and rounding are included in the bounds.
    pub certified: bool,
}

/// The best bound on `epsilon`, and the bound of every accountant that applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpsilonEvaluation {
    /// Lowest upper and highest lower bound.
    pub best: EpsilonBound,
    /// One bound for each accountant that supports the events.
    pub bounds: Vec<EpsilonBound>,
}

/// Bounds the cost of events under a privacy unit. Object-safe.
///
/// Accountants compose events whose *parameters* were fixed in advance (each mechanism may depend
/// on the outputs before it). Parameters chosen from outputs need the filter of
/// [`Ledger`](crate::Ledger), which adds losses at one order only.
pub trait Accountant {
    /// Returns the method.
    fn method(&self) -> AccountingMethod;

    /// Returns bounds on `epsilon` at this `delta`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] names an event that it has no bound for.
    fn epsilon(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        delta: Delta,
    ) -> Result<EpsilonBound, Unsupported>;

    /// Returns bounds on `delta` at this `epsilon`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] names an event that it has no bound for.
    fn delta(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        epsilon: Epsilon,
    ) -> Result<DeltaBound, Unsupported>;
}

/// An interval for `epsilon`, or for the logarithm of `delta`.
type Answer = Option<(f64, f64)>;

impl AccountingMethod {
    /// All methods, cheapest first.
    pub const ALL: [Self; 6] = [
        Self::ClosedForm,
        Self::Pure,
        Self::Zcdp,
        Self::SaddlePoint,
        Self::Renyi,
        Self::Pld,
    ];

    /// Its stable name, as in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClosedForm => "closed_form",
            Self::SaddlePoint => "saddle_point",
            Self::Pld => "pld",
            Self::Renyi => "renyi",
            Self::Zcdp => "zcdp",
            Self::Pure => "pure",
        }
    }

    /// Lower and upper bound on `epsilon`.
    fn epsilon_of(self, composition: &Composition, delta: f64) -> Answer {
        if delta >= 1.0 {
            return Some((0.0, 0.0));
        }
        let (low, high) = self.epsilon_of_parts(composition, delta)?;
        Some((if composition.loose { 0.0 } else { low }, high))
    }

    fn epsilon_of_parts(self, composition: &Composition, delta: f64) -> Answer {
        match self {
            Self::ClosedForm => closed_form_epsilon(composition, delta),
            Self::Pure => Some((0.0, composition.pure_epsilon())),
            Self::Zcdp => {
                let rho = zcdp::composition_rho(composition).ok()?;
                let epsilon = convert::zcdp_to_epsilon(rho, Delta::new(delta).ok()?).get();
                Some((0.0, epsilon * (1.0 + 1e-12)))
            }
            Self::Renyi => {
                let left = delta - renyi::failure(composition);
                if left < 0.0 {
                    return Some((0.0, f64::INFINITY));
                }
                let at = |x: f64| {
                    let order = 1.0 + x.exp();
                    convert::epsilon_at(
                        order,
                        renyi::composition_at(composition, order) * (1.0 + 1e-10),
                        left,
                    )
                };
                let pure = renyi::composition_at(composition, f64::INFINITY);
                let best = if left > 0.0 {
                    renyi::best_log_order(-14.0, 2, at).1
                } else {
                    f64::INFINITY
                };
                Some((0.0, best.min(pure)))
            }
            Self::SaddlePoint => {
                if delta == 0.0 || !saddle_point::supports(composition) {
                    return None;
                }
                let mut both = (0.0_f64, 0.0_f64);
                for direction in saddle_point::directions(composition) {
                    let found =
                        saddle_point::epsilon(composition, *direction, delta).or_else(|| {
                            // Nothing to solve where no loss at all is needed.
                            let at_zero = saddle_point::log_delta(composition, *direction, 0.0)?;
                            (at_zero.high <= delta.ln()).then_some(saddle_point::Interval {
                                low: 0.0,
                                high: 0.0,
                            })
                        })?;
                    both = (both.0.max(found.low), both.1.max(found.high));
                }
                Some(both)
            }
            Self::Pld => {
                if delta == 0.0 || composition.parts.is_empty() {
                    return None;
                }
                let mut both = (0.0_f64, 0.0_f64);
                for direction in saddle_point::directions(composition) {
                    let laws = Laws::of(composition, *direction)?;
                    let high = laws.answer(Question::Epsilon { delta }, Side::Upper)?;
                    // A lower bound in one direction is one for both: that of the dearer one will
                    // do.
                    let low = if high > both.1 && !composition.loose {
                        laws.answer(Question::Epsilon { delta }, Side::Lower)
                            .unwrap_or(0.0)
                    } else {
                        0.0
                    };
                    both = (both.0.max(low), both.1.max(high));
                }
                Some(both)
            }
        }
    }

    /// Logarithms of the lower and upper bound on `delta`.
    fn log_delta_of(self, composition: &Composition, epsilon: f64) -> Answer {
        let (low, high) = self.log_delta_of_parts(composition, epsilon)?;
        Some((
            if composition.loose {
                f64::NEG_INFINITY
            } else {
                low
            },
            high,
        ))
    }

    fn log_delta_of_parts(self, composition: &Composition, epsilon: f64) -> Answer {
        match self {
            Self::ClosedForm => closed_form_log_delta(composition, epsilon),
            Self::Pure => {
                let high =
                    convert::log_delta_at(f64::INFINITY, composition.pure_epsilon(), epsilon);
                Some((f64::NEG_INFINITY, if high.is_nan() { 0.0 } else { high }))
            }
            Self::Zcdp => {
                let rho = zcdp::composition_rho(composition).ok()?;
                Some((
                    f64::NEG_INFINITY,
                    convert::zcdp_to_log_delta(rho, Epsilon::new(epsilon).ok()?),
                ))
            }
            Self::Renyi => {
                let at = |x: f64| {
                    let order = 1.0 + x.exp();
                    convert::log_delta_at(
                        order,
                        renyi::composition_at(composition, order) * (1.0 + 1e-10),
                        epsilon,
                    )
                };
                let log = renyi::best_log_order(-14.0, u32::MAX, at).1;
                let pure = renyi::composition_at(composition, f64::INFINITY);
                let pure = convert::log_delta_at(f64::INFINITY, pure, epsilon);
                let log = if pure.is_nan() { log } else { log.min(pure) };
                let failure = renyi::failure(composition);
                Some((
                    f64::NEG_INFINITY,
                    if failure > 0.0 {
                        (log.exp() + failure).ln().min(0.0)
                    } else {
                        log
                    },
                ))
            }
            Self::SaddlePoint => {
                if !saddle_point::supports(composition) || epsilon == f64::INFINITY {
                    return None;
                }
                let mut both = (f64::NEG_INFINITY, f64::NEG_INFINITY);
                for direction in saddle_point::directions(composition) {
                    let found = saddle_point::log_delta(composition, *direction, epsilon)?;
                    both = (both.0.max(found.low), both.1.max(found.high));
                }
                Some(both)
            }
            Self::Pld => {
                if composition.parts.is_empty() || epsilon == f64::INFINITY {
                    return None;
                }
                let mut both = (0.0_f64, 0.0_f64);
                for direction in saddle_point::directions(composition) {
                    let laws = Laws::of(composition, *direction)?;
                    let high = laws.answer(Question::Delta { epsilon }, Side::Upper)?;
                    let low = laws
                        .answer(Question::Delta { epsilon }, Side::Lower)
                        .unwrap_or(0.0);
                    both = (both.0.max(low), both.1.max(high));
                }
                Some((both.0.ln(), both.1.ln()))
            }
        }
    }

    fn unsupported(self, composition: &Composition) -> Unsupported {
        let tag = composition
            .parts
            .first()
            .map_or("composed", |(release, _)| release.tag());
        Unsupported::new(
            self.name(),
            tag,
            "the accountant does not cover this composition, or does not resolve it",
        )
    }
}

impl Accountant for AccountingMethod {
    fn method(&self) -> AccountingMethod {
        *self
    }

    fn epsilon(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        delta: Delta,
    ) -> Result<EpsilonBound, Unsupported> {
        let composition = Composition::new(event, unit)?;
        let answer = self.epsilon_of(&composition, delta.get());
        answer
            .map(|answer| bound(*self, answer))
            .ok_or_else(|| self.unsupported(&composition))
    }

    fn delta(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        epsilon: Epsilon,
    ) -> Result<DeltaBound, Unsupported> {
        let composition = Composition::new(event, unit)?;
        let answer = self.log_delta_of(&composition, epsilon.get());
        answer
            .map(|answer| delta_bound(*self, answer))
            .ok_or_else(|| self.unsupported(&composition))
    }
}

/// The accountant to use: the least upper bound of all methods that support the events.
///
/// Where a closed form or the saddle-point method answers (within `1e-8` of the truth and
/// certified), the others are not run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Best;

impl Accountant for Best {
    fn method(&self) -> AccountingMethod {
        AccountingMethod::SaddlePoint
    }

    fn epsilon(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        delta: Delta,
    ) -> Result<EpsilonBound, Unsupported> {
        Ok(best_epsilon(&Composition::new(event, unit)?, delta.get()))
    }

    fn delta(
        &self,
        event: &Event,
        unit: &PrivacyUnit,
        epsilon: Epsilon,
    ) -> Result<DeltaBound, Unsupported> {
        let composition = Composition::new(event, unit)?;
        let mut best: Option<(AccountingMethod, (f64, f64))> = None;
        for method in AccountingMethod::ALL {
            if let Some((low, high)) = method.log_delta_of(&composition, epsilon.get()) {
                best = Some(match best {
                    Some((have, (least, most))) if most <= high => (have, (least.max(low), most)),
                    Some((_, (least, _))) => (method, (least.max(low), high)),
                    None => (method, (low, high)),
                });
                if is_exact(method, &composition) {
                    break;
                }
            }
        }
        let (method, answer) = best.expect("the pure bound always answers");
        Ok(delta_bound(method, answer))
    }
}

/// Whether no other method can do better by more than rounding.
fn is_exact(method: AccountingMethod, composition: &Composition) -> bool {
    matches!(
        method,
        AccountingMethod::ClosedForm | AccountingMethod::SaddlePoint
    ) && !composition.loose
}

/// The best bound on a composition.
pub(crate) fn best_epsilon(composition: &Composition, delta: f64) -> EpsilonBound {
    let mut best: Option<EpsilonBound> = None;
    for method in AccountingMethod::ALL {
        if let Some(answer) = method.epsilon_of(composition, delta) {
            best = Some(merge(best, bound(method, answer)));
            if is_exact(method, composition) {
                break;
            }
        }
    }
    best.expect("the pure bound always answers")
}

/// The best bound of the methods that need no search over losses.
pub(crate) fn rough_epsilon(composition: &Composition, delta: f64) -> Epsilon {
    [
        AccountingMethod::ClosedForm,
        AccountingMethod::Pure,
        AccountingMethod::Zcdp,
        AccountingMethod::Renyi,
    ]
    .into_iter()
    .filter_map(|method| Some(bound(method, method.epsilon_of(composition, delta)?).upper))
    .fold(
        Epsilon::INFINITE,
        |least, upper| if upper < least { upper } else { least },
    )
}

/// Runs every accountant that applies to a tree of events.
///
/// # Errors
///
/// [`Unsupported`] when the tree holds an event that no accountant knows under this unit.
///
/// ```
/// use parable_dp::{Delta, Event, NoiseMultiplier, PrivacyUnit, SamplingRate, evaluate};
///
/// let noise = Event::Gaussian { noise_multiplier: NoiseMultiplier::new(1.1)? };
/// let step = noise.poisson_sampled(SamplingRate::new(0.01)?);
/// let answer = evaluate(&step.repeated(10_000), &PrivacyUnit::one_row(), Delta::new(1e-5)?)?;
/// assert!((answer.best.upper.get() - 5.192_583_446).abs() < 1e-6);
/// assert!(answer.best.certified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate(
    event: &Event,
    unit: &PrivacyUnit,
    delta: Delta,
) -> Result<EpsilonEvaluation, Unsupported> {
    let composition = Composition::new(event, unit)?;
    Ok(evaluate_composition(&composition, delta.get()))
}

/// Bounds on `delta` at one `epsilon`: the best, and one of every accountant that applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaEvaluation {
    /// Lowest upper and highest lower bound.
    pub best: DeltaBound,
    /// One bound for each accountant that supports the events.
    pub bounds: Vec<DeltaBound>,
}

/// Runs every accountant that applies to a tree of events, for `delta` at one `epsilon`.
///
/// # Errors
///
/// [`Unsupported`] when the tree holds an event that no accountant knows under this unit.
pub fn evaluate_delta(
    event: &Event,
    unit: &PrivacyUnit,
    epsilon: Epsilon,
) -> Result<DeltaEvaluation, Unsupported> {
    let best = Best.delta(event, unit, epsilon)?;
    let bounds = AccountingMethod::ALL
        .iter()
        .filter_map(|method| method.delta(event, unit, epsilon).ok())
        .collect();
    Ok(DeltaEvaluation { best, bounds })
}

pub(crate) fn evaluate_composition(composition: &Composition, delta: f64) -> EpsilonEvaluation {
    let mut bounds = Vec::new();
    let mut best = None;
    for method in AccountingMethod::ALL {
        if let Some(answer) = method.epsilon_of(composition, delta) {
            let found = bound(method, answer);
            best = Some(merge(best, found));
            bounds.push(found);
        }
    }
    EpsilonEvaluation {
        best: best.expect("the pure bound always answers"),
        bounds,
    }
}

/// The lower upper bound with its method, and the higher lower bound.
fn merge(best: Option<EpsilonBound>, found: EpsilonBound) -> EpsilonBound {
    match best {
        None => found,
        Some(have) => {
            let lower = if found.lower > have.lower {
                found.lower
            } else {
                have.lower
            };
            let winner = if found.upper < have.upper {
                found
            } else {
                have
            };
            EpsilonBound { lower, ..winner }
        }
    }
}

fn bound(method: AccountingMethod, (low, high): (f64, f64)) -> EpsilonBound {
    let upper = Epsilon::new(high.max(0.0)).expect("a loss is never NaN");
    let lower = Epsilon::new(low.max(0.0).min(upper.get())).expect("a loss is never NaN");
    EpsilonBound {
        upper,
        lower,
        method,
        certified: true,
    }
}

fn delta_bound(method: AccountingMethod, (low, high): (f64, f64)) -> DeltaBound {
    let upper = Delta::new(high.exp().min(1.0)).expect("a probability");
    let lower = Delta::new(low.exp().min(upper.get())).expect("a probability");
    DeltaBound {
        upper,
        lower,
        method,
        certified: true,
    }
}

/// Rounding error of the formulas, relative to the answer.
const FORMULA_ERROR: f64 = 1e-11;

fn closed_form_epsilon(composition: &Composition, delta: f64) -> Answer {
    let epsilon = match composition.parts.as_slice() {
        [] => 0.0,
        [(Release::Gaussian { mu_squared }, 1)] => {
            analytic_gaussian::epsilon(mu_squared.sqrt(), delta)
        }
        _ => return None,
    };
    Some((
        epsilon * (1.0 - FORMULA_ERROR),
        epsilon * (1.0 + FORMULA_ERROR),
    ))
}

fn closed_form_log_delta(composition: &Composition, epsilon: f64) -> Answer {
    let log = match composition.parts.as_slice() {
        [] => f64::NEG_INFINITY,
        [(Release::Gaussian { mu_squared }, 1)] => {
            analytic_gaussian::log_delta(mu_squared.sqrt(), epsilon)
        }
        [
            (
                Release::SampledGaussian {
                    scheme,
                    rate,
                    sigma,
                },
                1,
            ),
        ] if *sigma > 0.0 && *sigma < 1e100 => saddle_point::directions(composition)
            .iter()
            .map(|direction| {
                sampled_gaussian::log_delta(*scheme, *direction, *rate, *sigma, epsilon)
            })
            .fold(f64::NEG_INFINITY, f64::max),
        _ => return None,
    };
    Some((log * (1.0 + FORMULA_ERROR), (log + FORMULA_ERROR).min(0.0)))
}
