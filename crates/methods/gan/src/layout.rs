//! Positions of the levels of columns, and of products of two columns, among the units of a
//! network.

use std::ops::Range;

use parable_domain::AttrSet;

use crate::numbers::heads::Heads;

/// Units of columns one after the other, then units of products of columns: a product has one unit
/// for each combination of levels, so that relations of three columns are relations of a product
/// with a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    levels: Vec<usize>,
    starts: Vec<usize>,
    width: usize,
    products: Vec<(usize, usize)>,
    product_starts: Vec<usize>,
    extended: usize,
    heads: Heads,
}

impl Layout {
    /// Columns with these numbers of levels, and the products that sets of three columns among
    /// `sets` need.
    pub(crate) fn new<'s>(levels: &[usize], sets: impl Iterator<Item = &'s AttrSet>) -> Self {
        let mut width = 0;
        let starts = levels
            .iter()
            .map(|&count| {
                let start = width;
                width += count;
                start
            })
            .collect();
        let mut layout = Self {
            levels: levels.to_vec(),
            starts,
            width,
            products: Vec::new(),
            product_starts: Vec::new(),
            extended: width,
            heads: Heads::default(),
        };
        for set in sets.filter(|set| set.len() == 3) {
            let product = (set.as_slice()[0] as usize, set.as_slice()[1] as usize);
            if !layout.products.contains(&product) {
                layout.products.push(product);
                layout.product_starts.push(layout.extended);
                layout.extended += levels[product.0] * levels[product.1];
            }
        }
        layout
    }

    /// Sets the modes of numbers among the levels, behind whose units a row has its positions.
    pub(crate) fn with_heads(mut self, heads: Heads) -> Self {
        self.heads = heads;
        self
    }

    /// The modes of numbers among the levels.
    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Numbers that a row is for a discriminator: units of all columns; then for each column with
    /// modes the position, and behind all of these the number itself.
    pub(crate) fn row(&self) -> usize {
        self.width + 2 * self.heads.columns().len()
    }

    /// The level of a column in a row with a 1 at it.
    pub(crate) fn level(&self, row: &[f32], column: usize) -> Option<usize> {
        let units = &row[self.column(column)];
        units.iter().position(|&unit| unit > 0.0)
    }

    /// Writes the numbers of rows, on the scale of their columns, behind their levels and
    /// positions.
    pub(crate) fn write_numbers(&self, rows: &mut [f32]) {
        let count = self.heads.columns().len();
        if count == 0 {
            return;
        }
        for row in rows.chunks_mut(self.row()) {
            for (at, head) in self.heads.columns().iter().enumerate() {
                let level = self.level(row, head.column);
                let position = row[self.width + at];
                row[self.width + count + at] =
                    level.map_or(0.0, |level| head.value(level, position));
            }
        }
    }

    /// Levels of each column.
    pub(crate) fn levels(&self) -> &[usize] {
        &self.levels
    }

    /// Units of all columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Units of all columns and products.
    pub(crate) fn extended(&self) -> usize {
        self.extended
    }

    /// Pairs of columns with a product.
    pub(crate) fn products(&self) -> &[(usize, usize)] {
        &self.products
    }

    /// Units of a column.
    pub(crate) fn column(&self, column: usize) -> Range<usize> {
        self.starts[column]..self.starts[column] + self.levels[column]
    }

    /// The two blocks of units whose relation a set of two or three columns is, rows before
    /// columns; nothing for other sets.
    pub(crate) fn blocks(&self, set: &AttrSet) -> Option<(Range<usize>, Range<usize>)> {
        match *set.as_slice() {
            [a, b] => Some((self.column(a as usize), self.column(b as usize))),
            [a, b, c] => {
                let (a, b) = (a as usize, b as usize);
                let at = self
                    .products
                    .iter()
                    .position(|&product| product == (a, b))?;
                let start = self.product_starts[at];
                let size = self.levels[a] * self.levels[b];
                Some((start..start + size, self.column(c as usize)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_stand_behind_columns() {
        let sets = [AttrSet::new([0, 2, 3]), AttrSet::new([0, 1])];
        let layout = Layout::new(&[2, 3, 4, 5], sets.iter());
        assert_eq!((layout.width(), layout.extended()), (14, 22));
        assert_eq!(layout.blocks(&sets[0]), Some((14..22, 9..14)));
        assert_eq!(layout.blocks(&sets[1]), Some((0..2, 2..5)));
        assert_eq!(layout.blocks(&AttrSet::new([0, 1, 2])), None);
        assert_eq!(layout.blocks(&AttrSet::new([0])), None);
    }
}
