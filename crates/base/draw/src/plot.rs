//! Lines, points and guides on two axes.

use crate::axis::Scale;
use crate::drawing::{circle, drawing, label, line, mark, path};
use crate::markup::{Markup, shortened};
use crate::{Drawing, Series};

/// The content of a plot.
#[derive(Debug, Default)]
pub struct Plot<'a> {
    /// What it shows, for readers who cannot see it.
    pub description: &'a str,
    /// The axis to the right.
    pub x: Axis<'a>,
    /// The axis upwards.
    pub y: Axis<'a>,
    /// Lines across the plot.
    pub guides: Vec<Guide>,
    /// Lines through points.
    pub lines: Vec<Line>,
    /// Named points.
    pub points: Vec<Point>,
}

/// One axis.
#[derive(Debug)]
pub struct Axis<'a> {
    /// Its name, with the unit.
    pub name: &'a str,
    /// Its ends.
    pub range: (f64, f64),
    /// Writes the number of a tick, given the number and its default text.
    pub form: fn(f64, &str) -> String,
    /// Whether it runs from high to low.
    pub reversed: bool,
}

impl Default for Axis<'_> {
    fn default() -> Self {
        Self {
            name: "",
            range: (0.0, 1.0),
            form: |_, text| text.to_owned(),
            reversed: false,
        }
    }
}

/// A line across the plot with its name.
#[derive(Debug)]
pub struct Guide {
    /// Where it crosses its axis.
    pub at: f64,
    /// Whether it is vertical, so that `at` is on the axis to the right.
    pub vertical: bool,
    /// Its name.
    pub name: String,
}

/// Points joined by a line.
#[derive(Debug)]
pub struct Line {
    /// The class that gives colour and dashes: `real`, `syn`, `hold` or `pareto`.
    pub class: &'static str,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// A named point with its uncertainty.
#[derive(Debug)]
pub struct Point {
    /// On the axis to the right.
    pub x: f64,
    /// On the axis upwards.
    pub y: f64,
    /// The text beside it.
    pub name: String,
    /// Whose point it is.
    pub series: Series,
    /// Lower and upper limit of `y`.
    pub y_interval: Option<(f64, f64)>,
    /// Whether it is set apart by a ring.
    pub ring: bool,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 18.0;
const BASE: f64 = 286.0;
const NAME_CHARACTERS: usize = 22;

/// Draws the plot.
#[must_use]
pub fn plot(plot: &Plot<'_>) -> Drawing {
    // A scale keeps its order, so a reversed axis exchanges its pixels.
    let pixels = |axis: &Axis<'_>, (from, to): (f64, f64)| {
        if axis.reversed {
            (to, from)
        } else {
            (from, to)
        }
    };
    let x = Scale::new(plot.x.range, pixels(&plot.x, (LEFT, WIDTH - RIGHT)));
    let y = Scale::new(plot.y.range, pixels(&plot.y, (BASE, TOP)));
    drawing("chart plot", (WIDTH, HEIGHT), plot.description, |m| {
        for (at, text) in y.ticks(5) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            let text = (plot.y.form)(at, &text);
            label(m, "tick e", (LEFT - 7.0, y.at(at) + 4.0), text);
        }
        for (at, text) in x.ticks(6) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 4.0));
            let text = (plot.x.form)(at, &text);
            label(m, "tick m", (x.at(at), BASE + 17.0), text);
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        line(m, "axis", (LEFT, TOP), (LEFT, BASE));
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        label(m, "tick m", (middle, BASE + 40.0), plot.x.name);
        label(m, "tick s", (2.0, 11.0), plot.y.name);
        for guide in &plot.guides {
            draw_guide(m, guide, &x, &y);
        }
        for one in &plot.lines {
            let points = one
                .points
                .iter()
                .map(|&(at_x, at_y)| (x.at(at_x), y.at(at_y)));
            path(m, &format!("line {}", one.class), points);
        }
        for point in &plot.points {
            draw_point(m, point, &x, &y);
        }
    })
}

fn draw_guide(m: &mut Markup, guide: &Guide, x: &Scale, y: &Scale) {
    if guide.vertical {
        let at = x.at(guide.at);
        line(m, "guide", (at, TOP), (at, BASE));
        // A name beside the right edge is written to the left of its line.
        let (anchor, shift) = if at > (LEFT + WIDTH) / 2.0 {
            ("tick e", -5.0)
        } else {
            ("tick s", 5.0)
        };
        label(m, anchor, (at + shift, BASE - 7.0), &guide.name);
    } else {
        let at = y.at(guide.at);
        line(m, "guide", (LEFT, at), (WIDTH - RIGHT, at));
        label(m, "tick e", (WIDTH - RIGHT - 4.0, at - 5.0), &guide.name);
    }
}

fn draw_point(m: &mut Markup, point: &Point, x: &Scale, y: &Scale) {
    let (at_x, at_y) = (x.at(point.x), y.at(point.y));
    if let Some((low, high)) = point.y_interval {
        let class = format!("whisker {}", point.series.class());
        line(m, &class, (at_x, y.at(low)), (at_x, y.at(high)));
    }
    if point.ring {
        circle(m, "ring", (at_x, at_y), 10.0);
    }
    mark(m, point.series, (at_x, at_y));
    let (anchor, shift) = if at_x > WIDTH * 0.62 {
        ("name e", -14.0)
    } else {
        ("name s", 14.0)
    };
    label(
        m,
        anchor,
        (at_x + shift, at_y - 6.0),
        shortened(&point.name, NAME_CHARACTERS),
    );
}
