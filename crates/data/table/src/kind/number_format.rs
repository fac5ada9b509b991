//! How numbers are spelled.

use serde::{Deserialize, Serialize};

use super::is_default;

/// How numbers are spelled in a source file.
///
/// Reading is more lenient than writing: a number without the unit of its column, with a sign or an
/// exponent is a number all the same, and is written as the column usually spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NumberFormat {
    /// Between whole part and decimals: `.` or `,`.
    pub decimal_mark: char,
    /// Between groups of three digits, if any.
    pub thousands_mark: Option<char>,
    /// Decimals always written, padded with zeros; `None` writes as many as the number needs.
    pub fixed_decimals: Option<u8>,
    /// Fewest decimals written, padded with zeros, where the number is not fixed.
    #[serde(skip_serializing_if = "is_default")]
    pub min_decimals: u8,
    /// Text before each number, such as `$` or `EUR `.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Text after each number, such as `%` or ` kg`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// How numbers below zero are marked.
    #[serde(skip_serializing_if = "is_default")]
    pub negative: Negative,
    /// Whether numbers above zero carry a `+`.
    #[serde(skip_serializing_if = "is_default")]
    pub plus: bool,
    /// Whether the zero before a decimal mark is left out, as in `.87`.
    #[serde(skip_serializing_if = "is_default")]
    pub bare_fraction: bool,
    /// The spelling of powers of ten, if numbers are written with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponent: Option<Exponent>,
}

/// How numbers below zero are marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Negative {
    /// A minus before everything: `-$5`.
    #[default]
    Minus,
    /// A minus between the prefix and the number: `$-5`.
    AfterPrefix,
    /// Parentheses around everything, as in accounts: `($5)`.
    Parentheses,
    /// A minus after the number: `5-`.
    Trailing,
}

/// How powers of ten are spelled, as in `1.5e-07` or `3E5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Exponent {
    /// `E` rather than `e`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upper: bool,
    /// Whether positive powers carry a `+`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub plus: bool,
    /// Fewest digits of the power, padded with zeros.
    pub digits: u8,
    /// Whether every number has one; otherwise only numbers below 0.0001 and from 10^16 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub always: bool,
}

impl Exponent {
    /// Powers of ten with at least this many digits, with `E` rather than `e` and a `+` if asked
    /// for, at every number or only at very small and very large ones.
    #[must_use]
    pub const fn new(upper: bool, plus: bool, digits: u8, always: bool) -> Self {
        Self {
            upper,
            plus,
            digits,
            always,
        }
    }
}

impl NumberFormat {
    /// A format with these marks and as many decimals as each number needs.
    #[must_use]
    pub fn with_marks(decimal_mark: char, thousands_mark: Option<char>) -> Self {
        Self {
            decimal_mark,
            thousands_mark,
            ..Self::default()
        }
    }

    /// Whether numbers are spelled as a program prints them: no marks, no unit, a minus.
    pub(crate) fn is_plain(&self) -> bool {
        self.decimal_mark == '.'
            && self.thousands_mark.is_none()
            && self.prefix.is_empty()
            && self.suffix.is_empty()
            && self.negative == Negative::Minus
            && !self.plus
            && !self.bare_fraction
    }

    /// Returns the format with a text before and a text after each number.
    #[must_use]
    pub fn with_unit(mut self, prefix: impl Into<String>, suffix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self.suffix = suffix.into();
        self
    }

    /// Returns the format with numbers below zero marked in this way.
    #[must_use]
    pub fn with_negative(mut self, negative: Negative) -> Self {
        self.negative = negative;
        self
    }
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self {
            decimal_mark: '.',
            thousands_mark: None,
            fixed_decimals: None,
            min_decimals: 0,
            prefix: String::new(),
            suffix: String::new(),
            negative: Negative::Minus,
            plus: false,
            bare_fraction: false,
            exponent: None,
        }
    }
}
