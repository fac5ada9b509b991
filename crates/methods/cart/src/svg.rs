//! Trees as pictures.

use std::fmt::Write as _;

use parable_tree::Node;

use crate::describe::rows_below;
use crate::model::{CartModel, Sequence, Stage};

const LEAF_WIDTH: f64 = 190.0;
const LEVEL_HEIGHT: f64 = 84.0;
const BOX_WIDTH: f64 = 178.0;
const BOX_HEIGHT: f64 = 38.0;
const TITLE_HEIGHT: f64 = 34.0;
/// Signs that fit into a box.
const SIGNS: usize = 29;

impl CartModel {
    /// The trees of a column as one SVG picture, at most `max_depth` splits deep (questions above their answers, "yes" to the left); `None` for a column that no tree
    /// draws. Of several trees of one column the first is drawn.
    #[must_use]
    pub fn tree_svg(&self, column: &str, max_depth: usize) -> Option<String> {
        let positions = self.positions(column);
        let (mut body, mut width, mut height) = (String::new(), 2.0 * LEAF_WIDTH, 0.0);
        for sequence in &self.sequences {
            for stage in positions.iter().flat_map(|&at| sequence.of_column(at)) {
                let summary = sequence.summary(stage);
                let title = format!(
                    "{}, {}: {} leaves, depth {}",
                    summary.column, summary.part, summary.leaves, summary.depth
                );
                let _ = write!(
                    body,
                    r#"<text x="10" y="{:.0}" class="title">{}</text>"#,
                    height + 22.0,
                    escape(&title)
                );
                let mut picture = Picture {
                    sequence,
                    stage,
                    rows: rows_below(stage),
                    max_depth,
                    top: height + TITLE_HEIGHT,
                    next_leaf: 0,
                    deepest: 0,
                    body: &mut body,
                };
                picture.node(0, 0);
                width = width.max(picture.next_leaf as f64 * LEAF_WIDTH);
                height = picture.top + (picture.deepest + 1) as f64 * LEVEL_HEIGHT;
            }
        }
        (!body.is_empty()).then(|| {
            format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="sans-serif" font-size="11"><style>.title{{font-size:14px;font-weight:bold}}.b{{fill:#f2f5f9;stroke:#5b7083}}.l{{fill:#e8f3ea;stroke:#4f7d5a}}.e{{stroke:#8795a1;fill:none}}.t{{text-anchor:middle}}</style>{body}</svg>"##
            )
        })
    }
}

/// A tree while it is drawn.
struct Picture<'a> {
    sequence: &'a Sequence,
    stage: &'a Stage,
    rows: Vec<u32>,
    max_depth: usize,
    top: f64,
    /// Ends drawn so far: each takes its own column.
    next_leaf: usize,
    deepest: usize,
    body: &'a mut String,
}

impl Picture<'_> {
    /// Draws a node and what is below it; where its middle is.
    fn node(&mut self, node: usize, depth: usize) -> f64 {
        self.deepest = self.deepest.max(depth);
        let (stage, sequence) = (self.stage, self.sequence);
        match &stage.tree.nodes[node] {
            Node::Split {
                feature,
                rule,
                right,
            } if depth < self.max_depth => {
                let left = self.node(node + 1, depth + 1);
                let right = self.node(*right as usize, depth + 1);
                let middle = f64::midpoint(left, right);
                for (child, answer) in [(left, "yes"), (right, "no")] {
                    let (from, to) = (self.y(depth) + BOX_HEIGHT, self.y(depth + 1));
                    let _ = write!(
                        self.body,
                        r#"<path class="e" d="M{middle:.0} {from:.0}L{child:.0} {to:.0}"/><text class="t" x="{:.0}" y="{:.0}">{answer}</text>"#,
                        f64::midpoint(middle, child),
                        f64::midpoint(from, to) + 4.0,
                    );
                }
                let (question, _) = sequence.question(*feature, rule);
                self.label(
                    middle,
                    depth,
                    "b",
                    &question,
                    &format!("{} rows", self.rows[node]),
                );
                middle
            }
            held => {
                let middle = (self.next_leaf as f64 + 0.5) * LEAF_WIDTH;
                self.next_leaf += 1;
                let below = match held {
                    Node::Leaf(leaf) => sequence.leaf_text(stage, *leaf as usize),
                    Node::Split { .. } => "...".to_owned(),
                };
                self.label(
                    middle,
                    depth,
                    "l",
                    &format!("{} rows", self.rows[node]),
                    &below,
                );
                middle
            }
        }
    }

    fn y(&self, depth: usize) -> f64 {
        self.top + depth as f64 * LEVEL_HEIGHT
    }

    fn label(&mut self, middle: f64, depth: usize, class: &str, first: &str, second: &str) {
        let y = self.y(depth);
        let _ = write!(
            self.body,
            r#"<g><title>{} {}</title><rect class="{class}" x="{:.0}" y="{y:.0}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"/><text class="t" x="{middle:.0}" y="{:.0}">{}</text><text class="t" x="{middle:.0}" y="{:.0}">{}</text></g>"#,
            escape(first),
            escape(second),
            middle - BOX_WIDTH / 2.0,
            y + 16.0,
            escape(&short(first)),
            y + 31.0,
            escape(&short(second)),
        );
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= SIGNS {
        return text.to_owned();
    }
    text.chars().take(SIGNS - 3).chain("...".chars()).collect()
}

fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut safe, sign| {
            match sign {
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '&' => safe.push_str("&amp;"),
                '"' => safe.push_str("&quot;"),
                sign if sign.is_control() => safe.push(' '),
                sign => safe.push(sign),
            }
            safe
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened_and_safe() {
        assert_eq!(escape("a<b & \"c\"\n"), "a&lt;b &amp; &quot;c&quot; ");
        assert_eq!(short(&"x".repeat(40)).len(), SIGNS);
        assert_eq!(short("age <= 3"), "age <= 3");
    }
}
