//! Rows with few non-zero entries.

use ndarray::ArrayView1;

/// Rows of a sparse matrix, each with the same number of stored entries.
#[derive(Clone, Debug)]
pub struct SparseRows {
    width: usize,
    slots: usize,
    rows: usize,
    index: Vec<u32>,
    value: Vec<f64>,
}

impl SparseRows {
    /// Makes room for rows of `width` columns with `slots` entries each.
    pub fn with_capacity(width: usize, slots: usize, rows: usize) -> Self {
        Self {
            width,
            slots,
            rows: 0,
            index: Vec::with_capacity(slots * rows),
            value: Vec::with_capacity(slots * rows),
        }
    }

    /// Appends a row; its entries come in ascending order of columns.
    ///
    /// # Panics
    ///
    /// If the row has another number of entries than the others, columns out of order, or one
    /// beyond the width.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f64)>) {
        let start = self.index.len();
        for (column, value) in entries {
            self.index.push(column);
            self.value.push(value);
        }
        self.rows += 1;
        let own = &self.index[start..];
        assert_eq!(own.len(), self.slots, "entries of the row");
        assert!(own.is_sorted_by(|a, b| a < b), "ascending columns");
        assert!(
            own.last().is_none_or(|&last| (last as usize) < self.width),
            "column of the matrix"
        );
    }

    /// Returns the number of columns.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the columns and values of the entries of a row.
    pub(crate) fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let own = row * self.slots..(row + 1) * self.slots;
        (&self.index[own.clone()], &self.value[own])
    }

    /// Returns the linear predictor of a row.
    ///
    /// - `weights`: the intercept, then one weight per column
    pub fn linear(&self, row: usize, weights: ArrayView1<'_, f64>) -> f64 {
        let (index, value) = self.row(row);
        let entries = index.iter().zip(value);
        entries.fold(weights[0], |sum, (&index, value)| {
            sum + weights[index as usize + 1] * value
        })
    }
}
