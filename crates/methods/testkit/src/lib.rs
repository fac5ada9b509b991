//! The conformance suite: what any synthesizer must do, checked by running it.
//!
//! A crate of its own, so that the tests of a method build the same `parable-core` as its users.
//!
//! ```no_run
//! # use parable_baseline::{Independent, IndependentReader};
//! parable_testkit::check(&Independent, &IndependentReader);
//! ```

mod checks;
mod marginals;
mod tables;

use parable_core::{DynSynthesizer, MarginalSynthesizer, ModelReader};

/// One promise a method does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The promise, as a sentence.
    pub promise: &'static str,
    /// What happened instead.
    pub observed: String,
}

/// Runs every check and panics with the list of broken promises, if there is any.
///
/// # Panics
/// If a promise is broken; the message lists all of them.
#[track_caller]
pub fn check(synthesizer: &dyn DynSynthesizer, reader: &dyn ModelReader) {
    report(synthesizer.name(), &findings(synthesizer, reader));
}

/// Runs every check and returns the broken promises.
pub fn findings(synthesizer: &dyn DynSynthesizer, reader: &dyn ModelReader) -> Vec<Finding> {
    let method = checks::Method {
        synthesizer,
        reader,
    };
    checks::ALL
        .iter()
        .filter_map(|(promise, check)| match check(&method) {
            Ok(()) => None,
            Err(observed) => Some(Finding { promise, observed }),
        })
        .collect()
}

/// Runs the checks of a method that learns from marginal counts, over a source that is no table,
/// and panics with the list of broken promises, if there is any.
///
/// # Panics
/// If a promise is broken; the message lists all of them.
#[track_caller]
pub fn check_marginals<S: MarginalSynthesizer>(synthesizer: &S, reader: &dyn ModelReader) {
    let findings = marginal_findings(synthesizer, reader);
    report(parable_core::Synthesizer::name(synthesizer), &findings);
}

/// Runs the checks of [`check_marginals`] and returns the broken promises.
pub fn marginal_findings<S: MarginalSynthesizer>(
    synthesizer: &S,
    reader: &dyn ModelReader,
) -> Vec<Finding> {
    let finding = |promise, observed| Finding { promise, observed };
    match marginals::Method::new(synthesizer, reader) {
        Err(observed) => vec![finding(
            "declared facts give the codes of a table",
            observed,
        )],
        Ok(method) => {
            let checks = marginals::all::<S>().into_iter();
            let broken = |(promise, check): (_, marginals::Check<S>)| {
                check(&method)
                    .err()
                    .map(|observed| finding(promise, observed))
            };
            checks.filter_map(broken).collect()
        }
    }
}

#[track_caller]
fn report(method: &str, findings: &[Finding]) {
    let line = |f: &Finding| format!("- {}: {}", f.promise, f.observed);
    let list: Vec<String> = findings.iter().map(line).collect();
    assert!(
        findings.is_empty(),
        "method `{method}` breaks {} promises:\n{}",
        list.len(),
        list.join("\n")
    );
}
