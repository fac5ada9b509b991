//! Shares that rise with a distance.

use std::fmt::Write as _;

use super::axis::Scale;
use super::{Px, Who, drawing, label, line};
use crate::markup::Markup;
use crate::number;

/// One rising line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve<'a> {
    pub(crate) who: Who,
    /// Shares, 0 to 1, one for each distance.
    pub(crate) shares: &'a [f64],
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 8.0;
const BASE: f64 = 212.0;

/// Draws the share of rows (upwards) whose distance is at most so large (to the right).
pub(crate) fn curves(
    m: &mut Markup,
    description: &str,
    axis: &str,
    at: &[f64],
    lines: &[Curve<'_>],
) {
    let farthest = at
        .iter()
        .copied()
        .filter(|d| d.is_finite())
        .fold(0.0, f64::max);
    let x = Scale::new(
        (0.0, if farthest > 0.0 { farthest } else { 1.0 }),
        (LEFT, WIDTH - RIGHT),
    );
    let y = Scale::new((0.0, 1.0), (BASE, TOP));
    drawing(m, "chart curve", (WIDTH, HEIGHT), description, |m| {
        for (at, _) in y.ticks(4) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            label(
                m,
                "tick e",
                LEFT - 6.0,
                y.at(at) + 4.0,
                format_args!("{}%", number::fixed(at * 100.0, 0)),
            );
        }
        for (at, text) in x.ticks(6) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 4.0));
            label(m, "tick m", x.at(at), BASE + 17.0, text);
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        label(m, "tick m", (LEFT + WIDTH - RIGHT) / 2.0, BASE + 36.0, axis);
        for one in lines {
            let mut path = String::new();
            for (distance, share) in at.iter().zip(one.shares) {
                let command = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(
                    path,
                    "{command}{} {}",
                    Px(x.at(*distance)),
                    Px(y.at(*share))
                );
            }
            if !path.is_empty() {
                let class = format!("line {}", one.who.class());
                m.single("path", &[("class", &class), ("d", &path)]);
            }
        }
    });
}
