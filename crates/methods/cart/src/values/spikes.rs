//! Spikes: single numbers that a large share of the rows has.

use parable_table::Column;

use crate::config::CartConfig;
use crate::config::resolved::{Making, ResolvedColumn};

/// A column with fewer other distinct numbers has no spikes: all its numbers are frequent.
const MIN_DISTINCT_BESIDE_SPIKES: usize = 12;

/// The share that makes a spike: numbers drawn by their group or by normal ranks have none of their
/// own.
pub(crate) fn spike_share(own: &ResolvedColumn, config: &CartConfig) -> f64 {
    match own.making {
        Making::Groups(_) | Making::NormalRank => f64::INFINITY,
        _ => config.spike_share,
    }
}

/// The numbers that more than this share of the present rows has, if enough other numbers remain;
/// ascending.
pub(crate) fn spikes(column: &Column, share: f64) -> Vec<f64> {
    let mut numbers: Vec<f64> = (0..column.len())
        .filter_map(|row| column.number(row))
        .collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let least = share * numbers.len() as f64;
    let (mut spikes, mut others) = (Vec::new(), 0);
    for same in numbers.chunk_by(|a, b| a == b) {
        if same.len() as f64 > least {
            spikes.push(same[0]);
        } else {
            others += 1;
        }
    }
    if others < MIN_DISTINCT_BESIDE_SPIKES {
        Vec::new()
    } else {
        spikes
    }
}
