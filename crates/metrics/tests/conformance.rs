//! Every metric of the registry keeps the contract.

use parable_metrics::{EvaluationOptions, conformance, registry};

#[test]
fn registered_metrics_conform() {
    let options = EvaluationOptions::default()
        .with_formula(
            "post_score ~ arm + pre_score + sex | 0 | school"
                .parse()
                .unwrap(),
        )
        .with_predict(["post_score", "band", "sex"]);
    for metric in registry(&options) {
        conformance::check(metric.metric());
    }
}
