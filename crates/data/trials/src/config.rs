//! Settings of a simulation: the trial, its size, and whether the programme works.

use serde::{Deserialize, Serialize};

use crate::{Preset, TrialError};

/// The settings of a simulated trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TrialConfig {
    /// The trial's constants and columns. Default B, the middle-sized one: large enough for a
    /// stable picture, small enough for a demonstration of a minute.
    pub preset: Preset,
    /// Pupils. Default `None`: as many as the preset has.
    pub pupils: Option<usize>,
    /// Schools. Default `None`: in proportion to the pupils, so that schools keep the preset's mean
    /// size, and at least four.
    pub schools: Option<usize>,
    /// Whether every effect of the programme is set to exactly zero. Default `false`; `true` serves
    /// tests of size, in which a method must not find an effect.
    pub null_effects: bool,
}

impl TrialConfig {
    /// Creates the settings of the full-size trial of this preset.
    #[must_use]
    pub fn new(preset: Preset) -> Self {
        Self {
            preset,
            ..Self::default()
        }
    }

    /// Sets the number of pupils (default: that of the preset).
    #[must_use]
    pub fn with_pupils(mut self, pupils: usize) -> Self {
        self.pupils = Some(pupils);
        self
    }

    /// Sets the number of schools (default: in proportion to the pupils).
    #[must_use]
    pub fn with_schools(mut self, schools: usize) -> Self {
        self.schools = Some(schools);
        self
    }

    /// Sets whether every effect is zero (default `false`).
    #[must_use]
    pub fn with_null_effects(mut self, null_effects: bool) -> Self {
        self.null_effects = null_effects;
        self
    }

    /// Pupils and schools.
    pub(crate) fn size(&self) -> Result<(usize, usize), TrialError> {
        let pupils = self.pupils.unwrap_or_else(|| self.preset.pupils());
        if pupils > MAX_PUPILS {
            return Err(TrialError::TooManyPupils {
                pupils,
                maximum: MAX_PUPILS,
            });
        }
        let plan = self.preset.plan();
        let schools = match (self.schools, self.pupils) {
            (Some(schools), _) => schools,
            (None, None) => plan.schools,
            (None, Some(pupils)) => {
                let proportional = (pupils + plan.mean_pupils / 2) / plan.mean_pupils;
                proportional.max(DEFAULT_MIN_SCHOOLS)
            }
        };
        if schools < MIN_SCHOOLS {
            return Err(TrialError::TooFewSchools {
                schools,
                minimum: MIN_SCHOOLS,
            });
        }
        let minimum = schools.saturating_mul(MIN_SCHOOL_PUPILS);
        if pupils < minimum {
            return Err(TrialError::TooFewPupils {
                pupils,
                schools,
                minimum,
            });
        }
        Ok((pupils, schools))
    }
}

/// Fewest pupils of a school.
pub(crate) const MIN_SCHOOL_PUPILS: usize = 8;

/// One school an arm.
const MIN_SCHOOLS: usize = 2;

/// Two schools an arm, the fewest with any variation within arms.
const DEFAULT_MIN_SCHOOLS: usize = 4;

/// Twice the pupils of England, and a table of some tens of gigabytes.
const MAX_PUPILS: usize = 20_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schools_follow_the_pupils_unless_given() {
        let config = TrialConfig::new(Preset::C);
        assert_eq!(config.size(), Ok((67_200, 420)));
        assert_eq!(config.clone().with_pupils(100).size(), Ok((100, 4)));
        assert_eq!(
            config.clone().with_pupils(1_000_000).size(),
            Ok((1_000_000, 6_250))
        );
        assert_eq!(
            config.with_pupils(500).with_schools(50).size(),
            Ok((500, 50))
        );
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let config = TrialConfig::new(Preset::A);
        assert_eq!(
            config.clone().with_pupils(31).size(),
            Err(TrialError::TooFewPupils {
                pupils: 31,
                schools: 4,
                minimum: 32
            })
        );
        assert!(matches!(
            config.clone().with_schools(1).size(),
            Err(TrialError::TooFewSchools { .. })
        ));
        assert!(matches!(
            config.clone().with_schools(usize::MAX).size(),
            Err(TrialError::TooFewPupils { .. })
        ));
        assert!(matches!(
            config.with_pupils(usize::MAX).size(),
            Err(TrialError::TooManyPupils { .. })
        ));
    }

    #[test]
    fn unknown_settings_in_a_file_are_refused() {
        let read = |text: &str| serde_json::from_str::<TrialConfig>(text);
        assert_eq!(
            read(r#"{"preset":"A","pupils":100}"#).ok(),
            Some(TrialConfig::new(Preset::A).with_pupils(100))
        );
        assert!(read(r#"{"pupil":100}"#).is_err());
    }
}
