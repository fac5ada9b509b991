//! Filling missing values.

mod chain;
mod features;
mod tree;

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::{Kind, Table};

/// Method of filling missing values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ImputeConfig {
    /// From the other columns, or from the column alone. Default: from the other columns.
    pub method: ImputeMethod,
    /// Most passes over the columns. Default 6; MICE and HyperImpute settle within 5 to 10.
    pub max_rounds: usize,
    /// Passes end when filled values move by less than this between two of them, in standard
    /// deviations (categories: share that changes). Default 0.01.
    pub tolerance: f64,
    /// Most rows a model of one column is fitted on, spread evenly. Default 8,000: more change
    /// predictions little and cost much.
    pub max_fit_rows: usize,
    /// Most features a model uses, the most correlated first. Default 40.
    pub max_features: usize,
    /// Parts of the cross-validation that chooses the model of each column. Default 3.
    pub folds: usize,
}

impl Default for ImputeConfig {
    fn default() -> Self {
        Self {
            method: ImputeMethod::Model,
            max_rounds: 6,
            tolerance: 0.01,
            max_fit_rows: 8_000,
            max_features: 40,
            folds: 3,
        }
    }
}

impl ImputeConfig {
    /// Sets the method.
    #[must_use]
    pub fn with_method(mut self, method: ImputeMethod) -> Self {
        self.method = method;
        self
    }
}

/// Where filled values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImputeMethod {
    /// The mean of the column; the most frequent level of a category.
    Mean,
    /// The median of the column; the most frequent level of a category.
    Median,
    /// A model per column on all others, chosen by cross-validated error among ridge regression
    /// (multinomial logistic for categories), a small tree, and the mean or mode; fitted in turn
    /// until filled values settle.
    Model,
}

/// A table without missing values in the columns asked for, and how they were filled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Imputed {
    /// The filled table.
    pub table: Table,
    /// For each filled column its name, the model used (`ridge`, `logistic`, `tree`, `mean`,
    /// `median`, `mode`).
    pub models: Vec<(String, &'static str)>,
    /// Number of passes.
    pub rounds: usize,
}

/// Fills the missing values of these columns, all but free text when none is named.
///
/// In the manner of MICE (van Buuren 2011) and HyperImpute (Jarrett et al. 2022): columns start at
/// their mean or mode; in turn, from the one with the fewest missing values, each is predicted from
/// all others. Differs from MICE: the prediction is filled in without a random draw, so the result
/// is the same every time and variances come out too small; use it to give a model something to
/// work with, not for inference. Differs from HyperImpute: the model of a column is chosen once,
/// among three. Numbers stay within those present and on the column's grid. A column without any
/// value stays empty.
///
/// # Errors
/// A name that is no column.
pub fn impute(
    table: &Table,
    columns: &[&str],
    config: &ImputeConfig,
) -> Result<Imputed, CleanError> {
    let mut frame = Frame::of(table);
    let names: Vec<String> = if columns.is_empty() {
        frame
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect()
    } else {
        columns.iter().map(|&name| name.to_owned()).collect()
    };
    let Filling { models, rounds } = fill(&mut frame, &names, config)?;
    frame.constraints = table.schema().constraints().to_vec();
    Ok(Imputed {
        table: frame.into_table()?,
        models,
        rounds,
    })
}

/// How a frame was filled.
struct Filling {
    models: Vec<(String, &'static str)>,
    rounds: usize,
}

/// Fills the named columns of a frame.
fn fill(frame: &mut Frame, names: &[String], config: &ImputeConfig) -> Result<Filling, CleanError> {
    let targets: Vec<usize> = names
        .iter()
        .map(|name| frame.find(name))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .filter(|&at| !matches!(frame.fields[at].kind, Kind::Text))
        .filter(|&at| (1..frame.rows).contains(&frame.columns[at].missing_count()))
        .collect();
    let chained = chain::run(frame, &targets, config);
    let models = chained
        .models
        .iter()
        .map(|&(at, model)| (frame.fields[at].name.clone(), model));
    let models = models.collect();
    for (at, filled) in chained.columns {
        frame.columns[at] = filled;
    }
    Ok(Filling {
        models,
        rounds: chained.rounds,
    })
}

/// Fills missing values and leaves them filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImputeColumns {
    /// The columns.
    pub columns: Vec<String>,
    /// How.
    pub config: ImputeConfig,
}

impl ImputeColumns {
    pub(super) fn new(columns: Vec<String>, config: ImputeConfig) -> Self {
        Self { columns, config }
    }
}

impl Apply for ImputeColumns {
    fn describe(&self) -> String {
        let how = match self.config.method {
            ImputeMethod::Mean => "by their mean or most frequent level",
            ImputeMethod::Median => "by their median or most frequent level",
            ImputeMethod::Model => "by predictions from the other columns",
        };
        match &self.columns[..] {
            [one] => format!("Fill missing values of `{one}` {how}."),
            many => format!("Fill missing values of {} columns {how}.", many.len()),
        }
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        fill(frame, &self.columns, &self.config).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
