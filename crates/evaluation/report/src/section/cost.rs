//! Time and memory of the methods.

use parable_draw::markup::Markup;
use parable_draw::number;

use super::{paragraph, remark, section};
use crate::table::{self, Figures, Words};
use crate::{Cost, ReportInput};

/// Metrics that are listed by their time.
const SLOWEST: usize = 8;

/// Time and memory of each step of each method, and staff time.
pub(crate) fn cost(m: &mut Markup, input: &ReportInput) {
    section(m, "cost", "Cost", "", |m| {
        let measured: Vec<(&str, &Cost)> = input
            .methods
            .iter()
            .filter_map(|method| Some((method.name.as_str(), method.cost.as_ref()?)))
            .collect();
        if measured.is_empty() {
            remark(m, "No step was timed.");
        } else {
            steps(m, &measured);
            slowest(m, input);
        }
        match input.person_days {
            Some(days) => paragraph(
                m,
                format_args!("Staff time: {} days, as stated.", number::round(days)),
            ),
            None => remark(m, "Staff time: not recorded."),
        }
    });
}

fn steps(m: &mut Markup, measured: &[(&str, &Cost)]) {
    let heads = [
        ("Method", Words),
        ("Step", Words),
        ("Elapsed", Figures),
        ("CPU", Figures),
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
                        table::figures(m, "not measured");
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
        "Elapsed: wall-clock time. CPU: CPU time (all cores). Peak memory: the highest use of the process up to the end of the step.",
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
        let heads = [("Metric", Words), ("Elapsed", Figures)];
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
            "Work that several metrics share is counted for the first of them. Anchors, which repeat most metrics, are not included.",
        );
    });
}
