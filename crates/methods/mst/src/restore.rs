//! Numbers for codes of bins: where in its bin a number lies.

use std::collections::HashMap;

use parable_encode::{Bin, Codec, CodecError, ValueCodes};
use parable_seed::Seed;
use parable_table::{Constraint, Field, Grid, Kind, Table, Values};

use parable_domain::Codes;

use crate::config::Restore;
use crate::estimate::Estimated;

/// Rows whose draws share a stream.
const BLOCK: usize = 4_096;

/// A table of these codes. Numbers lie where [`Restore`] says; a number that is constant in each
/// cluster is drawn once for each of them, by `whole`, the seed of the whole table, so that it is
/// the same in every chunk.
pub(crate) fn decode(
    codec: &Codec,
    estimated: &Estimated,
    codes: &Codes,
    restore: Restore,
    seed: &Seed,
    whole: &Seed,
) -> Result<Table, CodecError> {
    let (schema, mut columns) = codec.decode(codes, seed)?.into_parts();
    let clusters = clusters(codec);
    for (at, column) in columns.iter_mut().enumerate() {
        let (ValueCodes::Bins(bins), field) = (&codec.columns()[at].values, &schema.fields()[at])
        else {
            continue;
        };
        let cluster = clusters.get(&at);
        if bins.is_empty() || (restore == Restore::Uniform && cluster.is_none()) {
            continue;
        }
        let shapes = shapes(bins, &estimated.groups[at].rows, field, restore);
        let grid = grid(field);
        let codes_of = codes.column(at);
        let stream = seed.stream("mst/restore").index(at as u64);
        let per_cluster = whole.stream("mst/clusters").index(at as u64);
        let mut numbers = Vec::with_capacity(codes_of.len());
        for (block, part) in codes_of.chunks(BLOCK).enumerate() {
            let mut rng = stream.index(block as u64).rng();
            for (offset, &code) in part.iter().enumerate() {
                let own = rng.uniform();
                let Some(bin) = bins.get(code as usize) else {
                    numbers.push(0.0);
                    continue;
                };
                let share = match cluster {
                    Some(&cluster) => {
                        let name = codes.column(cluster)[block * BLOCK + offset];
                        if name < codec.columns()[cluster].value_codes() {
                            per_cluster.index(u64::from(name)).rng().uniform()
                        } else {
                            own
                        }
                    }
                    None => own,
                };
                numbers.push(place(bin, grid, shapes[code as usize].position(share)));
            }
        }
        let values = match field.kind {
            Kind::Continuous { .. } => Values::Continuous(numbers),
            _ => Values::Integer(numbers.into_iter().map(|number| number as i64).collect()),
        };
        *column = column.with_values(values);
    }
    Ok(Table::new(schema, columns)?)
}

/// For each column that is constant in clusters the column that names them.
fn clusters(codec: &Codec) -> HashMap<usize, usize> {
    let schema = codec.schema();
    let mut found = HashMap::new();
    for constraint in schema.constraints() {
        if let Constraint::ClusterConstant { cluster, columns } = constraint
            && let Some(cluster) = schema.position(cluster)
        {
            let positions = columns.iter().filter_map(|name| schema.position(name));
            found.extend(positions.map(|at| (at, cluster)));
        }
    }
    found
}

fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

/// The number at this share of the way through a bin, on the grid.
fn place(bin: &Bin, grid: Option<Grid>, share: f64) -> f64 {
    match grid {
        Some(grid) => {
            let steps = ((bin.high - bin.low) / grid.step()).round().max(0.0);
            let step = (share * (steps + 1.0)).floor().min(steps);
            grid.round(bin.low + step * grid.step())
                .clamp(bin.low, bin.high)
        }
        None => bin.low + share * (bin.high - bin.low),
    }
}

/// How numbers lie in a bin: densities at its ends in units of its mean density.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    start: f64,
    end: f64,
}

impl Shape {
    const EVEN: Self = Self {
        start: 1.0,
        end: 1.0,
    };

    /// The share of the bin's width below which this share of its rows lies: inverts the cubic
    /// whose slopes at the ends are the densities (Hermite), which ascends because these are at
    /// most 3 (Fritsch & Carlson 1980).
    fn position(self, share: f64) -> f64 {
        if self == Self::EVEN {
            return share;
        }
        let below = |x: f64| {
            let cubic = self.start + self.end - 2.0;
            let square = 3.0 - 2.0 * self.start - self.end;
            ((cubic * x + square) * x + self.start) * x
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if below(middle) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

/// The shape of each bin: even, or by a monotone interpolation of the estimated distribution
/// function (Fritsch & Butland 1984: the density between two bins is their weighted harmonic mean).
/// Bins with gaps around them and the outer ends stay even there.
fn shapes(bins: &[Bin], rows: &[f64], field: &Field, restore: Restore) -> Vec<Shape> {
    let mut shapes = vec![Shape::EVEN; bins.len()];
    if restore == Restore::Uniform {
        return shapes;
    }
    let step = grid(field).map_or(0.0, |grid| grid.step());
    let width = |bin: &Bin| bin.high - bin.low + step;
    for (at, pair) in bins.windows(2).enumerate() {
        let (left, right) = (width(&pair[0]), width(&pair[1]));
        let gap = pair[1].low - pair[0].high - step;
        if left <= 0.0 || right <= 0.0 || gap > 1e-9 * (left + right) {
            continue;
        }
        let (a, b) = (rows[at] / left, rows[at + 1] / right);
        if a <= 0.0 || b <= 0.0 {
            continue;
        }
        let between = 3.0 * (left + right) / ((2.0 * right + left) / a + (left + 2.0 * right) / b);
        shapes[at].end = between / a;
        shapes[at + 1].start = between / b;
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_shapes_keep_the_rows_of_each_bin_and_follow_a_slope() {
        // A density that falls in a straight line from 0 to 8: bins with 15, 13, ... rows. The
        // distribution function is a parabola, and the interpolation must come closer to it than
        // the straight pieces.
        let bins: Vec<Bin> = (0..8)
            .map(|bin| Bin {
                low: f64::from(bin),
                high: f64::from(bin + 1),
            })
            .collect();
        let rows: Vec<f64> = (0..8).map(|bin| f64::from(15 - 2 * bin)).collect();
        let field = Field::new(
            "x",
            Kind::Continuous {
                bounds: None,
                grid: None,
                format: Default::default(),
            },
        );
        let shapes = shapes(&bins, &rows, &field, Restore::Smooth);
        let (mut smooth, mut even) = (0.0f64, 0.0f64);
        for (bin, shape) in shapes.iter().enumerate().skip(1).take(6) {
            assert!(shape.start > 1.0 && shape.end < 1.0 && shape.start <= 3.0);
            assert_eq!((shape.position(0.0) * 1e9).round(), 0.0);
            assert_eq!((shape.position(1.0) * 1e9).round(), 1e9);
            for step in 1..10 {
                let share = f64::from(step) / 10.0;
                // Rows below x: 16 x - x^2.
                let low = bin as f64;
                let target = 16.0 * low - low * low + share * rows[bin];
                let exact = 8.0 - (64.0 - target).sqrt() - low;
                smooth = smooth.max((shape.position(share) - exact).abs());
                even = even.max((share - exact).abs());
            }
        }
        assert!(smooth * 3.0 < even, "{smooth} {even}");
    }

    #[test]
    fn every_point_of_the_grid_in_a_bin_is_equally_likely() {
        let bin = Bin {
            low: 2.0,
            high: 5.0,
        };
        let places: Vec<f64> = (0..8)
            .map(|step| place(&bin, Some(Grid::Decimals(0)), (f64::from(step) + 0.5) / 8.0))
            .collect();
        assert_eq!(places, [2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0]);
    }
}
