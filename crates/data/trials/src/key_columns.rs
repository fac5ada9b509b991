//! The columns an analysis of a trial turns on.

/// The columns an analysis of a preset turns on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyColumns {
    pub(crate) primary: &'static str,
    pub(crate) placebo: &'static str,
    pub(crate) pre_test: &'static str,
}
