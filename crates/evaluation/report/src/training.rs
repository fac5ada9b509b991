//! How a training went: losses and the budget, step by step.

use serde::{Deserialize, Serialize};

use crate::chart::{Axis, Line, Plot, plot};
use crate::markup::{Markup, html};

/// One number of a training, by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrainingCurve {
    /// What the number is, with its unit.
    pub name: String,
    /// Steps and numbers, in the order of the steps.
    pub points: Vec<(u64, f64)>,
}

impl TrainingCurve {
    /// A curve through these points.
    pub fn new(name: impl Into<String>, points: Vec<(u64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
        }
    }

    /// Draws it, from 0 on unless it goes below.
    pub(crate) fn draw(&self, m: &mut Markup) {
        let numbers = self.points.iter().map(|(_, number)| *number);
        let finite = numbers.filter(|number| number.is_finite());
        let (low, high) = finite.fold((0.0f64, 0.0f64), |(low, high), number| {
            (low.min(number), high.max(number))
        });
        let last = self.points.last().map_or(1, |(step, _)| *step);
        let points = self.points.iter();
        let points = points
            .filter(|(_, number)| number.is_finite())
            .map(|&(step, number)| (step as f64, number));
        let description = format!("{} by step of the training", self.name);
        plot(
            m,
            &Plot {
                description: &description,
                x: Axis {
                    name: "steps",
                    range: (0.0, last as f64),
                    ..Axis::default()
                },
                y: Axis {
                    name: &self.name,
                    range: (low, high * 1.05),
                    ..Axis::default()
                },
                lines: vec![Line {
                    class: "syn",
                    points: points.collect(),
                }],
                ..Plot::default()
            },
        );
    }
}

/// Width and height of a drawing of one curve.
const SIZE: (f64, f64) = (560.0, 340.0);

/// What the style sheet of a page says of such drawings, for a picture that stands alone.
const STYLE: &str = "text{font:11px system-ui,sans-serif;fill:#1c2025}.tick{fill:#5b626a}\
.e{text-anchor:end}.m{text-anchor:middle}.grid{stroke:#eceae4}.axis{stroke:#5b626a}\
.line{fill:none;stroke:#0072b2;stroke-width:2}\n";

/// The curves one below the other, as an SVG image that stands alone; `None` if there is no curve.
#[must_use]
pub fn training_svg(curves: &[TrainingCurve]) -> Option<String> {
    if curves.is_empty() {
        return None;
    }
    let (width, each) = SIZE;
    let height = each * curves.len() as f64;
    let mut m = Markup::default();
    m.node(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &format_args!("0 0 {width} {height}")),
            ("width", &width),
            ("height", &height),
        ],
        |m| {
            m.style(STYLE);
            let sheet = [
                ("width", &width as &dyn std::fmt::Display),
                ("height", &height),
                ("fill", &"#fff"),
            ];
            m.single("rect", &sheet);
            for (index, curve) in curves.iter().enumerate() {
                let down = format!("translate(0,{})", each * index as f64);
                m.node("g", &[("transform", &down)], |m| curve.draw(m));
            }
        },
    );
    Some(html(&m.into_nodes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_drawn_and_named() {
        let curves = [
            TrainingCurve::new("loss <nats>", vec![(50, 1.5), (100, 0.25), (150, f64::NAN)]),
            TrainingCurve::new("epsilon", vec![(50, 0.5), (100, 1.0)]),
        ];
        let svg = training_svg(&curves).expect("two curves");
        assert!(svg.starts_with("<svg xmlns") && svg.trim_end().ends_with("</svg>"));
        assert_eq!(svg.matches("class=\"line syn\"").count(), 2);
        assert!(svg.contains("loss &lt;nats&gt;") && svg.contains(">epsilon<"));
        // A point that is no number is left out: two points make one line.
        assert!(!svg.contains("NaN"));
        assert_eq!(training_svg(&[]), None);
    }
}
