//! Where a number lies between "as good as a second sample" and "all relations lost".

use super::{Px, Who, drawing, line, mark};
use crate::markup::Markup;

const WIDTH: f64 = 108.0;
const HEIGHT: f64 = 18.0;
const LEFT: f64 = 22.0;
const RIGHT: f64 = 86.0;

/// Draws the values on a line whose left end is the resample anchor and whose right end is the independent one. Values beyond an end are drawn
/// just outside it. Nothing without two different anchors.
pub(crate) fn position(
    m: &mut Markup,
    values: &[Option<f64>],
    resample: Option<f64>,
    independent: Option<f64>,
) {
    let (Some(resample), Some(independent)) = (resample, independent) else {
        return;
    };
    let span = independent - resample;
    if span.abs() < 1e-12 || values.iter().all(Option::is_none) {
        return;
    }
    drawing(
        m,
        "chart position",
        (WIDTH, HEIGHT),
        "Position between the two anchors",
        |m| {
            let y = HEIGHT / 2.0;
            line(m, "axis", (LEFT, y), (RIGHT, y));
            line(m, "axis", (LEFT, y - 4.0), (LEFT, y + 4.0));
            line(m, "axis", (RIGHT, y - 4.0), (RIGHT, y + 4.0));
            for (index, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let share = ((value - resample) / span).clamp(-0.22, 1.22);
                let x = LEFT + share * (RIGHT - LEFT);
                if index == 0 {
                    mark(m, Who::Synthetic, x, y);
                } else {
                    m.single(
                        "circle",
                        &[
                            ("class", &"other"),
                            ("cx", &Px(x)),
                            ("cy", &Px(y)),
                            ("r", &Px(3.2)),
                        ],
                    );
                }
            }
        },
    );
}
