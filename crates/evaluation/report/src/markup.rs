//! A tree of markup that cannot leave a tag open and cannot let a text become markup. Written as HTML here, as Markdown in its own file.

use std::fmt::{Display, Write};

/// Names and values of attributes. Names are ours; values may come from anywhere, they are escaped.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// Markup under construction. Elements nest as closures nest, so every tag that is opened is closed.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    nodes: Vec<Node>,
}

/// A piece of markup.
#[derive(Debug)]
pub(crate) enum Node {
    /// An element with what is in it.
    Element(Element),
    /// A text, not escaped yet.
    Text(String),
    /// A style sheet, as it is.
    Style(String),
}

/// An element.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) tag: &'static str,
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) children: Vec<Node>,
    /// Whether it is written as `<tag/>`.
    single: bool,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// Whether one of its classes is this one.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split(' ').any(|known| known == class))
    }
}

impl Markup {
    /// An element with content.
    pub(crate) fn node(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        let mut inner = Self::default();
        content(&mut inner);
        self.push(tag, attributes, inner.nodes, false);
    }

    /// An element that holds a text.
    pub(crate) fn leaf(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        text: impl Display,
    ) {
        self.node(tag, attributes, |m| m.text(text));
    }

    /// An element without content.
    pub(crate) fn single(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.push(tag, attributes, Vec::new(), true);
    }

    /// A text, escaped where it is written.
    pub(crate) fn text(&mut self, text: impl Display) {
        self.nodes.push(Node::Text(text.to_string()));
    }

    /// A style sheet, as it is: no text from outside may be part of it.
    pub(crate) fn style(&mut self, css: impl Into<String>) {
        self.nodes.push(Node::Style(css.into()));
    }

    /// What was built.
    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    fn push(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        children: Vec<Node>,
        single: bool,
    ) {
        let attributes = attributes
            .iter()
            .map(|(name, value)| (*name, value.to_string()))
            .collect();
        self.nodes.push(Node::Element(Element {
            tag,
            attributes,
            children,
            single,
        }));
    }
}

/// The nodes as HTML.
pub(crate) fn html(nodes: &[Node]) -> String {
    let mut out = String::new();
    nodes.iter().for_each(|node| write(&mut out, node));
    out
}

fn write(out: &mut String, node: &Node) {
    match node {
        Node::Text(text) => escape(out, text),
        Node::Style(css) => {
            out.push_str("<style>\n");
            out.push_str(css);
            out.push_str("</style>\n");
        }
        Node::Element(element) => {
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
            element.children.iter().for_each(|child| write(out, child));
            let _ = write!(out, "</{}>", element.tag);
            if !INLINE.contains(&element.tag) {
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
    for character in text.chars().map(harmless) {
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

/// The character, or `U+FFFD` for control characters and those that change the direction of writing: a column name must not be able to reorder the
/// text around it.
pub(crate) fn harmless(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

/// A text cut to so many characters, with an ellipsis where something was cut off.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
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
    fn a_text_stays_a_text_wherever_it_stands() {
        let hostile = "\"><script>alert('x')</script>\u{202e}\u{7}";
        let mut m = Markup::default();
        m.node("p", &[("title", &hostile)], |m| m.text(hostile));
        let safe = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}\u{fffd}";
        assert_eq!(
            html(&m.into_nodes()),
            format!("<p title=\"{safe}\">{safe}</p>\n")
        );
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abc defg", 5), "abc…");
        assert_eq!(shortened("ÄÖÜß", 3), "ÄÖ…");
    }
}
