//! Design matrices: named columns of numbers, one row per observation.

use ndarray::{ArrayView2, ShapeBuilder};
use rayon::prelude::*;

/// A design matrix that grows column by column. The values of a column are contiguous.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    rows: usize,
    names: Vec<String>,
    values: Vec<f64>,
}

impl Design {
    /// A design of so many rows without columns.
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            rows,
            names: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds a column.
    ///
    /// # Panics
    /// If it has not one value per row.
    pub(crate) fn push(&mut self, name: impl Into<String>, column: impl IntoIterator<Item = f64>) {
        self.values.extend(column);
        self.names.push(name.into());
        assert_eq!(
            self.values.len(),
            self.rows * self.names.len(),
            "a column has one value per row"
        );
    }

    /// Adds a column of ones.
    pub(crate) fn push_intercept(&mut self, name: &str) {
        let rows = self.rows;
        self.push(name, std::iter::repeat_n(1.0, rows));
    }

    /// Takes the last column off.
    pub(crate) fn pop(&mut self) -> Option<Vec<f64>> {
        self.names.pop()?;
        Some(self.values.split_off(self.rows * self.names.len()))
    }

    /// Keeps the rows for which `keep` is true.
    pub(crate) fn retain_rows(&mut self, keep: &[bool]) {
        let mut kept = keep.iter().cycle();
        self.values
            .retain(|_| kept.next().is_some_and(|&keep| keep));
        self.rows = keep.iter().filter(|&&keep| keep).count();
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }

    pub(crate) fn column(&self, position: usize) -> &[f64] {
        &self.values[position * self.rows..(position + 1) * self.rows]
    }

    /// The columns in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.width()).map(|position| self.column(position))
    }

    /// The columns, to be changed on several threads.
    pub(crate) fn columns_mut(&mut self) -> rayon::slice::ChunksMut<'_, f64> {
        self.values.par_chunks_mut(self.rows.max(1))
    }

    /// The whole design, in column-major order.
    pub(crate) fn matrix(&self) -> ArrayView2<'_, f64> {
        ArrayView2::from_shape((self.rows, self.width()).f(), &self.values)
            .expect("every column has one value per row")
    }
}

/// 1 where it holds, 0 elsewhere.
pub(crate) fn indicator(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_rows_come_and_go() {
        let mut design = Design::new(3);
        design.push_intercept("one");
        design.push("x", [1.0, 2.0, 3.0]);
        design.push("y", [4.0, 5.0, 6.0]);
        assert_eq!(design.matrix()[[2, 1]], 3.0);
        assert_eq!(design.pop(), Some(vec![4.0, 5.0, 6.0]));
        design.retain_rows(&[true, false, true]);
        assert_eq!((design.rows(), design.width()), (2, 2));
        assert_eq!(design.column(1), [1.0, 3.0]);
        assert_eq!(design.names(), ["one", "x"]);
    }
}
