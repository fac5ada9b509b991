//! Columns that do not vary within a cluster.

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue, IssueKind};
use parable_table::constraints::check;
use parable_table::distinct::Distinct;
use parable_table::{Constraint, Role};

/// Notes a rule that was found in the rows, so that methods keep it and synthetic rows are repaired
/// by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FoundRule {
    /// The rule.
    pub constraint: Constraint,
}

impl Apply for FoundRule {
    fn describe(&self) -> String {
        format!("Keep to what holds in every row: {}.", self.constraint)
    }

    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        if frame.constraints.contains(&self.constraint) {
            return Ok(());
        }
        let alone = Frame {
            constraints: vec![self.constraint.clone()],
            ..frame.clone()
        };
        for broken in check(&alone.into_table()?)? {
            let message = format!(
                "{} rows break a rule that held when the recipe was made: {}",
                broken.rows, broken.description
            );
            let columns = self.constraint.columns();
            issues.push(Issue::new(
                IssueKind::Unexpected,
                columns,
                broken.rows,
                message,
            ));
        }
        frame.constraints.push(self.constraint.clone());
        Ok(())
    }
}

/// Fewest clusters, and fewest rows in a cluster on average, for constancy to mean something.
const MIN_CLUSTERS: usize = 5;
const MIN_MEAN_ROWS: usize = 3;

/// For each cluster id the columns that have one cell in each cluster. What a coarser id explains
/// (a class lies in one school, and the school has one region) is noted for the coarser one only.
pub(super) fn detect(frame: &Frame) -> Vec<FoundRule> {
    let ids: Vec<usize> = (0..frame.fields.len())
        .filter(|&column| frame.fields[column].role == Role::ClusterId)
        .filter(|&column| {
            let distinct = Distinct::of(&frame.columns[column]);
            let present: usize = distinct.counts()[..distinct.values].iter().sum();
            distinct.values >= MIN_CLUSTERS && present >= MIN_MEAN_ROWS * distinct.values
        })
        .collect();
    let cells: Vec<Option<Distinct>> = frame
        .fields
        .iter()
        .zip(&frame.columns)
        .map(|(field, column)| {
            (!ids.is_empty() && field.role != Role::UnitId).then(|| Distinct::of(column))
        })
        .collect();
    let constant: Vec<Vec<usize>> = ids
        .iter()
        .map(|&id| {
            let cluster = cells[id].as_ref().expect("a cluster id is no unit id");
            (0..cells.len())
                .filter(|&column| column != id)
                .filter(|&column| {
                    let cells = cells[column].as_ref();
                    cells.is_some_and(|cells| cells.len() > 1 && is_constant(cluster, cells))
                })
                .collect()
        })
        .collect();
    let mut found = Vec::new();
    for (index, &id) in ids.iter().enumerate() {
        let coarser = |column: &usize| {
            ids.iter().enumerate().any(|(other, other_id)| {
                // Two ids for the same clusters explain each other; the first one speaks.
                let nested = constant[index].contains(other_id);
                let same = nested && constant[other].contains(&id);
                nested
                    && (!same || other < index)
                    && column != other_id
                    && constant[other].contains(column)
            })
        };
        let columns: Vec<String> = constant[index]
            .iter()
            .filter(|column| !coarser(column))
            .map(|&column| frame.fields[column].name.clone())
            .collect();
        if !columns.is_empty() {
            let cluster = frame.fields[id].name.clone();
            found.push(FoundRule {
                constraint: Constraint::ClusterConstant { cluster, columns },
            });
        }
    }
    found
}

/// Whether each cluster has one cell; rows without a cluster are free.
fn is_constant(cluster: &Distinct, cells: &Distinct) -> bool {
    let mut first = vec![u32::MAX; cluster.len()];
    cluster
        .codes
        .iter()
        .zip(&cells.codes)
        .all(|(&group, &cell)| {
            let first = &mut first[group as usize];
            if *first == u32::MAX {
                *first = cell;
            }
            *first == cell || cluster.is_missing(group)
        })
}
