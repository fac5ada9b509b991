//! Which covariates an adjusted effect uses.

use parable_table::Role;

use crate::MetricError;
use crate::data::frame::{Frame, FrameColumn};
use crate::fidelity::association::correlation;

/// The covariates of an adjusted effect and how they were found.
pub(super) struct Covariates<'a> {
    pub(super) columns: Vec<&'a FrameColumn>,
    pub(super) chosen_by: String,
}

/// Most pre-tests taken up by name: enough for two subjects measured twice, few enough for small
/// trials.
const MOST: usize = 4;

impl<'a> Covariates<'a> {
    pub(super) fn none() -> Self {
        Self {
            columns: Vec::new(),
            chosen_by: "there is none".to_owned(),
        }
    }

    /// Takes up what another outcome uses.
    pub(super) fn add(&mut self, other: Self) {
        if self.columns.is_empty() {
            self.chosen_by = other.chosen_by;
        }
        for column in other.columns {
            if !self.columns.iter().any(|known| known.name == column.name) {
                self.columns.push(column);
            }
        }
    }

    /// The named columns; otherwise numeric covariates whose name says that they are pre-tests;
    /// otherwise the numeric covariate that goes best with the outcome in the real table.
    pub(super) fn choose(
        frame: &'a Frame,
        outcome: &FrameColumn,
        named: &[String],
    ) -> Result<Self, MetricError> {
        if !named.is_empty() {
            let find = |name: &String| {
                let bad = |rule| MetricError::BadOption {
                    option: "adjust_for",
                    column: name.clone(),
                    rule,
                };
                let column = frame
                    .named(name)
                    .ok_or_else(|| bad("expected a column of the tables that is no id or text"))?;
                match column.role {
                    Role::Outcome | Role::Treatment | Role::ClusterId => {
                        Err(bad("an outcome, an arm or a cluster is no covariate"))
                    }
                    _ => Ok(column),
                }
            };
            return Ok(Self {
                columns: named.iter().map(find).collect::<Result<_, _>>()?,
                chosen_by: "named in the options".to_owned(),
            });
        }
        let candidates = || {
            frame
                .columns
                .iter()
                .filter(|c| c.role == Role::Covariate && c.numbers().is_some())
        };
        let by_name: Vec<&FrameColumn> = candidates()
            .filter(|column| is_pre_test(&column.name))
            .take(MOST)
            .collect();
        if !by_name.is_empty() {
            return Ok(Self {
                columns: by_name,
                chosen_by: "their names say that they were measured before".to_owned(),
            });
        }
        let Some(real) = outcome.as_numbers(crate::data::frame::Side::Real) else {
            return Ok(Self::none());
        };
        let best = candidates()
            .filter_map(|column| {
                let numbers = column.numbers()?;
                Some((column, correlation(&numbers.real, &real)?.abs()))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1));
        Ok(match best {
            Some((column, _)) => Self {
                columns: vec![column],
                chosen_by: "the numeric covariate best correlated with the outcome".to_owned(),
            },
            None => Self::none(),
        })
    }
}

/// Whether a part of the name says "measured before the trial".
fn is_pre_test(name: &str) -> bool {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .any(|part| {
            matches!(part, "pre" | "ks1" | "ks2" | "baseline")
                || part.starts_with("pretest")
                || part.starts_with("prescore")
        })
}

#[cfg(test)]
mod tests {
    use super::is_pre_test;

    #[test]
    fn names_of_pre_tests_are_recognised() {
        for name in [
            "pre_ks1_maths",
            "pretest1",
            "ks2_reading_scaled",
            "Baseline score",
        ] {
            assert!(is_pre_test(name), "{name}");
        }
        for name in [
            "prefecture",
            "present",
            "spread",
            "post_maths",
            "ks4_attainment8",
        ] {
            assert!(!is_pre_test(name), "{name}");
        }
    }
}
