//! Positions of the modes of numbers among the outputs of a generator, and the parameters of their
//! positions.
//!
//! Behind the logits of all levels a generator has two outputs for each mode of each column: the
//! place and the width of the distribution of a position within it.

use super::position::{Position, Stretch};
use super::scale::Scale;

/// Outputs of a generator for each mode.
const PARAMETERS: usize = 2;

/// The modes of all columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heads {
    columns: Vec<Head>,
    modes: usize,
}

/// The modes of one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// The column.
    pub(crate) column: usize,
    /// Its levels before those of modes.
    before: usize,
    /// Modes of columns before it.
    first: usize,
    stretches: Vec<Stretch>,
    /// Of each single value and mode, the number in the middle of it, and what a position of 1
    /// adds; both on the scale of the column.
    values: Vec<[f32; 2]>,
}

impl Heads {
    /// The modes of these columns.
    pub(crate) fn of(scales: &[Option<Scale>]) -> Self {
        let mut heads = Self::default();
        for (column, scale) in scales.iter().enumerate() {
            let Some(scale) = scale else { continue };
            let modes = scale.units() - scale.spikes();
            if modes > 0 {
                heads.columns.push(Head {
                    column,
                    before: scale.spikes(),
                    first: heads.modes,
                    stretches: (0..modes).map(|mode| scale.stretch(mode)).collect(),
                    values: scale.values(),
                });
                heads.modes += modes;
            }
        }
        heads
    }

    /// Outputs of a generator behind its logits.
    pub(crate) fn outputs(&self) -> usize {
        PARAMETERS * self.modes
    }

    /// The columns with modes: as many positions has a row.
    pub(crate) fn columns(&self) -> &[Head] {
        &self.columns
    }

    /// The modes of a column.
    pub(crate) fn column(&self, column: usize) -> Option<&Head> {
        self.columns.iter().find(|head| head.column == column)
    }

    /// Outputs of a generator that knows of each mode as much as its mean and deviation.
    pub(crate) fn begin(&self) -> Vec<f32> {
        let stretches = self.columns.iter().flat_map(|head| &head.stretches);
        let begins = stretches.flat_map(|stretch| stretch.begin());
        begins.map(|number| number as f32).collect()
    }
}

impl Head {
    /// The mode that a level of the column is.
    pub(crate) fn mode(&self, level: usize) -> Option<usize> {
        let mode = level.checked_sub(self.before)?;
        (mode < self.stretches.len()).then_some(mode)
    }

    /// The number of a level and a position, on the scale of the column; 0 for a missing one.
    pub(crate) fn value(&self, level: usize, position: f32) -> f32 {
        let value = self.values.get(level);
        value.map_or(0.0, |[middle, slope]| middle + slope * position)
    }

    /// Returns the difference that a position of 1 makes to the number of a mode.
    pub(crate) fn slope(&self, mode: usize) -> f32 {
        self.values[self.before + mode][1]
    }

    /// The levels of its modes: where they begin, and how many there are.
    pub(crate) fn levels(&self) -> std::ops::Range<usize> {
        self.before..self.before + self.stretches.len()
    }

    /// Returns the index of the first of the two parameters of a mode.
    pub(crate) fn place(&self, mode: usize) -> usize {
        PARAMETERS * (self.first + mode)
    }

    /// The positions that a mode can have.
    pub(crate) fn stretch(&self, mode: usize) -> Stretch {
        self.stretches[mode]
    }

    /// The distribution of a position within a mode, by the parameters of all modes.
    pub(crate) fn position(&self, mode: usize, parameters: &[f32]) -> Position {
        let at = self.place(mode);
        Position::new(self.stretches[mode], [parameters[at], parameters[at + 1]])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::numbers::scale::ScaleFacts;
    use parable_learn::GaussianComponent as Mode;

    /// Two columns with a single value and two modes each, around one without.
    pub(crate) fn around_one_without() -> Heads {
        let mode = |mean, sd| Mode {
            mean,
            sd,
            weight: 0.5,
        };
        let facts = ScaleFacts {
            spikes: vec![0.0],
            modes: vec![mode(3.0, 1.0), mode(7.0, 2.0)],
        };
        let scale = Scale::of(facts, (0.0, 10.0), None).expect("possible facts");
        Heads::of(&[Some(scale.clone()), None, Some(scale)])
    }

    #[test]
    fn modes_stand_one_behind_the_other() {
        let scale = |spikes: &[f64], modes: usize| {
            let mode = Mode {
                mean: 4.0,
                sd: 0.1,
                weight: 0.1,
            };
            let facts = ScaleFacts {
                spikes: spikes.to_vec(),
                modes: vec![mode; modes],
            };
            Scale::of(facts, (0.0, 9.0), None)
        };
        let scales = [
            None,
            scale(&[1.0, 2.0], 2),
            scale(&[3.0, 5.0], 0),
            scale(&[], 3),
        ];
        let heads = Heads::of(&scales);
        assert_eq!((heads.outputs(), heads.columns().len()), (10, 2));
        assert!(heads.column(0).is_none() && heads.column(2).is_none());
        let [first, last] = [1, 3].map(|column| heads.column(column).expect("modes"));
        assert_eq!(first.levels(), 2..4);
        assert_eq!(
            [1, 2, 3, 4].map(|level| first.mode(level)),
            [None, Some(0), Some(1), None]
        );
        assert_eq!((first.place(1), last.place(0)), (2, 4));
        // Begun in the middle of every mode.
        let begun = heads.begin();
        let middle = last.position(2, &begun).quantile(0.5);
        assert!(middle.abs() < 1e-6, "{middle}");
    }
}
