//! Shares over bins of equal width in two tables, laid over each other.

use crate::Drawing;
use crate::Shares;
use crate::axis::Scale;
use crate::drawing::{drawing, label, line};
use crate::histogram::{bar, percent};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 165.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 8.0;
const BASE: f64 = 128.0;

/// Draws bins of equal width from 0 to 1: what both tables share in grey, what only one of them has
/// in its colour. `axis` names the number that is binned.
#[must_use]
pub fn overlay(description: &str, axis: &str, bins: &[Shares]) -> Drawing {
    let tallest = bins.iter().map(|bin| bin.most()).fold(1e-9, f64::max);
    let x = Scale::new((0.0, 1.0), (LEFT, WIDTH - RIGHT));
    let y = Scale::new((0.0, tallest * 1.02), (BASE, TOP));
    drawing("chart hist", (WIDTH, HEIGHT), description, |m| {
        for (at, _) in y.ticks(3) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            percent(m, at, y.at(at), tallest);
        }
        for (bin, share) in bins.iter().enumerate() {
            let edge = |bin: usize| x.at(bin as f64 / bins.len() as f64);
            let from = edge(bin) + 0.5;
            let width = (edge(bin + 1) - from - 0.5).max(0.8);
            bar(m, (from, width), *share, &y);
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        for (at, text) in x.ticks(5) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 3.0));
            let middle = x.at(at).clamp(LEFT + 6.0, WIDTH - RIGHT - 8.0);
            label(m, "tick m", (middle, BASE + 14.0), text);
        }
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        label(m, "tick m", (middle, BASE + 30.0), axis);
    })
}
