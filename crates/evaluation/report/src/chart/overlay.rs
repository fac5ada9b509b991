//! Shares over bins of equal width in both tables, laid over each other.

use super::axis::Scale;
use super::{drawing, label, line, rect};
use crate::markup::Markup;
use crate::number;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 165.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 8.0;
const BASE: f64 = 128.0;

/// Draws the bins from 0 to 1: what both tables share in grey, what only one of them has in its colour.
pub(crate) fn overlay(
    m: &mut Markup,
    description: &str,
    axis: &str,
    real: &[f64],
    synthetic: &[f64],
) {
    let bins = real.len().max(synthetic.len());
    let side = |shares: &[f64], bin: usize| shares.get(bin).copied().unwrap_or(0.0);
    let tallest = real.iter().chain(synthetic).copied().fold(1e-9, f64::max);
    let x = Scale::new((0.0, 1.0), (LEFT, WIDTH - RIGHT));
    let y = Scale::new((0.0, tallest * 1.02), (BASE, TOP));
    drawing(m, "chart hist", (WIDTH, HEIGHT), description, |m| {
        for (at, _) in y.ticks(3) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            let text = format!(
                "{}%",
                number::fixed(at * 100.0, usize::from(tallest < 0.03))
            );
            label(m, "tick e", LEFT - 4.0, y.at(at) + 3.5, text);
        }
        for bin in 0..bins {
            let (real, synthetic) = (side(real, bin), side(synthetic, bin));
            let from = x.at(bin as f64 / bins as f64) + 0.5;
            let width = (x.at((bin + 1) as f64 / bins as f64) - from - 0.5).max(0.8);
            let (both, top) = (y.at(real.min(synthetic)), y.at(real.max(synthetic)));
            rect(m, "both", from, both, width, BASE - both);
            let class = if real > synthetic { "real" } else { "syn" };
            rect(m, class, from, top, width, both - top);
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        for (at, text) in x.ticks(5) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 3.0));
            label(
                m,
                "tick m",
                x.at(at).clamp(LEFT + 6.0, WIDTH - RIGHT - 8.0),
                BASE + 14.0,
                text,
            );
        }
        label(m, "tick m", (LEFT + WIDTH - RIGHT) / 2.0, BASE + 30.0, axis);
    });
}
