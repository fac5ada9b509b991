//! Nodes on a circle and the links between them.

use std::f64::consts::TAU;

use crate::markup::Markup;

const SIZE: f64 = 640.0;
const RADIUS: f64 = 200.0;

/// A link between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The places of its nodes in the list of names.
    pub ends: (usize, usize),
    /// Its strength from 0 to 1, drawn as thickness.
    pub strength: f64,
}

/// Draws the names on a circle and a line for each link, thicker the stronger it is: an SVG image
/// that stands alone. Links to nodes that do not exist are left out.
///
/// ```
/// use parable_draw::{Link, network};
///
/// let link = Link { ends: (0, 1), strength: 0.4 };
/// let image = network("measured relations", &["arm", "score"], &[link]);
/// assert_eq!(image.matches("<line").count(), 1);
/// ```
#[must_use]
pub fn network(description: &str, names: &[&str], links: &[Link]) -> String {
    let at = |node: usize| {
        let angle = TAU * (node as f64 / names.len() as f64 - 0.25);
        let (x, y) = (angle.cos(), angle.sin());
        (SIZE / 2.0 + RADIUS * x, SIZE / 2.0 + RADIUS * y, x)
    };
    let tenths = |number: f64| format!("{number:.1}");
    let mut m = Markup::default();
    m.node(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &format_args!("0 0 {SIZE} {SIZE}")),
            ("font-family", &"sans-serif"),
            ("font-size", &"13"),
            ("role", &"img"),
            ("aria-label", &description),
        ],
        |m| {
            for link in links {
                let (from, to) = link.ends;
                if from.max(to) >= names.len() {
                    continue;
                }
                let ((x1, y1, _), (x2, y2, _)) = (at(from), at(to));
                m.single(
                    "line",
                    &[
                        ("x1", &tenths(x1)),
                        ("y1", &tenths(y1)),
                        ("x2", &tenths(x2)),
                        ("y2", &tenths(y2)),
                        ("stroke", &"#2b6cb0"),
                        ("stroke-opacity", &"0.55"),
                        ("stroke-width", &tenths(1.0 + 12.0 * link.strength)),
                    ],
                );
            }
            for (node, name) in names.iter().enumerate() {
                label(m, at(node), name);
            }
        },
    );
    m.to_line()
}

/// The dot of a node and its name beside it, away from the middle.
fn label(m: &mut Markup, (x, y, side): (f64, f64, f64), name: &str) {
    let anchor = match side {
        side if side > 0.2 => "start",
        side if side < -0.2 => "end",
        _ => "middle",
    };
    let (label_x, label_y) = (x + 12.0 * side, y + 0.07 * (y - SIZE / 2.0) + 4.0);
    m.single(
        "circle",
        &[
            ("cx", &format_args!("{x:.1}")),
            ("cy", &format_args!("{y:.1}")),
            ("r", &"5"),
            ("fill", &"#1a365d"),
        ],
    );
    m.leaf(
        "text",
        &[
            ("x", &format_args!("{label_x:.1}")),
            ("y", &format_args!("{label_y:.1}")),
            ("text-anchor", &anchor),
        ],
        name,
    );
}
