//! Decision trees.

use std::fmt::Display;

use crate::markup::Markup;

const LEAF_WIDTH: f64 = 190.0;
const LEVEL_HEIGHT: f64 = 84.0;
const BOX_WIDTH: f64 = 178.0;
const BOX_HEIGHT: f64 = 38.0;
const TITLE_HEIGHT: f64 = 34.0;
/// Characters that fit into a box.
const CHARACTERS: usize = 29;
const STYLE: &str = ".title{font-size:14px;font-weight:bold}.b{fill:#f2f5f9;stroke:#5b7083}\
.l{fill:#e8f3ea;stroke:#4f7d5a}.e{stroke:#8795a1;fill:none}.t{text-anchor:middle}";

/// A tree with its title.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The text above it.
    pub title: String,
    /// The node at the top.
    pub root: TreeNode,
}

/// A box with two lines of text, and the nodes below it.
#[derive(Clone, Debug)]
pub struct TreeNode {
    lines: [String; 2],
    branches: Vec<(String, TreeNode)>,
}

impl TreeNode {
    /// Creates a leaf with two lines of text.
    pub fn leaf(first: impl Into<String>, second: impl Into<String>) -> Self {
        Self {
            lines: [first.into(), second.into()],
            branches: Vec::new(),
        }
    }

    /// Adds a node below, to the right of those already there, at the end of an edge with this
    /// text.
    #[must_use]
    pub fn with_branch(mut self, edge: impl Into<String>, node: Self) -> Self {
        self.branches.push((edge.into(), node));
        self
    }
}

/// Draws trees one below the other, the root at the top: an SVG image that stands alone. `None`
/// without a tree.
///
/// ```
/// use parable_draw::{Tree, TreeNode, trees};
///
/// let root = TreeNode::leaf("age < 40?", "100 rows")
///     .with_branch("yes", TreeNode::leaf("60 rows", "mean 2.5"))
///     .with_branch("no", TreeNode::leaf("40 rows", "mean 3.1"));
/// let title = "income: 2 leaves".to_owned();
/// let image = trees(&[Tree { title, root }]).ok_or("no tree")?;
/// assert!(image.contains("age &lt; 40?"));
/// # Ok::<(), &'static str>(())
/// ```
#[must_use]
pub fn trees(trees: &[Tree]) -> Option<String> {
    let mut body = Markup::default();
    let (mut width, mut height) = (2.0 * LEAF_WIDTH, 0.0);
    for tree in trees {
        let y = format!("{:.0}", height + 22.0);
        let place: [(&'static str, &dyn Display); 3] =
            [("x", &"10"), ("y", &y), ("class", &"title")];
        body.leaf("text", &place, &tree.title);
        let mut picture = Picture {
            top: height + TITLE_HEIGHT,
            leaves: 0,
            deepest: 0,
            body: &mut body,
        };
        picture.node(&tree.root, 0);
        width = width.max(picture.leaves as f64 * LEAF_WIDTH);
        height = picture.top + (picture.deepest + 1) as f64 * LEVEL_HEIGHT;
    }
    if trees.is_empty() {
        return None;
    }
    let mut m = Markup::default();
    m.node(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &format_args!("0 0 {width:.0} {height:.0}")),
            ("width", &format_args!("{width:.0}")),
            ("height", &format_args!("{height:.0}")),
            ("font-family", &"sans-serif"),
            ("font-size", &"11"),
        ],
        |m| {
            m.style(STYLE);
            m.append(body);
        },
    );
    Some(m.to_line())
}

/// A tree while it is drawn.
struct Picture<'a> {
    top: f64,
    /// Leaves drawn so far: each takes a column of its own.
    leaves: usize,
    deepest: usize,
    body: &'a mut Markup,
}

impl Picture<'_> {
    /// Draws a node and the nodes below it; returns the middle of its box.
    fn node(&mut self, node: &TreeNode, depth: usize) -> f64 {
        self.deepest = self.deepest.max(depth);
        let branches = node.branches.iter();
        let below: Vec<f64> = branches
            .map(|(_, child)| self.node(child, depth + 1))
            .collect();
        let (middle, class) = match (below.first(), below.last()) {
            (Some(first), Some(last)) => (f64::midpoint(*first, *last), "b"),
            _ => {
                self.leaves += 1;
                ((self.leaves as f64 - 0.5) * LEAF_WIDTH, "l")
            }
        };
        for (child, (edge, _)) in below.iter().zip(&node.branches) {
            let (from, to) = (self.y(depth) + BOX_HEIGHT, self.y(depth + 1));
            let path = format!("M{middle:.0} {from:.0}L{child:.0} {to:.0}");
            self.body.single("path", &[("class", &"e"), ("d", &path)]);
            let at = (f64::midpoint(middle, *child), f64::midpoint(from, to) + 4.0);
            centred(self.body, at, edge);
        }
        self.label(middle, depth, class, &node.lines);
        middle
    }

    fn y(&self, depth: usize) -> f64 {
        self.top + depth as f64 * LEVEL_HEIGHT
    }

    fn label(&mut self, middle: f64, depth: usize, class: &str, [first, second]: &[String; 2]) {
        let y = self.y(depth);
        self.body.node("g", &[], |m| {
            m.leaf("title", &[], format_args!("{first} {second}"));
            m.single(
                "rect",
                &[
                    ("class", &class),
                    ("x", &format_args!("{:.0}", middle - BOX_WIDTH / 2.0)),
                    ("y", &format_args!("{y:.0}")),
                    ("width", &BOX_WIDTH),
                    ("height", &BOX_HEIGHT),
                    ("rx", &"4"),
                ],
            );
            centred(m, (middle, y + 16.0), &short(first));
            centred(m, (middle, y + 31.0), &short(second));
        });
    }
}

fn centred(m: &mut Markup, (x, y): (f64, f64), text: &str) {
    let (x, y) = (format!("{x:.0}"), format!("{y:.0}"));
    m.leaf("text", &[("class", &"t"), ("x", &x), ("y", &y)], text);
}

fn short(text: &str) -> String {
    if text.chars().count() <= CHARACTERS {
        return text.to_owned();
    }
    let start = text.chars().take(CHARACTERS - 3);
    start.chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_shortened() {
        assert_eq!(short(&"x".repeat(40)).len(), CHARACTERS);
        assert_eq!(short("age <= 3"), "age <= 3");
    }

    #[test]
    fn every_leaf_has_a_column_of_its_own() {
        let root = TreeNode::leaf("q", "9 rows")
            .with_branch("yes", TreeNode::leaf("5 rows", "a"))
            .with_branch("no", TreeNode::leaf("4 rows", "b"));
        let title = "t".to_owned();
        let image = trees(&[Tree { title, root }]).expect("one tree");
        assert!(image.starts_with("<svg") && image.ends_with("</svg>"));
        assert!(image.contains("width=\"380\" height=\"202\""), "{image}");
        assert_eq!(trees(&[]), None);
    }
}
