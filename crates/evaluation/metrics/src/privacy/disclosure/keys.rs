//! Keys and targets as numbered values.

use rustc_hash::FxHashMap;

use crate::data::contingency::Grouped;
use crate::data::frame::{Data, Each, FrameColumn};
use parable_linalg::quantile;

/// How the numbers of a key or a target are made into values that can be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyBinning {
    /// Each number is a value.
    Distinct,
    /// Groups by quantiles of the real table.
    RealQuantiles(usize),
    /// Groups by quantiles of both tables together, as the R package synthpop has them.
    PooledQuantiles(usize),
}

/// A column as values that can be equal, numbered from 0 across all tables.
pub(super) struct Coded {
    pub(super) values: usize,
    pub(super) codes: Each<Vec<u32>>,
    /// The limits of the groups numbers were cut into, ascending.
    edges: Vec<f64>,
}

impl Coded {
    pub(super) fn of(column: &FrameColumn, binning: KeyBinning) -> Self {
        let numbers = match &column.data {
            Data::Codes { labels, codes } => {
                return Self {
                    values: labels.len() + 1,
                    codes: codes.clone(),
                    edges: Vec::new(),
                };
            }
            Data::Numbers(numbers) => numbers,
        };
        let edges = match binning {
            KeyBinning::Distinct => {
                let mut known: FxHashMap<u64, u32> = FxHashMap::default();
                let mut code = |values: &Vec<f64>| -> Vec<u32> {
                    values
                        .iter()
                        .map(|x| {
                            let bits = if x.is_nan() { u64::MAX } else { x.to_bits() };
                            let next = known.len() as u32;
                            *known.entry(bits).or_insert(next)
                        })
                        .collect()
                };
                let codes = Each {
                    real: code(&numbers.real),
                    synthetic: code(&numbers.synthetic),
                    holdout: numbers.holdout.as_ref().map(&mut code),
                };
                return Self {
                    values: known.len(),
                    codes,
                    edges: Vec::new(),
                };
            }
            KeyBinning::RealQuantiles(groups) => real_quantiles(&numbers.real, groups),
            KeyBinning::PooledQuantiles(groups) => {
                Grouped::breaks(&numbers.real, &numbers.synthetic, groups)
            }
        };
        let last = edges.len().saturating_sub(1).max(1) as u32;
        let codes = numbers.map(|values| {
            let code = |&x: &f64| match x.is_nan() {
                true => 0,
                false => (edges.partition_point(|&edge| edge <= x) as u32).clamp(1, last),
            };
            values.iter().map(code).collect()
        });
        Self {
            values: last as usize + 1,
            codes,
            edges,
        }
    }

    /// The name of a value of this column: a level, or the limits of a group of numbers.
    pub(super) fn label(&self, column: &FrameColumn, code: usize) -> String {
        match (code, &column.data) {
            (0, _) => "missing".to_owned(),
            (_, Data::Codes { labels, .. }) => labels[code - 1].clone(),
            (_, Data::Numbers(_)) => match (self.edges.get(code - 1), self.edges.get(code)) {
                (Some(low), Some(high)) => format!("{low} to {high}"),
                (Some(low), None) => low.to_string(),
                _ => code.to_string(),
            },
        }
    }
}

/// Distinct quantiles of the real values.
fn real_quantiles(real: &[f64], groups: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = real.iter().copied().filter(|x| !x.is_nan()).collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let mut edges: Vec<f64> = (0..=groups)
        .map(|group| quantile(&sorted, group as f64 / groups as f64))
        .collect();
    edges.dedup();
    edges
}

/// How many values a column has, and the codes of the rows that are asked about and of the
/// synthetic rows.
type KeyColumn<'a> = (usize, &'a [u32], &'a [u32]);

/// The key of each row, numbered from 0 over both tables.
pub(super) struct KeyIds {
    pub(super) keys: usize,
    pub(super) real: Vec<u32>,
    pub(super) synthetic: Vec<u32>,
}

impl KeyIds {
    pub(super) fn of(columns: &[&Coded], real: usize, synthetic: usize) -> Self {
        let picked: Vec<KeyColumn<'_>> = columns
            .iter()
            .map(|c| {
                (
                    c.values,
                    c.codes.real.as_slice(),
                    c.codes.synthetic.as_slice(),
                )
            })
            .collect();
        Self::join(&picked, real, synthetic)
    }

    /// The same with holdout rows in the place of real ones.
    pub(super) fn of_holdout(columns: &[&Coded], holdout: usize, synthetic: usize) -> Option<Self> {
        let picked: Option<Vec<KeyColumn<'_>>> = columns
            .iter()
            .map(|c| {
                Some((
                    c.values,
                    c.codes.holdout.as_deref()?,
                    c.codes.synthetic.as_slice(),
                ))
            })
            .collect();
        Some(Self::join(&picked?, holdout, synthetic))
    }

    /// Columns are joined one at a time: a number for each pair of the number so far and the next
    /// value.
    fn join(columns: &[KeyColumn<'_>], real: usize, synthetic: usize) -> Self {
        const DENSE: usize = 1 << 22;
        let mut ids = Self {
            keys: 1,
            real: vec![0; real],
            synthetic: vec![0; synthetic],
        };
        for &(values, in_real, in_synthetic) in columns {
            let mut next = 0u32;
            let mut number = |slot: &mut u32| {
                if *slot == u32::MAX {
                    *slot = next;
                    next += 1;
                }
                *slot
            };
            let sides = [(&mut ids.real, in_real), (&mut ids.synthetic, in_synthetic)];
            if ids.keys * values <= DENSE {
                let mut known = vec![u32::MAX; ids.keys * values];
                for (ids, codes) in sides {
                    for (id, &code) in ids.iter_mut().zip(codes) {
                        *id = number(&mut known[*id as usize * values + code as usize]);
                    }
                }
            } else {
                let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
                for (ids, codes) in sides {
                    for (id, &code) in ids.iter_mut().zip(codes) {
                        *id = number(known.entry((*id, code)).or_insert(u32::MAX));
                    }
                }
            }
            ids.keys = next as usize;
        }
        ids
    }
}

/// Several target values.
pub(super) const MIXED: u32 = u32::MAX - 1;
/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// For each key the one target value of its rows, [`MIXED`] or [`NONE`].
pub(super) fn single_values(keys: usize, ids: &[u32], target: &[u32]) -> Vec<u32> {
    let mut value = vec![NONE; keys];
    for (&id, &code) in ids.iter().zip(target) {
        let value = &mut value[id as usize];
        if *value == NONE {
            *value = code;
        } else if *value != code {
            *value = MIXED;
        }
    }
    value
}

pub(super) fn tally(size: usize, codes: &[u32]) -> Vec<u32> {
    let mut counts = vec![0u32; size];
    for &code in codes {
        counts[code as usize] += 1;
    }
    counts
}
