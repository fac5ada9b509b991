//! Findings from headline scores that have no sentence of their own.

use parable_draw::number;
use parable_metrics::{Detail, Evaluation, Score};

use super::{Goal, VerdictFinding};
use crate::bands::Bands;

/// Adds the headline scores of the goal that have no finding of their own.
pub(super) fn headlines(
    findings: &mut Vec<VerdictFinding>,
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
        findings.push(VerdictFinding {
            measure: measure(score).to_owned(),
            band: Some(band),
            text: sentence(score, value),
        });
    }
}

/// Names what a headline score measures.
fn measure(score: &Score) -> &str {
    match score.id.as_str() {
        "propensity_logit_ratio" => "A classifier that can tell the tables apart",
        "prediction_difference" => "Predictions",
        "regression_overlap" => "Regression coefficients",
        "attack_singling_out_univariate" => "Singling out by one column",
        "attack_singling_out_multivariate" => "Singling out by several columns",
        "attack_linkability" => "Linking two sources",
        "attack_inference" => "Inferring a secret",
        "membership_distance" => "Membership inference by distance",
        "membership_density_ratio" => "Membership inference by density",
        "disclosure_worst_excess" => "Attribute disclosure",
        _ => &score.title,
    }
}

/// States what a headline score found.
fn sentence(score: &Score, value: f64) -> String {
    let measure = measure(score);
    let interval = |form: fn(f64) -> String| {
        score.ci.map_or_else(String::new, |ci| {
            format!(
                " (95\u{202f}% interval {} to {})",
                form(ci.low),
                form(ci.high)
            )
        })
    };
    let fixed: fn(f64) -> String = |value| number::fixed(value, 3);
    let detail = |name: &str| match score.details.get(name) {
        Some(Detail::Text(text)) => format!(", {text}"),
        _ => String::new(),
    };
    match score.id.as_str() {
        "propensity_logit_ratio" => format!(
            "A classifier tries to tell the tables apart: its score is {} times that of a perfect synthesis (main effects only).",
            number::fixed(value, 1)
        ),
        "prediction_difference" => format!(
            "{measure}: models trained on synthetic rows lose {} of F1 or R².",
            fixed(value)
        ),
        "regression_overlap" => format!(
            "{measure}: confidence intervals overlap by {} on average.",
            number::fixed(value, 2)
        ),
        id if id.starts_with("attack_") => format!(
            "{measure}{}: risk {}{}.",
            detail("worst_secret"),
            number::share(value),
            judged_by_upper_limit(score.ci.map(|ci| number::share_range(ci.low, ci.high)))
        ),
        id if id.starts_with("membership_") => format!(
            "{measure}: area under the curve {}, where 0.5 is guessing{}.",
            fixed(value),
            judged_by_upper_limit(score.ci.map(|ci| format!(
                "{} to {}",
                fixed(ci.low),
                fixed(ci.high)
            )))
        ),
        "disclosure_worst_excess" => format!(
            "{measure}: with the most revealing known facts, an intruder learns the secret of {} of people beyond guessing{}.",
            number::share(value),
            score
                .baseline
                .holdout
                .map_or_else(String::new, |held| beyond_holdout(value, held))
        ),
        _ => format!(
            "{measure}: {}{}.",
            number::value(value),
            interval(number::value)
        ),
    }
}

fn judged_by_upper_limit(interval: Option<String>) -> String {
    interval.map_or_else(String::new, |interval| {
        format!(" (95\u{202f}% interval {interval}; the band uses the upper limit)")
    })
}

/// Compares what an intruder learns about people in the data and outside it.
fn beyond_holdout(inside: f64, outside: f64) -> String {
    let leak = match inside - outside {
        excess if excess < 0.01 => "almost none",
        excess if excess < inside / 2.0 => "part",
        _ => "most",
    };
    format!(
        "; outside the data it is {}, so {leak} of this is a leak",
        number::share(outside)
    )
}

/// Scores that have a sentence of their own.
const COVERED: [&str; 6] = [
    "mass_mad",
    "total_variation",
    "association_rms",
    "effect_overlap",
    "icc_difference",
    "overlap_distinct_real_rows",
];
