//! Positions of the cells of a small table in a larger one.

use parable_domain::AttrSet;

/// Where each cell of a table over some attributes falls in a table over a subset of them.
///
/// Neighbouring attributes that are both kept or both summed away act as one, and the innermost
/// such run is walked without arithmetic: the loops over it are plain sums and products of slices.
#[derive(Clone, Debug)]
pub(crate) struct Alignment {
    /// Length and stride in the small table of each outer run, outermost first; stride 0 for runs
    /// that are summed away.
    outer: Vec<(usize, usize)>,
    /// Cells of the innermost run.
    inner: usize,
    /// Whether the innermost run is kept in the small table.
    kept: bool,
    /// Cells of the small table.
    small: usize,
}

impl Alignment {
    /// The alignment of `small`, a subset, in `large`, whose attributes have these numbers of
    /// levels.
    pub(crate) fn new(large: &AttrSet, levels: &[u32], small: &AttrSet) -> Self {
        debug_assert!(small.is_subset(large));
        let mut runs: Vec<(usize, bool)> = Vec::new();
        for (attr, &levels) in large.iter().zip(levels) {
            let kept = small.contains(attr);
            match runs.last_mut() {
                Some((cells, same)) if *same == kept => *cells *= levels as usize,
                _ => runs.push((levels as usize, kept)),
            }
        }
        let (inner, kept) = runs.pop().unwrap_or((1, true));
        let mut stride = if kept { inner } else { 1 };
        let mut outer: Vec<(usize, usize)> = Vec::with_capacity(runs.len());
        for &(cells, kept) in runs.iter().rev() {
            outer.push((cells, if kept { stride } else { 0 }));
            if kept {
                stride *= cells;
            }
        }
        outer.reverse();
        Self {
            outer,
            inner,
            kept,
            small: stride,
        }
    }

    /// Cells of the small table.
    pub(crate) fn small_len(&self) -> usize {
        self.small
    }

    /// Calls with the first cell of the small table for each innermost run of the large one, in
    /// order.
    #[inline]
    fn walk(&self, mut visit: impl FnMut(usize)) {
        let mut at = vec![0usize; self.outer.len()];
        let mut small = 0;
        loop {
            visit(small);
            let mut run = self.outer.len();
            loop {
                if run == 0 {
                    return;
                }
                run -= 1;
                let (cells, stride) = self.outer[run];
                at[run] += 1;
                small += stride;
                if at[run] < cells {
                    break;
                }
                small -= stride * cells;
                at[run] = 0;
            }
        }
    }

    /// Applies `combine` to each cell of the large table and the cell of the small one it falls
    /// into.
    #[inline]
    pub(crate) fn broadcast(
        &self,
        large: &mut [f64],
        small: &[f64],
        combine: impl Fn(&mut f64, f64),
    ) {
        debug_assert_eq!(small.len(), self.small);
        let mut chunks = large.chunks_exact_mut(self.inner);
        self.walk(|start| {
            let Some(run) = chunks.next() else { return };
            if self.kept {
                for (cell, &value) in run.iter_mut().zip(&small[start..start + self.inner]) {
                    combine(cell, value);
                }
            } else {
                let value = small[start];
                for cell in run {
                    combine(cell, value);
                }
            }
        });
    }

    /// Adds the cells of the large table into the small one.
    #[inline]
    pub(crate) fn sum_into(&self, large: &[f64], small: &mut [f64]) {
        debug_assert_eq!(small.len(), self.small);
        let mut chunks = large.chunks_exact(self.inner);
        self.walk(|start| {
            let Some(run) = chunks.next() else { return };
            if self.kept {
                for (sum, &cell) in small[start..start + self.inner].iter_mut().zip(run) {
                    *sum += cell;
                }
            } else {
                small[start] += run.iter().sum::<f64>();
            }
        });
    }

    /// Raises the cells of the small table to the largest cell that falls into each.
    #[inline]
    pub(crate) fn max_into(&self, large: &[f64], small: &mut [f64]) {
        debug_assert_eq!(small.len(), self.small);
        let mut chunks = large.chunks_exact(self.inner);
        self.walk(|start| {
            let Some(run) = chunks.next() else { return };
            if self.kept {
                for (top, &cell) in small[start..start + self.inner].iter_mut().zip(run) {
                    *top = if cell > *top { cell } else { *top };
                }
            } else {
                let mut top = small[start];
                for &cell in run {
                    top = if cell > top { cell } else { top };
                }
                small[start] = top;
            }
        });
    }

    /// Sums of the large table, as a new table.
    pub(crate) fn sums(&self, large: &[f64]) -> Vec<f64> {
        let mut small = vec![0.0; self.small];
        self.sum_into(large, &mut small);
        small
    }

    /// For each cell of the large table the number of the cell of the small one, in order.
    pub(crate) fn indices(&self, large_len: usize) -> Vec<u32> {
        let mut indices = Vec::with_capacity(large_len);
        self.walk(|start| {
            for offset in 0..self.inner {
                indices.push((start + if self.kept { offset } else { 0 }) as u32);
            }
        });
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(large: &[u32], levels: &[u32], small: &[u32]) {
        let (large, small) = (
            AttrSet::new(large.iter().copied()),
            AttrSet::new(small.iter().copied()),
        );
        let alignment = Alignment::new(&large, levels, &small);
        let cells: usize = levels.iter().map(|&l| l as usize).product();
        let expected: Vec<u32> = (0..cells)
            .map(|mut cell| {
                let mut codes = vec![0; levels.len()];
                for position in (0..levels.len()).rev() {
                    codes[position] = cell % levels[position] as usize;
                    cell /= levels[position] as usize;
                }
                large
                    .iter()
                    .zip(&codes)
                    .zip(levels)
                    .filter(|((attr, _), _)| small.contains(*attr))
                    .fold(0, |index, ((_, &code), &levels)| {
                        index * levels + code as u32
                    })
            })
            .collect();
        assert_eq!(alignment.indices(cells), expected);
        let values: Vec<f64> = (0..cells).map(|cell| (cell * cell % 17) as f64).collect();
        let mut sums = vec![0.0; alignment.small_len()];
        let mut tops = vec![f64::NEG_INFINITY; alignment.small_len()];
        for (&index, &value) in expected.iter().zip(&values) {
            sums[index as usize] += value;
            tops[index as usize] = tops[index as usize].max(value);
        }
        assert_eq!(alignment.sums(&values), sums);
        let mut found = vec![f64::NEG_INFINITY; sums.len()];
        alignment.max_into(&values, &mut found);
        assert_eq!(found, tops);
        let mut spread = vec![0.0; cells];
        alignment.broadcast(&mut spread, &sums, |cell, value| *cell += value);
        let by_index: Vec<f64> = expected.iter().map(|&index| sums[index as usize]).collect();
        assert_eq!(spread, by_index);
    }

    #[test]
    fn cells_fall_where_their_codes_say() {
        check(&[1, 4, 5], &[3, 2, 4], &[1, 4, 5]);
        check(&[1, 4, 5], &[3, 2, 4], &[]);
        check(&[1, 4, 5], &[3, 2, 4], &[1]);
        check(&[1, 4, 5], &[3, 2, 4], &[4]);
        check(&[1, 4, 5], &[3, 2, 4], &[5]);
        check(&[1, 4, 5], &[3, 2, 4], &[1, 5]);
        check(&[0, 1, 2, 3, 7], &[2, 3, 1, 2, 3], &[1, 2, 7]);
        check(&[2], &[1], &[]);
        check(&[], &[], &[]);
    }
}
