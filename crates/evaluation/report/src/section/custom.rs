//! Sections that metrics written elsewhere bring along.

use parable_draw::markup::Markup;
use parable_draw::{Axis, Line, Plot, number, plot};
use parable_metrics::{CustomSection, Evaluation, SectionChart, SectionTable};

use super::{key, paragraph, remark, section};
use crate::table::{self, Figures, Words};

/// Classes and symbols of the lines of a chart; further lines are in the JSON form only.
const LINES: [(&str, &str); 4] = [("syn", "◆"), ("real", "●"), ("hold", "■"), ("pareto", "◇")];
/// Rows of a table that are printed; the JSON form has all.
const ROWS: usize = 200;

/// Writes the sections in the order of their metrics.
pub(crate) fn custom(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    for (index, own) in evaluation.sections.iter().enumerate() {
        section(m, &id(prefix, index), &own.title, "", |m| content(m, own));
    }
}

/// The id of a custom section on the page.
pub(crate) fn id(prefix: &str, index: usize) -> String {
    format!("{prefix}section-{}", index + 1)
}

fn content(m: &mut Markup, own: &CustomSection) {
    for text in &own.paragraphs {
        paragraph(m, text);
    }
    for chart in &own.charts {
        m.node("figure", &[], |m| {
            m.leaf("figcaption", &[], &chart.caption);
            lines(m, chart);
        });
    }
    for table in &own.tables {
        numbers(m, table);
    }
}

fn lines(m: &mut Markup, chart: &SectionChart) {
    let points = || chart.lines.iter().flat_map(|line| &line.points);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let finite = values.filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| {
                (low.min(value), high.max(value))
            }))
        });
        ends.unwrap_or((0.0, 1.0))
    };
    let (drawn, rest) = chart.lines.split_at(chart.lines.len().min(LINES.len()));
    m.drawing(plot(&Plot {
        description: &chart.caption,
        x: Axis {
            name: &chart.x,
            range: range(&mut points().map(|point| point.0)),
            ..Axis::default()
        },
        y: Axis {
            name: &chart.y,
            range: range(&mut points().map(|point| point.1)),
            ..Axis::default()
        },
        lines: drawn
            .iter()
            .zip(LINES)
            .map(|(line, (class, _))| Line {
                class,
                points: line.points.clone(),
            })
            .collect(),
        ..Plot::default()
    }));
    let entries = drawn.iter().zip(LINES);
    key(
        m,
        entries.map(|(line, (class, symbol))| (class, symbol, line.name.as_str())),
    );
    if !rest.is_empty() {
        let more = number::count(rest.len() as u64);
        remark(
            m,
            format_args!("{more} further lines are in the JSON form."),
        );
    }
}

fn numbers(m: &mut Markup, own: &SectionTable) {
    let mut heads = vec![("", Words)];
    heads.extend(own.columns.iter().map(|name| (name.as_str(), Figures)));
    table::table(m, &own.caption, &heads, |m| {
        for row in own.rows.iter().take(ROWS) {
            table::row(m, |m| {
                table::head(m, &row.name);
                for at in 0..own.columns.len() {
                    let value = row.values.get(at).copied().flatten();
                    table::figures(m, number::or_none(value, number::value));
                }
            });
        }
    });
    if own.rows.len() > ROWS {
        let more = number::count((own.rows.len() - ROWS) as u64);
        remark(m, format_args!("{more} further rows are in the JSON form."));
    }
}

#[cfg(test)]
mod tests {
    use parable_metrics::{EvaluationOptions, Inputs};
    use parable_seed::Seed;

    use super::*;

    #[test]
    fn text_tables_and_charts_of_a_metric_are_written_and_escaped() {
        let own = CustomSection::new("Weekdays <all>")
            .with_paragraph("Attendance by day & school.")
            .with_table(
                SectionTable::new("Attendance", ["real", "synthetic"])
                    .with_row("Monday", [Some(0.93), None]),
            )
            .with_chart(
                SectionChart::new("By week", "week", "attendance")
                    .with_line("real", [(1.0, 0.9), (2.0, 0.8)])
                    .with_line("synthetic", [(1.0, 0.85)]),
            );
        let options = EvaluationOptions::default();
        let mut evaluation = Evaluation::empty(&Seed::from_u64(1), options, Inputs::default());
        evaluation.sections.push(own);
        let mut m = Markup::default();
        custom(&mut m, "", &evaluation);
        let html = m.to_html();
        for part in [
            "<section id=\"section-1\">",
            "Weekdays &lt;all&gt;",
            "by day &amp; school",
            "0.930",
            "class=\"line syn\"",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        let text = crate::markdown::markdown(&m.into_nodes());
        assert!(text.contains("| Monday | 0.930 | – |"), "{text}");
    }
}
