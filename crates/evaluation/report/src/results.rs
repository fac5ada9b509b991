//! Every score as one flat record, for programs.

use std::collections::BTreeMap;

use parable_judge::{Band, Banding, Bands};
use parable_metrics::{Baseline, Detail, Direction, Group, Interval, Undefined, Unit};
use parable_seed::Seed;
use serde::Serialize;

use crate::input::MethodResult;

/// One score with its band. What does not apply is `null`, so that every record has the same keys.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ResultRecord<'a> {
    id: &'a str,
    title: &'a str,
    group: Group,
    params: &'a BTreeMap<String, Detail>,
    value: Option<f64>,
    /// Why `value` is `null`.
    reason: Option<Undefined>,
    se: Option<f64>,
    ci: Option<Interval>,
    n_used: u64,
    unit: Unit,
    n_undefined: u64,
    direction: Direction,
    band: Option<Band>,
    /// Why `band` is `null`.
    band_reason: Option<String>,
    baseline: &'a Baseline,
    seed: Option<Seed>,
    repeats: Option<u32>,
    /// Wall-clock seconds, where they were measured.
    seconds: Option<f64>,
    warnings: &'a [String],
}

/// The records of one method, in the order of its scores.
pub(crate) fn records<'a>(method: &'a MethodResult, bands: &Bands) -> Vec<ResultRecord<'a>> {
    let seconds = |id: &str| {
        let cost = method.cost.as_ref()?;
        cost.metric_seconds.get(id).copied()
    };
    method
        .evaluation
        .scores
        .iter()
        .map(|score| {
            let (band, band_reason) = match bands.of(score) {
                Banding::Band(band) => (Some(band), None),
                Banding::None(why) => (None, Some(why)),
            };
            ResultRecord {
                id: &score.id,
                title: &score.title,
                group: score.group,
                params: &score.params,
                value: score.value,
                reason: score.reason,
                se: score.se,
                ci: score.ci,
                n_used: score.n_used,
                unit: score.unit,
                n_undefined: score.n_undefined,
                direction: score.direction,
                band,
                band_reason,
                baseline: &score.baseline,
                seed: score.seed,
                repeats: score.repeats,
                seconds: seconds(&score.id),
                warnings: &score.warnings,
            }
        })
        .collect()
}
