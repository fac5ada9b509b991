//! Progress reporting and cancellation.

use std::ops::ControlFlow;

/// Receives what is being computed and the share that is done (0 to 1); breaking cancels the
/// evaluation.
pub type EvaluationProgress<'p> = &'p dyn Fn(&str, f64) -> ControlFlow<()>;

/// Reports to nobody and never cancels.
pub(crate) fn silent(_: &str, _: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
