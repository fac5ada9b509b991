//! Cumulative shares over a distance.

use crate::axis::Scale;
use crate::drawing::{drawing, label, line, path};
use crate::{Drawing, Series, number};

/// One rising line.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Whose line it is.
    pub series: Series,
    /// Shares from 0 to 1, one for each distance.
    pub shares: &'a [f64],
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 8.0;
const BASE: f64 = 212.0;

/// Draws the share of rows (y) whose distance is at most `at` (x). `axis` names the distance.
#[must_use]
pub fn curves(description: &str, axis: &str, at: &[f64], lines: &[Curve<'_>]) -> Drawing {
    let finite = at.iter().copied().filter(|d| d.is_finite());
    let farthest = finite.fold(0.0, f64::max);
    let x = Scale::new(
        (0.0, if farthest > 0.0 { farthest } else { 1.0 }),
        (LEFT, WIDTH - RIGHT),
    );
    let y = Scale::new((0.0, 1.0), (BASE, TOP));
    drawing("chart curve", (WIDTH, HEIGHT), description, |m| {
        for (at, _) in y.ticks(4) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            let text = format!("{}%", number::fixed(at * 100.0, 0));
            label(m, "tick e", (LEFT - 6.0, y.at(at) + 4.0), text);
        }
        for (at, text) in x.ticks(6) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 4.0));
            label(m, "tick m", (x.at(at), BASE + 17.0), text);
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        label(m, "tick m", (middle, BASE + 36.0), axis);
        for one in lines {
            let points = at.iter().zip(one.shares);
            let points = points.map(|(distance, share)| (x.at(*distance), y.at(*share)));
            path(m, &format!("line {}", one.series.class()), points);
        }
    })
}
