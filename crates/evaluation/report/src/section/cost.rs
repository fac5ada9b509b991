//! What the methods took.

use parable_draw::markup::Markup;
use parable_draw::number;

use super::{paragraph, remark, section};
use crate::table::{self, Figures, Words};
use crate::{Cost, ReportInput};

/// Metrics that are listed by their time.
const SLOWEST: usize = 8;

/// Time, processors and memory of each step of each method, and the days of people.
pub(crate) fn cost(m: &mut Markup, input: &ReportInput) {
    section(m, "cost", "Cost", "", |m| {
        let measured: Vec<(&str, &Cost)> = input
            .methods
            .iter()
            .filter_map(|method| Some((method.name.as_str(), method.cost.as_ref()?)))
            .collect();
        if measured.is_empty() {
            remark(m, "No step was measured.");
        } else {
            steps(m, &measured);
            slowest(m, input);
        }
        match input.person_days {
            Some(days) => paragraph(
                m,
                format_args!("Work of people: {} days, as stated.", number::round(days)),
            ),
            None => remark(m, "Work of people: not stated."),
        }
    });
}

fn steps(m: &mut Markup, measured: &[(&str, &Cost)]) {
    let heads = [
        ("Method", Words),
        ("Step", Words),
        ("Clock", Figures),
        ("Processors", Figures),
        ("Peak memory", Figures),
    ];
    table::table(m, "Time and memory", &heads, |m| {
        for (name, cost) in measured {
            let steps = [
                (
                    "fit",
                    cost.fit_seconds,
                    cost.fit_cpu_seconds,
                    cost.fit_peak_bytes,
                ),
                (
                    "sample",
                    cost.sample_seconds,
                    cost.sample_cpu_seconds,
                    cost.sample_peak_bytes,
                ),
                (
                    "evaluate",
                    cost.evaluate_seconds,
                    cost.evaluate_cpu_seconds,
                    cost.evaluate_peak_bytes.or(cost.peak_memory_bytes),
                ),
            ];
            for (step, wall, cpu, peak) in steps {
                table::row(m, |m| {
                    table::head(m, name);
                    table::words(m, step);
                    if wall.is_none() && cpu.is_none() && peak.is_none() {
                        table::figures(m, "not measured here");
                        table::figures(m, number::NONE);
                        table::figures(m, number::NONE);
                    } else {
                        table::figures(m, number::or_none(wall, number::seconds));
                        table::figures(m, number::or_none(cpu, number::seconds));
                        let bytes = peak.map_or_else(|| number::NONE.to_owned(), number::bytes);
                        table::figures(m, bytes);
                    }
                });
            }
        }
    });
    remark(
        m,
        "Processors: seconds of all processors together. Peak memory: the most the process had held by the end of the step.",
    );
}

/// Where the time of the first evaluation went.
fn slowest(m: &mut Markup, input: &ReportInput) {
    let Some((method, cost)) = input
        .methods
        .first()
        .and_then(|method| Some((method, method.cost.as_ref()?)))
    else {
        return;
    };
    let mut seconds: Vec<(&str, f64)> = method
        .evaluation
        .scores
        .iter()
        .filter_map(|score| Some((score.title.as_str(), *cost.metric_seconds.get(&score.id)?)))
        .collect();
    if seconds.is_empty() {
        return;
    }
    seconds.sort_by(|a, b| b.1.total_cmp(&a.1));
    m.node("details", &[], |m| {
        m.leaf("summary", &[], "The metrics that took longest");
        let heads = [("Metric", Words), ("Clock", Figures)];
        table::table(m, "Time by metric", &heads, |m| {
            for (title, seconds) in seconds.iter().take(SLOWEST) {
                table::row(m, |m| {
                    table::head(m, title);
                    table::figures(m, number::seconds(*seconds));
                });
            }
        });
        remark(
            m,
            "What several metrics share counts for the first of them. The anchors, which repeat most metrics, are not in it.",
        );
    });
}
