//! Evidence for inference: the distinct texts of a column, how often each occurs, and its
//! surroundings.

use std::collections::BTreeMap;

use super::names;
use parable_table::{RawColumn, RawTable};

/// A distinct text and in how many rows it stands.
pub(super) type Counted<'a> = (&'a str, usize);

/// One column.
pub(super) struct Profile<'a> {
    pub(super) name: &'a str,
    /// The words of the name, in lower case.
    pub(super) words: Vec<String>,
    /// The distinct texts in use, in order of first appearance.
    pub(super) texts: Vec<Counted<'a>>,
    pub(super) rows: usize,
    pub(super) around: &'a Surroundings,
}

/// Evidence about a column from the other columns and the file.
pub(super) struct Surroundings {
    pub(super) delimiter: char,
    /// There are measures of bodies, so that a column called `weight` is one too.
    pub(super) body_measures: bool,
    /// There are strata or sampling units of a survey.
    pub(super) survey_design: bool,
    /// Columns that name people with several rows, and what is constant within one; looked for
    /// last.
    pub(super) people: BTreeMap<String, Vec<String>>,
}

impl Surroundings {
    pub(super) fn of(raw: &RawTable) -> Self {
        let body = |name: &String| {
            let words = names::words(name);
            names::has(&words, &["height", "bmi", "waist", "stature"])
        };
        let design = |name: &String| {
            let words = names::words(name);
            let design = [
                "stratum",
                "strata",
                "psu",
                "fpc",
                "ssu",
                "cluster",
                "replicate",
                "household",
                "hh",
            ];
            names::has(&words, &design)
        };
        Self {
            delimiter: raw.dialect.delimiter,
            people: BTreeMap::new(),
            body_measures: raw.names.iter().any(body),
            survey_design: raw.names.iter().any(design),
        }
    }
}

impl<'a> Profile<'a> {
    pub(super) fn of(name: &'a str, column: &'a RawColumn, around: &'a Surroundings) -> Self {
        Self {
            name,
            words: names::words(name),
            texts: column
                .texts
                .iter()
                .zip(column.counts())
                .filter(|&(_, count)| count > 0)
                .collect(),
            rows: column.cells.len(),
            around,
        }
    }
}
