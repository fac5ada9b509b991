//! An analyst's regressions, coefficient by coefficient.

use parable_draw::markup::Markup;
use parable_draw::{ForestRow, Mark, Series, forest, number};
use parable_metrics::{CoefficientRow, Evaluation, RegressionSection};

use super::{legend, remark, section};
use crate::table::{self, Figures, Words};

/// Coefficients that are drawn; the table has all.
const DRAWN: usize = 30;

/// Each formula with its coefficients on both tables.
pub(crate) fn regressions(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    if evaluation.regressions.is_empty() {
        return;
    }
    let lead = "The analyst's models, fitted to both tables. A good synthetic table gives the same coefficients within their uncertainty.";
    section(
        m,
        &format!("{prefix}regressions"),
        "Regressions",
        lead,
        |m| {
            for regression in &evaluation.regressions {
                m.node("h3", &[], |m| m.leaf("code", &[], &regression.formula));
                one(m, regression);
            }
        },
    );
}

fn one(m: &mut Markup, regression: &RegressionSection) {
    let mut about = format!(
        "{} regression; {} real and {} synthetic rows",
        super::capitalised(&regression.family),
        number::count(regression.rows.real),
        number::count(regression.rows.synthetic)
    );
    if let Some(event) = &regression.event {
        about.push_str(&format!("; event: {event}"));
    }
    if let Some(cluster) = &regression.cluster {
        about.push_str(&format!("; standard errors clustered by {cluster}"));
    }
    if !regression.absorbed.is_empty() {
        about.push_str(&format!(
            "; fixed effects for each {}",
            regression.absorbed.join(" and ")
        ));
    }
    if regression.synthetic_tables > 1 {
        about.push_str(&format!(
            "; {} synthetic tables combined",
            regression.synthetic_tables
        ));
    }
    m.leaf("p", &[], format_args!("{about}."));
    for (side, reason) in [
        ("real", regression.reason.real),
        ("synthetic", regression.reason.synthetic),
    ] {
        if let Some(reason) = reason {
            remark(
                m,
                format_args!("No fit to the {side} table: {}.", reason.text()),
            );
        }
    }
    if !regression.coefficients.is_empty() {
        drawing(m, &regression.coefficients);
        listing(m, regression);
    }
    for warning in &regression.warnings {
        remark(m, warning);
    }
}

/// All coefficients on one axis, in standard errors of the real estimate: coefficients have units
/// of their own.
fn drawing(m: &mut Markup, coefficients: &[CoefficientRow]) {
    let rows: Vec<ForestRow> = coefficients
        .iter()
        .filter(|row| row.name != "(intercept)")
        .filter_map(|row| {
            let real = row.real?;
            if real.se.is_nan() || real.se <= 0.0 {
                return None;
            }
            let scaled = |estimate: parable_metrics::CoefficientEstimate, series| Mark {
                series,
                value: estimate.value / real.se,
                interval: Some((estimate.ci.low / real.se, estimate.ci.high / real.se)),
            };
            let mut marks = vec![scaled(real, Series::Real)];
            marks.extend(
                row.synthetic
                    .map(|estimate| scaled(estimate, Series::Synthetic)),
            );
            Some(ForestRow {
                name: row.name.clone(),
                marks,
            })
        })
        .take(DRAWN)
        .collect();
    if rows.is_empty() {
        return;
    }
    legend(
        m,
        &[
            (Series::Real, "real table"),
            (Series::Synthetic, "synthetic table"),
        ],
    );
    m.node(
        "div",
        &[
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Forest plot of coefficients"),
        ],
        |m| {
            m.drawing(forest(
                "Coefficients with 95 % intervals",
                "coefficient, in standard errors of the real estimate",
                &rows,
                // A coefficient with a thousand standard errors would press all others together.
                60.0,
            ));
        },
    );
}

fn listing(m: &mut Markup, regression: &RegressionSection) {
    let heads = [
        ("Coefficient", Words),
        ("Real", Figures),
        ("Synthetic", Figures),
        ("Difference in SE", Figures),
        ("Overlap", Figures),
        ("Same sign", Words),
        ("Same significance", Words),
    ];
    table::table(m, "Coefficients with 95 % intervals", &heads, |m| {
        for row in &regression.coefficients {
            table::row(m, |m| {
                table::head(m, &row.name);
                for side in [row.real, row.synthetic] {
                    m.node("td", &[("class", &"f")], |m| match side {
                        Some(estimate) => {
                            let form = |value| {
                                number::fixed(
                                    value,
                                    number::decimals(estimate.ci.low, estimate.ci.high),
                                )
                            };
                            m.text(form(estimate.value));
                            m.leaf(
                                "span",
                                &[("class", &"sub")],
                                format_args!(
                                    "{} to {}",
                                    form(estimate.ci.low),
                                    form(estimate.ci.high)
                                ),
                            );
                        }
                        None => m.leaf(
                            "span",
                            &[("class", &"undefined")],
                            row.reason
                                .map_or("undefined", parable_metrics::Undefined::text),
                        ),
                    });
                }
                table::figures(
                    m,
                    number::or_none(row.standardised_difference, |z| number::fixed(z, 2)),
                );
                table::figures(
                    m,
                    number::or_none(row.overlap, |overlap| number::fixed(overlap, 2)),
                );
                table::words(m, super::yes_no(row.same_sign));
                table::words(m, super::yes_no(row.same_significance));
            });
        }
    });
    let mut text = format!(
        "Mean overlap {}, mean difference {} standard errors.",
        number::or_none(regression.mean_overlap, |overlap| number::fixed(overlap, 2)),
        number::or_none(regression.mean_standardised_difference, |z| number::fixed(
            z, 2
        ))
    );
    if let (Some(fit), Some(p)) = (regression.lack_of_fit, regression.lack_of_fit_p) {
        text.push_str(&format!(
            " All coefficients together: {} on {} degrees of freedom (p {}).",
            number::fixed(fit, 1),
            regression.lack_of_fit_df,
            if p < 0.001 {
                "below 0.001".to_owned()
            } else {
                format!("= {}", number::fixed(p, 3))
            }
        ));
    }
    remark(m, text);
}
