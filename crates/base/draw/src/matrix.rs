//! A square matrix of numbers between -limit and limit as coloured squares.

use std::fmt::Write as _;

use crate::colour::{STEPS, class};
use crate::drawing::{Px, drawing, label, line, rect};
use crate::markup::{Markup, shortened};
use crate::{Drawing, number};

const NAME_CHARACTERS: usize = 20;
/// Columns up to which each square may have a title; of larger matrices, titles would make up most
/// of the file.
const TITLED_COLUMNS: usize = 40;

/// How a square matrix is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// What it shows, for readers who cannot see it.
    pub description: &'a str,
    /// The names of its rows; columns carry the same numbers.
    pub names: &'a [&'a str],
    /// The number of the deepest colour; larger ones take the same.
    pub limit: f64,
    /// Whether each square shows its value when pointed at, up to 40 columns.
    pub titled: bool,
}

/// Draws the matrix of `value(row, column)`, its rows named and its columns numbered like the rows.
#[must_use]
pub fn matrix(matrix: &Matrix<'_>, value: impl Fn(usize, usize) -> Option<f64>) -> Drawing {
    let Matrix {
        description,
        names,
        limit,
        titled,
    } = *matrix;
    let n = names.len();
    let cell: f64 = match n {
        0..=8 => 34.0,
        9..=14 => 26.0,
        15..=24 => 17.0,
        25..=40 => 12.5,
        _ => 10.0,
    };
    let font: f64 = (cell * 0.8).clamp(8.5, 12.0);
    let small: f64 = (cell * 0.58).clamp(8.0, 12.0);
    let longest = names
        .iter()
        .map(|name| name.chars().count().min(NAME_CHARACTERS))
        .max()
        .unwrap_or(0);
    let left = (longest as f64 + 3.5) * font * 0.62 + 8.0;
    let top = font + 7.0;
    let side = n as f64 * cell;
    drawing(
        "chart matrix",
        (left + side + 2.0, top + side + 2.0),
        description,
        |m| {
            m.node("g", &[("font-size", &Px(font))], |m| {
                for (index, name) in names.iter().enumerate() {
                    let middle = (index as f64 + 0.5) * cell;
                    label(
                        m,
                        "name e",
                        (left - 5.0, top + middle + font * 0.35),
                        format_args!("{} {}", shortened(name, NAME_CHARACTERS), index + 1),
                    );
                }
            });
            m.node("g", &[("font-size", &Px(small))], |m| {
                // Narrow columns carry every second number.
                let step = if cell < 15.0 { 2 } else { 1 };
                for index in (0..n).step_by(step) {
                    let middle = (index as f64 + 0.5) * cell;
                    label(m, "tick m", (left + middle, top - 5.0), index + 1);
                }
            });
            rect(m, "void", (left, top), (side, side));
            if titled && n <= TITLED_COLUMNS {
                for row in 0..n {
                    for column in 0..n {
                        let value = value(row, column);
                        let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
                        m.node("g", &[], |m| {
                            let text = number::or_none(value, number::value);
                            m.leaf(
                                "title",
                                &[],
                                format_args!("{} × {}: {text}", names[row], names[column]),
                            );
                            rect(m, &class(value, limit), (x, y), (cell, cell));
                        });
                    }
                }
            } else {
                paths(m, n, cell, (left, top), |row, column| {
                    class(value(row, column), limit)
                });
            }
        },
    )
}

/// One path per colour: a tenth of the size of one rectangle per square.
fn paths(
    m: &mut Markup,
    n: usize,
    cell: f64,
    (left, top): (f64, f64),
    class: impl Fn(usize, usize) -> String,
) {
    let mut runs: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for row in 0..n {
        let mut column = 0;
        while column < n {
            let colour = class(row, column);
            let mut end = column + 1;
            while end < n && class(row, end) == colour {
                end += 1;
            }
            let _ = write!(
                runs.entry(colour).or_default(),
                "M{} {}h{w}v{c}h-{w}z",
                Px(left + column as f64 * cell),
                Px(top + row as f64 * cell),
                w = Px((end - column) as f64 * cell),
                c = Px(cell),
            );
            column = end;
        }
    }
    for (colour, path) in &runs {
        m.single("path", &[("class", colour), ("d", path)]);
    }
}

/// Draws the scale of colours from -limit to limit.
#[must_use]
pub fn matrix_legend(limit: f64) -> Drawing {
    let (width, cell) = (300.0, 11.0);
    let left = 12.0;
    let steps = 2 * STEPS + 1;
    drawing("chart legend", (width, 34.0), "Scale of colours", |m| {
        for step in 0..steps {
            let value = f64::from(step - STEPS) / f64::from(STEPS) * limit;
            let x = left + f64::from(step) * cell;
            rect(m, &class(Some(value), limit), (x, 4.0), (cell, cell));
        }
        let end = left + f64::from(steps) * cell;
        for (x, value) in [(left, -limit), ((left + end) / 2.0, 0.0), (end, limit)] {
            line(m, "axis", (x, 15.0), (x, 19.0));
            label(m, "tick m", (x, 30.0), number::fixed(value, 1));
        }
        rect(m, "void", (end + 12.0, 4.0), (cell, cell));
        label(m, "tick s", (end + 12.0 + cell + 3.0, 13.5), "none");
    })
}
