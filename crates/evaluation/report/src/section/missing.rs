//! Missing values.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::Evaluation;

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// Columns listed openly; the rest is folded.
const OPEN: usize = 12;
/// Pairs listed.
const PAIRS: usize = 8;

/// Shares of missing values by column and reason, and joint patterns.
pub(crate) fn missing(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let section_ = &evaluation.missing;
    let lead = "How many values are missing, for which reasons, and in which combinations.";
    section(
        m,
        &format!("{prefix}missing"),
        "Missing values",
        lead,
        |m| {
            let both = |side: parable_metrics::Sides<Option<f64>>| {
                (
                    number::or_none(side.real, number::share),
                    number::or_none(side.synthetic, number::share),
                )
            };
            let (real, synthetic) = both(section_.share_of_cells);
            let (real_rows, synthetic_rows) = both(section_.complete_rows);
            m.leaf(
            "p",
            &[],
            format_args!("Of all cells, {real} are missing in the real and {synthetic} in the synthetic table; {real_rows} and {synthetic_rows} of the rows are complete."),
        );
            if section_.columns.is_empty() {
                remark(m, "No column has missing values.");
                return;
            }
            let mut rows: Vec<_> = section_.columns.iter().collect();
            rows.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
            listing(m, &rows[..rows.len().min(OPEN)]);
            if rows.len() > OPEN {
                m.node("details", &[], |m| {
                    m.leaf(
                        "summary",
                        &[],
                        format_args!("{} more columns, all closer than these", rows.len() - OPEN),
                    );
                    listing(m, &rows[OPEN..]);
                });
            }
            if !section_.joint.is_empty() {
                let heads = [
                    ("Pair", Words),
                    ("Distance", Figures),
                    ("Both missing, real", Figures),
                    ("synthetic", Figures),
                ];
                table::table(
                    m,
                    "Pairs of columns missing together, worst first",
                    &heads,
                    |m| {
                        for pair in section_.joint.iter().take(PAIRS) {
                            table::row(m, |m| {
                                m.node("th", &[("scope", &"row")], |m| {
                                    m.leaf("bdi", &[], &pair.left);
                                    m.text(" × ");
                                    m.leaf("bdi", &[], &pair.right);
                                });
                                table::figures(m, number::value(pair.tvd));
                                table::figures(m, number::share(pair.both.real));
                                table::figures(m, number::share(pair.both.synthetic));
                            });
                        }
                    },
                );
                remark(
                    m,
                    format_args!("The worst of {} pairs.", number::count(section_.pairs)),
                );
            }
        },
    );
}

fn listing(m: &mut Markup, rows: &[&parable_metrics::MissingRow]) {
    let heads = [
        ("Column", Words),
        ("Real", Figures),
        ("Synthetic", Figures),
        ("Points", Figures),
        ("Reasons given, real → synthetic", Words),
    ];
    table::table(
        m,
        "Missing values by column, largest difference first",
        &heads,
        |m| {
            for row in rows {
                table::row(m, |m| {
                    table::head(m, &row.column);
                    table::figures(m, number::share(row.share.real));
                    table::figures(m, number::share(row.share.synthetic));
                    table::figures(m, number::points(row.difference));
                    let reasons: Vec<String> = row
                        .reasons
                        .iter()
                        .map(|reason| {
                            let name = match (&reason.meaning, reason.code.as_str()) {
                                (Some(meaning), code) => format!("{code} ({meaning})"),
                                (None, "") => "no reason".to_owned(),
                                (None, code) => code.to_owned(),
                            };
                            format!(
                                "{name}: {} → {}",
                                number::share(reason.share.real),
                                number::share(reason.share.synthetic)
                            )
                        })
                        .collect();
                    table::words(
                        m,
                        if reasons.is_empty() {
                            number::NONE.to_owned()
                        } else {
                            reasons.join("; ")
                        },
                    );
                });
            }
        },
    );
}
