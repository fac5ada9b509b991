//! The key columns of a trial.

/// The columns that the main analysis of a preset uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyColumns {
    pub(crate) primary: &'static str,
    pub(crate) placebo: &'static str,
    pub(crate) pre_test: &'static str,
}
