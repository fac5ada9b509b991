//! Privacy: the guarantee, copied and close rows, attacks.

use parable_draw::markup::Markup;
use parable_draw::{Curve, Series, curves, number};
use parable_judge::Guarantee;
use parable_metrics::{Distance, DistanceSummary, NearestSection, OutlierSection, OverlapCounts};

use super::attacks::attacks;
use super::cells::cells;
use super::disclosure::disclosure;
use super::membership::membership;
use super::{legend, paragraph, remark, section};
use crate::MethodResult;
use crate::table::{self, Figures, Words};

/// The guarantee, copied rows, near rows, and outliers.
pub(crate) fn privacy(m: &mut Markup, prefix: &str, method: &MethodResult, guarantee: &Guarantee) {
    let privacy = &method.evaluation.privacy;
    let lead = "Whether rows of real people, or rows too close to one, appear in the synthetic table, and what an attacker learns from it.";
    section(m, &format!("{prefix}privacy"), "Privacy", lead, |m| {
        statement(m, method, guarantee);
        overlap(
            m,
            &privacy.overlap.synthetic,
            privacy.overlap.holdout.as_ref(),
            &privacy.overlap.columns,
        );
        // The distance that means something first; those offered for comparison only are folded.
        for near in privacy
            .nearest
            .iter()
            .filter(|near| near.distance == Distance::Gower)
        {
            m.leaf("h3", &[], "Distance to the nearest real person");
            nearest(m, near);
        }
        for near in privacy
            .nearest
            .iter()
            .filter(|near| near.distance != Distance::Gower)
        {
            m.node("details", &[], |m| {
                m.leaf("summary", &[], "Raw Manhattan distance, only for comparison with published tables");
                remark(m, "Without scaling: the column with the largest unit dominates, and so does the alphabetical order of levels.");
                nearest(m, near);
            });
        }
        if privacy.nearest.is_empty() {
            remark(m, "No distances were computed.");
        }
        attacks(m, &method.evaluation);
        membership(m, &method.evaluation);
        disclosure(m, &method.evaluation);
        cells(m, &method.evaluation);
    });
}

fn statement(m: &mut Markup, method: &MethodResult, guarantee: &Guarantee) {
    m.node("div", &[("class", &"statement")], |m| {
        m.leaf("p", &[("class", &"promise")], guarantee.sentence());
        if let (Guarantee::Promise(_), Some(record)) = (guarantee, &method.record) {
            let neighbours = match record.unit.relation {
                parable_dp::Relation::AddRemove => "add/remove",
                parable_dp::Relation::ReplaceOne => "replace-one",
                parable_dp::Relation::ReplaceNull => "replace-with-null",
            };
            let rows = match record.unit.max_rows.get() {
                1 => "one row".to_owned(),
                rows => format!("{} rows", number::in_words(u64::from(rows))),
            };
            paragraph(m, format_args!("Protects any one person (at most {rows}), under {neighbours} neighbours. The ledger below lists the charges. The guarantee does not cover cleaning, the choice of settings, or this page."));
        } else {
            paragraph(m, "The numbers below compare rows. They can show that real people are in the synthetic table; they cannot show that nothing about them can be learned from it. An attacker may know more than these comparisons use.");
        }
    });
}

fn overlap(
    m: &mut Markup,
    synthetic: &OverlapCounts,
    holdout: Option<&OverlapCounts>,
    columns: &[String],
) {
    m.leaf("h3", &[], "Copied rows");
    let mut heads = vec![("", Words), ("Synthetic table", Figures)];
    if holdout.is_some() {
        heads.push(("Holdout (chance)", Figures));
    }
    table::table(m, "Rows that agree in every column", &heads, |m| {
        let mut line = |name: &str, show: &dyn Fn(&OverlapCounts) -> String| {
            table::row(m, |m| {
                table::head(m, name);
                table::figures(m, show(synthetic));
                if let Some(holdout) = holdout {
                    table::figures(m, show(holdout));
                }
            });
        };
        let of = |part: u64, share: Option<f64>| {
            format!(
                "{} ({})",
                number::count(part),
                number::or_none(share, number::share)
            )
        };
        line("Real rows found in it", &|c| {
            of(c.real_rows_in_synthetic, c.share_of_real_rows)
        });
        line("Distinct real rows found in it", &|c| {
            of(
                c.distinct_real_rows_in_synthetic,
                c.share_of_distinct_real_rows,
            )
        });
        line("Its rows found in the real table", &|c| {
            of(c.synthetic_rows_in_real, c.share_of_synthetic_rows)
        });
        line("Real rows that are unique", &|c| {
            number::count(c.unique_real_rows)
        });
        line("of these, found in it", &|c| {
            number::count(c.unique_real_rows_matched)
        });
        line("of these, unique in it too", &|c| {
            number::count(c.replicated_uniques)
        });
    });
    let mut text = format!(
        "Compared on {} columns; missing values count as equal.",
        columns.len()
    );
    if holdout.is_none() {
        text.push_str(" Without a holdout there is no measure of chance: with few columns or coarse levels, many rows agree without any copying.");
    }
    remark(m, text);
}

fn nearest(m: &mut Markup, near: &NearestSection) {
    m.node("div", &[("class", &"pair")], |m| {
        m.node("figure", &[], |m| {
            let mut entries = vec![
                (Series::Real, "real to nearest other real"),
                (Series::Synthetic, "synthetic to nearest real"),
            ];
            let curve = &near.curve;
            let mut lines = vec![
                Curve {
                    series: Series::Real,
                    shares: &curve.real,
                },
                Curve {
                    series: Series::Synthetic,
                    shares: &curve.synthetic,
                },
            ];
            if !curve.holdout.is_empty() {
                entries.push((Series::Holdout, "holdout to nearest real"));
                lines.push(Curve {
                    series: Series::Holdout,
                    shares: &curve.holdout,
                });
            }
            m.leaf(
                "figcaption",
                &[],
                "Share of rows whose nearest real row is at most this far away",
            );
            if curve.at.is_empty() {
                remark(m, "There are no distances to draw.");
            } else {
                m.drawing(curves(
                    "Cumulative distribution of nearest distances",
                    match near.distance {
                        Distance::Gower => "Gower distance to the nearest real row",
                        _ => "distance to the nearest real row",
                    },
                    &curve.at,
                    &lines,
                ));
                legend(m, &entries);
            }
        });
        m.node("div", &[], |m| {
            distances(
                m,
                "Distance to the nearest real row",
                &[
                    ("Synthetic", near.synthetic_to_real.as_ref()),
                    ("Real (leave one out)", near.real_to_real.as_ref()),
                    ("Holdout", near.holdout_to_real.as_ref()),
                ],
            );
            distances(
                m,
                "Nearest over second-nearest distance",
                &[
                    ("Synthetic", near.synthetic_ratio.as_ref()),
                    ("Real", near.real_ratio.as_ref()),
                    ("Holdout", near.holdout_ratio.as_ref()),
                ],
            );
        });
    });
    paragraph(
        m,
        "The synthetic curve should lie on or below the real one. A curve above it at the left end means synthetic rows are closer to a person than people are to each other, which is a sign of copying. A curve far below means the rows avoid real people but resemble them less.",
    );
    remark(m, "A ratio near 0 means close to one person in particular.");
    if let Some(share) = near.share_below_real_p01 {
        remark(
            m,
            format_args!(
                "{} of synthetic rows are closer than the 1 % quantile of real distances; a second sample of people gives about 1 %{}.",
                number::share(share),
                match near.holdout_below_real_p01 {
                    Some(holdout) => format!(", the holdout {}", number::share(holdout)),
                    None => String::new(),
                }
            ),
        );
    }
    if near.rows_left_out > 0 {
        remark(
            m,
            format_args!(
                "{} rows are left out because a number is missing.",
                number::count(near.rows_left_out)
            ),
        );
    }
    outliers(m, &near.outliers);
}

fn distances(m: &mut Markup, caption: &str, rows: &[(&str, Option<&DistanceSummary>)]) {
    let heads = [
        ("", Words),
        ("Minimum", Figures),
        ("1 %", Figures),
        ("5 %", Figures),
        ("Median", Figures),
        ("Share at 0", Figures),
    ];
    table::table(m, caption, &heads, |m| {
        for (name, summary) in rows {
            let Some(summary) = summary else { continue };
            table::row(m, |m| {
                table::head(m, name);
                for value in [summary.min, summary.p01, summary.p05, summary.median] {
                    table::figures(m, number::value(value));
                }
                table::figures(m, number::share(summary.share_zero));
            });
        }
    });
}

fn outliers(m: &mut Markup, outliers: &OutlierSection) {
    m.leaf("h3", &[], "Outliers");
    paragraph(
        m,
        format_args!(
            "{} real rows are outliers (local outlier factor with {} neighbours of at least {}; mean {}, largest {}). They are the easiest to recognise.",
            number::count(outliers.outliers),
            number::count(outliers.neighbours),
            number::fixed(outliers.threshold, 1),
            number::or_none(outliers.mean_factor, |f| number::fixed(f, 2)),
            number::or_none(outliers.max_factor, |f| number::fixed(f, 2)),
        ),
    );
    match (&outliers.outlier_to_synthetic, outliers.reason) {
        (Some(summary), _) => distances(
            m,
            "Distance from outliers to the nearest synthetic row",
            &[("Outliers", Some(summary))],
        ),
        (None, Some(reason)) => remark(
            m,
            format_args!("No distances from outliers: {}.", reason.text()),
        ),
        (None, None) => remark(m, "No distances from outliers."),
    }
}
