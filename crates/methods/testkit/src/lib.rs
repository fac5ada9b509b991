//! The conformance suite: what any synthesizer must do, checked by running it.
//!
//! A crate of its own, so that the tests of a method build the same `parable-core` as its users.
//!
//! ```no_run
//! # use parable_baseline::{Independent, IndependentReader};
//! parable_testkit::check(&Independent, &IndependentReader);
//! ```

mod checks;
mod tables;

use parable_core::{DynSynthesizer, ModelReader};

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
    let findings = findings(synthesizer, reader);
    let list: Vec<String> = findings
        .iter()
        .map(|f| format!("- {}: {}", f.promise, f.observed))
        .collect();
    assert!(
        findings.is_empty(),
        "method `{}` breaks {} promises:\n{}",
        synthesizer.name(),
        list.len(),
        list.join("\n")
    );
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
