//! A matrix of numbers between -limit and limit as coloured squares.

use std::fmt::Write as _;

use super::{Px, drawing, label, line, rect};
use crate::markup::{Markup, shortened};
use crate::number;

/// Colours on each side of zero.
const STEPS: i32 = 10;
const NAME_CHARACTERS: usize = 20;
/// Up to so many columns each square of a matrix says what it holds when it is pointed at; beyond, that would make up most of the file.
const TITLED_COLUMNS: usize = 40;

/// Draws a square matrix, its rows named and its columns numbered like the rows.
pub(crate) fn matrix(
    m: &mut Markup,
    description: &str,
    names: &[&str],
    value: impl Fn(usize, usize) -> Option<f64>,
    limit: f64,
    titled: bool,
) {
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
        m,
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
                        left - 5.0,
                        top + middle + font * 0.35,
                        format_args!("{} {}", shortened(name, NAME_CHARACTERS), index + 1),
                    );
                }
            });
            m.node("g", &[("font-size", &Px(small))], |m| {
                // Narrow columns carry every second number.
                let step = if cell < 15.0 { 2 } else { 1 };
                for index in (0..n).step_by(step) {
                    let middle = (index as f64 + 0.5) * cell;
                    label(m, "tick m", left + middle, top - 5.0, index + 1);
                }
            });
            rect(m, "void", left, top, side, side);
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
                            rect(m, &class(value, limit), x, y, cell, cell);
                        });
                    }
                }
            } else {
                paths(m, n, cell, (left, top), |row, column| {
                    class(value(row, column), limit)
                });
            }
        },
    );
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

/// The scale of colours from -limit to limit.
pub(crate) fn matrix_legend(m: &mut Markup, limit: f64) {
    let (width, cell) = (300.0, 11.0);
    let left = 12.0;
    let steps = 2 * STEPS + 1;
    drawing(m, "chart legend", (width, 34.0), "Scale of colours", |m| {
        for step in 0..steps {
            let value = f64::from(step - STEPS) / f64::from(STEPS) * limit;
            rect(
                m,
                &class(Some(value), limit),
                left + f64::from(step) * cell,
                4.0,
                cell,
                cell,
            );
        }
        let end = left + f64::from(steps) * cell;
        for (x, value) in [(left, -limit), ((left + end) / 2.0, 0.0), (end, limit)] {
            line(m, "axis", (x, 15.0), (x, 19.0));
            label(m, "tick m", x, 30.0, number::fixed(value, 1));
        }
        rect(m, "void", end + 12.0, 4.0, cell, cell);
        label(m, "tick s", end + 12.0 + cell + 3.0, 13.5, "none");
    });
}

/// The class of a value: `m0` (-limit) over `m10` (zero) to `m20` (limit); `void` for none.
fn class(value: Option<f64>, limit: f64) -> String {
    match value.filter(|value| value.is_finite()) {
        None => "void".to_owned(),
        Some(value) => {
            let step = (value / limit).clamp(-1.0, 1.0) * f64::from(STEPS);
            format!("m{}", step.round() as i32 + STEPS)
        }
    }
}

/// The colours of the squares, for light and for dark pages: orange below zero, blue above, the page's own tone at zero.
pub(crate) fn matrix_styles() -> String {
    let mut css = String::new();
    let ramp = |css: &mut String, below: [f64; 3], zero: [f64; 3], above: [f64; 3]| {
        for step in -STEPS..=STEPS {
            let end = if step < 0 { below } else { above };
            // A little more colour near zero than in proportion, so that small values can be told apart.
            let share = (f64::from(step.abs()) / f64::from(STEPS)).powf(0.8);
            let _ = write!(css, ".m{}{{fill:#", step + STEPS);
            for channel in 0..3 {
                let mixed = zero[channel] + share * (end[channel] - zero[channel]);
                let _ = write!(css, "{:02x}", mixed.round() as u8);
            }
            css.push('}');
        }
    };
    ramp(
        &mut css,
        [168.0, 76.0, 4.0],
        [246.0, 244.0, 239.0],
        [0.0, 82.0, 150.0],
    );
    css.push_str("\n@media (prefers-color-scheme:dark){@media screen{");
    ramp(
        &mut css,
        [255.0, 166.0, 61.0],
        [38.0, 41.0, 46.0],
        [104.0, 186.0, 255.0],
    );
    css.push_str("}}\n");
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_scale_take_its_end() {
        assert_eq!(class(Some(0.0), 0.3), "m10");
        assert_eq!(class(Some(0.3), 0.3), "m20");
        assert_eq!(class(Some(-7.0), 0.3), "m0");
        assert_eq!(class(None, 0.3), "void");
        assert_eq!(class(Some(f64::NAN), 0.3), "void");
    }

    #[test]
    fn every_class_has_a_colour_for_light_and_dark() {
        let css = matrix_styles();
        for step in 0..=20 {
            assert_eq!(css.matches(&format!(".m{step}{{")).count(), 2);
        }
    }
}
