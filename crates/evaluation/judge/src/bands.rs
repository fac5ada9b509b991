//! The limits of all metrics, as a file that an owner can edit.

use parable_metrics::Score;
use serde::{Deserialize, Serialize};

use crate::band::Band;
use crate::rule::BandRule;
use crate::{BandsError, defaults};

const FORMAT: &str = "parable-bands";
const VERSION: u32 = 1;

/// Limits that turn numbers into bands A to D: good, acceptable, poor and unacceptable.
///
/// The default holds the limits proposed with the definitions of the metrics, and conventions of
/// this project where none were proposed; `docs/bands.md` lists them. Every limit can be changed:
/// [`Bands::to_json`] writes the file, [`Bands::from_json`] reads it.
///
/// ```
/// use parable_judge::{Band, BandLimits, Bands};
///
/// let mut bands = Bands::default();
/// let rule = bands.rules.iter_mut().find(|rule| rule.metric == "mass_mad").ok_or("absent")?;
/// rule.limits = Some(BandLimits::Rising([0.005, 0.02, 0.05]));
/// assert_eq!(Bands::from_json(&bands.to_json())?, bands);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    format: String,
    version: u32,
    /// Counts of real rows below this are not printed in a release. Default 10.
    pub min_cell: u64,
    /// The rules; for each score the first whose name fits decides.
    pub rules: Vec<BandRule>,
}

/// The band of a score, or why it has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Banding {
    /// Its band.
    Band(Band),
    /// Why it has none.
    None(String),
}

impl Banding {
    /// Returns the band, if there is one.
    #[must_use]
    pub const fn band(&self) -> Option<Band> {
        match self {
            Self::Band(band) => Some(*band),
            Self::None(_) => None,
        }
    }

    /// Returns why there is no band.
    #[must_use]
    pub fn why_none(&self) -> Option<&str> {
        match self {
            Self::Band(_) => None,
            Self::None(why) => Some(why),
        }
    }
}

impl Default for Bands {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            min_cell: 10,
            rules: defaults::rules(),
        }
    }
}

impl Bands {
    /// Returns the band of a score, or why it has none.
    #[must_use]
    pub fn of(&self, score: &Score) -> Banding {
        let none = |why: &str| Banding::None(why.to_owned());
        let Some(value) = score.value else {
            let why = score
                .reason
                .map_or("no value", parable_metrics::Undefined::text);
            return none(&format!("undefined: {why}"));
        };
        let Some(rule) = self.rule(&score.id) else {
            return none("no limits are set for this metric");
        };
        let Some(limits) = rule.limits else {
            return none(
                rule.why_none
                    .as_deref()
                    .unwrap_or("no limits are set for this metric"),
            );
        };
        match rule.look.at(score, value) {
            Ok(seen) => Banding::Band(limits.band(seen)),
            Err(why) => none(why),
        }
    }

    /// Returns the band of a number that is judged like the values of this metric.
    #[must_use]
    pub fn of_number(&self, metric: &str, number: f64) -> Option<Band> {
        Some(self.rule(metric)?.limits?.band(number))
    }

    /// Returns the rule that applies to a metric.
    #[must_use]
    pub fn rule(&self, metric: &str) -> Option<&BandRule> {
        self.rules.iter().find(|rule| fits(&rule.metric, metric))
    }

    /// Returns the file: indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("bands hold finite numbers and texts only")
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`BandsError`] for another format or version, for text that is no JSON of this form, and for
    /// limits that are not in order; the message names the line or the metric.
    pub fn from_json(text: &str) -> Result<Self, BandsError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Header {
            format: String,
            version: u32,
        }
        let damaged = |error: serde_json::Error| BandsError::Damaged {
            line: error.line(),
            column: error.column(),
            problem: error.to_string(),
        };
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(BandsError::UnknownFormat {
                format: header.format,
                version: header.version,
            });
        }
        let bands: Self = serde_json::from_str(text).map_err(damaged)?;
        let wrong = bands
            .rules
            .iter()
            .find(|rule| rule.limits.is_some_and(|limits| !limits.in_order()));
        match wrong {
            Some(rule) => Err(BandsError::LimitsOutOfOrder {
                metric: rule.metric.clone(),
            }),
            None => Ok(bands),
        }
    }
}

/// Whether a pattern, in which `*` stands for any text, fits a name.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(head) else {
        return false;
    };
    match tail.split_once('*') {
        None => rest.ends_with(tail),
        // The leftmost place leaves most to what follows.
        Some((middle, _)) => rest
            .find(middle)
            .is_some_and(|place| fits(tail, &rest[place..])),
    }
}

#[cfg(test)]
mod tests {
    use parable_metrics::{Direction, Group, Undefined};

    use super::*;
    use crate::BandLimits;

    fn score(id: &str, value: Result<f64, Undefined>) -> Score {
        Score::new(id, id, Group::Privacy, Direction::Min0, value)
    }

    #[test]
    fn patterns_fit_as_a_shell_would() {
        for (pattern, name, expected) in [
            ("mass_mad", "mass_mad", true),
            ("mass_mad", "mass_mad_x", false),
            ("*", "anything", true),
            ("risk_*", "risk_inference", true),
            ("risk_*", "a_risk_", false),
            ("*_risk", "inference_risk", true),
            ("*_risk", "risk", false),
            ("*_risk", "a_risk_b_risk", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn limits_of_a_root_judge_the_root_of_a_mean_square() {
        // 0.0025 prints as 0.00 and is a typical difference of 0.05.
        let bands = Bands::default();
        let banding = bands.of(&score("correlation_msd_pearson", Ok(0.0025)));
        assert_eq!(banding, Banding::Band(Band::C));
    }

    #[test]
    fn copies_count_beyond_those_of_the_holdout() {
        let bands = Bands::default();
        let mut found = score("overlap_distinct_real_rows", Ok(0.012));
        assert_eq!(bands.of(&found), Banding::Band(Band::D));
        found.baseline.holdout = Some(0.0115);
        assert_eq!(bands.of(&found), Banding::Band(Band::B));
    }

    #[test]
    fn disclosure_is_not_judged_without_a_holdout() {
        let bands = Bands::default();
        let mut found = score("disclosure_worst_excess", Ok(0.25));
        assert!(
            bands
                .of(&found)
                .why_none()
                .is_some_and(|why| why.contains("holdout"))
        );
        found.baseline.holdout = Some(0.24);
        assert_eq!(bands.of(&found), Banding::Band(Band::B));
        found.baseline.holdout = Some(0.01);
        assert_eq!(bands.of(&found), Banding::Band(Band::D));
    }

    #[test]
    fn a_score_without_a_band_says_why() {
        let bands = Bands::default();
        let why = |score: &Score| bands.of(score).why_none().map(str::to_owned);
        assert_eq!(
            why(&score("mass_mad", Err(Undefined::NoRows))).as_deref(),
            Some("undefined: no rows to compute from")
        );
        assert!(
            why(&score("something_new", Ok(1.0))).is_some_and(|why| why.contains("no anchors"))
        );
    }

    #[test]
    fn a_metric_nobody_knows_is_judged_between_its_anchors() {
        let bands = Bands::default();
        let mut new = score("something_new", Ok(0.19));
        new.baseline.resample = Some(0.1);
        new.baseline.independent = Some(1.1);
        assert_eq!(bands.of(&new), Banding::Band(Band::A));
        new.value = Some(0.8);
        assert_eq!(bands.of(&new), Banding::Band(Band::D));
        new.baseline.resample_sd = Some(0.4);
        assert!(bands.of(&new).why_none().is_some());
    }

    #[test]
    fn an_edited_file_is_read_back_and_a_wrong_one_refused() {
        let mut bands = Bands::default();
        bands.rules[0].limits = Some(BandLimits::Rising([0.1, 0.2, 0.3]));
        assert_eq!(Bands::from_json(&bands.to_json()), Ok(bands.clone()));
        bands.rules[0].limits = Some(BandLimits::Rising([0.3, 0.2, 0.1]));
        let metric = bands.rules[0].metric.clone();
        assert_eq!(
            Bands::from_json(&bands.to_json()),
            Err(BandsError::LimitsOutOfOrder { metric })
        );
        let foreign = r#"{"format":"parable-report","version":1}"#;
        assert!(matches!(
            Bands::from_json(foreign),
            Err(BandsError::UnknownFormat { .. })
        ));
        let misspelt = bands.to_json().replacen("\"look\"", "\"lok\"", 1);
        assert!(matches!(
            Bands::from_json(&misspelt),
            Err(BandsError::Damaged { .. })
        ));
    }

    #[test]
    fn every_default_rule_is_in_order_and_says_why_it_has_no_limits() {
        for rule in &Bands::default().rules {
            match rule.limits {
                Some(limits) => assert!(limits.in_order(), "{}", rule.metric),
                None => assert!(rule.why_none.is_some(), "{}", rule.metric),
            }
        }
    }
}
