//! Confidential rows of a table, written as rows of a matrix.

use parable_nn::access::Access;

use crate::layout::Layout;

/// The confidential rows: levels of each column, and how they may be read.
pub(crate) struct Rows<'r> {
    /// One column of merged levels per attribute.
    pub(crate) columns: &'r [Vec<u32>],
    /// Of each column with modes, in order, where its numbers lie within them.
    pub(crate) positions: &'r [Vec<f32>],
    pub(crate) rows: usize,
    pub(crate) access: Access,
}

impl Rows<'_> {
    /// These rows with a 1 at the level of each column, and their positions behind the units.
    pub(crate) fn one_hot(&self, layout: &Layout, rows: &[u32]) -> Vec<f32> {
        let width = layout.row();
        let mut numbers = vec![0.0f32; rows.len() * width];
        for (column, levels) in self.columns.iter().enumerate() {
            let start = layout.column(column).start;
            for (at, &row) in rows.iter().enumerate() {
                numbers[at * width + start + levels[row as usize] as usize] = 1.0;
            }
        }
        for (own, place) in self.positions.iter().zip(layout.width()..) {
            for (at, &row) in rows.iter().enumerate() {
                numbers[at * width + place] = own[row as usize];
            }
        }
        layout.write_numbers(&mut numbers);
        numbers
    }
}
