//! Rows as points: one coordinate per column.

use rustc_hash::FxHashMap;

use crate::Distance;
use crate::data::frame::{Data, Each, Frame, FrameColumn};

/// Rows as points, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    pub(crate) axes: usize,
    pub(crate) coordinates: Vec<f64>,
}

impl Points {
    pub(crate) fn len(&self) -> usize {
        self.coordinates.len() / self.axes.max(1)
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.coordinates[row * self.axes..(row + 1) * self.axes]
    }

    /// The same points with these axes only.
    pub(crate) fn select(&self, axes: &[usize]) -> Self {
        let mut coordinates = Vec::with_capacity(self.len() * axes.len());
        for row in 0..self.len() {
            let point = self.row(row);
            coordinates.extend(axes.iter().map(|&axis| point[axis]));
        }
        Self {
            axes: axes.len(),
            coordinates,
        }
    }

    /// The points at these positions.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        Self {
            axes: self.axes,
            coordinates: rows
                .iter()
                .flat_map(|&row| self.row(row))
                .copied()
                .collect(),
        }
    }
}

/// The rows of all tables of a frame as points, for one distance.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) columns: Vec<String>,
    pub(crate) points: Each<Points>,
    /// What a sum of terms is divided by to give the distance.
    pub(crate) divisor: f64,
    /// Rows left out because a number is missing, for distances that have no rule for it.
    pub(crate) left_out: usize,
}

/// Where a missing number lies on a Gower axis: further than 1 from every value.
const FAR: f64 = 10.0;

impl Space {
    /// All columns but renamed clusters. Numbers of Gower's distance are divided by the range of
    /// the real table. The other distances leave out rows with a missing number; missing levels of
    /// `RawManhattan` are a level that sorts first.
    pub(crate) fn of(frame: &Frame, distance: Distance) -> Self {
        let columns: Vec<&FrameColumn> = frame
            .comparable()
            .filter(|column| distance != Distance::NumericEuclidean || column.numbers().is_some())
            .collect();
        let axes: Vec<Each<Vec<f64>>> = columns
            .iter()
            .map(|column| match distance {
                Distance::Gower => gower_axis(column),
                Distance::RawManhattan => raw_axis(column),
                Distance::NumericEuclidean => min_max_axis(column),
            })
            .collect();
        let mut left_out = 0;
        let mut assemble = |rows: usize, axes: &[&[f64]]| {
            let mut coordinates = Vec::with_capacity(rows * axes.len());
            for row in 0..rows {
                let start = coordinates.len();
                coordinates.extend(axes.iter().map(|axis| axis[row]));
                if coordinates[start..].iter().any(|x: &f64| x.is_nan()) {
                    coordinates.truncate(start);
                    left_out += 1;
                }
            }
            Points {
                axes: axes.len(),
                coordinates,
            }
        };
        let real: Vec<&[f64]> = axes.iter().map(|axis| axis.real.as_slice()).collect();
        let synthetic: Vec<&[f64]> = axes.iter().map(|axis| axis.synthetic.as_slice()).collect();
        let held: Vec<&[f64]> = axes
            .iter()
            .filter_map(|axis| axis.holdout.as_deref())
            .collect();
        let real = assemble(frame.rows.real, &real);
        let synthetic = assemble(frame.rows.synthetic, &synthetic);
        let holdout = frame.rows.holdout.map(|rows| assemble(rows, &held));
        Self {
            points: Each {
                real,
                synthetic,
                holdout,
            },
            divisor: match distance {
                Distance::Gower => columns.len().max(1) as f64,
                Distance::RawManhattan | Distance::NumericEuclidean => 1.0,
            },
            columns: columns.iter().map(|c| c.name.clone()).collect(),
            left_out,
        }
    }
}

fn gower_axis(column: &FrameColumn) -> Each<Vec<f64>> {
    match &column.data {
        Data::Numbers(numbers) => scaled(numbers),
        Data::Codes { codes, .. } if column.scale == crate::ColumnScale::Ordinal => {
            scaled(&codes.map(|codes| {
                codes
                    .iter()
                    .map(|&code| if code == 0 { f64::NAN } else { f64::from(code) })
                    .collect()
            }))
        }
        // Levels differ by at least 1, which is where the kernel cuts.
        Data::Codes { codes, .. } => {
            codes.map(|codes| codes.iter().map(|&code| f64::from(code)).collect())
        }
    }
}

/// Divided by the real range; a column without a range stays as it is.
fn min_max_axis(column: &FrameColumn) -> Each<Vec<f64>> {
    let Some(numbers) = column.numbers() else {
        return raw_axis(column);
    };
    let (low, high) = range(&numbers.real);
    let range = if high > low { high - low } else { 1.0 };
    let low = if low.is_finite() { low } else { 0.0 };
    numbers.map(|values| values.iter().map(|&x| (x - low) / range).collect())
}

/// Smallest and largest value that is not missing.
fn range(values: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &x in values {
        low = if x < low { x } else { low };
        high = if x > high { x } else { high };
    }
    (low, high)
}

fn scaled(numbers: &Each<Vec<f64>>) -> Each<Vec<f64>> {
    let (low, high) = range(&numbers.real);
    let range = high - low;
    // A column without a range: values are equal or not, so each becomes a whole number of its own.
    let mut others: FxHashMap<u64, f64> = FxHashMap::default();
    let mut other = |x: f64| {
        let next = 2.0 * FAR + others.len() as f64;
        *others.entry(x.to_bits()).or_insert(next)
    };
    numbers.map(|values| {
        values
            .iter()
            .map(|&x| {
                if x.is_nan() {
                    FAR
                } else if range > 0.0 {
                    // Further than one range away is all the same: the difference to any real value
                    // is cut at 1. (Two values of other tables that are both so far out count as
                    // equal.)
                    ((x - low) / range).clamp(-1.0, 2.0)
                } else if x == low {
                    0.0
                } else {
                    other(x)
                }
            })
            .collect()
    })
}

fn raw_axis(column: &FrameColumn) -> Each<Vec<f64>> {
    match &column.data {
        Data::Numbers(numbers) => numbers.clone(),
        Data::Codes { codes, .. } => {
            codes.map(|codes| codes.iter().map(|&code| f64::from(code)).collect())
        }
    }
}
