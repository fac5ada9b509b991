//! Two columns at a time: three matrices and the pairs that differ most.

use parable_draw::markup::Markup;
use parable_draw::{Matrix, matrix, matrix_legend, number};
use parable_metrics::{Associations, Correlation, Evaluation};

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// Columns of a matrix that can still be read.
const SHOWN: usize = 60;
/// Pairs in the table.
const PAIRS: usize = 12;

/// The matrices real, synthetic and difference, and the worst pairs.
pub(crate) fn associations(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let lead = "How strongly each pair of columns is related. Blank means unrelated; darker means stronger.";
    section(
        m,
        &format!("{prefix}pairs"),
        "Two columns at a time",
        lead,
        |m| {
            let Some(associations) = &evaluation.associations else {
                remark(m, "There is no pair of columns to compare.");
                return;
            };
            let shown = shown(associations);
            let names: Vec<&str> = shown
                .iter()
                .map(|&column| associations.columns[column].as_str())
                .collect();
            let look = |values: &[Vec<Option<f64>>], row: usize, column: usize| -> Option<f64> {
                *values.get(shown[row])?.get(shown[column])?
            };
            m.node(
                "div",
                &[(
                    "class",
                    if names.len() > 40 {
                        &"matrices wide"
                    } else {
                        &"matrices"
                    },
                )],
                |m| {
                    for (title, values, limit, titled) in [
                        ("Real", &associations.real, 1.0, false),
                        ("Synthetic", &associations.synthetic, 1.0, false),
                        (
                            "Difference: synthetic minus real",
                            &associations.difference,
                            0.3,
                            true,
                        ),
                    ] {
                        m.node("figure", &[], |m| {
                            m.leaf("figcaption", &[], title);
                            m.node(
                                "div",
                                &[
                                    ("class", &"scroll"),
                                    ("tabindex", &"0"),
                                    ("role", &"region"),
                                    ("aria-label", &title),
                                ],
                                |m| {
                                    let description = format!("Matrix of associations: {title}");
                                    let shape = Matrix {
                                        description: &description,
                                        names: &names,
                                        limit,
                                        titled,
                                    };
                                    m.drawing(matrix(&shape, |row, column| {
                                        look(values, row, column)
                                    }));
                                },
                            );
                            m.drawing(matrix_legend(limit));
                        });
                    }
                    worst(m, associations);
                },
            );
            let left_out = associations.columns.len() - shown.len();
            if left_out > 0 {
                remark(
                    m,
                    format_args!(
                        "The matrices show the {} columns with the largest differences; {left_out} others are left out of the drawing, but not of the numbers.",
                        shown.len()
                    ),
                );
            }
            remark(
                m,
                format_args!(
                    "Two numeric columns: {} correlation, from −1 to 1. A numeric and a categorical column: correlation ratio, from 0 to 1. Two categorical columns: {}Cramér's V, from 0 to 1. Grey squares: undefined, because a column has only one value or there are too few complete rows.",
                    match associations.correlation {
                        Correlation::Spearman => "Spearman",
                        _ => "Pearson",
                    },
                    if associations.bias_corrected {
                        "bias-corrected "
                    } else {
                        ""
                    },
                ),
            );
        },
    );
}

/// The columns of the drawing, in table order: all of them, or those that take part in the largest
/// differences.
fn shown(associations: &Associations) -> Vec<usize> {
    let n = associations.columns.len();
    let mut order: Vec<usize> = (0..n).collect();
    if n <= SHOWN {
        return order;
    }
    let largest: Vec<f64> = (0..n)
        .map(|row| {
            associations.difference.get(row).map_or(0.0, |values| {
                values
                    .iter()
                    .flatten()
                    .fold(0.0, |most: f64, value| most.max(value.abs()))
            })
        })
        .collect();
    order.sort_by(|&a, &b| largest[b].total_cmp(&largest[a]));
    order.truncate(SHOWN);
    order.sort_unstable();
    order
}

fn worst(m: &mut Markup, associations: &Associations) {
    m.node("div", &[("class", &"worst")], |m| {
        if associations.worst.is_empty() {
            remark(m, "No pair of columns has a defined difference.");
            return;
        }
        let heads = [("Pair", Words), ("Measure", Words), ("Real", Figures), ("Synthetic", Figures), ("Difference", Figures)];
        table::table(m, "The pairs that differ most", &heads, |m| {
            for pair in associations.worst.iter().take(PAIRS) {
                table::row(m, |m| {
                    m.node("th", &[("scope", &"row")], |m| {
                        m.leaf("bdi", &[], &pair.left);
                        m.text(" × ");
                        m.leaf("bdi", &[], &pair.right);
                    });
                    table::words(m, match pair.measure.as_str() {
                        "correlation" => "r",
                        "correlation_ratio" => "η",
                        "cramers_v" => "V",
                        other => other,
                    });
                    table::figures(m, number::value(pair.real));
                    table::figures(m, number::value(pair.synthetic));
                    table::figures(m, number::value(pair.difference));
                });
            }
        });
        if let Some(rms) = associations.root_mean_square {
            remark(m, format_args!("Root mean square of all differences: {}. r: correlation, η: correlation ratio, V: Cramér's V.", number::value(rms)));
        }
    });
}
