//! Shares of rows over the cells of a grid, as depth of colour.

use crate::Drawing;
use crate::drawing::{drawing, label, rect};

/// How a grid of shares is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// What it shows, for readers who cannot see it.
    pub description: &'a str,
    /// The name of the axis to the right.
    pub right: &'a str,
    /// The name of the axis upwards.
    pub up: &'a str,
    /// Cells upwards and to the right.
    pub cells: (usize, usize),
    /// The share of the deepest colour, so that grids can be compared.
    pub most: f64,
}

const SIDE: f64 = 260.0;
const LEFT: f64 = 18.0;
const TOP: f64 = 4.0;
/// Depths of colour from `m10` (none) to `m20`.
const DEPTHS: f64 = 10.0;

/// Draws `share(step upwards, step to the right)` of each cell.
#[must_use]
pub fn plane(plane: &Plane<'_>, share: impl Fn(usize, usize) -> f64) -> Drawing {
    let (rows, columns) = plane.cells;
    let (width, height) = (SIDE / columns.max(1) as f64, SIDE / rows.max(1) as f64);
    let size = (LEFT + SIDE + 2.0, TOP + SIDE + 20.0);
    drawing("chart plane", size, plane.description, |m| {
        rect(m, "m10", (LEFT, TOP), (SIDE, SIDE));
        for row in 0..rows {
            // Upwards: the first row is at the bottom.
            let y = TOP + SIDE - (row + 1) as f64 * height;
            for column in 0..columns {
                // The root lets sparse cells be seen beside dense ones.
                let part = share(row, column) / plane.most.max(1e-12);
                let depth = part.clamp(0.0, 1.0).sqrt() * DEPTHS;
                if depth >= 0.5 {
                    let class = format!("m{}", 10 + depth.round() as usize);
                    let x = LEFT + column as f64 * width;
                    rect(m, &class, (x, y), (width, height));
                }
            }
        }
        let middle = LEFT + SIDE / 2.0;
        label(m, "tick m", (middle, TOP + SIDE + 15.0), plane.right);
        label(m, "tick s", (2.0, TOP + 10.0), plane.up);
    })
}
