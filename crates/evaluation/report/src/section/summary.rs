//! All scores in one table: goal, metric, a column per method, and the two anchors.

use std::collections::BTreeMap;

use parable_draw::markup::Markup;
use parable_draw::{number, position};
use parable_judge::{Banding, Bands, Goal};
use parable_metrics::{Baseline, Direction, Group, Score};

use super::{remark, section};
use crate::ReportInput;
use crate::table::{badge, boxed, unbanded};

/// The summary table.
pub(crate) fn summary(m: &mut Markup, input: &ReportInput) {
    let Some(first) = input.methods.first() else {
        return;
    };
    let lead = "Every score between two anchors: a second sample of real people (as good as it gets) and the real columns shuffled one by one (all relationships lost).";
    section(m, "scores", "Scores", lead, |m| {
        // A metric that only a later method has is listed too, after those of the first.
        let mut metrics: Vec<&Score> = Vec::new();
        for score in input
            .methods
            .iter()
            .flat_map(|method| &method.evaluation.scores)
        {
            if !metrics.iter().any(|known| known.id == score.id) {
                metrics.push(score);
            }
        }
        if metrics.is_empty() {
            remark(m, "The evaluation has no scores.");
            return;
        }
        let columns = input.methods.len() + 5;
        boxed(m, "Scores by goal", |m| {
            m.node("thead", &[], |m| {
                m.node("tr", &[], |m| {
                    m.leaf("th", &[("scope", &"col"), ("class", &"w")], "Metric");
                    m.leaf("th", &[("scope", &"col"), ("class", &"w")], "Best");
                    for method in &input.methods {
                        m.node("th", &[("scope", &"col"), ("class", &"f")], |m| {
                            m.leaf("bdi", &[], &method.name)
                        });
                    }
                    m.leaf(
                        "th",
                        &[("scope", &"col"), ("class", &"f anchor")],
                        "Resample",
                    );
                    m.leaf("th", &[("scope", &"col"), ("class", &"place")], "Between");
                    m.leaf(
                        "th",
                        &[("scope", &"col"), ("class", &"f anchor")],
                        "Independent",
                    );
                });
            });
            for goal in Goal::ALL {
                let scores: Vec<&&Score> = metrics
                    .iter()
                    .filter(|score| goal.groups().contains(&score.group))
                    .collect();
                if scores.is_empty() {
                    continue;
                }
                m.node("tbody", &[], |m| {
                    m.node("tr", &[("class", &"goal")], |m| {
                        m.leaf(
                            "th",
                            &[("scope", &"rowgroup"), ("colspan", &columns)],
                            goal.name(),
                        );
                    });
                    for score in scores {
                        metric(m, input, score);
                    }
                });
            }
        });
        key(m, input);
        unjudged(m, &metrics, &input.bands);
        let warnings: Vec<(&str, &String)> = first
            .evaluation
            .scores
            .iter()
            .flat_map(|score| {
                score
                    .warnings
                    .iter()
                    .map(|warning| (score.title.as_str(), warning))
            })
            .collect();
        if !warnings.is_empty() {
            m.node("details", &[], |m| {
                m.leaf(
                    "summary",
                    &[],
                    format_args!("{} warnings about scores", warnings.len()),
                );
                m.node("ul", &[], |m| {
                    for (title, warning) in warnings {
                        m.leaf("li", &[], format_args!("{title}: {warning}"));
                    }
                });
            });
        }
    });
}

/// The scores without a band, by the reason for it.
fn unjudged(m: &mut Markup, scores: &[&Score], bands: &Bands) {
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for score in scores {
        if let Banding::None(why) = bands.of(score) {
            reasons.entry(why).or_default().push(&score.title);
        }
    }
    if reasons.is_empty() {
        return;
    }
    m.node("details", &[], |m| {
        let count: usize = reasons.values().map(Vec::len).sum();
        m.leaf(
            "summary",
            &[],
            format_args!("{count} scores without a band, and why"),
        );
        m.node("ul", &[("class", &"log")], |m| {
            for (why, titles) in &reasons {
                m.node("li", &[], |m| {
                    m.text(format_args!("{}: ", super::capitalised(why)));
                    m.text(titles.join("; "));
                });
            }
        });
    });
}

fn metric(m: &mut Markup, input: &ReportInput, score: &Score) {
    m.node("tr", &[], |m| {
        m.node("th", &[("scope", &"row")], |m| {
            m.leaf("bdi", &[], &score.title);
            if score.n_undefined > 0 {
                m.leaf(
                    "span",
                    &[("class", &"sub")],
                    format_args!("{} undefined, left out", number::count(score.n_undefined)),
                );
            }
        });
        m.leaf("td", &[("class", &"w best")], best(score.direction));
        let found: Vec<Option<&Score>> = input
            .methods
            .iter()
            .map(|method| method.evaluation.score(&score.id))
            .collect();
        for score in &found {
            m.node("td", &[("class", &"f")], |m| value(m, *score, &input.bands));
        }
        let baseline = &score.baseline;
        m.node("td", &[("class", &"f anchor")], |m| {
            if let Some(resample) = baseline.resample {
                m.text(number::value(resample));
                if let Some(sd) = baseline.resample_sd {
                    m.leaf(
                        "span",
                        &[("class", &"sub")],
                        format_args!("± {}", number::value(sd)),
                    );
                }
            }
            for (name, value) in [
                ("real people", baseline.real),
                ("holdout", baseline.holdout),
            ] {
                if let Some(value) = value {
                    m.leaf(
                        "span",
                        &[("class", &"sub")],
                        format_args!("{name} {}", number::value(value)),
                    );
                }
            }
            if baseline.resample.is_none() && baseline.real.is_none() && baseline.holdout.is_none()
            {
                m.text(number::NONE);
            }
        });
        m.node("td", &[("class", &"place")], |m| {
            let values: Vec<Option<f64>> = found
                .iter()
                .map(|score| score.and_then(|score| score.value))
                .collect();
            // Shuffled columns keep every number about one column, so for those there is no span to
            // place a value in.
            if worse(score.direction, baseline)
                && let Some(drawing) = position(&values, baseline.resample, baseline.independent)
            {
                m.drawing(drawing);
            }
        });
        m.leaf(
            "td",
            &[("class", &"f anchor")],
            number::or_none(baseline.independent, number::value),
        );
    });
}

fn value(m: &mut Markup, score: Option<&Score>, bands: &Bands) {
    let Some(score) = score else {
        m.text(number::NONE);
        return;
    };
    match (score.value, score.reason) {
        (Some(value), _) => {
            m.text(number::value(value));
            m.text(" ");
            match bands.of(score) {
                Banding::Band(band) => badge(m, band, band.word(score.group == Group::Privacy)),
                Banding::None(why) => unbanded(m, &why),
            }
            match (&score.ci, score.se) {
                (Some(ci), _) => m.leaf(
                    "span",
                    &[("class", &"sub")],
                    format_args!("{} to {}", number::value(ci.low), number::value(ci.high)),
                ),
                (None, Some(se)) => m.leaf(
                    "span",
                    &[("class", &"sub")],
                    format_args!("± {}", number::value(se)),
                ),
                _ => {}
            }
        }
        (None, reason) => {
            m.leaf(
                "span",
                &[("class", &"undefined")],
                reason.map_or("undefined", parable_metrics::Undefined::text),
            );
        }
    }
}

/// Whether losing all relations is farther from the ideal than a second sample.
fn worse(direction: Direction, baseline: &Baseline) -> bool {
    let (Some(resample), Some(independent)) = (baseline.resample, baseline.independent) else {
        return false;
    };
    match direction {
        Direction::Min0 | Direction::MustBe0 | Direction::Target0 => {
            independent.abs() > resample.abs()
        }
        Direction::Max1 | Direction::Target1 => (1.0 - independent).abs() > (1.0 - resample).abs(),
        Direction::Max => independent < resample,
        _ => false,
    }
}

/// Which end of a metric is good, in a few words.
fn best(direction: Direction) -> &'static str {
    match direction {
        Direction::Min0 | Direction::Target0 => "0",
        Direction::Max1 | Direction::Target1 => "1",
        Direction::Max => "high",
        Direction::MustBe0 => "must be 0",
        Direction::Baseline => "as real",
        _ => number::NONE,
    }
}

fn key(m: &mut Markup, input: &ReportInput) {
    let mark = match input.methods.len() {
        1 => "◆ is the method.",
        _ => "◆ is the first method, ● the others.",
    };
    remark(
        m,
        format_args!(
            "Between: the left tick is resample, the right tick is independent; {mark} Bands: A good, B acceptable, C poor, D very poor; a dash means no band, for the reason given below. ± is a standard error or the spread over repeats."
        ),
    );
}
