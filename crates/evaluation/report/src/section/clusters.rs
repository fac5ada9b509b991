//! Schools, classes and other groups of rows.

use parable_draw::markup::Markup;
use parable_draw::{self as draw, Bar, Shares, number};
use parable_metrics::{ClusterSection, Evaluation};

use super::{bar_legend, or_reason, remark, section};
use crate::KnownTruth;
use crate::table::{self, Figures, Words};

/// Compares the groups, one part per cluster column.
pub(crate) fn clusters(
    m: &mut Markup,
    prefix: &str,
    evaluation: &Evaluation,
    truth: Option<&KnownTruth>,
) {
    if evaluation.clusters.is_empty() {
        return;
    }
    let lead = "Rows of one group are more similar than rows of different groups. A synthetic table that loses this makes trials look more precise than they were.";
    section(
        m,
        &format!("{prefix}clusters"),
        "Schools and other groups",
        lead,
        |m| {
            for cluster in &evaluation.clusters {
                m.node("h3", &[], |m| m.leaf("bdi", &[], &cluster.column));
                m.node("div", &[("class", &"pair")], |m| {
                    facts(m, cluster);
                    sizes(m, cluster);
                });
                let randomised = evaluation
                    .trial
                    .as_ref()
                    .is_some_and(|trial| trial.cluster.as_ref() == Some(&cluster.column));
                icc(
                    m,
                    cluster,
                    truth.filter(|truth| randomised && !truth.icc.is_empty()),
                );
                constancy(m, cluster);
            }
        },
    );
}

fn facts(m: &mut Markup, cluster: &ClusterSection) {
    let heads = [("", Words), ("Real", Figures), ("Synthetic", Figures)];
    table::table(m, "Groups", &heads, |m| {
        let mut line = |name: &str, real: String, synthetic: String| {
            table::row(m, |m| {
                table::head(m, name);
                table::figures(m, real);
                table::figures(m, synthetic);
            });
        };
        line(
            "Groups",
            number::count(cluster.clusters.real),
            number::count(cluster.clusters.synthetic),
        );
        let form = |side: Option<f64>| number::or_none(side, |value| number::fixed(value, 1));
        line(
            "Mean rows in a group",
            form(cluster.mean_size.real),
            form(cluster.mean_size.synthetic),
        );
        if cluster.in_one_arm.real.is_some() || cluster.in_one_arm.synthetic.is_some() {
            line(
                "Groups entirely in one arm",
                number::or_none(cluster.in_one_arm.real, number::share),
                number::or_none(cluster.in_one_arm.synthetic, number::share),
            );
        }
        if let Some(distance) = cluster.size_tvd {
            line(
                "Distance of the size distributions",
                number::NONE.to_owned(),
                number::value(distance),
            );
        }
    });
}

fn sizes(m: &mut Markup, cluster: &ClusterSection) {
    if cluster.sizes.is_empty() {
        return;
    }
    let bars: Vec<Bar> = cluster
        .sizes
        .iter()
        .map(|cell| {
            let share = Shares::new(cell.share.real, cell.share.synthetic);
            Bar::new(&cell.label, share)
        })
        .collect();
    m.node("figure", &[], |m| {
        m.leaf("figcaption", &[], "Groups by size");
        m.drawing(draw::bars(&cluster.column, &bars, number::share));
        bar_legend(m);
    });
}

fn icc(m: &mut Markup, cluster: &ClusterSection, truth: Option<&KnownTruth>) {
    if cluster.icc.is_empty() {
        return;
    }
    let mut heads = vec![
        ("Column", Words),
        ("Role", Words),
        ("Real", Figures),
        ("Synthetic", Figures),
        ("Difference", Figures),
    ];
    if truth.is_some() {
        heads.push(("truth", Figures));
    }
    heads.extend([("Rows, real", Figures), ("synthetic", Figures)]);
    table::table(
        m,
        "Intraclass correlation: how similar the rows of one group are",
        &heads,
        |m| {
            for icc in &cluster.icc {
                table::row(m, |m| {
                    table::head(m, &icc.column);
                    table::words(m, &icc.role);
                    table::figures(m, or_reason(icc.icc.real, icc.reason));
                    table::figures(m, or_reason(icc.icc.synthetic, icc.reason));
                    table::figures(m, number::or_none(icc.difference, number::value));
                    if let Some(truth) = truth {
                        let known = truth.icc.get(&icc.column).copied();
                        table::figures(m, number::or_none(known, number::value));
                    }
                    table::figures(m, number::count(icc.rows.real));
                    table::figures(m, number::count(icc.rows.synthetic));
                });
            }
        },
    );
}

fn constancy(m: &mut Markup, cluster: &ClusterSection) {
    if cluster.constancy.is_empty() {
        return;
    }
    let heads = [
        ("Column", Words),
        ("Constant in real groups", Figures),
        ("in synthetic groups", Figures),
    ];
    table::table(m, "Columns that describe the group", &heads, |m| {
        for row in &cluster.constancy {
            table::row(m, |m| {
                table::head(m, &row.column);
                table::figures(m, number::or_none(row.share.real, number::share));
                table::figures(m, number::or_none(row.share.synthetic, number::share));
            });
        }
    });
    remark(m, "Share of groups in which the column has only one value.");
}
