//! A picture of the measured relations.

use std::f64::consts::TAU;
use std::fmt::Write;

use parable_domain::AttrSet;

use crate::model::MstModel;

const SIZE: f64 = 640.0;
const RADIUS: f64 = 200.0;

impl MstModel {
    /// The columns on a circle and a line for each measured relation, thicker the further its two
    /// columns are from independence in the model: an SVG image. Shows released facts only.
    #[must_use]
    pub fn picture(&self) -> String {
        let attrs = self.publication().domain.attrs();
        let at = |attr: u32| {
            let angle = TAU * (f64::from(attr) / attrs.len() as f64 - 0.25);
            let (x, y) = (angle.cos(), angle.sin());
            (SIZE / 2.0 + RADIUS * x, SIZE / 2.0 + RADIUS * y, x)
        };
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" font-family="sans-serif" font-size="13" role="img" aria-label="measured relations between columns">"#
        );
        for (a, b) in self.measured_pairs() {
            let ((x1, y1, _), (x2, y2, _)) = (at(a), at(b));
            let width = 1.0 + 12.0 * self.dependence(a, b);
            // Writing to a string cannot fail.
            let _ = write!(
                svg,
                r##"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="#2b6cb0" stroke-opacity="0.55" stroke-width="{width:.1}"/>"##
            );
        }
        for (attr, own) in attrs.iter().enumerate() {
            let (x, y, side) = at(attr as u32);
            let anchor = match side {
                side if side > 0.2 => "start",
                side if side < -0.2 => "end",
                _ => "middle",
            };
            let (label_x, label_y) = (x + 12.0 * side, y + 0.07 * (y - SIZE / 2.0) + 4.0);
            let name = escaped(&own.name);
            let _ = write!(
                svg,
                r##"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="#1a365d"/><text x="{label_x:.1}" y="{label_y:.1}" text-anchor="{anchor}">{name}</text>"##
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// Pairs of columns that were counted together, each once.
    fn measured_pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for marginal in &self.publication().marginals {
            let attrs = marginal.attrs.as_slice();
            for (index, &a) in attrs.iter().enumerate() {
                pairs.extend(attrs[index + 1..].iter().map(|&b| (a, b)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// Total variation distance of a pair in the model from independence.
    fn dependence(&self, a: u32, b: u32) -> f64 {
        let field = self.estimated().field();
        let shares = |attrs: &[u32]| -> Vec<f64> {
            let counts = field
                .marginal(&AttrSet::new(attrs.iter().copied()))
                .unwrap_or_default();
            counts.iter().map(|count| count / field.total()).collect()
        };
        let (first, second, pair) = (shares(&[a]), shares(&[b]), shares(&[a, b]));
        let product = first.iter().flat_map(|p| second.iter().map(move |q| p * q));
        0.5 * pair
            .iter()
            .zip(product)
            .map(|(pair, product)| (pair - product).abs())
            .sum::<f64>()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
