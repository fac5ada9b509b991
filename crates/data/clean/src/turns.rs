//! Numbers that count the rows of a cluster or a person: 1, 2, 3, ... each once.

use std::collections::BTreeMap;

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue};
use parable_table::constraints::Repair;
use parable_table::distinct::Distinct;
use parable_table::{Kind, Role, Values};

/// Numbers the rows of each cluster anew, in the order of the drawn numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Turns {
    /// The column of numbers.
    pub column: String,
    /// The column that names clusters.
    pub cluster: String,
    /// The number of the first row of a cluster.
    pub first: i64,
}

/// Fewest clusters, and fewest of them with several rows.
const CLUSTERS: usize = 10;
const REPEATED: usize = 5;

impl Turns {
    /// The step for the column at this position, if its numbers count the rows of each cluster of
    /// some column, without a gap.
    pub(super) fn of(frame: &Frame, position: usize) -> Option<Self> {
        let column = &frame.columns[position];
        let (Kind::Integer { .. }, Values::Integer(values)) =
            (&frame.fields[position].kind, column.values())
        else {
            return None;
        };
        let first = values.iter().copied().min()?;
        if column.missing_count() > 0 || !(0..=1).contains(&first) {
            return None;
        }
        let counts_rows = |at: &usize| {
            let clusters = Distinct::of(&frame.columns[*at]);
            let sizes = clusters.counts();
            let repeated = sizes.iter().filter(|&&rows| rows > 1).count();
            if clusters.values < CLUSTERS || repeated < REPEATED {
                return false;
            }
            // Numbers from the first one to the size, each once: their order in the rows is free.
            let mut seen: Vec<Vec<bool>> = sizes.iter().map(|&rows| vec![false; rows]).collect();
            clusters.codes.iter().zip(values).all(|(&cluster, &value)| {
                let place = usize::try_from(value - first).unwrap_or(usize::MAX);
                let slot = seen[cluster as usize].get_mut(place);
                slot.is_some_and(|slot| !std::mem::replace(slot, true))
            })
        };
        let cluster = (0..frame.fields.len())
            .filter(|&at| frame.fields[at].role == Role::ClusterId)
            .find(counts_rows)?;
        Some(Self {
            column: frame.fields[position].name.clone(),
            cluster: frame.fields[cluster].name.clone(),
            first,
        })
    }
}

impl Apply for Turns {
    fn describe(&self) -> String {
        format!(
            "Count the rows of each `{}` in `{}` from {}, as in the source.",
            self.cluster, self.column, self.first
        )
    }

    fn apply(&self, frame: &mut Frame, _issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        frame.find(&self.column)?;
        frame.find(&self.cluster)?;
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let (at, cluster) = (frame.find(&self.column)?, frame.find(&self.cluster)?);
        let clusters = Distinct::of(&frame.columns[cluster]);
        let Values::Integer(values) = frame.columns[at].values() else {
            return Ok(());
        };
        let mut values = values.clone();
        let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, &cluster) in clusters.codes.iter().enumerate() {
            if !frame.columns[at].is_missing(row) && !clusters.is_missing(cluster) {
                rows.entry(cluster).or_default().push(row);
            }
        }
        for rows in rows.values_mut() {
            rows.sort_by_key(|&row| (values[row], row));
            for (turn, &row) in rows.iter().enumerate() {
                values[row] = self.first + turn as i64;
            }
        }
        let (min, max) = (values.iter().min().copied(), values.iter().max().copied());
        if let (
            Kind::Integer {
                bounds: Some(bounds),
                ..
            },
            Some(min),
            Some(max),
        ) = (&mut frame.fields[at].kind, min, max)
        {
            bounds.value.min = bounds.value.min.min(min);
            bounds.value.max = bounds.value.max.max(max);
        }
        frame.columns[at] = frame.columns[at].with_values(Values::Integer(values));
        Ok(())
    }
}
