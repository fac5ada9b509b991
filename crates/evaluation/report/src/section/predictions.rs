//! Models trained on synthetic rows and tested on real ones.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::{Evaluation, PredictionSection, Spread};

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// One table for each predicted column.
pub(crate) fn predictions(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    if evaluation.predictions.is_empty() {
        return;
    }
    let lead = "Models are trained on real rows, on synthetic rows, and on both, and tested on the same real people. A good synthetic table trains models as well as the real one.";
    section(
        m,
        &format!("{prefix}predictions"),
        "Predictions",
        lead,
        |m| {
            for prediction in &evaluation.predictions {
                m.node("h3", &[], |m| m.leaf("bdi", &[], &prediction.target));
                one(m, prediction);
            }
            remark(
                m,
                "Majority: always predicts the most frequent class, or the mean. Difference: trained on real minus trained on synthetic, with the spread over splits; 0 is no loss.",
            );
        },
    );
}

fn one(m: &mut Markup, prediction: &PredictionSection) {
    if let Some(reason) = prediction.reason {
        remark(m, format_args!("Not predicted: {}.", reason.text()));
        return;
    }
    let tested = match prediction.tested_on.as_str() {
        "holdout" => "people held out".to_owned(),
        _ => format!("a fifth of the real rows, {} splits", prediction.splits),
    };
    m.leaf(
        "p",
        &[],
        format_args!(
            "From {} columns; trained on {} real or {} synthetic rows, tested on {} ({tested}).",
            number::count(prediction.features.len() as u64),
            number::count(prediction.real_rows),
            number::count(prediction.synthetic_rows),
            number::count(prediction.test_rows),
        ),
    );
    let heads = [
        ("Model", Words),
        ("Measure", Words),
        ("Trained on real", Figures),
        ("on synthetic", Figures),
        ("on both", Figures),
        ("Majority", Figures),
        ("Difference", Figures),
    ];
    table::table(m, "Trained on synthetic, tested on real", &heads, |m| {
        for model in &prediction.models {
            for measure in &model.measures {
                table::row(m, |m| {
                    table::head(m, model_name(&model.model));
                    table::words(m, measure_name(&measure.measure));
                    spread(m, Some(&measure.real), false);
                    spread(m, Some(&measure.synthetic), false);
                    spread(m, measure.both.as_ref(), false);
                    spread(m, measure.majority.as_ref(), false);
                    spread(m, Some(&measure.difference), true);
                });
            }
        }
    });
}

fn spread(m: &mut Markup, spread: Option<&Spread>, with_sd: bool) {
    m.node("td", &[("class", &"f")], |m| {
        m.text(number::or_none(spread.map(|s| s.mean), number::value));
        if with_sd && let Some(sd) = spread.and_then(|s| s.sd) {
            m.leaf(
                "span",
                &[("class", &"sub")],
                format_args!("± {}", number::value(sd)),
            );
        }
    });
}

fn model_name(model: &str) -> &str {
    match model {
        "logistic" => "Logistic regression",
        "linear" => "Linear regression",
        "tree" => "Decision tree",
        "forest" => "Random forest",
        "svm" => "Support vector machine",
        other => other,
    }
}

fn measure_name(measure: &str) -> &str {
    match measure {
        "f1" => "F1",
        "balanced_accuracy" => "balanced accuracy",
        "auc" => "AUC",
        "r2" => "R²",
        "rmse" => "RMSE",
        other => other,
    }
}
