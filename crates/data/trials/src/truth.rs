//! The truth behind a simulated trial, which its table does not show.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use crate::Preset;
use crate::potential::Potential;
use crate::pupils::Pupils;

/// The truth behind one simulated trial. Serialised it is the file `truth.json`, whose first entry
/// names the format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Truth {
    pub(crate) format: Format,
    /// The preset.
    pub preset: Preset,
    /// The seed of the simulation.
    pub seed: Seed,
    /// Whether every effect was set to zero.
    pub null_effects: bool,
    /// Pupils in the table.
    pub pupils: usize,
    /// Schools in the table.
    pub schools: usize,
    /// Schools that get the programme.
    pub treated_schools: usize,
    /// The column of the primary outcome.
    pub primary: String,
    /// The column of the outcome on which the effect is exactly zero.
    pub placebo: String,
    /// The column of the pre-test an analysis of the primary outcome adjusts for.
    pub pre_test: String,
    /// Constants of the model behind the scores.
    pub latent: LatentTruth,
    /// One entry for each outcome column, in column order.
    pub outcomes: Vec<OutcomeTruth>,
    /// The mechanisms of missing values.
    pub missing: MissingTruth,
}

impl Truth {
    /// Returns the truth about this outcome column.
    #[must_use]
    pub fn outcome(&self, column: &str) -> Option<&OutcomeTruth> {
        self.outcomes
            .iter()
            .find(|outcome| outcome.column == column)
    }
}

/// The format that the file declares; reading refuses any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Format;

/// The format and its version.
const FORMAT: &str = "parable-truth-1";

impl From<Format> for String {
    fn from(_: Format) -> Self {
        FORMAT.to_owned()
    }
}

impl TryFrom<String> for Format {
    type Error = String;

    fn try_from(found: String) -> Result<Self, String> {
        if found == FORMAT {
            Ok(Self)
        } else {
            Err(format!("expected the format `{FORMAT}`, found `{found}`"))
        }
    }
}

/// Constants of the latent model. Scores are noisy measurements, so effects on them, in their own
/// SD, are smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LatentTruth {
    /// Share of the variance of attainment before the trial that the school-level term adds.
    pub icc_pre: f64,
    /// Share of the variance of attainment after the trial that lies between schools.
    pub icc_post: f64,
    /// Slope of attainment after on attainment before.
    pub slope: f64,
    /// Main effect in SD of the latent; 0 without effects.
    pub effect: f64,
    /// Extra effect for pupils with free school meals; 0 without effects.
    pub effect_fsm: f64,
    /// SD of the effect between schools; 0 without effects.
    pub effect_school_sd: f64,
}

/// The truth about one outcome column.
///
/// Effects are means over the pupils of this very trial of "score with the programme less score
/// without it", both scores from the same draw of measurement error, before anything goes missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OutcomeTruth {
    /// The column.
    pub column: String,
    /// What one unit of it is.
    pub unit: String,
    /// Mean of the control arm without missing values.
    pub control_mean: f64,
    /// SD of the control arm without missing values.
    pub control_sd: f64,
    /// Intraclass correlation of the score without the programme, over all schools and without
    /// missing values (one-way analysis of variance).
    pub icc: f64,
    /// TrueEffect over all pupils.
    pub overall: TrueEffect,
    /// TrueEffect over pupils with free school meals.
    pub fsm: TrueEffect,
}

/// A sample average effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrueEffect {
    /// Over how many pupils it is the mean.
    pub pupils: usize,
    /// In units of the column.
    pub own_units: f64,
    /// In SD of the control arm; 0 where that SD is 0.
    pub control_sds: f64,
}

/// The mechanisms of missing values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MissingTruth {
    /// Share of all cells that are empty.
    pub cells: f64,
    /// The share of each column, in column order; columns without a missing value are left out.
    pub columns: Vec<ColumnMissing>,
    /// The mechanisms, and the columns each of them empties.
    pub mechanisms: Vec<Mechanism>,
    /// The primary outcome in detail.
    pub primary: PrimaryMissing,
}

/// The share of one column that is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ColumnMissing {
    /// The column.
    pub column: String,
    /// Share of its cells.
    pub share: f64,
}

/// One reason why cells are empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mechanism {
    /// Its name.
    pub name: String,
    /// What it depends on.
    pub kind: MissingKind,
    /// The rule, with its numbers.
    pub rule: String,
    /// The columns it empties.
    pub columns: Vec<String>,
}

/// What the chance of a value to be missing depends on (Rubin 1976, Biometrika 63).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissingKind {
    /// On nothing.
    CompletelyAtRandom,
    /// On columns of the table.
    AtRandom,
    /// On the missing value itself, or on something no column shows.
    NotAtRandom,
    /// On nothing random: there is no such value.
    Structural,
}

/// Missing values of the primary outcome. A share over nobody is 0, and so is a mean over nobody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PrimaryMissing {
    /// Share missing in the control arm.
    pub control: f64,
    /// Share missing in the treated arm.
    pub treated: f64,
    /// Share missing among pupils with free school meals.
    pub fsm: f64,
    /// Share missing among the others.
    pub other: f64,
    /// Mean of the outcome's latent among pupils whose score is missing.
    pub latent_of_missing: f64,
    /// Mean of the outcome's latent among pupils whose score is there.
    pub latent_of_observed: f64,
}

impl OutcomeTruth {
    pub(crate) fn of(
        column: &str,
        unit: &str,
        score: &Potential,
        pupils: &Pupils,
        schools: usize,
    ) -> Self {
        let (control_mean, control_sd) = score.control_moments(&pupils.treated);
        let effect = |among: &dyn Fn(usize) -> bool| {
            let (mut count, mut sum) = (0usize, 0.0);
            for row in (0..pupils.rows()).filter(|&row| among(row)) {
                count += 1;
                sum += score.treated[row] - score.control[row];
            }
            let own_units = sum / count.max(1) as f64;
            TrueEffect {
                pupils: count,
                own_units,
                control_sds: if control_sd > 0.0 {
                    own_units / control_sd
                } else {
                    0.0
                },
            }
        };
        Self {
            column: column.to_owned(),
            unit: unit.to_owned(),
            control_mean,
            control_sd,
            icc: intraclass_correlation(&score.control, &pupils.school, schools),
            overall: effect(&|_| true),
            fsm: effect(&|row| pupils.fsm[row]),
        }
    }
}

impl PrimaryMissing {
    /// From the latent of the outcome in each pupil's own arm and whether the score is missing.
    pub(crate) fn of(latent: &[f64], missing: &[bool], pupils: &Pupils) -> Self {
        let share = |among: &dyn Fn(usize) -> bool| {
            mean((0..missing.len()).filter(|&row| among(row)), |row| {
                f64::from(u8::from(missing[row]))
            })
        };
        let latent_where = |lost: bool| {
            mean(
                (0..missing.len()).filter(|&row| missing[row] == lost),
                |row| latent[row],
            )
        };
        Self {
            control: share(&|row| !pupils.treated[row]),
            treated: share(&|row| pupils.treated[row]),
            fsm: share(&|row| pupils.fsm[row]),
            other: share(&|row| !pupils.fsm[row]),
            latent_of_missing: latent_where(true),
            latent_of_observed: latent_where(false),
        }
    }
}

fn mean(rows: impl Iterator<Item = usize>, value: impl Fn(usize) -> f64) -> f64 {
    let (count, sum) = rows.fold((0usize, 0.0), |(count, sum), row| {
        (count + 1, sum + value(row))
    });
    sum / count.max(1) as f64
}

/// The analysis-of-variance estimator for groups of unequal size (Donner 1986, International
/// Statistical Review 54); 0 for a constant.
fn intraclass_correlation(values: &[f64], group: &[usize], groups: usize) -> f64 {
    let mut sizes = vec![0.0; groups];
    let mut sums = vec![0.0; groups];
    for (value, &group) in values.iter().zip(group) {
        sizes[group] += 1.0;
        sums[group] += value;
    }
    let rows = values.len() as f64;
    let count = groups as f64;
    let grand = sums.iter().sum::<f64>() / rows;
    let between: f64 = sums
        .iter()
        .zip(&sizes)
        .map(|(sum, size)| size * (sum / size - grand) * (sum / size - grand))
        .sum();
    let within: f64 = values
        .iter()
        .zip(group)
        .map(|(value, &group)| {
            let deviation = value - sums[group] / sizes[group];
            deviation * deviation
        })
        .sum();
    let mean_between = between / (count - 1.0);
    let mean_within = within / (rows - count);
    let squared: f64 = sizes.iter().map(|size| size * size).sum();
    let typical_size = (rows - squared / rows) / (count - 1.0);
    let denominator = mean_between + (typical_size - 1.0) * mean_within;
    if denominator > 0.0 {
        (mean_between - mean_within) / denominator
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intraclass_correlation_of_hand_computed_groups() {
        // Groups {1, 3}, {5, 7}, {9, 11}: means 2, 6, 10, between 2 (16 + 0 + 16) / 2 = 32, within
        // 6 / 3 = 2, size 2: 30 / 34.
        let values = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0];
        let found = intraclass_correlation(&values, &[0, 0, 1, 1, 2, 2], 3);
        assert!((found - 30.0 / 34.0).abs() < 1e-12, "{found}");
        assert_eq!(
            intraclass_correlation(&[4.0; 6], &[0, 0, 1, 1, 2, 2], 3),
            0.0
        );
    }
}
