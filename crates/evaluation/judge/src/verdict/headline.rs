//! Findings from scores that count on the first screen and have no sentence of their own.

use parable_draw::number;
use parable_metrics::{Detail, Evaluation, Score};

use super::{Finding, Goal};
use crate::bands::Bands;

/// Scores of the goal that count on the first screen and have no finding of their own.
pub(super) fn headlines(
    findings: &mut Vec<Finding>,
    evaluation: &Evaluation,
    bands: &Bands,
    goal: Goal,
) {
    let scores = evaluation.scores.iter().filter(|score| {
        goal.groups().contains(&score.group)
            && !COVERED.contains(&score.id.as_str())
            && bands.rule(&score.id).is_some_and(|rule| rule.headline)
    });
    for score in scores {
        let (Some(band), Some(value)) = (bands.of(score).band(), score.value) else {
            continue;
        };
        findings.push(Finding {
            measure: measure(score).to_owned(),
            band: Some(band),
            text: sentence(score, value),
        });
    }
}

/// What a headline score measures, in a few words.
fn measure(score: &Score) -> &str {
    match score.id.as_str() {
        "propensity_logit_ratio" => "A model that looks for the difference",
        "prediction_difference" => "Predictions",
        "regression_overlap" => "Regression coefficients",
        "attack_singling_out_univariate" => "Singling out by one column",
        "attack_singling_out_multivariate" => "Singling out by several columns",
        "attack_linkability" => "Linking two sources",
        "attack_inference" => "Inferring a secret",
        "membership_distance" => "Membership, told by distance",
        "membership_density_ratio" => "Membership, told by density",
        "disclosure_worst_excess" => "What known facts tell",
        _ => &score.title,
    }
}

/// What a headline score found.
fn sentence(score: &Score, value: f64) -> String {
    let measure = measure(score);
    let interval = |form: fn(f64) -> String| {
        score.ci.map_or_else(String::new, |ci| {
            format!(" ({} to {})", form(ci.low), form(ci.high))
        })
    };
    let fixed: fn(f64) -> String = |value| number::fixed(value, 3);
    let detail = |name: &str| match score.details.get(name) {
        Some(Detail::Text(text)) => format!(", {text}"),
        _ => String::new(),
    };
    match score.id.as_str() {
        "propensity_logit_ratio" => format!(
            "{measure}: its error is {} times what a synthesis without fault gives (main effects only).",
            number::fixed(value, 1)
        ),
        "prediction_difference" => format!(
            "{measure}: training on synthetic rows loses {} of F1 or R².",
            fixed(value)
        ),
        "regression_overlap" => format!(
            "{measure}: intervals overlap by {} on average.",
            number::fixed(value, 2)
        ),
        id if id.starts_with("attack_") => format!(
            "{measure}{}: risk {}{}; the upper end is judged.",
            detail("worst_secret"),
            number::share(value),
            interval(number::share)
        ),
        id if id.starts_with("membership_") => format!(
            "{measure}: area under the curve {}{}, 0.5 is guessing; the upper end is judged.",
            fixed(value),
            interval(fixed)
        ),
        "disclosure_worst_excess" => format!(
            "{measure}: the worst keys tell {} of people beyond guessing{}.",
            number::share(value),
            score.baseline.holdout.map_or_else(String::new, |held| {
                format!(" ({} of people held out)", number::share(held))
            })
        ),
        _ => format!(
            "{measure}: {}{}.",
            number::value(value),
            interval(number::value)
        ),
    }
}

/// Scores that a sentence of their own tells about.
const COVERED: [&str; 6] = [
    "mass_mad",
    "total_variation",
    "association_rms",
    "effect_overlap",
    "icc_difference",
    "overlap_distinct_real_rows",
];
