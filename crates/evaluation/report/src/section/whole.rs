//! The whole table at once: classifiers, equivalent sample size, and a map.

use parable_draw::markup::Markup;
use parable_draw::{Axis, Guide, Line, Plane, Plot, Shares, number, overlay, plane, plot};
use parable_metrics::{Detail, Evaluation, Projection, PropensityModel, Score, Sides};

use super::{bar_legend, remark, section};
use crate::table::{self, Figures, Words};

/// Propensity models and the curve of samples.
pub(crate) fn whole(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let models = &evaluation.propensity.models;
    let sample = evaluation.score("subsample_equivalent").and_then(curve);
    let projection = evaluation.projection.as_ref();
    if models.is_empty() && sample.is_none() && projection.is_none() {
        return;
    }
    let lead = "All columns together: how well a classifier tells synthetic rows from real ones, and which sample size of real rows would be as informative.";
    section(m, &format!("{prefix}whole"), "The whole table", lead, |m| {
        if !models.is_empty() {
            propensity(m, models);
        }
        if let Some(sample) = sample {
            samples(m, &sample);
        }
        if let Some(projection) = projection {
            map(m, projection);
        }
    });
}

fn propensity(m: &mut Markup, models: &[PropensityModel]) {
    let heads = [
        ("Model", Words),
        ("pMSE", Figures),
        ("Null, mean", Figures),
        ("± SD", Figures),
        ("Ratio", Figures),
        ("z", Figures),
        ("AUC on unseen rows", Figures),
        ("SPECKS", Figures),
        ("PO50", Figures),
        ("Remark", Words),
    ];
    table::table(
        m,
        "Classifiers that try to tell the tables apart",
        &heads,
        |m| {
            for model in models {
                table::row(m, |m| {
                    table::head(m, name(&model.model));
                    table::figures(m, number::value(model.pmse));
                    table::figures(m, number::or_none(model.null_mean, number::value));
                    table::figures(m, number::or_none(model.null_sd, number::value));
                    table::figures(m, number::or_none(model.ratio, number::value));
                    table::figures(
                        m,
                        number::or_none(model.standardised, |z| number::fixed(z, 1)),
                    );
                    m.node("td", &[("class", &"f")], |m| {
                        m.text(number::or_none(model.auc, |auc| number::fixed(auc, 3)));
                        if let Some(sd) = model.auc_sd {
                            m.leaf(
                                "span",
                                &[("class", &"sub")],
                                format_args!("± {}", number::fixed(sd, 3)),
                            );
                        }
                    });
                    table::figures(m, number::value(model.specks));
                    table::figures(m, number::fixed(model.po50, 1));
                    table::words(
                        m,
                        match (model.separable, model.converged) {
                            (true, _) => "separates all rows",
                            (_, false) => "did not converge",
                            _ => number::NONE,
                        },
                    );
                });
            }
        },
    );
    remark(
        m,
        "Ratio: 1 is expected of a perfect synthesis; 10 or more is easily seen. AUC: how often a synthetic row gets the higher probability; 0.5 is guessing. Main effects cannot see relationships between columns, so read all rows of the table together.",
    );
    let drawn: Vec<&PropensityModel> = models
        .iter()
        .filter(|model| !model.histogram.real.is_empty())
        .collect();
    if drawn.is_empty() {
        return;
    }
    m.node("div", &[("class", &"grid")], |m| {
        for model in drawn {
            m.node("figure", &[], |m| {
                m.leaf("figcaption", &[], name(&model.model));
                let Sides { real, synthetic } = &model.histogram;
                let side = |shares: &[f64], bin: usize| shares.get(bin).copied().unwrap_or(0.0);
                let bins: Vec<Shares> = (0..real.len().max(synthetic.len()))
                    .map(|bin| Shares::new(side(real, bin), side(synthetic, bin)))
                    .collect();
                m.drawing(overlay(
                    &format!("Fitted probabilities of the model {}", name(&model.model)),
                    "probability of being synthetic",
                    &bins,
                ));
            });
        }
    });
    bar_legend(m);
}

fn name(model: &str) -> &str {
    match model {
        "logit" => "Main effects",
        "logit_products" => "Products of two columns",
        "tree" => "Decision tree",
        other => other,
    }
}

/// The counts of pairs that samples of the real rows keep, and what the synthetic table keeps.
struct Sample {
    own: f64,
    value: f64,
    points: Vec<(f64, f64)>,
}

fn curve(score: &Score) -> Option<Sample> {
    let numbers = |name: &str| match score.details.get(name)? {
        Detail::Numbers(numbers) => Some(numbers.clone()),
        _ => None,
    };
    let own = match score.details.get("k_marginal_2")? {
        Detail::Number(own) => *own,
        Detail::Count(own) => *own as f64,
        _ => return None,
    };
    let shares = numbers("shares")?;
    let kept = numbers("k_marginal_2_of_shares")?;
    Some(Sample {
        own,
        value: score.value?,
        points: shares.into_iter().zip(kept).collect(),
    })
}

fn samples(m: &mut Markup, sample: &Sample) {
    m.leaf("h3", &[], "Equivalent sample size");
    let lowest = sample
        .points
        .iter()
        .map(|(_, kept)| *kept)
        .fold(sample.own, f64::min);
    m.drawing(plot(&Plot {
        description: "Pair counts retained by random samples of the real rows",
        x: Axis {
            name: "share of the real rows in the sample",
            form: |at, _| format!("{}%", number::fixed(at * 100.0, 0)),
            ..Axis::default()
        },
        y: Axis {
            name: "pair counts retained, out of 1000",
            range: ((lowest - 20.0).max(0.0), 1000.0),
            ..Axis::default()
        },
        guides: vec![Guide {
            at: sample.own,
            vertical: false,
            name: "this synthetic table".to_owned(),
        }],
        lines: vec![Line {
            class: "real",
            points: sample.points.clone(),
        }],
        ..Plot::default()
    }));
    remark(
        m,
        format_args!(
            "The synthetic table retains the counts of all pairs of columns as well as a random sample of {} of the real rows (score {} of 1000).",
            number::share(sample.value),
            number::fixed(sample.own, 0)
        ),
    );
}

/// Terms that are named for each axis of the map.
const TERMS: usize = 4;

/// Both tables on the plane on which the real one varies most, as shares over a grid.
fn map(m: &mut Markup, projection: &Projection) {
    m.leaf("h3", &[], "Both tables on one map");
    let tables = [
        ("Real", &projection.counts.real),
        ("Synthetic", &projection.counts.synthetic),
    ]
    .map(|(title, counts)| {
        let total = counts.iter().flatten().sum::<u64>().max(1) as f64;
        (title, counts, total)
    });
    let most = tables
        .iter()
        .flat_map(|(_, counts, total)| {
            let cells = counts.iter().flatten();
            cells.map(move |&rows| rows as f64 / total)
        })
        .fold(0.0, f64::max);
    let axis = |axis: usize| {
        format!(
            "component {}: {} of the variance",
            axis + 1,
            number::share(projection.explained[axis])
        )
    };
    m.node("div", &[("class", &"grid")], |m| {
        for (title, counts, total) in tables {
            m.node("figure", &[], |m| {
                m.leaf("figcaption", &[], title);
                let cells = (counts.len(), counts.first().map_or(0, Vec::len));
                let share = |row: usize, column: usize| -> f64 {
                    let line = counts.get(row);
                    line.and_then(|line| line.get(column))
                        .map_or(0.0, |&rows| rows as f64 / total)
                };
                let shape = Plane {
                    description: &format!("Rows of the {} table on the map", title.to_lowercase()),
                    right: &axis(0),
                    up: "2",
                    cells,
                    most,
                };
                m.drawing(plane(&shape, share));
            });
        }
    });
    let strongest = |axis: usize| -> String {
        let mut terms: Vec<(&str, f64)> = projection
            .terms
            .iter()
            .zip(&projection.loadings)
            .map(|(term, loading)| (term.as_str(), loading[axis]))
            .collect();
        terms.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let names: Vec<String> = terms
            .iter()
            .take(TERMS)
            .map(|(term, loading)| format!("{term} ({})", number::fixed(*loading, 2)))
            .collect();
        names.join(", ")
    };
    remark(
        m,
        format_args!(
            "Principal components of the real table, the same for both; no single row is shown. Horizontal, {}: {}. Vertical, {}: {}.",
            axis(0),
            strongest(0),
            axis(1),
            strongest(1)
        ),
    );
}
