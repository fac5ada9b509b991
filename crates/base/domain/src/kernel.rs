//! Counting combinations of codes.
//!
//! Counting is bound by increments, not by memory, as long as the tables stay in the first-level
//! cache. Rows are split into blocks whose codes stay in cache while one column is counted against
//! four others at a time: the loop then loads the first code once and keeps four independent chains
//! of increments going. Counters are 32 bits wide and are added to 64-bit totals after each block
//! of rows.

use rayon::prelude::*;

use crate::AttrSet;

/// Rows per block: the codes of five columns (20 bytes a row) stay in the second-level cache.
const BLOCK: usize = 16_384;

/// Tables above this size leave the cache and are counted alone.
const SMALL_CELLS: usize = 4_096;

/// The cells of each set, row-major. Callers have checked that codes are below levels and that sets
/// are small enough.
pub(crate) fn count(
    columns: &[Vec<u32>],
    levels: &[u32],
    rows: usize,
    sets: &[AttrSet],
) -> Vec<Vec<u64>> {
    let tasks = tasks(levels, sets);
    let mut results: Vec<Vec<u64>> = vec![Vec::new(); sets.len()];
    let counted: Vec<(Vec<usize>, Vec<Vec<u64>>)> = tasks
        .into_par_iter()
        .map(|task| match task {
            Task::Four {
                first,
                others,
                sets,
            } => {
                let cells = four(columns, levels, rows, first, &others);
                (sets, cells)
            }
            Task::Alone { set } => (vec![set], vec![alone(columns, levels, rows, &sets[set])]),
        })
        .collect();
    for (indices, cells) in counted {
        for (index, cells) in indices.into_iter().zip(cells) {
            results[index] = cells;
        }
    }
    results
}

enum Task {
    /// Pairs that share their first attribute, at most four.
    Four {
        first: usize,
        others: Vec<usize>,
        sets: Vec<usize>,
    },
    /// Any other set.
    Alone { set: usize },
}

fn tasks(levels: &[u32], sets: &[AttrSet]) -> Vec<Task> {
    let mut pairs: Vec<(u32, u32, usize)> = Vec::new();
    let mut tasks = Vec::new();
    for (index, attrs) in sets.iter().enumerate() {
        match *attrs.as_slice() {
            [a, b] if levels[a as usize] as usize * levels[b as usize] as usize <= SMALL_CELLS => {
                pairs.push((a, b, index));
            }
            _ => tasks.push(Task::Alone { set: index }),
        }
    }
    pairs.sort_unstable();
    for same_first in pairs.chunk_by(|a, b| a.0 == b.0) {
        for four in same_first.chunks(4) {
            tasks.push(Task::Four {
                first: four[0].0 as usize,
                others: four.iter().map(|pair| pair.1 as usize).collect(),
                sets: four.iter().map(|pair| pair.2).collect(),
            });
        }
    }
    tasks
}

/// The tables of one column against up to four others.
fn four(
    columns: &[Vec<u32>],
    levels: &[u32],
    rows: usize,
    first: usize,
    others: &[usize],
) -> Vec<Vec<u64>> {
    let stride: Vec<usize> = others.iter().map(|&b| levels[b] as usize).collect();
    let size = |index: usize| levels[first] as usize * stride[index];
    let mut totals: Vec<Vec<u64>> = (0..others.len())
        .map(|index| vec![0; size(index)])
        .collect();
    let mut tables: Vec<Vec<u32>> = (0..others.len())
        .map(|index| vec![0; size(index)])
        .collect();
    for start in (0..rows).step_by(BLOCK) {
        let range = start..rows.min(start + BLOCK);
        let a = &columns[first][range.clone()];
        if let ([b0, b1, b2, b3], [t0, t1, t2, t3]) = (others, &mut tables[..]) {
            let (c0, c1) = (&columns[*b0][range.clone()], &columns[*b1][range.clone()]);
            let (c2, c3) = (&columns[*b2][range.clone()], &columns[*b3][range]);
            for ((((&a, &c0), &c1), &c2), &c3) in a.iter().zip(c0).zip(c1).zip(c2).zip(c3) {
                let a = a as usize;
                t0[a * stride[0] + c0 as usize] += 1;
                t1[a * stride[1] + c1 as usize] += 1;
                t2[a * stride[2] + c2 as usize] += 1;
                t3[a * stride[3] + c3 as usize] += 1;
            }
        } else {
            for (index, &b) in others.iter().enumerate() {
                let table = &mut tables[index];
                for (&a, &c) in a.iter().zip(&columns[b][range.clone()]) {
                    table[a as usize * stride[index] + c as usize] += 1;
                }
            }
        }
        for (total, table) in totals.iter_mut().zip(&mut tables) {
            for (total, counter) in total.iter_mut().zip(table) {
                *total += u64::from(*counter);
                *counter = 0;
            }
        }
    }
    totals
}

/// The table of one set of any size.
fn alone(columns: &[Vec<u32>], levels: &[u32], rows: usize, attrs: &AttrSet) -> Vec<u64> {
    let size = attrs
        .iter()
        .map(|attr| levels[attr as usize] as usize)
        .product();
    let mut cells = vec![0u64; size];
    let mut index = vec![0usize; BLOCK.min(rows)];
    for start in (0..rows).step_by(BLOCK) {
        let range = start..rows.min(start + BLOCK);
        let index = &mut index[..range.len()];
        index.fill(0);
        for attr in attrs.iter() {
            let levels = levels[attr as usize] as usize;
            for (index, &code) in index.iter_mut().zip(&columns[attr as usize][range.clone()]) {
                *index = *index * levels + code as usize;
            }
        }
        for &index in &*index {
            cells[index] += 1;
        }
    }
    cells
}
