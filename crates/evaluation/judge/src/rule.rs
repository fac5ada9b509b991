//! Rules that turn the numbers of one metric into a band.

use parable_metrics::{Detail, Score};
use serde::{Deserialize, Serialize};

use crate::band::BandLimits;

/// The rule that turns the numbers of one metric into a band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandRule {
    /// The id of the metric, or a pattern in which `*` stands for any text.
    pub metric: String,
    /// The number that the limits apply to.
    #[serde(default)]
    pub look: Look,
    /// The limits; `None` gives no band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<BandLimits>,
    /// Why there are no limits, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_none: Option<String>,
    /// Whether the band appears on the first screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headline: bool,
    /// Where the limits come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The number of a score that limits apply to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Look {
    /// The value as it is.
    #[default]
    Value,
    /// The value without its sign.
    Size,
    /// The value or the same on ranks, whichever is smaller: a few outlying rows do not decide.
    Robust,
    /// The root: limits of a root mean square, for a score that is a mean square.
    Root,
    /// The upper end of the confidence interval, and the value where there is none.
    UpperLimit,
    /// The excess over the same number for the holdout table; without a holdout, over what chance
    /// gives, if the score says that, and otherwise all of it.
    BeyondHoldout,
    /// The excess over the same number for the holdout table; no band without a holdout, because
    /// what is true of everyone is no leak.
    BeyondControl,
    /// The value over that of the real table among itself.
    OverReal,
    /// The rest of 1 after a loss: 1 plus a value below 0.
    Shortfall,
    /// Where the value lies from the resample anchor (0) to the independent one (1).
    BetweenAnchors,
}

impl Look {
    /// The number that the limits apply to, or why there is none.
    pub(crate) fn at(self, score: &Score, value: f64) -> Result<f64, &'static str> {
        let baseline = &score.baseline;
        match self {
            Self::Value => Ok(value),
            Self::Size => Ok(value.abs()),
            Self::Root => Ok(value.abs().sqrt()),
            Self::UpperLimit => Ok(score.ci.map_or(value, |ci| ci.high)),
            Self::BeyondHoldout => {
                let chance = baseline.holdout.or_else(|| number(score, "by_chance"));
                Ok(value - chance.unwrap_or(0.0))
            }
            Self::Robust => Ok(match number(score, "by_ranks") {
                Some(by_ranks) => value.abs().min(by_ranks.abs()),
                None => value.abs(),
            }),
            Self::BeyondControl => match baseline.holdout {
                Some(holdout) => Ok(value - holdout),
                None => Err(
                    "it needs a holdout: without one, a leak looks like what is true of everyone",
                ),
            },
            Self::OverReal => match baseline.real {
                Some(real) if real > 0.0 => Ok(value / real),
                Some(_) => Err(
                    "real rows have duplicates among themselves, so there is nothing to compare with",
                ),
                None => Err("nothing to compare with"),
            },
            Self::Shortfall => Ok(1.0 + value.min(0.0)),
            Self::BetweenAnchors => match (baseline.resample, baseline.independent) {
                (Some(resample), Some(independent)) => {
                    let span = independent - resample;
                    // Anchors that a second draw could exchange span nothing.
                    let chance = 3.0 * baseline.resample_sd.unwrap_or(0.0);
                    if span.abs() <= chance.max(1e-9) {
                        Err("the anchors do not differ, so there is no scale")
                    } else {
                        Ok((value - resample) / span)
                    }
                }
                _ => Err("no limits are set for this metric, and it has no anchors"),
            },
        }
    }
}

/// A detail of a score that is a number.
fn number(score: &Score, name: &str) -> Option<f64> {
    match score.details.get(name)? {
        Detail::Number(number) => Some(*number),
        Detail::Count(count) => Some(*count as f64),
        _ => None,
    }
}
