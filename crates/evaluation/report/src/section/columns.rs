//! One column at a time, worst first.

use parable_draw::markup::Markup;
use parable_draw::{
    self as draw, Bar, Drawing, Histogram, HistogramAxis, HistogramBin, Shares, number,
};
use parable_judge::beyond_chance;
use parable_metrics::{ColumnDetail, ColumnScale, Evaluation, Sides};

use super::{bar_legend, remark, section};
use crate::table::{self, Figures, Words};

/// So many drawings are open, so many more are folded; what is beyond stands in the table of all
/// columns.
const OPEN: usize = 12;
const DRAWN: usize = 72;
/// Bars per column of levels; the rest is added up.
const LEVELS: usize = 8;

/// Overlaid histograms and bars, worst first, and a table of all columns.
pub(crate) fn columns(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let lead = "The distribution of each column in both tables, largest excess over sampling noise first. Bars are shares of all rows; missing values have a bar of their own.";
    section(
        m,
        &format!("{prefix}columns"),
        "One column at a time",
        lead,
        |m| {
            let mut drawn: Vec<&ColumnDetail> = evaluation
                .columns
                .iter()
                .filter(|column| {
                    column.scale != ColumnScale::Excluded
                        && !(column.cells.is_empty() && column.other.is_none())
                })
                .collect();
            // Worst first; undefined last; equals stay in table order.
            let rank = |column: &ColumnDetail| beyond_chance(column).unwrap_or(f64::NEG_INFINITY);
            drawn.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
            if drawn.is_empty() {
                remark(m, "No column could be drawn.");
            } else {
                bar_legend(m);
            }
            let rows = Sides {
                real: evaluation.inputs.real_rows,
                synthetic: evaluation.inputs.synthetic_rows,
            };
            grid(m, &drawn[..drawn.len().min(OPEN)], rows);
            if drawn.len() > OPEN {
                let more = &drawn[OPEN..drawn.len().min(DRAWN)];
                m.node("details", &[("class", &"more")], |m| {
                    m.leaf(
                        "summary",
                        &[],
                        format_args!(
                            "{} more columns, all closer to sampling noise than these",
                            more.len()
                        ),
                    );
                    grid(m, more, rows);
                });
            }
            if drawn.len() > DRAWN {
                remark(
                    m,
                    format_args!(
                        "{} further columns are not drawn: they differ less than those shown. The table lists them.",
                        drawn.len() - DRAWN
                    ),
                );
            }
            if !evaluation.columns.is_empty() {
                m.node("details", &[], |m| {
                    m.leaf(
                        "summary",
                        &[],
                        format_args!("Table of all {} columns", evaluation.columns.len()),
                    );
                    listing(m, &evaluation.columns);
                });
            }
            for (column, reason) in &evaluation.inputs.left_out {
                remark(m, format_args!("Left out: {column} ({reason})."));
            }
        },
    );
}

fn grid(m: &mut Markup, columns: &[&ColumnDetail], rows: Sides<u64>) {
    m.node("div", &[("class", &"grid")], |m| {
        for column in columns {
            m.node("figure", &[], |m| {
                m.node("figcaption", &[], |m| {
                    m.leaf("bdi", &[("class", &"name")], &column.name);
                    m.leaf("span", &[("class", &"sub")], distance(column));
                });
                if column.scale == ColumnScale::Numeric
                    && column.cells.iter().all(|cell| cell.low.is_some())
                {
                    m.drawing(histogram(column, rows));
                } else {
                    m.drawing(draw::bars(&column.name, &bars(column, rows), number::share));
                }
            });
        }
    });
}

fn distance(column: &ColumnDetail) -> String {
    let Some(tvd) = column.tvd else {
        return "distance undefined: one table has no values".to_owned();
    };
    match column.tvd_resample {
        Some(chance) => format!(
            "distance {}, sampling noise {}",
            number::value(tvd),
            number::value(chance)
        ),
        None => format!("distance {}", number::value(tvd)),
    }
}

/// The shares of all rows.
fn shares(part: Sides<u64>, rows: Sides<u64>) -> Shares {
    let share = |part: u64, of: u64| {
        if of == 0 {
            0.0
        } else {
            part as f64 / of as f64
        }
    };
    Shares::new(
        share(part.real, rows.real),
        share(part.synthetic, rows.synthetic),
    )
}

fn missing(column: &ColumnDetail) -> Shares {
    let share = column.missing_share;
    Shares::new(share.real.unwrap_or(0.0), share.synthetic.unwrap_or(0.0))
}

/// The bins of a numeric column.
fn histogram(column: &ColumnDetail, rows: Sides<u64>) -> Drawing {
    let bins = column.cells.iter().filter_map(|cell| {
        Some(HistogramBin {
            low: cell.low?,
            high: cell.high?,
            share: shares(cell.rows, rows),
        })
    });
    draw::histogram(&Histogram {
        name: &column.name,
        bins: bins.collect(),
        missing: missing(column),
        axis: match column.kind.as_str() {
            "date" => HistogramAxis::Days,
            "date_time" => HistogramAxis::Seconds,
            _ => HistogramAxis::Numbers,
        },
    })
}

/// The bars of a column of levels: the most frequent, then all others, then missing values.
fn bars(column: &ColumnDetail, rows: Sides<u64>) -> Vec<Bar> {
    let levels: Vec<_> = column.cells.iter().filter(|cell| !cell.missing).collect();
    let missing_cell = column.cells.iter().find(|cell| cell.missing);
    let room = if levels.len() > LEVELS || column.other.is_some() {
        LEVELS - 1
    } else {
        LEVELS
    };
    let mut bars: Vec<Bar> = levels
        .iter()
        .take(room)
        .map(|cell| Bar::new(&cell.label, shares(cell.rows, rows)))
        .collect();
    let mut rest = Sides {
        real: 0,
        synthetic: 0,
    };
    for cell in levels.iter().skip(room).copied().chain(&column.other) {
        rest.real += cell.rows.real;
        rest.synthetic += cell.rows.synthetic;
    }
    if levels.len() > room || column.other.is_some() {
        let name = match &column.other {
            Some(other) if levels.len() <= room => &other.label,
            _ => "all others",
        };
        bars.push(Bar::new(name, shares(rest, rows)).apart());
    }
    let share = missing_cell.map_or_else(|| missing(column), |cell| shares(cell.rows, rows));
    if share.real > 0.0 || share.synthetic > 0.0 {
        bars.push(Bar::new("missing", share).apart());
    }
    bars
}

fn listing(m: &mut Markup, columns: &[ColumnDetail]) {
    let heads = [
        ("Column", Words),
        ("Type", Words),
        ("Role", Words),
        ("Distance", Figures),
        ("Noise", Figures),
        ("KS", Figures),
        ("Missing, real", Figures),
        ("synthetic", Figures),
        ("Mean, real", Figures),
        ("synthetic", Figures),
        ("SD, real", Figures),
        ("synthetic", Figures),
        ("Distinct, real", Figures),
        ("synthetic", Figures),
    ];
    table::table(m, "All columns", &heads, |m| {
        for column in columns {
            table::row(m, |m| {
                m.node("th", &[("scope", &"row")], |m| {
                    m.leaf("bdi", &[], &column.name);
                    if let Some(label) = &column.label {
                        m.leaf("span", &[("class", &"sub")], label);
                    }
                });
                table::words(m, &column.kind);
                table::words(m, &column.role);
                table::figures(m, number::or_none(column.tvd, number::value));
                table::figures(m, number::or_none(column.tvd_resample, number::value));
                table::figures(m, number::or_none(column.ks, number::value));
                table::figures(m, number::or_none(column.missing_share.real, number::share));
                table::figures(
                    m,
                    number::or_none(column.missing_share.synthetic, number::share),
                );
                let sides = [&column.summary.real, &column.summary.synthetic];
                for side in sides {
                    table::figures(
                        m,
                        number::or_none(side.map(|summary| summary.mean), number::plain),
                    );
                }
                for side in sides {
                    table::figures(
                        m,
                        number::or_none(side.and_then(|summary| summary.sd), number::plain),
                    );
                }
                table::figures(m, number::count(column.distinct.real));
                table::figures(m, number::count(column.distinct.synthetic));
            });
        }
    });
    remark(
        m,
        "Distance: total variation distance over bins or levels, the share of rows that would have to change. Noise: the same for a second sample of the real rows. KS: largest distance between the cumulative distributions.",
    );
}
