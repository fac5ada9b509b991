//! A tree of HTML or SVG that cannot leave a tag open and cannot let a text become markup.
//!
//! ```
//! use parable_draw::markup::Markup;
//!
//! let mut m = Markup::default();
//! m.node("p", &[("title", &"a \"quoted\" name")], |m| {
//!     m.leaf("b", &[], "x < 3");
//! });
//! assert_eq!(
//!     m.to_html(),
//!     "<p title=\"a &quot;quoted&quot; name\"><b>x &lt; 3</b></p>\n"
//! );
//! ```

use std::fmt::{Display, Write};

/// Names and values of attributes. Names are part of the program; values are escaped.
pub type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// Markup under construction. Elements nest as closures nest, so every tag is closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Markup {
    nodes: Vec<MarkupNode>,
}

/// A piece of markup.
#[derive(Clone, Debug, PartialEq)]
pub enum MarkupNode {
    /// An element with its content.
    Element(Element),
    /// A text, not escaped yet.
    Text(String),
    /// A style sheet, written unchanged.
    Style(String),
}

/// An element with its attributes and content.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    tag: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<MarkupNode>,
    /// Whether it is written as `<tag/>`.
    single: bool,
}

impl Element {
    /// Creates an element with content.
    pub fn new(
        tag: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Markup),
    ) -> Self {
        let mut inner = Markup::default();
        content(&mut inner);
        Self {
            tag,
            attributes: owned(attributes),
            children: inner.nodes,
            single: false,
        }
    }

    /// Returns the name of the element.
    #[must_use]
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// Returns the content.
    #[must_use]
    pub fn children(&self) -> &[MarkupNode] {
        &self.children
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// Returns whether one of its classes is this one.
    #[must_use]
    pub fn has_class(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split(' ').any(|known| known == class))
    }
}

impl Markup {
    /// Adds an element with content.
    pub fn node(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        let element = Element::new(tag, attributes, content);
        self.nodes.push(MarkupNode::Element(element));
    }

    /// Adds an element that holds a text.
    pub fn leaf(&mut self, tag: &'static str, attributes: Attributes<'_>, text: impl Display) {
        self.node(tag, attributes, |m| m.text(text));
    }

    /// Adds an element without content.
    pub fn single(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.nodes.push(MarkupNode::Element(Element {
            tag,
            attributes: owned(attributes),
            children: Vec::new(),
            single: true,
        }));
    }

    /// Adds a text, which is escaped where it is written.
    pub fn text(&mut self, text: impl Display) {
        self.nodes.push(MarkupNode::Text(text.to_string()));
    }

    /// Adds a style sheet, written unchanged: no text from outside may be part of it.
    pub fn style(&mut self, css: impl Into<String>) {
        self.nodes.push(MarkupNode::Style(css.into()));
    }

    /// Adds an element that is complete.
    pub(crate) fn element(&mut self, element: Element) {
        self.nodes.push(MarkupNode::Element(element));
    }

    /// Adds all of another tree.
    pub fn append(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
    }

    /// Returns the finished tree.
    #[must_use]
    pub fn into_nodes(self) -> Vec<MarkupNode> {
        self.nodes
    }

    /// Returns the tree as HTML.
    #[must_use]
    pub fn to_html(&self) -> String {
        html(&self.nodes)
    }

    /// The tree as one line.
    pub(crate) fn to_line(&self) -> String {
        written(&self.nodes, Breaks::None)
    }
}

fn owned(attributes: Attributes<'_>) -> Vec<(&'static str, String)> {
    attributes
        .iter()
        .map(|(name, value)| (*name, value.to_string()))
        .collect()
}

/// Returns the nodes as HTML, with a line break after each element that is not part of a text.
#[must_use]
pub fn html(nodes: &[MarkupNode]) -> String {
    written(nodes, Breaks::AfterBlocks)
}

/// Where lines break.
#[derive(Clone, Copy, PartialEq)]
enum Breaks {
    AfterBlocks,
    None,
}

fn written(nodes: &[MarkupNode], breaks: Breaks) -> String {
    let mut out = String::new();
    nodes.iter().for_each(|node| write(&mut out, node, breaks));
    out
}

fn write(out: &mut String, node: &MarkupNode, breaks: Breaks) {
    match node {
        MarkupNode::Text(text) => escape(out, text),
        MarkupNode::Style(css) if breaks == Breaks::None => {
            out.push_str("<style>");
            out.push_str(css);
            out.push_str("</style>");
        }
        MarkupNode::Style(css) => {
            out.push_str("<style>\n");
            out.push_str(css);
            out.push_str("</style>\n");
        }
        MarkupNode::Element(element) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "<{}", element.tag);
            for (name, value) in &element.attributes {
                let _ = write!(out, " {name}=\"");
                escape(out, value);
                out.push('"');
            }
            if element.single {
                out.push_str("/>");
                return;
            }
            out.push('>');
            let children = element.children.iter();
            children.for_each(|child| write(out, child, breaks));
            let _ = write!(out, "</{}>", element.tag);
            if breaks == Breaks::AfterBlocks && !INLINE.contains(&element.tag) {
                out.push('\n');
            }
        }
    }
}

/// Elements after which a line break would show as a space.
const INLINE: [&str; 10] = [
    "a", "b", "bdi", "code", "em", "span", "strong", "sub", "sup", "tspan",
];

fn escape(out: &mut String, text: &str) {
    for character in text.chars().map(printable) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
}

/// Returns the character, or `U+FFFD` for control characters and those that change the direction of
/// writing: a column name must not be able to reorder the text around it.
#[must_use]
pub fn printable(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

/// Shortens a text to so many characters, with an ellipsis in place of the rest.
#[must_use]
pub fn shortened(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(characters.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_in_content_and_attributes() {
        let hostile = "\"><script>alert('x')</script>\u{202e}\u{7}";
        let mut m = Markup::default();
        m.node("p", &[("title", &hostile)], |m| m.text(hostile));
        let safe = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}\u{fffd}";
        assert_eq!(m.to_html(), format!("<p title=\"{safe}\">{safe}</p>\n"));
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abc defg", 5), "abc…");
        assert_eq!(shortened("ÄÖÜß", 3), "ÄÖ…");
    }
}
