//! Numbers with a rule: privacy parameters that were checked once, where they entered.

use serde::{Deserialize, Serialize};

/// A privacy parameter outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A number broke the rule of its type. NaN breaks every rule.
    #[error("{parameter} is {value}, but must be {rule}")]
    OutOfRange {
        /// Name of the number: `sampling rate`, `delta`.
        parameter: &'static str,
        /// The number given.
        value: f64,
        /// Rule for accepted values.
        rule: &'static str,
    },
    /// A number was written as text other than `inf`.
    #[error("{parameter} is the text `{text}`, but must be a number or `inf`")]
    NotANumber {
        /// Name of the number.
        parameter: &'static str,
        /// The text given.
        text: String,
    },
    /// A whole number broke its rule.
    #[error("{parameter} is {value}, but must be {rule}")]
    InvalidCount {
        /// Name of the count.
        parameter: &'static str,
        /// The count given.
        value: i128,
        /// Rule for accepted values.
        rule: &'static str,
    },
}

/// Form of a number in a file: JSON has no infinity, so it is written as the text `inf`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Number(f64),
    Text(String),
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident, $words:literal, $rule:literal, |$x:ident| $ok:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "Wire", into = "Wire")]
        pub struct $name(f64);

        impl $name {
            #[doc = concat!("Checks that the value is ", $rule, ".")]
            ///
            /// # Errors
            ///
            /// [`ParameterError::OutOfRange`] otherwise; NaN is always refused.
            pub fn new($x: f64) -> Result<Self, ParameterError> {
                if $ok {
                    // Adding zero turns -0 into 0, so that it prints and compares like any other
                    // zero.
                    Ok(Self($x + 0.0))
                } else {
                    Err(ParameterError::OutOfRange { parameter: $words, value: $x, rule: $rule })
                }
            }

            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = ParameterError;
            fn try_from(value: f64) -> Result<Self, ParameterError> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> f64 {
                value.0
            }
        }

        impl TryFrom<Wire> for $name {
            type Error = ParameterError;
            fn try_from(wire: Wire) -> Result<Self, ParameterError> {
                match wire {
                    Wire::Number(value) => Self::new(value),
                    Wire::Text(text) if text == "inf" => Self::new(f64::INFINITY),
                    Wire::Text(text) => Err(ParameterError::NotANumber { parameter: $words, text }),
                }
            }
        }

        impl From<$name> for Wire {
            fn from(value: $name) -> Wire {
                if value.0 == f64::INFINITY { Wire::Text("inf".to_owned()) } else { Wire::Number(value.0) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParameterError;
            fn from_str(text: &str) -> Result<Self, ParameterError> {
                match text.trim().parse::<f64>() {
                    Ok(value) => Self::new(value),
                    Err(_) => Err(ParameterError::NotANumber { parameter: $words, text: text.to_owned() }),
                }
            }
        }
    )*};
}

numbers! {
    /// Privacy loss `epsilon` of pure, approximate or Renyi differential privacy, in nats. Infinity
    /// says "no promise".
    Epsilon, "epsilon", "at least 0", |value| value >= 0.0;

    /// Failure probability `delta` of approximate differential privacy, in `[0, 1]`.
    Delta, "delta", "between 0 and 1", |value| (0.0..=1.0).contains(&value);

    /// Zero-concentrated privacy loss `rho` in nats (Bun & Steinke 2016). Infinity says "no
    /// promise".
    Rho, "rho", "at least 0", |value| value >= 0.0;

    /// Noise over sensitivity: the standard deviation of Gaussian noise divided by the L2
    /// sensitivity of the query, or the scale of Laplace noise divided by its L1 sensitivity,
    /// **under the privacy unit of the ledger** (see [`Sensitivity`](crate::Sensitivity)). 0 means
    /// no noise, infinity means that nothing is released.
    NoiseMultiplier, "noise multiplier", "at least 0", |value| value >= 0.0;

    /// Standard deviation (Gaussian) or scale (Laplace) of noise in the units of the query. Finite
    /// and above 0.
    Sigma, "sigma", "finite and above 0", |value| value > 0.0 && value < f64::INFINITY;

    /// Order of a Renyi divergence, at least 1: 1 is the Kullback-Leibler divergence, infinity pure
    /// differential privacy.
    Order, "order", "at least 1", |value| value >= 1.0;

    /// Share of the privacy units that one step looks at, in `[0, 1]`.
    SamplingRate, "sampling rate", "between 0 and 1", |value| (0.0..=1.0).contains(&value);

    /// A probability that is not a sampling rate, in `[0, 1]`.
    Probability, "probability", "between 0 and 1", |value| (0.0..=1.0).contains(&value);

    /// An expected number of repetitions. Finite and above 0.
    Mean, "mean", "finite and above 0", |value| value > 0.0 && value < f64::INFINITY;

    /// Shape of a truncated negative binomial number of repetitions, above -1: 0 is the logarithmic
    /// distribution, 1 the geometric.
    Shape, "shape", "finite and above -1", |value| value > -1.0 && value < f64::INFINITY;
}

impl Epsilon {
    /// No loss.
    pub const ZERO: Self = Self(0.0);
    /// No promise at all.
    pub const INFINITE: Self = Self(f64::INFINITY);
}

impl Delta {
    /// Pure differential privacy.
    pub const ZERO: Self = Self(0.0);
}

impl Rho {
    /// No loss.
    pub const ZERO: Self = Self(0.0);

    /// Loss of one Gaussian release: `1 / (2 z^2)`, rounded up (Bun & Steinke 2016, proposition
    /// 1.6).
    pub fn of_gaussian(noise_multiplier: NoiseMultiplier) -> Self {
        let mu = 1.0 / noise_multiplier.get();
        Self(round_up(0.5 * (mu * mu)))
    }

    /// Loss of one discrete Gaussian release on integers with this squared L2 sensitivity, rounded
    /// up (Canonne, Kamath & Steinke 2020, theorem 4).
    pub fn of_discrete_gaussian(sigma: Sigma, sensitivity_squared: u64) -> Self {
        Self(round_up(
            sensitivity_squared as f64 * 0.5 / sigma.get() / sigma.get(),
        ))
    }
}

impl NoiseMultiplier {
    /// The noise multiplier below this ratio of noise and sensitivity, infinite where that is.
    pub(crate) fn rounded_down(ratio: f64) -> Self {
        Self(if ratio.is_finite() {
            ratio.next_down().max(0.0)
        } else {
            f64::INFINITY
        })
    }

    /// Smallest noise multiplier whose Gaussian release costs at most `rho`, rounded up so that the
    /// charge fits.
    pub fn for_rho(rho: Rho) -> Self {
        let mut z = (0.5 / rho.get()).sqrt();
        while Rho::of_gaussian(Self(z)) > rho {
            z = z.next_up();
        }
        Self(z)
    }
}

impl Sigma {
    /// Smallest standard deviation whose discrete Gaussian release costs at most `rho`, rounded up
    /// so that the charge fits.
    ///
    /// # Errors
    ///
    /// [`ParameterError::OutOfRange`] when `rho` is 0 or infinite, or the sensitivity is 0: no
    /// finite positive sigma answers.
    pub fn for_rho(rho: Rho, sensitivity_squared: u64) -> Result<Self, ParameterError> {
        let mut sigma = Self::new((sensitivity_squared as f64 * 0.5 / rho.get()).sqrt())?;
        while Rho::of_discrete_gaussian(sigma, sensitivity_squared) > rho {
            sigma = Self::new(sigma.0.next_up())?;
        }
        Ok(sigma)
    }
}

/// Larger than any result that a handful of rounded operations can have missed (each errs by half a
/// unit in the last place).
pub(crate) fn round_up(value: f64) -> f64 {
    if value > 0.0 && value < f64::INFINITY {
        value.next_up().next_up()
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_nan_everywhere() {
        assert!(Epsilon::new(f64::NAN).is_err());
        assert!(Delta::new(f64::NAN).is_err());
        assert!(Rho::new(f64::NAN).is_err());
        assert!(NoiseMultiplier::new(f64::NAN).is_err());
        assert!(Sigma::new(f64::NAN).is_err());
        assert!(Order::new(f64::NAN).is_err());
        assert!(SamplingRate::new(f64::NAN).is_err());
        assert!(Probability::new(f64::NAN).is_err());
        assert!(Mean::new(f64::NAN).is_err());
        assert!(Shape::new(f64::NAN).is_err());
        assert!("NaN".parse::<Delta>().is_err());
    }

    #[test]
    fn refuses_a_bad_number_in_a_file() {
        assert!(serde_json::from_str::<Delta>("1.5").is_err());
        assert!(serde_json::from_str::<Delta>("\"nan\"").is_err());
        assert!(serde_json::from_str::<Epsilon>("-1").is_err());
        assert!(serde_json::from_str::<Epsilon>("null").is_err());
        assert!(serde_json::from_str::<Sigma>("\"inf\"").is_err());
    }

    #[test]
    fn infinity_survives_a_file() {
        let text = serde_json::to_string(&Epsilon::INFINITE).unwrap();
        assert_eq!(text, "\"inf\"");
        assert_eq!(
            serde_json::from_str::<Epsilon>(&text).unwrap(),
            Epsilon::INFINITE
        );
        assert_eq!(serde_json::from_str::<Epsilon>("3").unwrap().get(), 3.0);
    }

    #[test]
    fn noise_for_a_rho_never_costs_more() {
        for i in 1..2000 {
            let rho = Rho::new(f64::from(i) * 0.000_37).unwrap();
            assert!(Rho::of_gaussian(NoiseMultiplier::for_rho(rho)) <= rho);
            assert!(Rho::of_discrete_gaussian(Sigma::for_rho(rho, 2).unwrap(), 2) <= rho);
        }
    }
}
