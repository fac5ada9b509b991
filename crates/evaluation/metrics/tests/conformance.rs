//! Every metric of the registry keeps the contract.

use parable_metrics::{EvaluationOptions, Learner, Prediction, conformance, registry};

#[test]
fn registered_metrics_conform() {
    let options = EvaluationOptions::default()
        .with_formula(
            "post_score ~ arm + pre_score + sex | 0 | school"
                .parse()
                .unwrap(),
        )
        .with_subgroups(["sex", "band"]);
    for metric in registry(&options) {
        // Trained on many small tables, in ten splits each: below with fewer.
        if metric.id() != "prediction_difference" {
            conformance::check(metric.metric());
        }
    }
}

#[test]
fn predictions_conform() {
    let few = Prediction::new(["post_score", "band"]).with_splits(2);
    conformance::check(
        &few.clone()
            .with_learners([Learner::Linear, Learner::Tree, Learner::Svm]),
    );
    conformance::check(&few.with_splits(1).with_learners([Learner::Forest]));
}
