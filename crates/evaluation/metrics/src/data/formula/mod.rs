//! An analyst's model as a text: `post ~ treatment + pre + fsm | school`.

mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An analyst's model: `response ~ terms | absorbed | cluster`.
///
/// - Terms are joined by `+`. `a:b` is an interaction, `a*b` stands for `a + b + a:b`, `a^2` (or
///   `I(a^2)`) is a power of a numeric column, `0` or `- 1` leaves out the intercept.
/// - After the first bar stand fixed effects, joined by `+`: columns whose levels each get an
///   intercept of their own that is not reported. `0` is none.
/// - After the second bar stands the column by which standard errors are clustered. Without it they
///   are clustered by the first fixed effect, and classical if there is none.
///   `post ~ treatment | 0 | school` clusters and absorbs nothing.
/// - Names that are no plain words stand in backticks: `` `test score` ``.
///
/// A response with two levels is fitted by logistic regression (the second level by Unicode code
/// point is the event), anything else by least squares.
///
/// ```
/// use parable_metrics::Formula;
///
/// let formula: Formula = "post ~ arm*fsm + pre | school".parse()?;
/// assert_eq!(formula.to_string(), "post ~ arm + fsm + pre + arm:fsm | school");
/// assert_eq!(formula.response(), "post");
/// # Ok::<(), parable_metrics::FormulaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Formula {
    pub(crate) response: String,
    pub(crate) intercept: bool,
    /// Main effects first, then interactions of two, and so on; no term twice.
    pub(crate) terms: Vec<Term>,
    pub(crate) absorbed: Vec<String>,
    pub(crate) cluster: Option<String>,
}

/// A product of factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term(pub(crate) Vec<Factor>);

/// A column, possibly to a power.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Factor {
    pub(crate) column: String,
    pub(crate) power: u32,
}

/// A text that is no formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("formula, character {position}: {rule}")]
pub struct FormulaError {
    /// Where it stops being one, in characters from 1.
    pub position: usize,
    /// What is expected.
    pub rule: &'static str,
}

impl Formula {
    /// The column that is explained.
    #[must_use]
    pub fn response(&self) -> &str {
        &self.response
    }

    /// Every column the formula names, each once: the response first.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let factors = self.terms.iter().flat_map(|term| &term.0);
        let mut names: Vec<&str> = vec![&self.response];
        for name in factors
            .map(|factor| factor.column.as_str())
            .chain(self.absorbed.iter().map(String::as_str))
            .chain(self.cluster_column())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The column by which errors are clustered: the declared one, or the first fixed effect.
    #[must_use]
    pub fn cluster_column(&self) -> Option<&str> {
        let declared = self.cluster.as_deref();
        declared.or_else(|| self.absorbed.first().map(String::as_str))
    }
}

impl Term {
    /// The same set of factors, whatever their order.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|factor| other.0.contains(factor))
    }
}

impl FromStr for Formula {
    type Err = FormulaError;

    fn from_str(text: &str) -> Result<Self, FormulaError> {
        parse::formula(text)
    }
}

impl TryFrom<String> for Formula {
    type Error = FormulaError;

    fn try_from(text: String) -> Result<Self, FormulaError> {
        text.parse()
    }
}

impl From<Formula> for String {
    fn from(formula: Formula) -> Self {
        formula.to_string()
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ~ ", Name(&self.response))?;
        let mut first = true;
        let mut plus = |f: &mut fmt::Formatter<'_>| -> fmt::Result {
            if !std::mem::replace(&mut first, false) {
                f.write_str(" + ")?;
            }
            Ok(())
        };
        if !self.intercept || self.terms.is_empty() {
            plus(f)?;
            f.write_str(if self.intercept { "1" } else { "0" })?;
        }
        for term in &self.terms {
            plus(f)?;
            write!(f, "{term}")?;
        }
        if self.absorbed.is_empty() && self.cluster.is_none() {
            return Ok(());
        }
        f.write_str(" | ")?;
        if self.absorbed.is_empty() {
            f.write_str("0")?;
        }
        for (position, name) in self.absorbed.iter().enumerate() {
            f.write_str(if position > 0 { " + " } else { "" })?;
            write!(f, "{}", Name(name))?;
        }
        match &self.cluster {
            Some(name) => write!(f, " | {}", Name(name)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, factor) in self.0.iter().enumerate() {
            f.write_str(if position > 0 { ":" } else { "" })?;
            write!(f, "{}", Name(&factor.column))?;
            if factor.power > 1 {
                write!(f, "^{}", factor.power)?;
            }
        }
        Ok(())
    }
}

/// A name as formulas spell it.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if parse::is_plain(self.0) {
            f.write_str(self.0)
        } else {
            write!(f, "`{}`", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        text.parse::<Formula>().unwrap().to_string()
    }

    #[test]
    fn terms_come_by_order_and_each_once() {
        assert_eq!(
            spelled("y~b:a+a*b*c+a"),
            "y ~ a + b + c + b:a + a:c + b:c + a:b:c"
        );
        assert_eq!(spelled("y ~ I(a^2) + a - 1"), "y ~ 0 + a^2 + a");
        assert_eq!(spelled("y ~ 1"), "y ~ 1");
    }

    #[test]
    fn bars_name_fixed_effects_and_clusters() {
        let formula: Formula = "`test score` ~ arm | school + year | district"
            .parse()
            .unwrap();
        assert_eq!(formula.absorbed, ["school", "year"]);
        assert_eq!(formula.cluster_column(), Some("district"));
        assert_eq!(
            formula.columns(),
            ["test score", "arm", "school", "year", "district"]
        );
        let clustered: Formula = "y ~ arm | 0 | school".parse().unwrap();
        assert!(clustered.absorbed.is_empty());
        assert_eq!(clustered.cluster_column(), Some("school"));
        let plain: Formula = "y ~ arm | school".parse().unwrap();
        assert_eq!(plain.cluster_column(), Some("school"));
    }

    #[test]
    fn what_is_spelled_reads_back() {
        for text in [
            "y ~ a*b + c^3 | s + t | u",
            "`a b` ~ 0 + `c:d`",
            "é ~ _x.1 | 0 | z",
        ] {
            let formula: Formula = text.parse().unwrap();
            assert_eq!(formula.to_string().parse::<Formula>().unwrap(), formula);
            let json = serde_json::to_string(&formula).unwrap();
            assert_eq!(serde_json::from_str::<Formula>(&json).unwrap(), formula);
        }
    }

    #[test]
    fn faults_name_the_place() {
        for (text, position) in [
            ("", 1),
            ("y", 2),
            ("y ~ ", 5),
            ("y ~ a +", 8),
            ("y ~ a ** b", 8),
            ("y ~ a^1.5", 7),
            ("y ~ a - b", 9),
            ("y ~ (a + b)", 5),
            ("y ~ `a", 5),
            ("y ~ a | b | c | d", 15),
            ("y ~ y", 5),
            ("y ~ a | b:c", 10),
        ] {
            let error = text.parse::<Formula>().unwrap_err();
            assert_eq!(error.position, position, "{text}: {error}");
        }
    }
}
