//! A finished drawing, and the lines, rectangles, labels and marks it is made of.

use std::fmt;

use crate::colour;
use crate::markup::{Element, Markup};

/// A finished chart: inline SVG with a description for readers who cannot see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    pub(crate) root: Element,
    pub(crate) size: (f64, f64),
}

impl Drawing {
    /// Returns what the drawing shows, in words.
    #[must_use]
    pub fn description(&self) -> &str {
        self.root.attribute("aria-label").unwrap_or_default()
    }

    /// Returns the SVG element for a page that carries [`page_style`](crate::page_style).
    #[must_use]
    pub fn to_inline(&self) -> String {
        let mut m = Markup::default();
        m.drawing(self.clone());
        m.to_html()
    }

    /// Returns an SVG image that stands alone: with its own style and a white background.
    #[must_use]
    pub fn to_svg(&self) -> String {
        stand_alone(std::slice::from_ref(self))
    }
}

impl Markup {
    /// Adds a drawing.
    pub fn drawing(&mut self, drawing: Drawing) {
        self.element(drawing.root);
    }
}

/// Draws charts one below the other, as an SVG image that stands alone; `None` without a chart.
#[must_use]
pub fn stacked(drawings: &[Drawing]) -> Option<String> {
    (!drawings.is_empty()).then(|| stand_alone(drawings))
}

fn stand_alone(drawings: &[Drawing]) -> String {
    let width = drawings.iter().map(|d| d.size.0).fold(0.0, f64::max);
    let height: f64 = drawings.iter().map(|d| d.size.1).sum();
    let mut m = Markup::default();
    m.node(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &format_args!("0 0 {} {}", Px(width), Px(height))),
            ("width", &Px(width)),
            ("height", &Px(height)),
        ],
        |m| {
            m.style(colour::image_style());
            let sheet: [(&'static str, &dyn fmt::Display); 3] = [
                ("width", &Px(width)),
                ("height", &Px(height)),
                ("fill", &"#fff"),
            ];
            m.single("rect", &sheet);
            let mut top = 0.0;
            for drawing in drawings {
                let down = format!("translate(0,{})", Px(top));
                m.node("g", &[("transform", &down)], |m| m.drawing(drawing.clone()));
                top += drawing.size.1;
            }
        },
    );
    m.to_html()
}

/// A share of 1 in the real and in the synthetic table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// In the real table.
    pub real: f64,
    /// In the synthetic table.
    pub synthetic: f64,
}

impl Shares {
    /// Creates the pair.
    #[must_use]
    pub const fn new(real: f64, synthetic: f64) -> Self {
        Self { real, synthetic }
    }

    pub(crate) const fn most(self) -> f64 {
        self.real.max(self.synthetic)
    }

    pub(crate) const fn least(self) -> f64 {
        self.real.min(self.synthetic)
    }

    /// The class that colours what only one of the tables has.
    pub(crate) fn class_of_more(self) -> &'static str {
        let more = if self.real > self.synthetic {
            Series::Real
        } else {
            Series::Synthetic
        };
        more.class()
    }
}

/// The data that a mark or line belongs to; decides its colour and shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// The real table: orange circles.
    Real,
    /// The synthetic table: blue diamonds.
    Synthetic,
    /// The holdout table: grey squares.
    Holdout,
    /// The truth of a simulation: hollow diamonds.
    Truth,
}

impl Series {
    /// Returns the class that gives the colour.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Synthetic => "syn",
            Self::Holdout => "hold",
            Self::Truth => "truth",
        }
    }

    /// Returns the character that shows the shape of its marks in a legend.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Real => "●",
            Self::Synthetic => "◆",
            Self::Holdout => "■",
            Self::Truth => "◇",
        }
    }
}

/// A coordinate: two decimals at most, and always a finite number.
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { self.0 } else { 0.0 };
        let hundredths = (value * 100.0).round();
        write!(f, "{}", hundredths / 100.0 + 0.0)
    }
}

/// A drawing of this size with a description for readers who cannot see it.
pub(crate) fn drawing(
    class: &str,
    (width, height): (f64, f64),
    description: &str,
    content: impl FnOnce(&mut Markup),
) -> Drawing {
    let root = Element::new(
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
    let size = (width, height);
    Drawing { root, size }
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

/// A line through points, if there are any.
pub(crate) fn path(m: &mut Markup, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
    let mut steps = String::new();
    for (x, y) in points {
        let command = if steps.is_empty() { 'M' } else { 'L' };
        steps.push_str(&format!("{command}{} {}", Px(x), Px(y)));
    }
    if !steps.is_empty() {
        m.single("path", &[("class", &class), ("d", &steps)]);
    }
}

/// A filled rectangle given by its corner and size; nothing if it has no area.
pub(crate) fn rect(m: &mut Markup, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
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

/// A circle.
pub(crate) fn circle(m: &mut Markup, class: &str, (x, y): (f64, f64), radius: f64) {
    m.single(
        "circle",
        &[
            ("class", &class),
            ("cx", &Px(x)),
            ("cy", &Px(y)),
            ("r", &Px(radius)),
        ],
    );
}

/// A text that starts, is centred, or ends (class `s`, `m`, `e`) at a point.
pub(crate) fn label(m: &mut Markup, class: &str, (x, y): (f64, f64), text: impl fmt::Display) {
    m.leaf(
        "text",
        &[("class", &class), ("x", &Px(x)), ("y", &Px(y))],
        text,
    );
}

/// The mark of one estimate. Its shape repeats what its colour says.
pub(crate) fn mark(m: &mut Markup, series: Series, (x, y): (f64, f64)) {
    let class = series.class();
    match series {
        Series::Real => circle(m, class, (x, y), 4.2),
        Series::Holdout => rect(m, class, (x - 3.6, y - 3.6), (7.2, 7.2)),
        Series::Synthetic | Series::Truth => {
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

    #[test]
    fn charts_stand_one_below_the_other() {
        let chart = |name: &str| drawing("chart", (100.0, 40.0), name, |_| {});
        let image = stacked(&[chart("a"), chart("b")]).expect("two charts");
        assert!(image.starts_with("<svg xmlns") && image.trim_end().ends_with("</svg>"));
        assert!(image.contains("viewBox=\"0 0 100 80\"") && image.contains("translate(0,40)"));
        assert_eq!(stacked(&[]), None);
    }
}
