//! Where a number lies between two anchors.

use crate::drawing::{circle, drawing, line, mark};
use crate::{Drawing, Series};

const WIDTH: f64 = 108.0;
const HEIGHT: f64 = 18.0;
const LEFT: f64 = 22.0;
const RIGHT: f64 = 86.0;

/// Draws the values on a line from the resample anchor (left) to the independent one (right). The
/// first value is a diamond, the others are circles; values beyond an end are drawn just outside
/// it. `None` without two different anchors.
#[must_use]
pub fn position(
    values: &[Option<f64>],
    resample: Option<f64>,
    independent: Option<f64>,
) -> Option<Drawing> {
    let (resample, independent) = (resample?, independent?);
    let span = independent - resample;
    if span.abs() < 1e-12 || values.iter().all(Option::is_none) {
        return None;
    }
    let description = "Position between the two anchors";
    Some(drawing(
        "chart position",
        (WIDTH, HEIGHT),
        description,
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
                    mark(m, Series::Synthetic, (x, y));
                } else {
                    circle(m, "other", (x, y), 3.2);
                }
            }
        },
    ))
}
