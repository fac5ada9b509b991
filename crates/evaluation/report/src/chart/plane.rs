//! Shares of rows over the cells of a grid, as depth of colour.

use super::{drawing, label, rect};
use crate::markup::Markup;

const SIDE: f64 = 260.0;
const LEFT: f64 = 18.0;
const TOP: f64 = 4.0;
/// Depths of colour from `m10` (none) to `m20`.
const DEPTHS: f64 = 10.0;

/// Draws one list of shares for each step upwards; `most` is the share of the deepest colour, so that grids can be compared.
pub(crate) fn plane(
    m: &mut Markup,
    description: &str,
    (right, up): (&str, &str),
    shares: &[Vec<f64>],
    most: f64,
) {
    let rows = shares.len().max(1) as f64;
    let columns = shares.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64;
    let (width, height) = (SIDE / columns, SIDE / rows);
    drawing(
        m,
        "chart plane",
        (LEFT + SIDE + 2.0, TOP + SIDE + 20.0),
        description,
        |m| {
            rect(m, "m10", LEFT, TOP, SIDE, SIDE);
            for (row, line) in shares.iter().enumerate() {
                // Upwards: the first list is at the bottom.
                let y = TOP + SIDE - (row + 1) as f64 * height;
                for (column, share) in line.iter().enumerate() {
                    // The root lets sparse cells be seen beside dense ones.
                    let depth = (share / most.max(1e-12)).clamp(0.0, 1.0).sqrt() * DEPTHS;
                    if depth >= 0.5 {
                        let class = format!("m{}", 10 + depth.round() as usize);
                        rect(m, &class, LEFT + column as f64 * width, y, width, height);
                    }
                }
            }
            label(m, "tick m", LEFT + SIDE / 2.0, TOP + SIDE + 15.0, right);
            label(m, "tick s", 2.0, TOP + 10.0, up);
        },
    );
}
