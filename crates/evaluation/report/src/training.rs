//! Curves of a training: losses and the privacy budget by step.

use parable_core::TrainingCurve;
use parable_draw::{Axis, Drawing, Line, Plot, plot, stacked};

/// Draws a curve, from 0 on unless it goes below.
pub(crate) fn drawing(curve: &TrainingCurve) -> Drawing {
    let finite = curve.points.iter().filter(|(_, number)| number.is_finite());
    let (low, high) = finite.clone().fold((0.0f64, 0.0f64), |(low, high), own| {
        (low.min(own.1), high.max(own.1))
    });
    let last = curve.points.last().map_or(1, |(step, _)| *step);
    let points = finite.map(|&(step, number)| (step as f64, number));
    let description = format!("{} by step of the training", curve.name);
    plot(&Plot {
        description: &description,
        x: Axis {
            name: "steps",
            range: (0.0, last as f64),
            ..Axis::default()
        },
        y: Axis {
            name: &curve.name,
            range: (low, high * 1.05),
            ..Axis::default()
        },
        lines: vec![Line {
            class: "syn",
            points: points.collect(),
        }],
        ..Plot::default()
    })
}

/// Draws the curves one below the other, as an SVG image that stands alone; `None` without a curve.
#[must_use]
pub fn training_svg(curves: &[TrainingCurve]) -> Option<String> {
    let drawings: Vec<Drawing> = curves.iter().map(drawing).collect();
    stacked(&drawings)
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
