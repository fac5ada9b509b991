//! The three trials and the constants in which they differ.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The presets: three trials of different sizes.
///
/// All three are randomised by school; they differ in size, in what is measured and in how much of
/// it is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// A small trial of a reading programme: 1,200 pupils in 48 schools, 24 columns.
    A,
    /// A middle-sized trial of a mathematics programme with classes within schools: 9,900 pupils in
    /// 132 schools, 34 columns.
    #[default]
    B,
    /// A large trial followed up in administrative data: 67,200 pupils in 420 schools, 36 columns.
    C,
}

/// A text that names no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a preset is A, B or C")]
pub struct ParsePresetError;

/// The constants of one preset; the symbols are those of the crate's documentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Schools in the full-size trial.
    pub(crate) schools: usize,
    /// Pupils a school on average.
    pub(crate) mean_pupils: usize,
    /// Share of the pre-test latent's variance between schools (`rho_p`).
    pub(crate) icc_pre: f64,
    /// The same of the post-test latent (`rho_y`).
    pub(crate) icc_post: f64,
    /// Slope of the post-test latent on the pre-test latent (`beta`).
    pub(crate) slope: f64,
    /// Main effect in SD of the latent (`tau`).
    pub(crate) effect: f64,
    /// Extra effect for pupils with free school meals.
    pub(crate) effect_fsm: f64,
    /// SD of the effect between schools.
    pub(crate) effect_school_sd: f64,
    /// Probability that a school loses every post-test, control and treated.
    pub(crate) school_loss: [f64; 2],
    /// Share of pupils who miss the post-test in schools that hold it.
    pub(crate) pupil_loss: f64,
}

const PLAN_A: Plan = Plan {
    schools: 48,
    mean_pupils: 25,
    icc_pre: 0.14,
    icc_post: 0.18,
    slope: 0.76,
    effect: 0.20,
    effect_fsm: 0.06,
    effect_school_sd: 0.05,
    school_loss: [0.04, 0.08],
    pupil_loss: 0.13,
};

const PLAN_B: Plan = Plan {
    schools: 132,
    mean_pupils: 75,
    icc_pre: 0.11,
    icc_post: 0.14,
    slope: 0.77,
    effect: 0.10,
    effect_fsm: 0.04,
    effect_school_sd: 0.06,
    school_loss: [0.03, 0.06],
    pupil_loss: 0.10,
};

const PLAN_C: Plan = Plan {
    schools: 420,
    mean_pupils: 160,
    icc_pre: 0.10,
    icc_post: 0.12,
    slope: 0.80,
    effect: 0.06,
    effect_fsm: 0.03,
    effect_school_sd: 0.08,
    school_loss: [0.015, 0.025],
    pupil_loss: 0.07,
};

impl Preset {
    /// All presets, in order.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// Pupils in the full-size trial.
    #[must_use]
    pub fn pupils(self) -> usize {
        let plan = self.plan();
        plan.schools * plan.mean_pupils
    }

    /// Schools in the full-size trial.
    #[must_use]
    pub fn schools(self) -> usize {
        self.plan().schools
    }

    pub(crate) fn plan(self) -> Plan {
        match self {
            Self::A => PLAN_A,
            Self::B => PLAN_B,
            Self::C => PLAN_C,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

impl FromStr for Preset {
    type Err = ParsePresetError;

    /// Reads `A`, `B` or `C` in either case.
    fn from_str(text: &str) -> Result<Self, ParsePresetError> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.to_string().eq_ignore_ascii_case(text))
            .ok_or(ParsePresetError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_sizes_of_the_study() {
        let sizes = Preset::ALL.map(|preset| (preset.schools(), preset.pupils()));
        assert_eq!(sizes, [(48, 1_200), (132, 9_900), (420, 67_200)]);
    }

    #[test]
    fn names_are_read_in_either_case_and_others_refused() {
        assert_eq!("b".parse(), Ok(Preset::B));
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        for bad in ["", "D", "AB", " a"] {
            assert_eq!(bad.parse::<Preset>(), Err(ParsePresetError), "{bad}");
        }
    }
}
