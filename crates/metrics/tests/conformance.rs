//! Every default metric keeps the contract.

use parable_metrics::{EvaluationOptions, conformance, default_metrics};

#[test]
fn default_metrics_conform() {
    for metric in default_metrics(&EvaluationOptions::default()) {
        conformance::check(metric.as_ref());
    }
}
