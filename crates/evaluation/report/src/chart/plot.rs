//! Lines, points and guides on two axes.

use std::fmt::Write as _;

use super::axis::Scale;
use super::{Px, Who, drawing, label, line, mark};
use crate::markup::{Markup, shortened};

/// What is drawn on two axes.
#[derive(Debug, Default)]
pub(crate) struct Plot<'a> {
    /// For those who cannot see it.
    pub(crate) description: &'a str,
    pub(crate) x: Axis<'a>,
    pub(crate) y: Axis<'a>,
    pub(crate) guides: Vec<Guide>,
    pub(crate) lines: Vec<Line>,
    pub(crate) points: Vec<Point>,
    /// Many small points of both tables: x, y, and whose it is.
    pub(crate) cloud: Vec<(f64, f64, Who)>,
}

/// One axis.
#[derive(Debug)]
pub(crate) struct Axis<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: (f64, f64),
    /// How a number stands at the axis.
    pub(crate) form: fn(f64, &str) -> String,
    /// Whether it runs from high to low.
    pub(crate) reversed: bool,
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
pub(crate) struct Guide {
    pub(crate) at: f64,
    /// Whether `at` is on the axis to the right.
    pub(crate) upright: bool,
    pub(crate) name: String,
}

/// Points joined by a line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A named point with its uncertainty.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) name: String,
    pub(crate) who: Who,
    /// Lower and upper end on the upright axis.
    pub(crate) y_interval: Option<(f64, f64)>,
    /// Whether it is set apart by a ring.
    pub(crate) ring: bool,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 18.0;
const BASE: f64 = 286.0;
const NAME_CHARACTERS: usize = 22;

/// Draws it.
pub(crate) fn plot(m: &mut Markup, plot: &Plot<'_>) {
    let ends = |axis: &Axis<'_>| {
        if axis.reversed {
            (axis.range.1, axis.range.0)
        } else {
            axis.range
        }
    };
    // A scale keeps its order, so a reversed axis exchanges its pixels.
    let pixels = |axis: &Axis<'_>, (from, to): (f64, f64)| {
        if ends(axis) == axis.range {
            (from, to)
        } else {
            (to, from)
        }
    };
    let x = Scale::new(plot.x.range, pixels(&plot.x, (LEFT, WIDTH - RIGHT)));
    let y = Scale::new(plot.y.range, pixels(&plot.y, (BASE, TOP)));
    drawing(m, "chart plot", (WIDTH, HEIGHT), plot.description, |m| {
        for (at, text) in y.ticks(5) {
            line(m, "grid", (LEFT, y.at(at)), (WIDTH - RIGHT, y.at(at)));
            label(
                m,
                "tick e",
                LEFT - 7.0,
                y.at(at) + 4.0,
                (plot.y.form)(at, &text),
            );
        }
        for (at, text) in x.ticks(6) {
            line(m, "axis", (x.at(at), BASE), (x.at(at), BASE + 4.0));
            label(m, "tick m", x.at(at), BASE + 17.0, (plot.x.form)(at, &text));
        }
        line(m, "axis", (LEFT, BASE), (WIDTH - RIGHT, BASE));
        line(m, "axis", (LEFT, TOP), (LEFT, BASE));
        label(
            m,
            "tick m",
            (LEFT + WIDTH - RIGHT) / 2.0,
            BASE + 40.0,
            plot.x.name,
        );
        label(m, "tick s", 2.0, 11.0, plot.y.name);
        for guide in &plot.guides {
            draw_guide(m, guide, &x, &y);
        }
        for (at_x, at_y, who) in &plot.cloud {
            let class = format!("dot {}", who.class());
            m.single(
                "circle",
                &[
                    ("class", &class),
                    ("cx", &Px(x.at(*at_x))),
                    ("cy", &Px(y.at(*at_y))),
                    ("r", &Px(1.6)),
                ],
            );
        }
        for one in &plot.lines {
            let mut path = String::new();
            for (at_x, at_y) in &one.points {
                let command = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(path, "{command}{} {}", Px(x.at(*at_x)), Px(y.at(*at_y)));
            }
            if !path.is_empty() {
                let class = format!("line {}", one.class);
                m.single("path", &[("class", &class), ("d", &path)]);
            }
        }
        for point in &plot.points {
            draw_point(m, point, &x, &y);
        }
    });
}

fn draw_guide(m: &mut Markup, guide: &Guide, x: &Scale, y: &Scale) {
    if guide.upright {
        let at = x.at(guide.at);
        line(m, "guide", (at, TOP), (at, BASE));
        // A name beside the right edge is written to the left of its line.
        let (anchor, shift) = if at > (LEFT + WIDTH) / 2.0 {
            ("tick e", -5.0)
        } else {
            ("tick s", 5.0)
        };
        label(m, anchor, at + shift, BASE - 7.0, &guide.name);
    } else {
        let at = y.at(guide.at);
        line(m, "guide", (LEFT, at), (WIDTH - RIGHT, at));
        label(m, "tick e", WIDTH - RIGHT - 4.0, at - 5.0, &guide.name);
    }
}

fn draw_point(m: &mut Markup, point: &Point, x: &Scale, y: &Scale) {
    let (at_x, at_y) = (x.at(point.x), y.at(point.y));
    if let Some((low, high)) = point.y_interval {
        let class = format!("whisker {}", point.who.class());
        line(m, &class, (at_x, y.at(low)), (at_x, y.at(high)));
    }
    if point.ring {
        m.single(
            "circle",
            &[
                ("class", &"ring"),
                ("cx", &Px(at_x)),
                ("cy", &Px(at_y)),
                ("r", &Px(10.0)),
            ],
        );
    }
    mark(m, point.who, at_x, at_y);
    let (anchor, shift) = if at_x > WIDTH * 0.62 {
        ("name e", -14.0)
    } else {
        ("name s", 14.0)
    };
    label(
        m,
        anchor,
        at_x + shift,
        at_y - 6.0,
        shortened(&point.name, NAME_CHARACTERS),
    );
}
