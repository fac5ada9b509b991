//! Drawings: one idea per file, all as inline SVG whose colours come from the style sheet of the page.

mod axis;
mod curve;
mod forest;
mod histogram;
mod level_bars;
mod matrix;
mod overlay;
mod plane;
mod plot;
mod position;

use std::fmt;

use crate::markup::Markup;

pub(crate) use curve::{Curve, curves};
pub(crate) use forest::{ForestRow, Mark, forest};
pub(crate) use histogram::{day, histogram};
pub(crate) use level_bars::{Bar, level_bars};
pub(crate) use matrix::{matrix, matrix_legend, matrix_styles};
pub(crate) use overlay::overlay;
pub(crate) use plane::plane;
pub(crate) use plot::{Axis, Guide, Line, Plot, Point, plot};
pub(crate) use position::position;

/// A coordinate: two decimals at most, and never a text that is no number.
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { self.0 } else { 0.0 };
        let hundredths = (value * 100.0).round();
        write!(f, "{}", hundredths / 100.0 + 0.0)
    }
}

/// Whose numbers a mark shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Real,
    Synthetic,
    Holdout,
    Truth,
}

impl Who {
    /// The class that gives the colour.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Synthetic => "syn",
            Self::Holdout => "hold",
            Self::Truth => "truth",
        }
    }
}

/// A drawing with its description for those who cannot see it.
pub(crate) fn drawing(
    m: &mut Markup,
    class: &str,
    (width, height): (f64, f64),
    description: &str,
    content: impl FnOnce(&mut Markup),
) {
    m.node(
        "svg",
        &[
            ("class", &class),
            ("viewBox", &format_args!("0 0 {} {}", Px(width), Px(height))),
            ("width", &Px(width)),
            ("height", &Px(height)),
            ("role", &"img"),
            ("aria-label", &description),
        ],
        content,
    );
}

/// A straight line.
pub(crate) fn line(m: &mut Markup, class: &str, from: (f64, f64), to: (f64, f64)) {
    m.single(
        "line",
        &[
            ("class", &class),
            ("x1", &Px(from.0)),
            ("y1", &Px(from.1)),
            ("x2", &Px(to.0)),
            ("y2", &Px(to.1)),
        ],
    );
}

/// A filled rectangle; nothing if it has no area.
pub(crate) fn rect(m: &mut Markup, class: &str, x: f64, y: f64, width: f64, height: f64) {
    if width > 0.0 && height > 0.0 {
        m.single(
            "rect",
            &[
                ("class", &class),
                ("x", &Px(x)),
                ("y", &Px(y)),
                ("width", &Px(width)),
                ("height", &Px(height)),
            ],
        );
    }
}

/// A text that starts, is centred, or ends (`s`, `m`, `e`) at a point.
pub(crate) fn label(m: &mut Markup, class: &str, x: f64, y: f64, text: impl fmt::Display) {
    m.leaf(
        "text",
        &[("class", &class), ("x", &Px(x)), ("y", &Px(y))],
        text,
    );
}

/// The mark of one estimate: a circle, diamond, square or hollow diamond, so that shape tells what colour tells.
pub(crate) fn mark(m: &mut Markup, who: Who, x: f64, y: f64) {
    let class = who.class();
    match who {
        Who::Real => m.single(
            "circle",
            &[
                ("class", &class),
                ("cx", &Px(x)),
                ("cy", &Px(y)),
                ("r", &Px(4.2)),
            ],
        ),
        Who::Holdout => rect(m, class, x - 3.6, y - 3.6, 7.2, 7.2),
        Who::Synthetic | Who::Truth => {
            let r = 5.2;
            m.single(
                "path",
                &[
                    ("class", &class),
                    (
                        "d",
                        &format_args!(
                            "M{} {}L{} {}L{} {}L{} {}Z",
                            Px(x - r),
                            Px(y),
                            Px(x),
                            Px(y - r),
                            Px(x + r),
                            Px(y),
                            Px(x),
                            Px(y + r)
                        ),
                    ),
                ],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_always_numbers() {
        assert_eq!(Px(1.0 / 3.0).to_string(), "0.33");
        assert_eq!(Px(-0.001).to_string(), "0");
        assert_eq!(Px(f64::NAN).to_string(), "0");
        assert_eq!(Px(f64::INFINITY).to_string(), "0");
    }
}
