//! One column at a time, worst first.

use parable_metrics::{ColumnDetail, Evaluation, Scale, Sides};

use super::{bar_legend, remark, section};
use crate::chart::{Bar, histogram, level_bars};
use crate::markup::Markup;
use crate::number;
use crate::table::{self, Figures, Words};

/// So many drawings are open, so many more are folded; what is beyond stands in the table of all columns.
const OPEN: usize = 12;
const DRAWN: usize = 72;
/// Bars per column of levels; the rest is added up.
const LEVELS: usize = 8;

/// Overlaid histograms and bars, worst first, and a table of all columns.
pub(crate) fn columns(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let lead = "The distribution of each column in both tables, worst first: the farthest beyond what chance gives. Bars are shares of all rows; missing values have a bar of their own.";
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
                    column.scale != Scale::Excluded
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
                            "{} more columns, all closer to chance than these",
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
                        "{} further columns are not drawn: they differ less than all that are. The table lists them.",
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

/// The distance beyond what a second sample of the real column gives: many levels are far apart by chance alone.
pub(crate) fn beyond_chance(column: &ColumnDetail) -> Option<f64> {
    Some(column.tvd? - column.tvd_resample.unwrap_or(0.0))
}

fn grid(m: &mut Markup, columns: &[&ColumnDetail], rows: Sides<u64>) {
    m.node("div", &[("class", &"grid")], |m| {
        for column in columns {
            m.node("figure", &[], |m| {
                m.node("figcaption", &[], |m| {
                    m.leaf("bdi", &[("class", &"name")], &column.name);
                    m.leaf("span", &[("class", &"sub")], distance(column));
                });
                if column.scale == Scale::Numeric
                    && column.cells.iter().all(|cell| cell.low.is_some())
                {
                    histogram(m, column, rows);
                } else {
                    level_bars(m, &column.name, &bars(column, rows), number::share);
                }
            });
        }
    });
}

fn distance(column: &ColumnDetail) -> String {
    let Some(tvd) = column.tvd else {
        return "distance undefined: no values in one table".to_owned();
    };
    match column.tvd_resample {
        Some(chance) => format!(
            "distance {}, chance alone {}",
            number::value(tvd),
            number::value(chance)
        ),
        None => format!("distance {}", number::value(tvd)),
    }
}

/// The bars of a column of levels: the most frequent, then all others, then missing values.
fn bars(column: &ColumnDetail, rows: Sides<u64>) -> Vec<Bar> {
    let share = |side: Sides<u64>| Sides {
        real: if rows.real == 0 {
            0.0
        } else {
            side.real as f64 / rows.real as f64
        },
        synthetic: if rows.synthetic == 0 {
            0.0
        } else {
            side.synthetic as f64 / rows.synthetic as f64
        },
    };
    let levels: Vec<_> = column.cells.iter().filter(|cell| !cell.missing).collect();
    let missing = column.cells.iter().find(|cell| cell.missing);
    let room = if levels.len() > LEVELS || column.other.is_some() {
        LEVELS - 1
    } else {
        LEVELS
    };
    let mut bars: Vec<Bar> = levels
        .iter()
        .take(room)
        .map(|cell| Bar {
            name: cell.label.clone(),
            share: share(cell.rows),
            apart: false,
        })
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
        bars.push(Bar {
            name: match &column.other {
                Some(other) if levels.len() <= room => other.label.clone(),
                _ => "all others".to_owned(),
            },
            share: share(rest),
            apart: true,
        });
    }
    let shares = match missing {
        Some(cell) => share(cell.rows),
        None => Sides {
            real: column.missing_share.real.unwrap_or(0.0),
            synthetic: column.missing_share.synthetic.unwrap_or(0.0),
        },
    };
    if shares.real > 0.0 || shares.synthetic > 0.0 {
        bars.push(Bar {
            name: "missing".to_owned(),
            share: shares,
            apart: true,
        });
    }
    bars
}

fn listing(m: &mut Markup, columns: &[ColumnDetail]) {
    let heads = [
        ("Column", Words),
        ("Type", Words),
        ("Role", Words),
        ("Distance", Figures),
        ("Chance", Figures),
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
        "Distance: total variation distance over bins or levels, the share of rows that would have to change. Chance: the same for a second sample of the real rows. KS: largest distance of the cumulative shares.",
    );
}
